//! The outer layer: compact JWE (RFC 7516 section 7.1) with A256KW (RFC 7518 section 4.4) and A256GCM (section 5.3).
//!
//! Own code over the library's key unwrap and AEAD: the JWT library in use reads no JWE.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrap as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use thiserror::Error;

const KEY_WRAP: &str = "A256KW";
const ENCRYPTION: &str = "A256GCM";
/// AES key wrap adds eight bytes to what it wraps.
const WRAPPED_KEY_LENGTH: usize = 32 + 8;

/// Why one of a token's two layers was refused. A `layer` is `JWE` or `JWS`.
#[derive(Clone, Debug, Error, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum JoseError {
    /// Another number of parts than the compact form has.
    #[error("{found} parts, expected {expected}")]
    Parts {
        /// How many the compact form has.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A part is not base64url without padding.
    #[error("the {part} is not base64url")]
    Base64 {
        /// Which part.
        part: &'static str,
    },
    /// The header is not the JSON object that it has to be.
    #[error("the header is not JSON, lacks its algorithm, or has a member twice")]
    Header,
    /// Another algorithm than Google's tokens have.
    #[error("{member} is {found:?}, expected {expected:?}")]
    Algorithm {
        /// `alg` or `enc`.
        member: &'static str,
        /// What it has to be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// The header asks for something that is refused here.
    #[error("the header has {member:?}, which is not allowed")]
    Extension {
        /// `crit` or `zip`.
        member: &'static str,
    },
    /// A part has another length than its algorithm gives it.
    #[error("the {part} has {found} bytes, expected {expected}")]
    Length {
        /// Which part.
        part: &'static str,
        /// The algorithm's length, in bytes.
        expected: usize,
        /// The length found, in bytes.
        found: usize,
    },
    /// The content key was wrapped with another key, or changed.
    #[error("the decryption key does not unwrap the content key")]
    KeyUnwrap,
    /// The content, or what it is bound to, was changed.
    #[error("the content does not decrypt")]
    Decryption,
    /// The content is not text.
    #[error("the content is not a compact JWS")]
    Content,
    /// Not signed by the verification key, or changed.
    #[error("the signature does not verify")]
    Signature,
}

/// The members of a header that have to be looked at; other members are ignored.
#[derive(Deserialize)]
pub(super) struct Header {
    pub(super) alg: String,
    enc: Option<String>,
    #[serde(default, deserialize_with = "presence")]
    crit: bool,
    #[serde(default, deserialize_with = "presence")]
    zip: bool,
}

impl Header {
    /// Reads a header part and refuses `crit` and `zip`, whatever they say.
    pub(super) fn parse(part: &str) -> Result<Self, JoseError> {
        let header = decode("header", part)?;
        // The library would read a list of values in place of an object.
        let is_object = header.trim_ascii_start().first() == Some(&b'{');
        let header: Option<Self> = is_object.then(|| serde_json::from_slice(&header).ok()).flatten();
        let header = header.ok_or(JoseError::Header)?;
        for (present, member) in [(header.crit, "crit"), (header.zip, "zip")] {
            if present {
                return Err(JoseError::Extension { member });
            }
        }
        Ok(header)
    }
}

/// The parts of a compact form, if it has as many as it should.
pub(super) fn split<const COUNT: usize>(text: &str) -> Result<[&str; COUNT], JoseError> {
    let parts: Vec<&str> = text.split('.').collect();
    let found = parts.len();
    parts.try_into().map_err(|_| JoseError::Parts { expected: COUNT, found })
}

/// Reads base64url without padding.
pub(super) fn decode(part: &'static str, text: &str) -> Result<Vec<u8>, JoseError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| JoseError::Base64 { part })
}

/// Whether an algorithm is the only one that is accepted.
pub(super) fn expect(member: &'static str, expected: &'static str, found: String) -> Result<(), JoseError> {
    if found == expected { Ok(()) } else { Err(JoseError::Algorithm { member, expected, found }) }
}

/// Decrypts `token` with `key`.
pub(super) fn open(token: &str, key: &[u8; 32]) -> Result<String, JoseError> {
    let [header_part, wrapped_key, iv, ciphertext, tag] = split(token)?;
    let header = Header::parse(header_part)?;
    expect("alg", KEY_WRAP, header.alg)?;
    expect("enc", ENCRYPTION, header.enc.unwrap_or_default())?;

    let wrapped_key: [u8; WRAPPED_KEY_LENGTH] = exact("encrypted key", wrapped_key)?;
    let iv: [u8; 12] = exact("initialization vector", iv)?;
    let tag: [u8; 16] = exact("authentication tag", tag)?;
    let mut content = decode("ciphertext", ciphertext)?;

    let mut content_key = [0; 32];
    AesKek::new(&AES_256, key)
        .and_then(|key| key.unwrap(&wrapped_key, &mut content_key).map(drop))
        .map_err(|_| JoseError::KeyUnwrap)?;
    content.extend(tag);
    let key = UnboundKey::new(&AES_256_GCM, &content_key).map_err(|_| JoseError::Decryption)?;
    let length = LessSafeKey::new(key)
        .open_in_place(Nonce::assume_unique_for_key(iv), Aad::from(header_part), &mut content)
        .map_err(|_| JoseError::Decryption)?
        .len();
    content.truncate(length);
    String::from_utf8(content).map_err(|_| JoseError::Content)
}

fn exact<const LENGTH: usize>(part: &'static str, text: &str) -> Result<[u8; LENGTH], JoseError> {
    let bytes = decode(part, text)?;
    let found = bytes.len();
    bytes.try_into().map_err(|_| JoseError::Length { part, expected: LENGTH, found })
}

/// A member counts as present whatever its value is, null included.
fn presence<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    serde::de::IgnoredAny::deserialize(deserializer).map(|_| true)
}
