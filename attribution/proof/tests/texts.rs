//! Texts: openings of chunks, and what they refuse.

use proof::text::{root_of, TextOpening};
use proof::{Blake2, Error};

fn text(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 31 % 251) as u8).collect()
}

#[test]
fn every_range_of_texts_around_chunk_sizes_opens() {
    for length in [0usize, 1, 255, 256, 257, 511, 512, 513, 1300] {
        let text = text(length);
        let root = root_of::<Blake2>(&text).unwrap();
        for from in (0..=length).step_by(101) {
            for to in (from..=length).step_by(97) {
                let opening = TextOpening::of::<Blake2>(&text, from as u64, to as u64).unwrap();
                let open = opening.verify::<Blake2>(&root).unwrap();
                assert_eq!(open.length, length as u64);
                if from < to {
                    assert_eq!(open.slice(from as u64, to as u64), Some(&text[from..to]));
                }
            }
        }
    }
}

#[test]
fn any_flipped_byte_or_length_opens_nothing() {
    let text = text(700);
    let root = root_of::<Blake2>(&text).unwrap();
    let opening = TextOpening::of::<Blake2>(&text, 250, 690).unwrap();
    for i in (0..opening.bytes.len()).step_by(13) {
        let mut wrong = opening.clone();
        wrong.bytes[i] ^= 1;
        assert_eq!(wrong.verify::<Blake2>(&root).unwrap_err(), Error::WrongHash);
    }
    for length in [0, 1, 256, 512, 699, 701, 768, 769, 1024] {
        let wrong = TextOpening { length, ..opening.clone() };
        assert!(wrong.verify::<Blake2>(&root).is_err(), "length {length}");
    }
    let mut short = opening.clone();
    short.bytes.pop();
    assert_eq!(short.verify::<Blake2>(&root).unwrap_err(), Error::ChunkLength);
    let shifted = TextOpening { first: 1, ..opening };
    assert!(shifted.verify::<Blake2>(&root).is_err());
}

#[test]
fn a_chunk_in_the_middle_may_not_be_short() {
    let text = text(700);
    let root = root_of::<Blake2>(&text).unwrap();
    let mut opening = TextOpening::of::<Blake2>(&text, 0, 256).unwrap();
    opening.bytes.truncate(100);
    assert_eq!(opening.verify::<Blake2>(&root).unwrap_err(), Error::ChunkLength);
}

#[test]
fn the_length_alone_opens_with_the_top_and_no_other() {
    let text = text(700);
    let root = root_of::<Blake2>(&text).unwrap();
    let opening = TextOpening::of::<Blake2>(&text, 0, 0).unwrap();
    assert_eq!(opening.verify::<Blake2>(&root).unwrap().length, 700);
    let wrong = TextOpening { length: 699, ..opening.clone() };
    assert_eq!(wrong.verify::<Blake2>(&root).unwrap_err(), Error::WrongHash);
    let wrong = TextOpening { path: vec![], ..opening };
    assert_eq!(wrong.verify::<Blake2>(&root).unwrap_err(), Error::PathLength);
}
