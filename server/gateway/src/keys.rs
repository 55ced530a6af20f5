//! The keys that tokens are verified with, read from a JWKS (RFC 7517).

use std::collections::HashMap;

use bonafide_protocol::jwk::PublicKey;
use jsonwebtoken::DecodingKey;
use serde_json::Value;
use thiserror::Error;

/// The longest JWKS that is read, in bytes.
pub(crate) const MAX_JWKS_BYTES: usize = 256 * 1024;

/// Why a JWKS cannot be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnusableKeys {
    /// Not the JSON of a JWKS.
    #[error("not a JWKS: expected {{\"keys\": […]}}")]
    NotJwks,
}

/// P-256 keys by their `kid`. Keys of other kinds, for other uses, or without a `kid` are skipped.
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    keys: HashMap<String, DecodingKey>,
}

impl KeySet {
    /// Reads a JWKS. A symmetric key in it is never taken: a secret that is published is none. A list without a usable
    /// key is an empty set: what was published before has been withdrawn.
    pub fn from_jwks(jwks: &[u8]) -> Result<Self, UnusableKeys> {
        let jwks: Value = serde_json::from_slice(jwks).map_err(|_| UnusableKeys::NotJwks)?;
        let list = jwks.get("keys").and_then(Value::as_array).ok_or(UnusableKeys::NotJwks)?;
        Ok(Self { keys: list.iter().filter_map(read_key).collect() })
    }

    /// Whether there is no key to verify with.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The key with this id.
    pub fn find(&self, kid: &str) -> Option<&DecodingKey> {
        self.keys.get(kid)
    }
}

/// The `kid` is taken as it stands, not as a thumbprint: a decoy key carries that of the key it imitates.
fn read_key(jwk: &Value) -> Option<(String, DecodingKey)> {
    let kid = jwk.get("kid").and_then(Value::as_str)?;
    let says = |member: &str, expected: &str| jwk.get(member).is_none_or(|value| value == expected);
    if !says("use", "sig") || !says("alg", "ES256") {
        return None;
    }
    match PublicKey::from_jwk(jwk) {
        Ok(Some(PublicKey::P256 { x, y })) => {
            let point = [&[4][..], &x, &y].concat();
            Some((kid.to_owned(), DecodingKey::from_ec_der(&point)))
        }
        _ => None,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use bonafide_protocol::key::P256Key;

    #[test]
    fn what_is_no_key_set_is_refused() {
        for text in ["", "{}", "[]", "<html>", r#"{"keys":{}}"#] {
            assert_eq!(KeySet::from_jwks(text.as_bytes()).unwrap_err(), UnusableKeys::NotJwks, "{text}");
        }
    }

    #[test]
    fn a_set_without_a_usable_key_is_empty() {
        for text in [
            r#"{"keys":[]}"#,
            r#"{"keys":[1,{"kty":"oct","k":"c2VjcmV0","kid":"a","alg":"HS256"}]}"#,
            r#"{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA","kid":"a"}]}"#,
        ] {
            assert!(KeySet::from_jwks(text.as_bytes()).unwrap().is_empty(), "{text}");
        }
    }

    #[test]
    fn keys_for_other_uses_are_skipped_and_the_right_one_found() {
        let jwk = |kid: &str, member: &str, value: &str| {
            let mut jwk = P256Key::generate().unwrap().public_key().unwrap().to_jwk();
            let members = jwk.as_object_mut().unwrap();
            members.insert("kid".into(), kid.into());
            members.insert(member.into(), value.into());
            jwk
        };
        let jwks = serde_json::json!({"keys": [
            jwk("encryption", "use", "enc"), jwk("other", "alg", "ES384"), jwk("good", "use", "sig")
        ]});
        let set = KeySet::from_jwks(jwks.to_string().as_bytes()).unwrap();
        let found = |kid| set.find(kid).is_some();
        assert_eq!((found("encryption"), found("other"), found("good")), (false, false, true));
    }
}
