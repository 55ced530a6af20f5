//! What newer systems say behind the authenticator data.

use minicbor::Decoder;
use minicbor::data::Type;
use serde::{Serialize, Serializer};

use crate::cbor::{CborError, end, map, skip, text};

/// The longest bundle version that is accepted, in bytes.
pub const MAX_BUNDLE_VERSION: usize = 256;

const MEMBER: &str = "extensions";
const CATEGORY: &str = "apple_validation_category_01";
const VERSION: &str = "apple_bundle_version_01";

/// Extension data of iOS 27 and macOS 27 on; empty on older systems.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Extensions {
    /// How the running app was signed and distributed.
    pub validation_category: Option<ValidationCategory>,
    /// `CFBundleVersion` of the running app.
    pub bundle_version: Option<String>,
    /// The names of extensions that this version does not know.
    pub unknown: Vec<String>,
}

impl Extensions {
    /// Reads `data`, which must be one map from names to values and nothing else.
    pub(super) fn parse(data: &[u8]) -> Result<Self, CborError> {
        let mut extensions = Self::default();
        let mut decoder = Decoder::new(data);
        let name = |decoder: &mut Decoder<'_>| text(decoder, "an extension's name").map(str::to_owned);
        map(&mut decoder, MEMBER, name, |name, decoder| {
            match name.as_str() {
                CATEGORY => extensions.validation_category = Some(category(decoder)?),
                VERSION => extensions.bundle_version = Some(version(decoder)?),
                _ => {
                    skip(decoder, MEMBER)?;
                    extensions.unknown.push(name.clone());
                }
            }
            Ok(())
        })?;
        end(&decoder, MEMBER)?;
        Ok(extensions)
    }
}

/// How an app was signed and distributed, as the kernel that launched it saw it (XNU's `cs_blobs.h`). Serialises as
/// Apple's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValidationCategory {
    /// Part of the system.
    Platform,
    /// TestFlight.
    TestFlight,
    /// Signed for development.
    Development,
    /// App Store.
    AppStore,
    /// Enterprise or ad-hoc distribution.
    Enterprise,
    /// Developer ID (macOS).
    DeveloperId,
    /// Another number.
    Other(u32),
}

impl ValidationCategory {
    /// Apple's number for the category.
    pub fn number(self) -> u32 {
        match self {
            Self::Platform => 1,
            Self::TestFlight => 2,
            Self::Development => 3,
            Self::AppStore => 4,
            Self::Enterprise => 5,
            Self::DeveloperId => 6,
            Self::Other(number) => number,
        }
    }
}

impl From<u32> for ValidationCategory {
    fn from(number: u32) -> Self {
        match number {
            1 => Self::Platform,
            2 => Self::TestFlight,
            3 => Self::Development,
            4 => Self::AppStore,
            5 => Self::Enterprise,
            6 => Self::DeveloperId,
            _ => Self::Other(number),
        }
    }
}

impl Serialize for ValidationCategory {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.number())
    }
}

/// Apple's text says an unsigned integer, Apple's example holds four bytes, the lowest first.
fn category(decoder: &mut Decoder<'_>) -> Result<ValidationCategory, CborError> {
    let number = match decoder.datatype() {
        Ok(Type::Bytes) => decoder.bytes().ok().and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes),
        _ => decoder.u32().ok(),
    };
    number.map(ValidationCategory::from).ok_or(CborError::Type { member: CATEGORY, expected: "a number of 32 bits" })
}

fn version(decoder: &mut Decoder<'_>) -> Result<String, CborError> {
    let version = text(decoder, VERSION)?;
    if version.len() > MAX_BUNDLE_VERSION {
        return Err(CborError::Type { member: VERSION, expected: "a text of at most 256 bytes" });
    }
    Ok(version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_category_has_its_number() {
        for number in 0..=20 {
            assert_eq!(ValidationCategory::from(number).number(), number);
        }
        assert_eq!(ValidationCategory::from(4), ValidationCategory::AppStore);
    }
}
