//! The content of a receipt: a set of numbered fields.

use std::str::from_utf8;

use der::asn1::{OctetString, SetOfVec};
use der::{Decode, Sequence, ValueOrd};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::chain;
use super::public_key::PublicKey;
use super::receipt::{Receipt, ReceiptError};

const APP_ID: u8 = 2;
const CERTIFICATE: u8 = 3;
const CLIENT_HASH: u8 = 4;
const TOKEN: u8 = 5;
const TYPE: u8 = 6;
const ENVIRONMENT: u8 = 7;
const CREATION_TIME: u8 = 12;
const RISK_METRIC: u8 = 17;
const NOT_BEFORE: u8 = 19;
const EXPIRATION_TIME: u8 = 21;

/// What a receipt is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ReceiptType {
    /// `ATTEST`: came with an attestation, and says nothing of risk.
    Attest,
    /// `RECEIPT`: Apple gave it for an older one.
    Receipt,
    /// Another word.
    Other(String),
}

/// Apple's environment, as a receipt names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ReceiptEnvironment {
    /// `sandbox`: development builds.
    Sandbox,
    /// `production`.
    Production,
    /// Another word.
    Other(String),
}

/// Reads the signed content of a receipt. Fields of other types are ignored.
pub(super) fn parse(content: &[u8]) -> Result<Receipt, ReceiptError> {
    let fields = Fields(SetOfVec::from_ber(content).map_err(|_| ReceiptError::Content)?);
    let required = |kind| fields.find(kind)?.ok_or(ReceiptError::MissingField { kind });
    let required_text = |kind| required(kind).and_then(|value| text(kind, value));
    let optional_text =
        |kind| -> Result<_, ReceiptError> { fields.find(kind)?.map(|value| text(kind, value)).transpose() };

    let certificate = chain::parse(0, required(CERTIFICATE)?).map_err(ReceiptError::AttestedCertificate)?;
    let risk_metric = optional_text(RISK_METRIC)?.map(|value| value.parse());
    Ok(Receipt {
        app_id: required_text(APP_ID)?.to_owned(),
        public_key: PublicKey::from_parsed(certificate.public_key()).map_err(ReceiptError::AttestedKey)?,
        client_hash: required(CLIENT_HASH)?.to_vec(),
        token: required_text(TOKEN)?.to_owned(),
        receipt_type: match required_text(TYPE)? {
            "ATTEST" => ReceiptType::Attest,
            "RECEIPT" => ReceiptType::Receipt,
            other => ReceiptType::Other(other.to_owned()),
        },
        environment: optional_text(ENVIRONMENT)?.map(|name| match name {
            "sandbox" => ReceiptEnvironment::Sandbox,
            "production" => ReceiptEnvironment::Production,
            other => ReceiptEnvironment::Other(other.to_owned()),
        }),
        creation_time: required_text(CREATION_TIME).and_then(|text| milliseconds(CREATION_TIME, text))?,
        risk_metric: risk_metric.transpose().map_err(|_| ReceiptError::MalformedField { kind: RISK_METRIC })?,
        not_before: optional_text(NOT_BEFORE)?.map(|text| milliseconds(NOT_BEFORE, text)).transpose()?,
        expiration_time: required_text(EXPIRATION_TIME).and_then(|text| milliseconds(EXPIRATION_TIME, text))?,
    })
}

#[derive(Sequence, ValueOrd)]
struct Field {
    kind: u8,
    version: u8,
    value: OctetString,
}

struct Fields(SetOfVec<Field>);

impl Fields {
    fn find(&self, kind: u8) -> Result<Option<&[u8]>, ReceiptError> {
        let mut found = self.0.iter().filter(|field| field.kind == kind);
        match (found.next(), found.next()) {
            (_, Some(_)) => Err(ReceiptError::DuplicateField { kind }),
            (first, None) => Ok(first.map(|field| field.value.as_bytes())),
        }
    }
}

fn text(kind: u8, value: &[u8]) -> Result<&str, ReceiptError> {
    from_utf8(value).map_err(|_| ReceiptError::MalformedField { kind })
}

/// A time of RFC 3339 in Unix milliseconds.
fn milliseconds(kind: u8, text: &str) -> Result<i64, ReceiptError> {
    let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| ReceiptError::MalformedField { kind })?;
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).map_err(|_| ReceiptError::MalformedField { kind })
}
