//! How the attestation key came into the phone.

use minicbor::Decoder;
use serde::Serialize;
use x509_parser::oid_registry::{OID_X509_ORGANIZATION_NAME, OID_X509_SERIALNUMBER, OID_X509_TITLE, Oid};
use x509_parser::x509::X509Name;

use super::PROVISIONING_INFO_OID;
use super::description::SecurityLevel;
use crate::cbor::{CborError, map, skip};
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
        let mut info = Self::default();
        let entries = map(&mut Decoder::new(value), "provisioning info", encoded, |key, decoder| {
            // Another type under a known key is left out; skipping checks its form all the same.
            let mut ahead = decoder.clone();
            match key.as_slice() {
                CERTIFICATES_ISSUED => info.certificates_issued = ahead.u64().ok(),
                MANUFACTURER => info.manufacturer = ahead.str().ok().map(str::to_owned),
                _ => {}
            }
            skip(decoder, "provisioning info")
        });
        if entries.is_ok() { info } else { Self::default() }
    }
}

/// A key of any type, as it is encoded.
fn encoded(decoder: &mut Decoder<'_>) -> Result<Vec<u8>, CborError> {
    let start = decoder.position();
    skip(decoder, "provisioning info")?;
    Ok(decoder.input().get(start..decoder.position()).unwrap_or_default().to_vec())
}

/// The numbers 1 and 3 in CBOR.
const CERTIFICATES_ISSUED: &[u8] = &[1];
const MANUFACTURER: &[u8] = &[3];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_left_out() {
        let info = |certificates_issued, manufacturer: Option<&str>| ProvisioningInfo {
            certificates_issued,
            manufacturer: manufacturer.map(Into::into),
        };
        let table: &[(&[u8], ProvisioningInfo)] = &[
            (&[0xa2, 1, 0x18, 32, 3, 0x62, b'A', b'b'], info(Some(32), Some("Ab"))),
            // Members of other names and types.
            (&[0xa3, 1, 5, 0x61, b'x', 0x81, 0xa0, 0x20, 0xf5], info(Some(5), None)),
            (&[0xa2, 1, 0x61, b'5', 3, 0x62, b'A', b'b'], info(None, Some("Ab"))),
            (&[0xa2, 1, 0x20, 3, 0x42, b'A', b'b'], info(None, None)),
            (&[0xa0], info(None, None)),
            // Broken, cut short, twice the same key, of unknown length, nested too deep.
            (&[], info(None, None)),
            (&[0x01], info(None, None)),
            (&[0xa2, 1, 5, 3, 0x62, b'A'], info(None, None)),
            (&[0xa2, 1, 5, 1, 6], info(None, None)),
            (&[0xbf, 1, 5, 0xff], info(None, None)),
            (&[0xa2, 1, 5, 2, 0x81, 0x81, 0x81, 0x81, 0x81, 0], info(None, None)),
        ];
        for (input, expected) in table {
            assert_eq!(&ProvisioningInfo::read(input), expected, "{input:02x?}");
        }
    }
}
