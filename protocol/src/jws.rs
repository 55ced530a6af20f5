//! Compact JWS (RFC 7515 section 7.1), as strict as our own documents allow.
//!
//! Own code and not a JWT library: the install key signs behind a platform port, so that the compact form has to be
//! assembled by hand anyway, and the key alone fixes the algorithm (docs/adr/0002). Tokens, which other people's
//! gateways read, go through `jsonwebtoken` on the server.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::encoding::{from_base64url, to_base64url};
use crate::jwk::PublicKey;

/// Why a compact JWS was refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum JwsError {
    /// Longer than the caller allows.
    #[error("{length} bytes, more than the {limit} that are allowed here")]
    TooLong {
        /// The length in bytes.
        length: usize,
        /// The most that is allowed.
        limit: usize,
    },
    /// Not three base64url parts with dots between them.
    #[error("not a compact JWS: {part} is missing or not base64url")]
    NotCompact {
        /// `header`, `payload` or `signature`.
        part: &'static str,
    },
    /// The header is not the JSON object that a JWS has.
    #[error("the header is not that of a JWS")]
    Header,
    /// The header's `crit` names extensions, of which we know none (RFC 7515 section 4.1.11).
    #[error("the header demands an extension that this version does not know")]
    Critical,
    /// The header's `typ` is another one, or missing.
    #[error("type {found:?}, expected {expected:?}")]
    Type {
        /// The type that was asked for.
        expected: &'static str,
        /// The type found.
        found: Option<String>,
    },
    /// The header's `alg` does not fit the key.
    #[error("algorithm {found:?} does not fit the key, which signs with {expected}")]
    Algorithm {
        /// What the key signs with.
        expected: &'static str,
        /// The header's `alg`.
        found: String,
    },
    /// The signature is not the key's.
    #[error("the signature does not verify")]
    Signature,
}

/// The protected header.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Header {
    /// The algorithm's name.
    pub alg: String,
    /// What the payload is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typ: Option<String>,
    /// The signing key's thumbprint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// The signing key itself, where the message introduces it (token requests, reports).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwk: Option<PublicKey>,
    /// Extensions that must be understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    crit: Option<serde_json::Value>,
}

impl Header {
    /// A header of type `typ` for a document whose key the reader already knows by its `kid`.
    pub fn with_kid(typ: &str, key: &PublicKey) -> Self {
        Self { alg: key.algorithm().into(), typ: Some(typ.into()), kid: Some(key.thumbprint()), jwk: None, crit: None }
    }

    /// A header of type `typ` for a message that brings its key along.
    pub fn with_jwk(typ: &str, key: &PublicKey) -> Self {
        Self { alg: key.algorithm().into(), typ: Some(typ.into()), kid: None, jwk: Some(key.clone()), crit: None }
    }
}

/// A parsed, not yet verified JWS. The payload can only be had by verifying.
#[derive(Debug)]
pub struct Compact<'a> {
    header: Header,
    signing_input: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Compact<'a> {
    /// Takes `text` apart; nothing is verified yet. White space around it is not allowed.
    pub fn parse(text: &'a str, limit: usize) -> Result<Self, JwsError> {
        if text.len() > limit {
            return Err(JwsError::TooLong { length: text.len(), limit });
        }
        let missing = |part| JwsError::NotCompact { part };
        let (signing_input, signature) = text.rsplit_once('.').ok_or(missing("signature"))?;
        let (header, payload) = signing_input.split_once('.').ok_or(missing("payload"))?;
        let header = from_base64url(header).ok_or(missing("header"))?;
        let payload = from_base64url(payload).ok_or(missing("payload"))?;
        let signature = from_base64url(signature).ok_or(missing("signature"))?;
        let header: Header = serde_json::from_slice(&header).map_err(|_| JwsError::Header)?;
        if header.crit.is_some() {
            return Err(JwsError::Critical);
        }
        Ok(Self { header, signing_input, payload, signature })
    }

    /// The header, which is only a claim until the signature has been verified.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The payload, if the header has type `typ` and `key` signed it.
    pub fn verify(&self, typ: &'static str, key: &PublicKey) -> Result<&[u8], JwsError> {
        if self.header.typ.as_deref() != Some(typ) {
            return Err(JwsError::Type { expected: typ, found: self.header.typ.clone() });
        }
        if !key.allows_algorithm(&self.header.alg) {
            return Err(JwsError::Algorithm { expected: key.algorithm(), found: self.header.alg.clone() });
        }
        if key.verifies(self.signing_input.as_bytes(), &self.signature) {
            Ok(&self.payload)
        } else {
            Err(JwsError::Signature)
        }
    }
}

/// What has to be signed: `BASE64URL(header) . BASE64URL(payload)`.
pub fn signing_input(header: &Header, payload: &[u8]) -> String {
    // A header of strings always serialises.
    let header = serde_json::to_vec(header).unwrap_or_default();
    format!("{}.{}", to_base64url(&header), to_base64url(payload))
}

/// Appends the signature to what was signed.
pub fn join(signing_input: &str, signature: &[u8]) -> String {
    format!("{signing_input}.{}", to_base64url(signature))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::key::{Ed25519Key, P256Key};

    const TYPE: &str = "test+jwt";

    fn signed(header: &Header, key: &Ed25519Key) -> String {
        let input = signing_input(header, b"{}");
        let signature = key.sign(input.as_bytes());
        join(&input, &signature)
    }

    #[test]
    fn forged_headers_and_signatures_are_refused() {
        let key = Ed25519Key::from_seed([1; 32]).unwrap();
        let public = key.public_key();
        let good = Header::with_kid(TYPE, &public);
        let verify =
            |text: &str| Compact::parse(text, 1000).and_then(|jws| jws.verify(TYPE, &public).map(<[u8]>::to_vec));

        assert_eq!(verify(&signed(&good, &Ed25519Key::from_seed([2; 32]).unwrap())), Err(JwsError::Signature));
        for algorithm in ["none", "HS256", "ES256", "eddsa", ""] {
            let header = Header { alg: algorithm.into(), ..good.clone() };
            let expected = JwsError::Algorithm { expected: "EdDSA", found: algorithm.into() };
            assert_eq!(verify(&signed(&header, &key)), Err(expected));
        }
        for typ in [None, Some("JWT".to_owned())] {
            let header = Header { typ: typ.clone(), ..good.clone() };
            assert_eq!(verify(&signed(&header, &key)), Err(JwsError::Type { expected: TYPE, found: typ }));
        }
        let critical = Header { crit: Some(serde_json::json!(["b64"])), ..good.clone() };
        assert_eq!(verify(&signed(&critical, &key)), Err(JwsError::Critical));
        for text in ["", ".", "..", "a.b", "a.b.c.d", "!.!.!", &format!(" {}", signed(&good, &key))] {
            assert!(verify(text).is_err(), "{text:?}");
        }
        assert_eq!(verify(&format!("{}x", "a".repeat(1000))), Err(JwsError::TooLong { length: 1001, limit: 1000 }));

        // And the unforged one passes, under either name of its algorithm.
        assert_eq!(verify(&signed(&good, &key)), Ok(b"{}".to_vec()));
        assert_eq!(verify(&signed(&Header { alg: "Ed25519".into(), ..good }, &key)), Ok(b"{}".to_vec()));
    }

    #[test]
    fn an_es256_message_verifies_with_the_key_it_brings() {
        let key = P256Key::generate().unwrap();
        let input = signing_input(&Header::with_jwk(TYPE, &key.public_key().unwrap()), b"payload");
        let text = join(&input, &key.sign(input.as_bytes()).unwrap());
        let jws = Compact::parse(&text, 1000).unwrap();
        let claimed = jws.header().jwk.clone().unwrap();
        assert_eq!(jws.verify(TYPE, &claimed).unwrap(), b"payload");
    }
}
