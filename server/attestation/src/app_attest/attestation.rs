//! Attestations: a key was made by the Secure Enclave, for this app and this challenge.

use minicbor::Decoder;
use serde::Serialize;
use thiserror::Error;
use x509_parser::der_parser::asn1_rs::oid;
use x509_parser::der_parser::oid::Oid;
use x509_parser::prelude::X509Certificate;

use super::app_id::AppId;
use super::authenticator::{AuthenticatorDataError, Environment, parse_attestation};
use super::chain::{self, ChainError, MAX_CHAIN};
use super::encoding::{Sha256, as_base64, hex, sha256};
use super::extensions::Extensions;
use super::public_key::{KeyId, PublicKey, UnusableKey};
use super::roots::Roots;
use crate::cbor::{CborError, array, bytes, end, map, skip, text};

/// The longest attestation that is read, in bytes. Real ones have about 5,300.
pub const MAX_ATTESTATION: usize = 32 * 1024;

const FORMAT: &str = "apple-appattest";
const NONCE: Oid<'static> = oid!(1.2.840.113635.100.8.2);
/// What stands before the nonce in its extension: a sequence of one element, tagged 1, an octet string of 32 bytes.
const NONCE_HEADER: [u8; 6] = [0x30, 0x24, 0xa1, 0x22, 0x04, 0x20];

/// What an attestation has to be about.
#[derive(Clone, Copy, Debug)]
pub struct AttestationExpectation<'a> {
    /// The app.
    pub app_id: &'a AppId,
    /// The id under which the app presented the key, decoded from its base64: 32 bytes.
    pub key_id: &'a [u8],
    /// What the app gave to `attestKey` as the hash of its client data: 32 bytes, unless it hashes otherwise.
    pub client_data_hash: &'a [u8],
    /// The environments that are allowed.
    pub environments: &'a [Environment],
    /// The roots that the certificates may end in: [`Roots::app_attestation`].
    pub roots: &'a Roots,
    /// The time of the check, in Unix seconds. A leaf lives three days.
    pub time: i64,
}

/// What an attestation proves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Attestation {
    /// The key, to verify assertions with.
    pub public_key: PublicKey,
    /// The key's id.
    pub key_id: KeyId,
    /// The environment that made the key.
    pub environment: Environment,
    /// What the system says about the running app.
    pub extensions: Extensions,
    /// The receipt, *not* verified: see [`verify_receipt`](super::verify_receipt). Serialises as base64.
    #[serde(serialize_with = "as_base64")]
    pub receipt: Vec<u8>,
}

/// Why an attestation was refused.
#[derive(Clone, Debug, Error, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum AttestationError {
    /// Longer than [`MAX_ATTESTATION`].
    #[error("{length} bytes, more than the {MAX_ATTESTATION} that are read")]
    TooLong {
        /// The length in bytes.
        length: usize,
    },
    /// The object is broken.
    #[error("attestation object: {0}")]
    Cbor(#[from] CborError),
    /// Not an App Attest attestation.
    #[error("format {found:?}, expected \"apple-appattest\"")]
    Format {
        /// The format found.
        found: String,
    },
    /// The certificates do not lead to a root.
    #[error("certificates: {0}")]
    Chain(#[from] ChainError),
    /// The leaf does not carry a nonce in the form that Apple gives it.
    #[error("the leaf's nonce is missing or malformed")]
    NonceExtension,
    /// Made for other client data, or over other authenticator data.
    #[error("nonce {found}, expected {expected}")]
    Nonce {
        /// SHA-256 of authenticator data and client data hash, in hexadecimal.
        expected: String,
        /// The leaf's nonce, in hexadecimal.
        found: String,
    },
    /// The leaf's key is not of the Secure Enclave's kind.
    #[error("the leaf's key: {0}")]
    LeafKey(#[source] UnusableKey),
    /// The leaf's key is not the one that the app presented.
    #[error("the leaf's key has the id {found}, expected {expected}")]
    KeyId {
        /// The presented id, in hexadecimal.
        expected: String,
        /// The id of the leaf's key, in hexadecimal.
        found: String,
    },
    /// The authenticator data is broken, or about another app.
    #[error("authenticator data: {0}")]
    AuthenticatorData(#[from] AuthenticatorDataError),
    /// A fresh key has signed nothing.
    #[error("counter {found}, expected 0")]
    Counter {
        /// The counter found.
        found: u32,
    },
    /// Made in an environment that is not allowed.
    #[error("made in the {found:?} environment, which is not allowed here")]
    Environment {
        /// The environment found.
        found: Environment,
    },
    /// The credential's id is not the key's.
    #[error("credential id {found}, expected {expected}")]
    CredentialId {
        /// The key's id, in hexadecimal.
        expected: String,
        /// The credential's id, in hexadecimal.
        found: String,
    },
    /// The credential's key is not the leaf's.
    #[error("the credential's key is not the certificate's")]
    CredentialKey,
}

/// Verifies an attestation object, as `DCAppAttestService.attestKey` gives it.
///
/// Checked are: the certificates up to a root with their times, names, rights and signatures; the nonce, which binds
/// authenticator data and client data; the key's id against certificate, credential and expectation; the app; a
/// counter of 0; the environment; the credential's key against the certificate's. Not checked are the receipt and
/// revocation, for which Apple's certificates name no source.
pub fn verify_attestation(
    attestation: &[u8],
    expectation: &AttestationExpectation<'_>,
) -> Result<Attestation, AttestationError> {
    if attestation.len() > MAX_ATTESTATION {
        return Err(AttestationError::TooLong { length: attestation.len() });
    }
    let object = Object::parse(attestation)?;
    // What costs little comes first; it proves nothing before the certificates and the nonce have been checked.
    let (head, credential, extensions) = parse_attestation(object.authenticator_data, Some(expectation.app_id))?;
    if head.counter != 0 {
        return Err(AttestationError::Counter { found: head.counter });
    }
    if !expectation.environments.contains(&credential.environment) {
        return Err(AttestationError::Environment { found: credential.environment });
    }

    let certificates = object
        .certificates
        .iter()
        .enumerate()
        .map(|(index, der)| chain::parse(index, der))
        .collect::<Result<Vec<_>, _>>()?;
    chain::verify(&certificates, expectation.roots, expectation.time)?;
    // An empty chain has been refused.
    let leaf = certificates.first().ok_or(ChainError::Length { found: 0, limit: MAX_CHAIN })?;

    let expected = sha256(&[object.authenticator_data, expectation.client_data_hash]);
    let found = nonce(leaf)?;
    if *found != expected {
        return Err(AttestationError::Nonce { expected: hex(&expected), found: hex(found) });
    }
    let public_key = PublicKey::from_parsed(leaf.public_key()).map_err(AttestationError::LeafKey)?;
    let key_id = public_key.id();
    if key_id.0 != expectation.key_id {
        return Err(AttestationError::KeyId { expected: hex(expectation.key_id), found: hex(&key_id.0) });
    }
    if credential.id != key_id.0 {
        return Err(AttestationError::CredentialId { expected: hex(&key_id.0), found: hex(credential.id) });
    }
    if credential.key != public_key {
        return Err(AttestationError::CredentialKey);
    }
    Ok(Attestation {
        public_key,
        key_id,
        environment: credential.environment,
        extensions,
        receipt: object.receipt.to_vec(),
    })
}

/// The attestation object: `{fmt, attStmt: {x5c, receipt}, authData}`. Members with other names are ignored.
pub(super) struct Object<'a> {
    pub(super) certificates: Vec<&'a [u8]>,
    pub(super) receipt: &'a [u8],
    pub(super) authenticator_data: &'a [u8],
}

impl<'a> Object<'a> {
    pub(super) fn parse(attestation: &'a [u8]) -> Result<Self, AttestationError> {
        let (mut format, mut statement, mut authenticator_data) = (None, None, None);
        let mut decoder = Decoder::new(attestation);
        map(&mut decoder, "the object", name, |name, decoder| {
            match *name {
                "fmt" => format = Some(text(decoder, "fmt")?),
                "attStmt" => statement = Some(Self::statement(decoder)?),
                "authData" => authenticator_data = Some(bytes(decoder, "authData")?),
                _ => skip(decoder, "the object")?,
            }
            Ok(())
        })?;
        end(&decoder, "the object")?;
        match format.ok_or(CborError::Missing { member: "fmt" })? {
            FORMAT => {}
            found => return Err(AttestationError::Format { found: found.to_owned() }),
        }
        let (certificates, receipt) = statement.ok_or(CborError::Missing { member: "attStmt" })?;
        let authenticator_data = authenticator_data.ok_or(CborError::Missing { member: "authData" })?;
        Ok(Self { certificates, receipt, authenticator_data })
    }

    fn statement(decoder: &mut Decoder<'a>) -> Result<(Vec<&'a [u8]>, &'a [u8]), CborError> {
        let (mut certificates, mut receipt) = (None, None);
        map(decoder, "attStmt", name, |name, decoder| {
            match *name {
                "x5c" => {
                    let mut chain = Vec::new();
                    array(decoder, "x5c", |decoder| {
                        chain.push(bytes(decoder, "x5c")?);
                        Ok(())
                    })?;
                    certificates = Some(chain);
                }
                "receipt" => receipt = Some(bytes(decoder, "receipt")?),
                _ => skip(decoder, "attStmt")?,
            }
            Ok(())
        })?;
        let certificates = certificates.ok_or(CborError::Missing { member: "x5c" })?;
        Ok((certificates, receipt.ok_or(CborError::Missing { member: "receipt" })?))
    }
}

fn name<'a>(decoder: &mut Decoder<'a>) -> Result<&'a str, CborError> {
    text(decoder, "a member's name")
}

/// The nonce that Apple signed into the leaf.
fn nonce<'a>(leaf: &'a X509Certificate<'_>) -> Result<&'a Sha256, AttestationError> {
    let extension = leaf.get_extension_unique(&NONCE).ok().flatten().ok_or(AttestationError::NonceExtension)?;
    let nonce = extension.value.strip_prefix(&NONCE_HEADER).ok_or(AttestationError::NonceExtension)?;
    nonce.try_into().map_err(|_| AttestationError::NonceExtension)
}
