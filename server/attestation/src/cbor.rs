//! CBOR (RFC 8949), item by item, as strict as attestation needs it: definite lengths only, no duplicate keys, bounded nesting and
//! counts, nothing left over.

use minicbor::Decoder;
use minicbor::data::Type;
use serde::Serialize;
use thiserror::Error;

/// The most entries that a map or array may have.
pub const MAX_ENTRIES: u64 = 32;
/// The deepest nesting of maps, arrays and tags inside a value that is skipped.
pub const MAX_DEPTH: usize = 4;

/// Why CBOR was refused. `member` names the innermost member that was being read.
#[derive(Clone, Debug, Error, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum CborError {
    /// Broken, cut short, of an indefinite length, or of another type than expected.
    #[error("{member} is not {expected}")]
    Type {
        /// What was being read.
        member: &'static str,
        /// What it has to be.
        expected: &'static str,
    },
    /// More entries than allowed.
    #[error("{member} has {found} entries, more than {MAX_ENTRIES}")]
    Entries {
        /// What was being read.
        member: &'static str,
        /// How many it says it has.
        found: u64,
    },
    /// A key stands twice in a map.
    #[error("{member} has the key {key} twice")]
    DuplicateKey {
        /// The map.
        member: &'static str,
        /// The key, as CBOR diagnostic notation.
        key: String,
    },
    /// Nested deeper than allowed.
    #[error("{member} is nested deeper than {MAX_DEPTH}")]
    Depth {
        /// What was being read.
        member: &'static str,
    },
    /// A member is not there.
    #[error("{member} is missing")]
    Missing {
        /// What is missing.
        member: &'static str,
    },
    /// Bytes after the end.
    #[error("{length} bytes follow {member}")]
    Trailing {
        /// After what.
        member: &'static str,
        /// How many bytes.
        length: usize,
    },
}

/// Reads the entries of a map with `entry`, which gets each key and has to consume its value.
pub(crate) fn map<'a, K: PartialEq + std::fmt::Debug>(
    decoder: &mut Decoder<'a>,
    member: &'static str,
    key: impl Fn(&mut Decoder<'a>) -> Result<K, CborError>,
    mut entry: impl FnMut(&K, &mut Decoder<'a>) -> Result<(), CborError>,
) -> Result<(), CborError> {
    let length = decoder.map().ok().flatten().ok_or(CborError::Type { member, expected: "a map of a known length" })?;
    if length > MAX_ENTRIES {
        return Err(CborError::Entries { member, found: length });
    }
    let mut seen = Vec::new();
    for _ in 0..length {
        let key = key(decoder)?;
        if seen.contains(&key) {
            return Err(CborError::DuplicateKey { member, key: format!("{key:?}") });
        }
        entry(&key, decoder)?;
        seen.push(key);
    }
    Ok(())
}

/// Reads the elements of an array with `element`.
pub(crate) fn array<'a>(
    decoder: &mut Decoder<'a>,
    member: &'static str,
    mut element: impl FnMut(&mut Decoder<'a>) -> Result<(), CborError>,
) -> Result<(), CborError> {
    let expected = "an array of a known length";
    let length = decoder.array().ok().flatten().ok_or(CborError::Type { member, expected })?;
    if length > MAX_ENTRIES {
        return Err(CborError::Entries { member, found: length });
    }
    (0..length).try_for_each(|_| element(decoder))
}

/// Reads a byte string of a definite length.
pub(crate) fn bytes<'a>(decoder: &mut Decoder<'a>, member: &'static str) -> Result<&'a [u8], CborError> {
    decoder.bytes().map_err(|_| CborError::Type { member, expected: "a byte string" })
}

/// Reads a text string of a definite length.
pub(crate) fn text<'a>(decoder: &mut Decoder<'a>, member: &'static str) -> Result<&'a str, CborError> {
    decoder.str().map_err(|_| CborError::Type { member, expected: "a text string" })
}

/// Reads an integer that fits in 64 bits.
pub(crate) fn integer(decoder: &mut Decoder<'_>, member: &'static str) -> Result<i64, CborError> {
    decoder.i64().map_err(|_| CborError::Type { member, expected: "an integer" })
}

/// Skips one value, whatever it is, as long as it keeps the rules of this module.
pub(crate) fn skip(decoder: &mut Decoder<'_>, member: &'static str) -> Result<(), CborError> {
    skip_below(decoder, member, 0)
}

/// Refuses whatever is left.
pub(crate) fn end(decoder: &Decoder<'_>, member: &'static str) -> Result<(), CborError> {
    match decoder.input().len().saturating_sub(decoder.position()) {
        0 => Ok(()),
        length => Err(CborError::Trailing { member, length }),
    }
}

fn skip_below(decoder: &mut Decoder<'_>, member: &'static str, depth: usize) -> Result<(), CborError> {
    if depth > MAX_DEPTH {
        return Err(CborError::Depth { member });
    }
    let broken = CborError::Type { member, expected: "well-formed CBOR of a known length" };
    match decoder.datatype().map_err(|_| broken.clone())? {
        Type::Map => map(
            decoder,
            member,
            |decoder| {
                let start = decoder.position();
                skip_below(decoder, member, depth + 1)?;
                Ok(decoder.input().get(start..decoder.position()).unwrap_or_default().to_vec())
            },
            |_, decoder| skip_below(decoder, member, depth + 1),
        ),
        Type::Array => array(decoder, member, |decoder| skip_below(decoder, member, depth + 1)),
        Type::Tag => {
            decoder.tag().map_err(|_| broken)?;
            skip_below(decoder, member, depth + 1)
        }
        Type::BytesIndef | Type::StringIndef | Type::ArrayIndef | Type::MapIndef | Type::Break => Err(broken),
        Type::String => text(decoder, member).map(drop),
        _ => decoder.skip().map_err(|_| broken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skipped(input: &[u8]) -> Result<(), CborError> {
        let mut decoder = Decoder::new(input);
        skip(&mut decoder, "value").and_then(|()| end(&decoder, "value"))
    }

    #[test]
    fn what_is_skipped_keeps_the_rules() {
        let broken = CborError::Type { member: "value", expected: "well-formed CBOR of a known length" };
        let table: &[(&[u8], CborError)] = &[
            (&[], broken.clone()),
            (&[0xff], broken.clone()),
            (&[0x5f, 0x41, 0, 0xff], broken.clone()),
            (&[0x9f, 0xff], broken.clone()),
            (&[0xbf, 0xff], broken.clone()),
            (&[0x81, 0x9f, 0xff], broken.clone()),
            (&[0x42, 0], broken.clone()),
            (&[0x1c], broken),
            (&[0x62, 0xc3, 0x28], CborError::Type { member: "value", expected: "a text string" }),
            (&[0x98, 33], CborError::Entries { member: "value", found: 33 }),
            (&[0xbb, 255, 255, 255, 255, 255, 255, 255, 255], CborError::Entries { member: "value", found: u64::MAX }),
            (&[0xa2, 1, 2, 1, 2], CborError::DuplicateKey { member: "value", key: "[1]".into() }),
            (&[0x81; 6], CborError::Depth { member: "value" }),
            (&[0xc1, 0xc1, 0xc1, 0xc1, 0xc1, 0], CborError::Depth { member: "value" }),
            (&[0, 0, 0], CborError::Trailing { member: "value", length: 2 }),
        ];
        for (input, expected) in table {
            assert_eq!(skipped(input).as_ref(), Err(expected), "{input:02x?}");
        }
        let fine: &[&[u8]] =
            &[&[0x81, 0x81, 0x81, 0x81, 0], &[0xa2, 1, 2, 0x61, b'a', 0xf6], &[0xf9, 0, 0], &[0xc1, 0x20], &[0xf5]];
        for input in fine {
            assert_eq!(skipped(input), Ok(()), "{input:02x?}");
        }
    }
}
