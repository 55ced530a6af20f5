//! What is expected of an attested key.

use bonafide_protocol::jwk::PublicKey;

use super::description::{Enforced, KeyDescription, SecurityLevel};
use super::error::AndroidKeyError;
use super::facts::AndroidKeyFacts;
use super::value::{Bytes, Number, Origin};

/// KeyMint's purpose of signing.
pub const PURPOSE_SIGN: u64 = 2;

/// KeyMint's purpose of verification, which needs the public half only.
pub const PURPOSE_VERIFY: u64 = 3;

const ALGORITHM_EC: u64 = 3;
const CURVE_P256: u64 = 1;
const P256_BITS: u64 = 256;

/// What is expected of an attested key: made by the hardware for this challenge, over P-256, for signing, for one app.
///
/// Only what the secure hardware enforces counts. The software's list may not say more: no further purpose, and not
/// `allApplications`.
#[derive(Clone, Copy, Debug)]
pub struct Expectation<'a> {
    /// The challenge that the description has to carry.
    pub challenge: &'a [u8],
    /// The key that has to be the attested one, if it is known from elsewhere.
    pub key: Option<&'a PublicKey>,
    /// The least level. By default the trusted execution environment.
    pub least_level: SecurityLevel,
    /// The purposes that the key may have; [`PURPOSE_SIGN`] it must have. By default signing and verification.
    pub purposes: &'a [u64],
}

impl<'a> Expectation<'a> {
    /// The defaults, for this challenge.
    pub fn new(challenge: &'a [u8]) -> Self {
        Self {
            challenge,
            key: None,
            least_level: SecurityLevel::TrustedEnvironment,
            purposes: &[PURPOSE_SIGN, PURPOSE_VERIFY],
        }
    }

    /// Holds facts against it.
    pub fn check(&self, facts: &AndroidKeyFacts) -> Result<(), AndroidKeyError> {
        let description = &facts.description;
        if description.attestation_challenge.0 != self.challenge {
            return Err(AndroidKeyError::Challenge {
                expected: Bytes(self.challenge.to_vec()),
                found: description.attestation_challenge.clone(),
            });
        }
        if facts.level < self.least_level {
            return Err(AndroidKeyError::SecurityLevel {
                expected: self.least_level,
                attestation: description.attestation_security_level,
                key_mint: description.key_mint_security_level,
                certified: facts.certified_level,
            });
        }
        check_key_type(description)?;
        self.check_key(facts)?;
        self.check_purposes(description)?;
        match description.hardware_enforced.origin {
            Some(Origin::Generated) => {}
            found => return Err(AndroidKeyError::Origin { found }),
        }
        for side in [Enforced::Software, Enforced::Hardware] {
            if description.list(side).all_applications.is_some() {
                return Err(AndroidKeyError::AllApplications { side });
            }
        }
        Ok(())
    }

    fn check_key(&self, facts: &AndroidKeyFacts) -> Result<(), AndroidKeyError> {
        let found = facts.key.as_ref().ok_or(AndroidKeyError::NotP256)?;
        match self.key {
            Some(expected) if expected != found => {
                Err(AndroidKeyError::Key { expected: expected.thumbprint(), found: found.thumbprint() })
            }
            _ => Ok(()),
        }
    }

    fn check_purposes(&self, description: &KeyDescription) -> Result<(), AndroidKeyError> {
        let purposes = |side| description.list(side).purposes.iter().flat_map(|purposes| &purposes.0);
        if !purposes(Enforced::Hardware).any(|purpose| purpose.0 == PURPOSE_SIGN) {
            return Err(AndroidKeyError::CannotSign);
        }
        let mut all = purposes(Enforced::Hardware).chain(purposes(Enforced::Software));
        match all.find(|purpose| !self.purposes.contains(&purpose.0)) {
            Some(Number(purpose)) => Err(AndroidKeyError::Purpose { purpose: *purpose }),
            None => Ok(()),
        }
    }
}

/// The description's own words about the key. Old versions leave out size or curve; the key itself is looked at, too.
fn check_key_type(description: &KeyDescription) -> Result<(), AndroidKeyError> {
    let list = &description.hardware_enforced;
    let rules = [
        ("algorithms", list.algorithms, ALGORITHM_EC, true),
        ("key_size", list.key_size, P256_BITS, false),
        ("ec_curve", list.ec_curve, CURVE_P256, false),
    ];
    for (field, found, expected, required) in rules {
        let found = found.map(|number| number.0);
        if found.map_or(required, |found| found != expected) {
            return Err(AndroidKeyError::KeyType { field, expected, found });
        }
    }
    Ok(())
}
