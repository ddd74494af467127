//! Texts: openings of chunks, and what they refuse.

use proof::text::{root_of, salt, Text, TextOpening};
use proof::{Blake2, Error, Hash};

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

const RANDOM: Hash = [3; 32];

#[test]
fn a_private_text_opens_with_the_salts_of_its_chunks_and_of_no_others() {
    let text = text(700);
    let private = Text::private(&text, RANDOM);
    let root = private.root::<Blake2>().unwrap();
    let opening = private.open::<Blake2>(250, 690).unwrap();
    assert_eq!(opening.salts, [0, 1, 2].map(|index| salt::<Blake2>(&RANDOM, index)));
    assert_eq!(opening.verify::<Blake2>(&root).unwrap().slice(250, 690), Some(&text[250..690]));
    let one = private.open::<Blake2>(300, 310).unwrap();
    assert_eq!(one.salts, [salt::<Blake2>(&RANDOM, 1)]);
    assert!(one.verify::<Blake2>(&root).is_ok());

    let wrong = TextOpening { salts: vec![salt::<Blake2>(&RANDOM, 2)], ..one.clone() };
    assert_eq!(wrong.verify::<Blake2>(&root).unwrap_err(), Error::WrongHash);
    let wrong = TextOpening { salts: opening.salts.clone(), ..one };
    assert_eq!(wrong.verify::<Blake2>(&root).unwrap_err(), Error::SaltCount);
    let length = private.open::<Blake2>(0, 0).unwrap();
    assert_eq!(length.verify::<Blake2>(&root).unwrap().length, 700);
    let wrong = TextOpening { salts: vec![RANDOM], ..length };
    assert_eq!(wrong.verify::<Blake2>(&root).unwrap_err(), Error::SaltCount);
}

/// The bytes of a leaf with a salt can be read as a leaf without one, 32 bytes longer: but the length, which the root hashes, says
/// how long each leaf is.
#[test]
fn no_private_text_opens_as_a_public_one_nor_a_public_one_as_a_private_one() {
    for length in [1usize, 31, 32, 33, 223, 224, 225, 255, 256, 257, 288, 511, 512, 513, 700] {
        let text = text(length);
        let chunks = (length as u64).div_ceil(256);
        let private = Text::private(&text, RANDOM);
        let (open, hidden) = (root_of::<Blake2>(&text).unwrap(), private.root::<Blake2>().unwrap());
        assert_ne!(open, hidden);
        for index in 0..chunks {
            let (from, to) = (256 * index, (256 * index + 256).min(length as u64));
            let opening = private.open::<Blake2>(from, to).unwrap();
            // The salt read as the first 32 bytes of a public leaf, under every length that would have such a chunk.
            let mut bytes = opening.salts[0].to_vec();
            bytes.extend(&opening.bytes);
            for length in 0..=length as u64 + 64 {
                let public = TextOpening { length, bytes: bytes.clone(), salts: vec![], ..opening.clone() };
                assert!(public.verify::<Blake2>(&hidden).is_err());
            }
            // The first 32 bytes of a public leaf read as a salt.
            let opening = TextOpening::of::<Blake2>(&text, from, to).unwrap();
            let Some((salt, rest)) = opening.bytes.split_at_checked(32) else { continue };
            for length in 0..=length as u64 + 64 {
                let salts = vec![salt.try_into().unwrap()];
                let private = TextOpening { length, bytes: rest.to_vec(), salts, ..opening.clone() };
                assert!(private.verify::<Blake2>(&open).is_err());
            }
        }
    }
}
