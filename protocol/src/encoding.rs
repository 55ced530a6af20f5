//! Base64 and digests, in the few forms that documents and pins use.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest;

/// A SHA-256 digest.
pub type Sha256 = [u8; 32];

/// The SHA-256 of `data`.
pub fn sha256(data: &[u8]) -> Sha256 {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, data).as_ref());
    out
}

/// Base64url without padding (RFC 4648 section 5, as RFC 7515 uses it).
pub fn to_base64url(data: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(data)
}

/// Reads base64url without padding; `None` for anything else, non-canonical trailing bits included.
pub fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Base64 with padding (RFC 4648 section 4), as pins and DER in JSON use it.
pub fn to_base64(data: &[u8]) -> String {
    STANDARD.encode(data)
}

/// Reads base64 with padding.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Lower-case hexadecimal, as `sha256sum` prints it.
pub fn to_hex(data: &[u8]) -> String {
    data.iter().fold(String::with_capacity(data.len() * 2), |mut out, byte| {
        for nibble in [byte >> 4, byte & 15] {
            out.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_and_hex_match_the_published_vector() {
        // FIPS 180-4, the digest of "abc".
        assert_eq!(to_hex(&sha256(b"abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn base64url_refuses_padding_and_the_other_alphabet() {
        for bad in ["YQ==", "a+b/", "Y", "YR"] {
            assert_eq!(from_base64url(bad), None, "{bad}");
        }
        assert_eq!(from_base64url("YQ"), Some(b"a".to_vec()));
    }
}
