//! Digests, and how bytes are written in facts and errors.

use std::fmt::Write as _;

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serializer;

/// A SHA-256 digest.
pub(super) type Sha256 = [u8; 32];

/// The SHA-256 of `parts`, one after another.
pub(super) fn sha256(parts: &[&[u8]]) -> Sha256 {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// Lower-case hexadecimal.
pub(super) fn hex(data: &[u8]) -> String {
    data.iter().fold(String::with_capacity(data.len() * 2), |mut out, byte| {
        // Writing to a string does not fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// Base64 with padding (RFC 4648 section 4), as Apple writes key ids.
pub(super) fn as_base64<S: Serializer>(data: impl AsRef<[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(data))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_and_hex_match_the_published_vector() {
        // FIPS 180-4, the digest of "abc".
        let digest = hex(&sha256(&[b"a", b"bc"]));
        assert_eq!(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
