//! What an app puts onto its token requests to find them again: a user property, and a trace id.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::encoding::to_hex;

/// The longest user property, in bytes.
pub const MAX_USER_PROPERTY_BYTES: usize = 128;

/// The text is no user property.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a user property has 1 to {MAX_USER_PROPERTY_BYTES} characters of visible ASCII, without a space or a comma")]
pub struct MalformedUserProperty;

/// The text is no trace id.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a trace id has 32 lower-case hexadecimal digits, not all of them 0")]
pub struct MalformedTraceId;

/// What an app says of its user: a short opaque text, for instance a keyed hash of the user's id. It stands in tokens,
/// which whoever holds the device can read, and in logs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserProperty(String);

/// The id of one token request: a trace-id of W3C Trace Context level 1 section 3.2.2.3, so that an app's own tracing
/// can take it over.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TraceId(String);

impl UserProperty {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TraceId {
    /// The id of these random bytes.
    pub fn from_random(bytes: &[u8; 16]) -> Self {
        // All zeros is no id; once in 2^128 this is as good as any.
        Self(if *bytes == [0; 16] { to_hex(&[1; 16]) } else { to_hex(bytes) })
    }

    /// The 32 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for UserProperty {
    type Error = MalformedUserProperty;

    fn try_from(text: String) -> Result<Self, MalformedUserProperty> {
        let fits = (1..=MAX_USER_PROPERTY_BYTES).contains(&text.len());
        // It comes to the API in a header: a comma would make two values of one (RFC 9110 section 5.3).
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',');
        if fits && plain { Ok(Self(text)) } else { Err(MalformedUserProperty) }
    }
}

impl TryFrom<String> for TraceId {
    type Error = MalformedTraceId;

    fn try_from(text: String) -> Result<Self, MalformedTraceId> {
        let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let zero = text.bytes().all(|byte| byte == b'0');
        if text.len() == 32 && digits && !zero { Ok(Self(text)) } else { Err(MalformedTraceId) }
    }
}

impl FromStr for UserProperty {
    type Err = MalformedUserProperty;

    fn from_str(text: &str) -> Result<Self, MalformedUserProperty> {
        text.to_owned().try_into()
    }
}

impl FromStr for TraceId {
    type Err = MalformedTraceId;

    fn from_str(text: &str) -> Result<Self, MalformedTraceId> {
        text.to_owned().try_into()
    }
}

impl From<UserProperty> for String {
    fn from(property: UserProperty) -> Self {
        property.0
    }
}

impl From<TraceId> for String {
    fn from(id: TraceId) -> Self {
        id.0
    }
}

impl fmt::Display for UserProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn what_no_header_or_log_can_hold_is_no_user_property() {
        let long = "u".repeat(MAX_USER_PROPERTY_BYTES + 1);
        for wrong in ["", " ", "a b", "a,b", "a\n", "a\u{0}", "ü", "a\u{202e}", "\u{7f}", &long] {
            assert_eq!(wrong.parse::<UserProperty>(), Err(MalformedUserProperty), "{wrong:?}");
            assert!(serde_json::from_value::<UserProperty>(serde_json::json!(wrong)).is_err(), "{wrong:?}");
        }
        for right in ["u", "hmac:0f==/+", long.get(1..).unwrap()] {
            assert_eq!(right.parse::<UserProperty>().unwrap().as_str(), right);
        }
    }

    #[test]
    fn a_trace_id_is_w3c_s() {
        let good = "4bf92f3577b34da6a3ce929d0e0e4736";
        for wrong in ["", "0", good.get(1..).unwrap(), &format!("{good}0"), &good.to_uppercase(), &"0".repeat(32)] {
            assert_eq!(wrong.parse::<TraceId>(), Err(MalformedTraceId), "{wrong:?}");
        }
        assert_eq!(good.parse::<TraceId>().unwrap().as_str(), good);
        assert!(TraceId::from_random(&[0; 16]).as_str().parse::<TraceId>().is_ok());
        assert_eq!(TraceId::from_random(&[0xab; 16]).as_str(), "ab".repeat(16));
    }
}
