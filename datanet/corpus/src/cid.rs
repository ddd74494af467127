//! Content identifiers: CIDv1, codec raw, multihash blake2b-256, text in base32 lower case.
//!
//! <https://github.com/multiformats/cid>: version, codec and multihash as unsigned varints, then the digest.

use std::fmt;
use std::str::FromStr;

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;

/// Version 1, codec raw (0x55), hash blake2b-256 (0xb220 as a varint), digest of 32 bytes.
const PREFIX: [u8; 6] = [0x01, 0x55, 0xa0, 0xe4, 0x02, 0x20];
const BINARY_LENGTH: usize = PREFIX.len() + 32;
/// RFC 4648 base32 in lower case without padding, multibase prefix `b`.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The identifier of bytes by their blake2b-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cid([u8; 32]);

impl Cid {
    /// The identifier of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Blake2b::<U32>::digest(bytes).into())
    }

    /// From a blake2b-256 digest.
    pub fn from_digest(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// The blake2b-256 digest that it names.
    pub fn digest(&self) -> &[u8; 32] {
        &self.0
    }

    /// The binary form, 38 bytes: what a contract stores.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&PREFIX[..], &self.0].concat()
    }

    /// Reads the binary form.
    ///
    /// # Errors
    /// `BadCid` if it is not 38 bytes of the one kind used here.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        parse(bytes).map_err(|problem| Error::BadCid { text: format!("0x{}", hex::encode(bytes)), problem })
    }
}

impl fmt::Display for Cid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "b{}", base32(&self.to_bytes()))
    }
}

impl fmt::Debug for Cid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Cid({self})")
    }
}

impl FromStr for Cid {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = |problem| Error::BadCid { text: text.chars().take(80).collect(), problem };
        let body = text.strip_prefix('b').ok_or(bad("it doesn't begin with 'b' (base32)"))?;
        let bytes = unbase32(body).ok_or(bad("a character is not base32 in lower case"))?;
        let cid = parse(&bytes).map_err(bad)?;
        // Bits left over at the end must be zero, so that one object has one name.
        if cid.to_string() != text {
            return Err(bad("bits beyond its end are set"));
        }
        Ok(cid)
    }
}

impl Serialize for Cid {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cid {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

fn parse(bytes: &[u8]) -> Result<Cid, &'static str> {
    if bytes.len() != BINARY_LENGTH {
        return Err("its length is not that of a blake2b-256 CID (38 bytes)");
    }
    let (prefix, digest) = bytes.split_at(PREFIX.len());
    if prefix != PREFIX {
        return Err("it is not version 1, codec raw, hash blake2b-256");
    }
    let digest = digest.try_into().map_err(|_| "its digest is not 32 bytes")?;
    Ok(Cid(digest))
}

fn base32(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut bits, mut held) = (0u32, 0u32);
    for &byte in bytes {
        bits = (bits << 8) | u32::from(byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            out.push(char::from(ALPHABET[((bits >> held) & 31) as usize]));
        }
        bits &= (1 << held) - 1;
    }
    if held > 0 {
        out.push(char::from(ALPHABET[((bits << (5 - held)) & 31) as usize]));
    }
    out
}

fn unbase32(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * 5 / 8);
    let (mut bits, mut held) = (0u32, 0u32);
    for byte in text.bytes() {
        let value = match byte {
            b'a'..=b'z' => byte - b'a',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return None,
        };
        bits = (bits << 5) | u32::from(value);
        held += 5;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_golden_identifiers_are_those_of_the_multiformats_package() {
        // CID("base32", 1, "raw", multihash.digest(data, "blake2b-256")) of Python's multiformats 0.3.1.
        for (data, cid) in GOLDEN {
            assert_eq!(Cid::of(data.as_bytes()).to_string(), *cid);
            assert_eq!(cid.parse::<Cid>().unwrap(), Cid::of(data.as_bytes()));
        }
    }

    const GOLDEN: &[(&str, &str)] = &[
        ("", "bafk2bzaceahfouoae3suhmxivmxlayez3kq5dzo7i53y654h7kvultprf7r2q"),
        ("hello world", "bafk2bzaceaswza5ss4iu2ia3galz6pyo6dfm5f4dmiw2lf2de22dmf4k533ba"),
    ];

    #[test]
    fn strings_that_are_no_such_identifier_are_refused() {
        let good = Cid::of(b"x").to_string();
        for bad in [
            String::new(),
            "b".into(),
            good.to_uppercase(),
            good[1..].into(),
            good[..good.len() - 1].into(),
            format!("{good}a"),
            "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy".into(), // sha2-256
            "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG".into(),
        ] {
            assert!(bad.parse::<Cid>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_last_character_with_stray_bits_is_refused() {
        // 38 bytes are 304 bits, 61 characters 305: one bit is left over.
        let good = Cid::of(b"x").to_string();
        let last = good.chars().last().unwrap();
        let at = ALPHABET.iter().position(|&c| char::from(c) == last).unwrap();
        let stray = format!("{}{}", &good[..good.len() - 1], char::from(ALPHABET[at ^ 1]));
        assert!(stray.parse::<Cid>().is_err());
    }

    proptest! {
        #[test]
        fn text_and_binary_forms_read_back(digest: [u8; 32]) {
            let cid = Cid::from_digest(digest);
            prop_assert_eq!(cid.to_string().parse::<Cid>().unwrap(), cid);
            prop_assert_eq!(Cid::from_bytes(&cid.to_bytes()).unwrap(), cid);
            prop_assert_eq!(cid.to_bytes().len(), 38);
        }
    }
}
