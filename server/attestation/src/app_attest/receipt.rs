//! Receipts: Apple's word on an attested key, to be renewed with Apple for a measure of risk.

use serde::Serialize;
use thiserror::Error;

use super::app_id::AppId;
use super::chain::ChainError;
use super::encoding::as_base64;
use super::fields::{self, ReceiptEnvironment, ReceiptType};
use super::public_key::{KeyId, PublicKey, UnusableKey};
use super::roots::Roots;
use super::signed_data;

/// The longest receipt that is read, in bytes. Real ones have about 3,800.
pub const MAX_RECEIPT: usize = 16 * 1024;

/// What a receipt has to be about.
#[derive(Clone, Copy, Debug)]
pub struct ReceiptExpectation<'a> {
    /// The app.
    pub app_id: &'a AppId,
    /// The attested key, from its [`Attestation`](super::Attestation).
    pub public_key: &'a PublicKey,
    /// The roots that the signer's certificates may end in: [`Roots::receipt`].
    pub roots: &'a Roots,
    /// The time of the check, in Unix seconds: when the receipt arrived. Signers' certificates live about a year.
    pub time: i64,
}

/// What a receipt says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Receipt {
    /// Field 2, the App ID.
    pub app_id: String,
    /// The key of the certificate in field 3: the attested key.
    pub public_key: PublicKey,
    /// Field 4, the client data hash of the attestation. Receipts of type `RECEIPT` were seen to hold it mangled: read
    /// as UTF-8, with what is not UTF-8 replaced. Serialises as base64.
    #[serde(serialize_with = "as_base64")]
    pub client_hash: Vec<u8>,
    /// Field 5, opaque.
    pub token: String,
    /// Field 6.
    #[serde(rename = "type")]
    pub receipt_type: ReceiptType,
    /// Field 7. Apple's page does not list it; receipts seen have it.
    pub environment: Option<ReceiptEnvironment>,
    /// Field 12, when Apple made the receipt, in Unix milliseconds.
    pub creation_time: i64,
    /// Field 17, how many keys the device has attested for the app in about the last thirty days.
    pub risk_metric: Option<u32>,
    /// Field 19, when the receipt may be renewed, in Unix milliseconds.
    pub not_before: Option<i64>,
    /// Field 21, until when it may be renewed, in Unix milliseconds.
    pub expiration_time: i64,
}

/// Why a receipt was refused. A field's `kind` is its number in Apple's table.
#[derive(Clone, Debug, Error, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum ReceiptError {
    /// Longer than [`MAX_RECEIPT`].
    #[error("{length} bytes, more than the {MAX_RECEIPT} that are read")]
    TooLong {
        /// The length in bytes.
        length: usize,
    },
    /// Not a SignedData of the form that Apple's receipts have; signed attributes are not among it.
    #[error("not the signed data of a receipt")]
    SignedData,
    /// A version other than 1.
    #[error("{field} is {found}, expected 1")]
    Version {
        /// Which version.
        field: &'static str,
        /// The version found.
        found: u8,
    },
    /// Another content or algorithm than Apple's receipts have.
    #[error("{field} is {found}, expected {expected}")]
    Identifier {
        /// What is identified.
        field: &'static str,
        /// The object identifier that receipts have.
        expected: String,
        /// The object identifier found.
        found: String,
    },
    /// An algorithm has parameters.
    #[error("{field} has parameters")]
    Parameters {
        /// Which algorithm.
        field: &'static str,
    },
    /// Not one signer.
    #[error("{found} signers, expected 1")]
    Signers {
        /// How many there are.
        found: usize,
    },
    /// The signer's certificate is not there.
    #[error("the signer's certificate is missing")]
    UnknownSigner,
    /// Certificates that are not part of the signer's path.
    #[error("{count} certificates do not belong to the signer's path")]
    UnusedCertificates {
        /// How many.
        count: usize,
    },
    /// The signer's certificates do not lead to a root.
    #[error("certificates: {0}")]
    Chain(#[from] ChainError),
    /// The signer's certificate is not one for receipts.
    #[error("{subject:?} may not sign receipts")]
    NotAReceiptSigner {
        /// The certificate's subject.
        subject: String,
    },
    /// The signer's key is not on P-256.
    #[error("the signer's key: {0}")]
    SignerKey(#[source] UnusableKey),
    /// The signer did not make the signature.
    #[error("the signature does not verify")]
    Signature,
    /// The signed content is no set of fields.
    #[error("the content is not a set of fields")]
    Content,
    /// A field is not there.
    #[error("field {kind} is missing")]
    MissingField {
        /// Which field.
        kind: u8,
    },
    /// A field is there twice.
    #[error("field {kind} is there twice")]
    DuplicateField {
        /// Which field.
        kind: u8,
    },
    /// A field cannot be read.
    #[error("field {kind} cannot be read")]
    MalformedField {
        /// Which field.
        kind: u8,
    },
    /// Field 3 is not a certificate.
    #[error("field 3: {0}")]
    AttestedCertificate(#[source] ChainError),
    /// The key of the certificate in field 3 is not on P-256.
    #[error("field 3: {0}")]
    AttestedKey(#[source] UnusableKey),
    /// About another app.
    #[error("about the app {found:?}, expected {expected:?}")]
    AppId {
        /// The expected App ID.
        expected: String,
        /// The App ID found.
        found: String,
    },
    /// About another key.
    #[error("about another key: {found:?}, expected {expected:?}")]
    PublicKey {
        /// The id of the attested key.
        expected: KeyId,
        /// The id of the receipt's key.
        found: KeyId,
    },
    /// Its time is over.
    #[error("expired at {expiration_time} ms, and it is {time} s")]
    Expired {
        /// When it expired, in Unix milliseconds.
        expiration_time: i64,
        /// The time checked, in Unix seconds.
        time: i64,
    },
}

/// Verifies a receipt: the one inside an attestation, or one that Apple gave for it.
///
/// Checked are: the signature over the content; the signer's certificate, its right to sign receipts and its path to a
/// root at the given time; app and key; the expiry. Not checked are the certificate in field 3 beyond its key, which is
/// the attested one; how old the receipt is, for which Apple suggests five minutes, and what its type and its risk
/// metric mean, which are facts for the caller; revocation. Receipts with signed attributes are refused: none was seen.
pub fn verify_receipt(receipt: &[u8], expectation: &ReceiptExpectation<'_>) -> Result<Receipt, ReceiptError> {
    if receipt.len() > MAX_RECEIPT {
        return Err(ReceiptError::TooLong { length: receipt.len() });
    }
    let content = signed_data::verify(receipt, expectation.roots, expectation.time)?;
    let receipt = fields::parse(&content)?;
    if receipt.app_id != expectation.app_id.as_str() {
        return Err(ReceiptError::AppId { expected: expectation.app_id.to_string(), found: receipt.app_id });
    }
    if receipt.public_key != *expectation.public_key {
        return Err(ReceiptError::PublicKey { expected: expectation.public_key.id(), found: receipt.public_key.id() });
    }
    if receipt.expiration_time <= expectation.time.saturating_mul(1000) {
        return Err(ReceiptError::Expired { expiration_time: receipt.expiration_time, time: expectation.time });
    }
    Ok(receipt)
}
