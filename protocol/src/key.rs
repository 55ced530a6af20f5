//! Software keys: what the service signs documents with, and what a desktop install signs requests with.

use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::encoding::{from_base64url, to_base64url};
use crate::jwk::PublicKey;

/// Why a key could not be made, read or used.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// The operating system gave no randomness.
    #[error("the system's random source failed")]
    Random,
    /// The bytes are not a private key of the named kind.
    #[error("not a private {kind} key")]
    Malformed {
        /// The kind that was expected.
        kind: &'static str,
    },
    /// The signing operation failed.
    #[error("signing failed")]
    Signing,
}

/// An Ed25519 key (RFC 8032) that signs roots and configs.
pub struct Ed25519Key {
    seed: [u8; 32],
    pair: Ed25519KeyPair,
}

/// The JSON form of a private Ed25519 key (RFC 8037): what `root.key` holds.
#[derive(Serialize, Deserialize)]
struct PrivateJwk {
    kty: String,
    crv: String,
    kid: Option<String>,
    x: String,
    d: String,
}

impl Ed25519Key {
    /// A new key from the system's random source.
    pub fn generate() -> Result<Self, KeyError> {
        let seed: ring::rand::Random<[u8; 32]> =
            ring::rand::generate(&SystemRandom::new()).map_err(|_| KeyError::Random)?;
        Self::from_seed(seed.expose())
    }

    /// The key with this seed (RFC 8032 section 5.1.5).
    pub fn from_seed(seed: [u8; 32]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| KeyError::Malformed { kind: "Ed25519" })?;
        Ok(Self { seed, pair })
    }

    /// Reads the JSON form that [`Ed25519Key::to_private_jwk`] writes.
    pub fn from_private_jwk(json: &[u8]) -> Result<Self, KeyError> {
        let malformed = KeyError::Malformed { kind: "Ed25519" };
        let jwk: PrivateJwk = serde_json::from_slice(json).map_err(|_| KeyError::Malformed { kind: "Ed25519" })?;
        if jwk.kty != "OKP" || jwk.crv != "Ed25519" {
            return Err(malformed);
        }
        let seed = from_base64url(&jwk.d).and_then(|d| <[u8; 32]>::try_from(d).ok());
        let key = Self::from_seed(seed.ok_or(KeyError::Malformed { kind: "Ed25519" })?)?;
        if to_base64url(key.pair.public_key().as_ref()) == jwk.x { Ok(key) } else { Err(malformed) }
    }

    /// The private key as a JWK (RFC 8037). Secret: it goes to a file of mode 0600 and nowhere else.
    pub fn to_private_jwk(&self) -> String {
        let jwk = PrivateJwk {
            kty: "OKP".into(),
            crv: "Ed25519".into(),
            kid: Some(self.public_key().thumbprint()),
            x: to_base64url(self.pair.public_key().as_ref()),
            d: to_base64url(&self.seed),
        };
        // Five strings always serialise.
        serde_json::to_string(&jwk).unwrap_or_default()
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        let mut x = [0; 32];
        x.copy_from_slice(self.pair.public_key().as_ref());
        PublicKey::Ed25519 { x }
    }

    /// Signs `message`; the signature has 64 bytes.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }
}

/// A P-256 key in memory: session keys, and the install key where no hardware holds one.
pub struct P256Key {
    pkcs8: Vec<u8>,
    pair: EcdsaKeyPair,
}

impl P256Key {
    /// A new key from the system's random source.
    pub fn generate() -> Result<Self, KeyError> {
        let document = EcdsaKeyPair::generate_pkcs8(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .map_err(|_| KeyError::Random)?;
        Self::from_pkcs8(document.as_ref())
    }

    /// Reads PKCS#8 DER (RFC 5958).
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let pair = EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, der, &SystemRandom::new())
            .map_err(|_| KeyError::Malformed { kind: "P-256" })?;
        Ok(Self { pkcs8: der.to_vec(), pair })
    }

    /// The private key as PKCS#8 DER. Secret.
    pub fn to_pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The public half.
    pub fn public_key(&self) -> Result<PublicKey, KeyError> {
        PublicKey::from_p256_point(self.pair.public_key().as_ref()).ok_or(KeyError::Malformed { kind: "P-256" })
    }

    /// Signs `message` with SHA-256; the signature is the 64 bytes of R and S (RFC 7518 section 3.4).
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let signature = self.pair.sign(&SystemRandom::new(), message).map_err(|_| KeyError::Signing)?;
        Ok(signature.as_ref().to_vec())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_private_jwk_survives_the_round_trip_and_a_swapped_public_half_does_not() {
        let key = Ed25519Key::from_seed([7; 32]).unwrap();
        let json = key.to_private_jwk();
        assert_eq!(Ed25519Key::from_private_jwk(json.as_bytes()).unwrap().public_key(), key.public_key());

        let other = Ed25519Key::from_seed([8; 32]).unwrap().to_private_jwk();
        let d = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        let mut mixed = d(&json);
        mixed.as_object_mut().unwrap().insert("x".into(), d(&other).get("x").unwrap().clone());
        assert!(Ed25519Key::from_private_jwk(mixed.to_string().as_bytes()).is_err());
    }

    #[test]
    fn rubbish_is_no_key() {
        for bad in [&b""[..], b"{}", b"null", br#"{"kty":"EC","crv":"P-256","x":"","d":""}"#] {
            assert!(Ed25519Key::from_private_jwk(bad).is_err());
            assert!(P256Key::from_pkcs8(bad).is_err());
        }
    }
}
