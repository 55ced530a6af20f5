//! What evidence says before anything of it has been verified: for people who look into a refusal, never for a decision.

use serde::Serialize;

use super::assertion::{self, AssertionError, MAX_ASSERTION};
use super::attestation::{AttestationError, MAX_ATTESTATION, Object};
use super::authenticator::{Environment, parse_assertion, parse_attestation};
use super::encoding::{as_base64, hex};
use super::extensions::Extensions;
use super::public_key::PublicKey;

/// What an attestation claims. Anybody can write one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UnverifiedAttestation {
    /// SHA-256 of the App ID, in hexadecimal.
    pub rp_id_hash: String,
    /// The flags of the authenticator data (WebAuthn level 2 section 6.1).
    pub flags: u8,
    /// How often the key has signed.
    pub counter: u32,
    /// The environment.
    pub environment: Environment,
    /// The credential's id. Serialises as base64.
    #[serde(serialize_with = "as_base64")]
    pub credential_id: Vec<u8>,
    /// The credential's key.
    pub public_key: PublicKey,
    /// What stands behind the authenticator data.
    pub extensions: Extensions,
    /// The certificates, DER, leaf first. They are not serialised.
    #[serde(skip)]
    pub certificates: Vec<Vec<u8>>,
    /// The receipt. Serialises as base64.
    #[serde(serialize_with = "as_base64")]
    pub receipt: Vec<u8>,
}

/// What an assertion claims.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UnverifiedAssertion {
    /// SHA-256 of the App ID, in hexadecimal.
    pub rp_id_hash: String,
    /// The flags of the authenticator data.
    pub flags: u8,
    /// How often the key has signed.
    pub counter: u32,
    /// What stands behind the authenticator data.
    pub extensions: Extensions,
}

/// Reads an attestation object and verifies nothing.
pub fn read_attestation(attestation: &[u8]) -> Result<UnverifiedAttestation, AttestationError> {
    if attestation.len() > MAX_ATTESTATION {
        return Err(AttestationError::TooLong { length: attestation.len() });
    }
    let object = Object::parse(attestation)?;
    let (head, credential, extensions) = parse_attestation(object.authenticator_data, None)?;
    Ok(UnverifiedAttestation {
        rp_id_hash: hex(&head.rp_id_hash),
        flags: head.flags,
        counter: head.counter,
        environment: credential.environment,
        credential_id: credential.id.to_vec(),
        public_key: credential.key,
        extensions,
        certificates: object.certificates.iter().map(|der| der.to_vec()).collect(),
        receipt: object.receipt.to_vec(),
    })
}

/// Reads an assertion object and verifies nothing.
pub fn read_assertion(assertion: &[u8]) -> Result<UnverifiedAssertion, AssertionError> {
    if assertion.len() > MAX_ASSERTION {
        return Err(AssertionError::TooLong { length: assertion.len() });
    }
    let (_, authenticator_data) = assertion::parse(assertion)?;
    let (head, extensions) = parse_assertion(authenticator_data, None)?;
    Ok(UnverifiedAssertion { rp_id_hash: hex(&head.rp_id_hash), flags: head.flags, counter: head.counter, extensions })
}
