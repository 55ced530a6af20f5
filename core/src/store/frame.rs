//! The outer form of every record: a line with the digest of what follows. So a torn or altered record is told from
//! one that is intact but not trusted.

use bonafide_protocol::encoding::{sha256, to_hex};

const LABEL: &str = "bonafide-record-1 ";

/// A record whose bytes are not those that were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the record is torn or was altered")]
pub(crate) struct Damaged;

/// `bonafide-record-1 HEX\n` and the body; HEX is the body's SHA-256.
pub(crate) fn write(body: &[u8]) -> Vec<u8> {
    let mut record = format!("{LABEL}{}\n", to_hex(&sha256(body))).into_bytes();
    record.extend_from_slice(body);
    record
}

/// The body, if it is what was written.
pub(crate) fn read(record: &[u8]) -> Result<&[u8], Damaged> {
    let rest = record.strip_prefix(LABEL.as_bytes()).ok_or(Damaged)?;
    let (digest, rest) = rest.split_at_checked(64).ok_or(Damaged)?;
    let body = rest.strip_prefix(b"\n").ok_or(Damaged)?;
    if to_hex(&sha256(body)).as_bytes() == digest { Ok(body) } else { Err(Damaged) }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn every_truncation_and_every_flipped_bit_is_seen() {
        let good = write(b"some body");
        for length in 0..good.len() {
            assert_eq!(read(good.get(..length).unwrap()), Err(Damaged), "{length}");
        }
        for (place, bit) in (0..good.len()).flat_map(|place| (0..8).map(move |bit| (place, bit))) {
            let mut bad = good.clone();
            *bad.get_mut(place).unwrap() ^= 1 << bit;
            assert_eq!(read(&bad), Err(Damaged), "{place} {bit}");
        }
        assert_eq!(read(&good), Ok(&b"some body"[..]));
    }

    #[test]
    fn the_form_is_frozen() {
        let expected = b"bonafide-record-1 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\nabc";
        assert_eq!(write(b"abc"), expected);
    }
}
