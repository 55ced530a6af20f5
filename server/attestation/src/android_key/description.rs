//! The key description: what the extension 1.3.6.1.4.1.11129.2.1.17 holds.

use der::asn1::AnyRef;
use der::{Decode as _, Reader as _, SliceReader, Tag};
use serde::Serialize;
use thiserror::Error;

use super::authorization::AuthorizationList;
use super::value::{Bytes, Number, Problem, Value, enumerated, inside, next};

/// Where a key is kept and used, or an attestation was made. The order is that of strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum SecurityLevel {
    /// In the operating system: no protection from it.
    Software,
    /// In the trusted execution environment of the main processor.
    TrustedEnvironment,
    /// In a security chip of its own.
    StrongBox,
}

impl Value for SecurityLevel {
    fn read(any: AnyRef<'_>) -> Result<Self, Problem> {
        Ok(match enumerated(any)? {
            0 => Self::Software,
            1 => Self::TrustedEnvironment,
            2 => Self::StrongBox,
            value => return Err(Problem::UnknownValue { value }),
        })
    }
}

/// What the phone says about a key.
///
/// One schema fits all attestation versions: 1 to 4 (Keymaster 2 to 4.1) and 100, 200, 300, 400 (KeyMint 1 to 4) differ
/// in the tags that they know. Later versions are read the same way, and tags that this version does not know are kept.
/// The values nest no deeper than the schema; anything else is refused, as are bytes that are left over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyDescription {
    /// The version of this description.
    pub attestation_version: Number,
    /// Where it was made.
    pub attestation_security_level: SecurityLevel,
    /// The version of the Keymaster or KeyMint that keeps the key.
    pub key_mint_version: Number,
    /// Where the key is kept.
    pub key_mint_security_level: SecurityLevel,
    /// The challenge that the app passed on.
    pub attestation_challenge: Bytes,
    /// An identifier of the phone for privileged apps, mostly empty.
    pub unique_id: Bytes,
    /// What the operating system says and enforces.
    pub software_enforced: AuthorizationList,
    /// What the secure hardware says and enforces.
    pub hardware_enforced: AuthorizationList,
}

impl KeyDescription {
    /// Reads the extension's value.
    pub fn parse(der: &[u8]) -> Result<Self, DescriptionError> {
        let whole = |problem| DescriptionError { part: Part::Description, field: "sequence", problem };
        let any = AnyRef::from_der(der).map_err(|error| whole(error.into()))?;
        let mut reader = inside(any, Tag::Sequence).map_err(whole)?;
        let description = Self {
            attestation_version: field(&mut reader, "attestation_version")?,
            attestation_security_level: field(&mut reader, "attestation_security_level")?,
            key_mint_version: field(&mut reader, "key_mint_version")?,
            key_mint_security_level: field(&mut reader, "key_mint_security_level")?,
            attestation_challenge: field(&mut reader, "attestation_challenge")?,
            unique_id: field(&mut reader, "unique_id")?,
            software_enforced: list(&mut reader, Part::Software)?,
            hardware_enforced: list(&mut reader, Part::Hardware)?,
        };
        reader.finish().map_err(|error| whole(error.into()))?;
        Ok(description)
    }

    /// The list of this side.
    pub fn list(&self, side: Enforced) -> &AuthorizationList {
        match side {
            Enforced::Software => &self.software_enforced,
            Enforced::Hardware => &self.hardware_enforced,
        }
    }
}

/// Who enforces an authorization. Complete: a description has these two lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Enforced {
    /// The operating system.
    Software,
    /// The secure hardware.
    Hardware,
}

/// A part of the description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum Part {
    /// The description itself.
    Description,
    /// The list that the operating system enforces.
    Software,
    /// The list that the secure hardware enforces.
    Hardware,
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Description => "key description",
            Self::Software => "software-enforced list",
            Self::Hardware => "hardware-enforced list",
        })
    }
}

/// Where a key description is malformed, and how.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Serialize)]
#[error("{part}, {field}: {problem}")]
pub struct DescriptionError {
    /// The part.
    pub part: Part,
    /// The field; `list` or `sequence` for the part itself.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: Problem,
}

fn field<T: Value>(reader: &mut SliceReader<'_>, field: &'static str) -> Result<T, DescriptionError> {
    next(reader).map_err(|problem| DescriptionError { part: Part::Description, field, problem })
}

fn list(reader: &mut SliceReader<'_>, part: Part) -> Result<AuthorizationList, DescriptionError> {
    let refuse = |(field, problem)| DescriptionError { part, field, problem };
    let any = AnyRef::decode(reader).map_err(|error| refuse(("list", error.into())))?;
    AuthorizationList::read(any).map_err(refuse)
}
