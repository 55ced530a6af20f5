//! The attestation response code: what support staff ask a user to read out, and `bonafide arc` decodes.
//!
//! One fixed length, encrypted and authenticated (AES-256-GCM, NIST SP 800-38D) with a fresh nonce, so that it tells
//! its holder nothing, not even whether the appraisal passed.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use thiserror::Error;

use crate::encoding::{from_base64url, to_base64url};
use crate::finding::Finding;

const LABEL: &[u8] = b"bonafide-arc-v1";
const PLAIN_LEN: usize = 24;

/// The length of every ARC, in characters.
pub const ARC_LEN: usize = 70;

/// What an ARC holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arc {
    /// When the appraisal was made, Unix seconds.
    pub time: u64,
    /// The first eight bytes of the SHA-256 of the installation's id: enough to find it among the account's own.
    pub installation: [u8; 8],
    /// What was found, whether or not the policy rejects for it.
    pub findings: Vec<Finding>,
    /// The bits of findings that a later version of the service made and this one does not know; lowest first.
    pub unknown: Vec<u32>,
}

/// Why an ARC could not be made or read.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ArcError {
    /// The system gave no randomness.
    #[error("the system's random source failed")]
    Random,
    /// Not of an ARC's length or alphabet.
    #[error("not an ARC: expected {ARC_LEN} characters of base64url")]
    Malformed,
    /// Made with another key, or altered: of another account, or mistyped.
    #[error("the code was mistyped, or belongs to another account or a key that is gone")]
    Forged,
}

impl Arc {
    /// Seals the code for `account`.
    pub fn seal(&self, key: &[u8; 32], account: &str) -> Result<String, ArcError> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| ArcError::Random)?;
        let found = self.findings.iter().map(|finding| finding.bit()).chain(self.unknown.iter().copied());
        let bits = found.fold(0_u64, |bits, bit| bits | 1_u64.checked_shl(bit).unwrap_or(0));
        let mut sealed = Vec::with_capacity(PLAIN_LEN);
        sealed.extend_from_slice(&self.time.to_be_bytes());
        sealed.extend_from_slice(&self.installation);
        sealed.extend_from_slice(&bits.to_be_bytes());
        cipher(key)?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(label(account)), &mut sealed)
            .map_err(|_| ArcError::Random)?;
        Ok(to_base64url(&[&nonce[..], &sealed].concat()))
    }

    /// Opens a code that was sealed for `account`.
    pub fn open(code: &str, key: &[u8; 32], account: &str) -> Result<Self, ArcError> {
        if code.len() != ARC_LEN {
            return Err(ArcError::Malformed);
        }
        let raw = from_base64url(code).ok_or(ArcError::Malformed)?;
        let (nonce, sealed) = raw.split_at_checked(NONCE_LEN).ok_or(ArcError::Malformed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| ArcError::Malformed)?;
        let mut sealed = sealed.to_vec();
        let plain =
            cipher(key)?.open_in_place(nonce, Aad::from(label(account)), &mut sealed).map_err(|_| ArcError::Forged)?;
        let word = |place: usize| {
            plain
                .get(place * 8..place * 8 + 8)
                .and_then(|part| <[u8; 8]>::try_from(part).ok())
                .ok_or(ArcError::Malformed)
        };
        let bits = u64::from_be_bytes(word(2)?);
        let findings = Finding::ALL.iter().copied().filter(|finding| bits >> finding.bit() & 1 == 1).collect();
        let known = |bit: &u32| Finding::ALL.iter().any(|finding| finding.bit() == *bit);
        let unknown = (0..u64::BITS).filter(|bit| bits >> bit & 1 == 1 && !known(bit)).collect();
        Ok(Self { time: u64::from_be_bytes(word(0)?), installation: word(1)?, findings, unknown })
    }
}

fn cipher(key: &[u8; 32]) -> Result<LessSafeKey, ArcError> {
    Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).map_err(|_| ArcError::Malformed)?))
}

fn label(account: &str) -> Vec<u8> {
    [LABEL, account.as_bytes()].concat()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_code_opens_only_with_its_key_and_account_and_unaltered() {
        let arc =
            Arc { time: 1_790_000_042, installation: [3; 8], findings: vec![Finding::AppAltered], unknown: vec![63] };
        let code = arc.seal(&[1; 32], "acme").unwrap();
        assert_eq!(Arc::open(&code, &[2; 32], "acme"), Err(ArcError::Forged));
        assert_eq!(Arc::open(&code, &[1; 32], "other"), Err(ArcError::Forged));
        let altered =
            if code.starts_with('A') { code.replacen('A', "B", 1) } else { format!("A{}", code.split_at(1).1) };
        assert_eq!(Arc::open(&altered, &[1; 32], "acme"), Err(ArcError::Forged));
        assert_eq!(Arc::open("short", &[1; 32], "acme"), Err(ArcError::Malformed));
        assert_eq!(Arc::open(&code, &[1; 32], "acme"), Ok(arc));
    }

    #[test]
    fn every_code_is_as_long_as_every_other() {
        for findings in [vec![], Finding::ALL.to_vec()] {
            let arc = Arc { time: 0, installation: [0; 8], findings, unknown: Vec::new() };
            assert_eq!(arc.seal(&[1; 32], "acme").unwrap().len(), ARC_LEN);
        }
    }
}
