//! How the attestation key came into the phone.

use ciborium::Value;
use serde::Serialize;
use x509_parser::oid_registry::{OID_X509_ORGANIZATION_NAME, OID_X509_SERIALNUMBER, OID_X509_TITLE, Oid};
use x509_parser::x509::X509Name;

use super::PROVISIONING_INFO_OID;
use super::description::SecurityLevel;
use crate::certificate::Certificate;

/// How the attestation key came into the phone. The names come from certificates that Google's roots signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum Provisioning {
    /// In the factory, one key for a batch of phones, for good: four certificates, the third with nothing but a serial
    /// number and sometimes a title in its name.
    Factory,
    /// Over the network, one short-lived key for this phone: the second certificate carries the provisioning extension.
    Remote,
    /// Neither can be told.
    Unknown,
}

impl Provisioning {
    pub(super) fn of(chain: &[Certificate<'_>]) -> Self {
        match chain {
            [_, attestation, ..] if attestation.extension(PROVISIONING_INFO_OID).is_some() => Self::Remote,
            [_, _, batch, _] if is_batch_name(batch.subject_name()) => Self::Factory,
            _ => Self::Unknown,
        }
    }
}

fn is_batch_name(name: &X509Name<'_>) -> bool {
    let mut numbered = false;
    for attribute in name.iter_attributes() {
        match attribute.attr_type() {
            oid if *oid == OID_X509_SERIALNUMBER => numbered = true,
            oid if *oid == OID_X509_TITLE => {}
            _ => return false,
        }
    }
    numbered
}

/// The level that Google certified the attestation key for: the title or organisation in its certificate's name. Phones
/// from before 2018 name none.
pub(super) fn certified_level(attestation: &Certificate<'_>) -> Option<SecurityLevel> {
    let named = |oid: &Oid<'_>| {
        attestation.subject_name().iter_by_oid(oid).find_map(|attribute| match attribute.as_str().ok()? {
            "TEE" => Some(SecurityLevel::TrustedEnvironment),
            "StrongBox" => Some(SecurityLevel::StrongBox),
            _ => None,
        })
    };
    named(&OID_X509_TITLE).or_else(|| named(&OID_X509_ORGANIZATION_NAME))
}

/// What the provisioning extension says (CBOR, RFC 8949). Google documents it as informational; what cannot be read is
/// left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProvisioningInfo {
    /// Key 1: about how many certificates this phone was given in the last 30 days. Many may mean abuse.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificates_issued: Option<u64>,
    /// Key 3: who made the phone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manufacturer: Option<String>,
}

impl ProvisioningInfo {
    pub(super) fn read(value: &[u8]) -> Self {
        let Ok(Value::Map(entries)) = ciborium::de::from_reader_with_recursion_limit(value, MAX_NESTING) else {
            return Self::default();
        };
        let find = |key: u64| entries.iter().find(|(found, _)| *found == Value::from(key)).map(|(_, value)| value);
        Self {
            certificates_issued: find(1).and_then(Value::as_integer).and_then(|number| number.try_into().ok()),
            manufacturer: find(3).and_then(Value::as_text).map(str::to_owned),
        }
    }
}

/// How deep the extension's CBOR may nest.
const MAX_NESTING: usize = 8;
