//! What a true report contains: a function of receipts, published bytes and committed data.
//!
//! * [`spans`] – which ranges of a response are taken, and who is credited for each.
//! * [`influence`] – the sixteen best rows.
//! * [`amounts`] – how a part splits among kinds and entries.
//! * [`form`] – which lists of entries are well-formed.
//! * [`leaf`] – all of it for one receipt: its evidence leaf and who is due what.
//! * [`validity`] – which receipts are valid.
//! * [`epoch`] – pots, carry and parts; from credits to payouts and the report.

pub mod amounts;
pub mod epoch;
pub mod form;
pub mod influence;
pub mod leaf;
pub mod spans;
pub mod validity;
