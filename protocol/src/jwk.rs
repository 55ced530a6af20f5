//! Public keys as JWKs (RFC 7517, RFC 8037) and their thumbprints (RFC 7638).

use ring::signature::{self, UnparsedPublicKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::{Map, Value};

use crate::encoding::{from_base64url, sha256, to_base64url};

/// A public key of a kind that Bonafide uses. The kind fixes the signature algorithm, whatever a header says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PublicKey {
    /// Signs roots and configs: `kty` `OKP`, `crv` `Ed25519`.
    Ed25519 {
        /// The encoded point.
        x: [u8; 32],
    },
    /// Install keys, session keys, token keys: `kty` `EC`, `crv` `P-256`.
    P256 {
        /// The x coordinate, big-endian.
        x: [u8; 32],
        /// The y coordinate, big-endian.
        y: [u8; 32],
    },
}

impl PublicKey {
    /// From an uncompressed point: `04 ‖ x ‖ y`, 65 bytes (SEC 1 section 2.3.3).
    pub fn from_p256_point(point: &[u8]) -> Option<Self> {
        let (&tag, coordinates) = point.split_first()?;
        let (x, y) = coordinates.split_at_checked(32)?;
        (tag == 4).then_some(())?;
        Some(Self::P256 { x: x.try_into().ok()?, y: y.try_into().ok()? })
    }

    /// Reads a JWK. `Ok(None)` for a key of a kind that this version does not know, which a list skips;
    /// an error for a known kind with bad content.
    pub fn from_jwk(jwk: &Value) -> Result<Option<Self>, MalformedKey> {
        let text = |name: &'static str| jwk.get(name).and_then(Value::as_str);
        let bytes = |name: &'static str| {
            text(name)
                .and_then(from_base64url)
                .and_then(|raw| <[u8; 32]>::try_from(raw).ok())
                .ok_or(MalformedKey { member: name })
        };
        match (text("kty").ok_or(MalformedKey { member: "kty" })?, text("crv")) {
            ("OKP", Some("Ed25519")) => Ok(Some(Self::Ed25519 { x: bytes("x")? })),
            ("EC", Some("P-256")) => Ok(Some(Self::P256 { x: bytes("x")?, y: bytes("y")? })),
            _ => Ok(None),
        }
    }

    /// The JWK's members.
    pub fn to_jwk(&self) -> Value {
        let mut members = Map::new();
        let mut put = |name: &str, value: String| members.insert(name.into(), Value::String(value));
        match self {
            Self::Ed25519 { x } => {
                put("kty", "OKP".into());
                put("crv", "Ed25519".into());
                put("x", to_base64url(x));
            }
            Self::P256 { x, y } => {
                put("kty", "EC".into());
                put("crv", "P-256".into());
                put("x", to_base64url(x));
                put("y", to_base64url(y));
            }
        }
        Value::Object(members)
    }

    /// The SHA-256 thumbprint in base64url (RFC 7638): the `kid` of every key that Bonafide makes.
    pub fn thumbprint(&self) -> String {
        // RFC 7638 section 3.3: required members only, in lexicographic order, no white space.
        let canonical = match self {
            Self::Ed25519 { x } => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, to_base64url(x)),
            Self::P256 { x, y } => {
                format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, to_base64url(x), to_base64url(y))
            }
        };
        to_base64url(&sha256(canonical.as_bytes()))
    }

    /// Whether a JWS header's `alg` fits this key.
    pub fn allows_algorithm(&self, algorithm: &str) -> bool {
        match self {
            // RFC 8037 names it EdDSA, RFC 9864 Ed25519.
            Self::Ed25519 { .. } => matches!(algorithm, "EdDSA" | "Ed25519"),
            Self::P256 { .. } => algorithm == "ES256",
        }
    }

    /// The `alg` that a signer with this key writes.
    pub fn algorithm(&self) -> &'static str {
        match self {
            Self::Ed25519 { .. } => "EdDSA",
            Self::P256 { .. } => "ES256",
        }
    }

    /// Whether `signature` is this key's over `message`.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Ed25519 { x } => UnparsedPublicKey::new(&signature::ED25519, x).verify(message, signature),
            Self::P256 { x, y } => {
                let mut point = [4; 65];
                let (_, coordinates) = point.split_at_mut(1);
                for (to, from) in coordinates.iter_mut().zip(x.iter().chain(y)) {
                    *to = *from;
                }
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
        }
        .is_ok()
    }
}

/// A JWK of a known kind whose content is not that of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key's member `{member}` is missing or malformed")]
pub struct MalformedKey {
    /// The JWK member at fault.
    pub member: &'static str,
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_jwk().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let jwk = Value::deserialize(deserializer)?;
        Self::from_jwk(&jwk).map_err(D::Error::custom)?.ok_or_else(|| D::Error::custom("a key of an unknown kind"))
    }
}

/// A document's list of keys: those of unknown kinds are skipped, so that an old app can read a newer list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct KeyList(Vec<PublicKey>);

impl KeyList {
    /// A list of these keys.
    pub fn new(keys: Vec<PublicKey>) -> Self {
        Self(keys)
    }

    /// The keys.
    pub fn keys(&self) -> &[PublicKey] {
        &self.0
    }

    /// The key with this thumbprint.
    pub fn find(&self, kid: &str) -> Option<&PublicKey> {
        self.0.iter().find(|key| key.thumbprint() == kid)
    }
}

impl<'de> Deserialize<'de> for KeyList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let jwks = Vec::<Value>::deserialize(deserializer)?;
        let keys: Result<Vec<_>, _> = jwks.iter().filter_map(|jwk| PublicKey::from_jwk(jwk).transpose()).collect();
        Ok(Self(keys.map_err(D::Error::custom)?))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn thumbprint_matches_rfc_8037_appendix_a_3() {
        let jwk = json!({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
        let key = PublicKey::from_jwk(&jwk).unwrap().unwrap();
        assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(key.to_jwk(), jwk);
    }

    #[test]
    fn unknown_kinds_are_skipped_and_malformed_known_ones_refused() {
        let known = json!({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
        let list: KeyList = serde_json::from_value(json!([{"kty":"AKP","alg":"ML-DSA-65"}, known])).unwrap();
        assert_eq!(list.keys().len(), 1);
        for bad in [json!([{"kty":"OKP","crv":"Ed25519","x":"AA"}]), json!([{}]), json!(["key"]), json!({})] {
            assert!(serde_json::from_value::<KeyList>(bad.clone()).is_err(), "{bad}");
        }
    }
}
