//! A suffix-array index of Datanet text: every matching range of a response.
