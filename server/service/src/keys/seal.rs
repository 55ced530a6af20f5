//! Sealing: AES-256-GCM under the master key, each blob bound to account, purpose and key id.

use bonafide_protocol::encoding::{from_base64url, to_base64url};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use thiserror::Error;

const LABEL: &str = "bonafide-sealed-v1";

/// Why a blob could not be sealed or opened.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealError {
    /// The system gave no randomness.
    #[error("the system's random source failed")]
    Random,
    /// Sealed under another master key or for another place, or altered.
    #[error("it was sealed with another master key or for another entry, or has been altered")]
    Refused,
}

/// What a sealed blob belongs to: moved elsewhere in the database it does not open.
#[derive(Clone, Copy)]
pub(crate) struct Binding<'a> {
    pub(crate) account: &'a str,
    pub(crate) purpose: &'a str,
    pub(crate) kid: &'a str,
}

impl Binding<'_> {
    fn aad(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for part in [LABEL, self.account, self.purpose, self.kid] {
            // No part comes near 4 GiB.
            out.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            out.extend_from_slice(part.as_bytes());
        }
        out
    }
}

/// The key that seals all others. It is never in the database.
pub(crate) struct MasterKey(LessSafeKey);

impl MasterKey {
    pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Result<Self, SealError> {
        Ok(Self(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, bytes).map_err(|_| SealError::Refused)?)))
    }

    pub(crate) fn seal(&self, binding: Binding<'_>, plain: &[u8]) -> Result<String, SealError> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| SealError::Random)?;
        let mut sealed = plain.to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(binding.aad()), &mut sealed)
            .map_err(|_| SealError::Refused)?;
        Ok(to_base64url(&[&nonce[..], &sealed].concat()))
    }

    pub(crate) fn open(&self, binding: Binding<'_>, sealed: &str) -> Result<Vec<u8>, SealError> {
        let raw = from_base64url(sealed).ok_or(SealError::Refused)?;
        let (nonce, body) = raw.split_at_checked(NONCE_LEN).ok_or(SealError::Refused)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Refused)?;
        let mut body = body.to_vec();
        let plain = self.0.open_in_place(nonce, Aad::from(binding.aad()), &mut body).map_err(|_| SealError::Refused)?;
        Ok(plain.to_vec())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    const PLACE: Binding<'static> = Binding { account: "acme", purpose: "token", kid: "k1" };

    #[test]
    fn a_blob_opens_only_unaltered_in_its_place_and_with_its_key() {
        let master = MasterKey::from_bytes(&[1; 32]).unwrap();
        let sealed = master.seal(PLACE, b"secret").unwrap();

        let other = MasterKey::from_bytes(&[2; 32]).unwrap();
        assert_eq!(other.open(PLACE, &sealed), Err(SealError::Refused));
        for place in [
            Binding { account: "other", ..PLACE },
            Binding { purpose: "decoy", ..PLACE },
            Binding { kid: "k2", ..PLACE },
            // The same bytes in a row, cut elsewhere.
            Binding { account: "acmet", purpose: "oken", ..PLACE },
        ] {
            assert_eq!(master.open(place, &sealed), Err(SealError::Refused));
        }
        let raw = from_base64url(&sealed).unwrap();
        for place in 0..raw.len() {
            let mut altered = raw.clone();
            *altered.get_mut(place).unwrap() ^= 1;
            assert_eq!(master.open(PLACE, &to_base64url(&altered)), Err(SealError::Refused), "byte {place}");
        }
        for rubbish in ["", "AAAA", "not base64url!"] {
            assert_eq!(master.open(PLACE, rubbish), Err(SealError::Refused));
        }
        assert_eq!(master.open(PLACE, &sealed).unwrap(), b"secret");
    }
}
