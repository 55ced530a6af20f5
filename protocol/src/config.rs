//! The config document: hosts, their pins, where the service is.

use serde::{Deserialize, Deserializer, Serialize};
use url::Url;

use crate::host::{Host, HostPattern};
use crate::jws::{Header, join, signing_input};
use crate::key::Ed25519Key;
use crate::pin::PinList;
use crate::trust::DocumentError;

/// The `typ` of a signed config.
pub const CONFIG_TYPE: &str = "bonafide-config+jwt";

/// The highest version: what every JSON reader can hold exactly (RFC 8259 section 6). A thief of a config key cannot
/// count higher, and the owner's next epoch beats any version.
pub const MAX_VERSION: u64 = (1 << 53) - 1;

/// The most hosts in one config.
pub const MAX_HOSTS: usize = 1000;

const KNOWN: &[&str] = &[
    "format",
    "crit",
    "account",
    "epoch",
    "version",
    "issued_at",
    "service",
    "token",
    "hosts",
    "refresh_seconds",
    "stale_after_seconds",
];

/// The content of a config document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// The document format, [`crate::FORMAT`].
    pub format: u64,
    /// Members that a reader must know, or else refuse the document.
    #[serde(default)]
    pub crit: Vec<String>,
    /// Whose config it is.
    pub account: String,
    /// The epoch of the root whose config key signed it.
    pub epoch: u64,
    /// Rises with every config: `max(previous + 1, unix seconds)`, at most [`MAX_VERSION`].
    pub version: u64,
    /// When it was signed, in Unix seconds. For people: no decision rests on it.
    pub issued_at: u64,
    /// Where the service is, and how it is recognised.
    pub service: Service,
    /// How tokens travel.
    #[serde(default)]
    pub token: Token,
    /// The hosts, in no particular order: the most specific entry wins.
    pub hosts: Vec<HostEntry>,
    /// How often a running app asks for a newer config, in seconds.
    #[serde(default = "default_refresh")]
    pub refresh_seconds: u64,
    /// After so many seconds without contact with the service, protected hosts fail. `None`: never.
    #[serde(default)]
    pub stale_after_seconds: Option<u64>,
}

/// Where the service is, and how it is recognised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// An `https` URL; `/v1/…` is appended to it.
    pub url: String,
    /// Pins of the service's leaf, at least two.
    pub pins: PinList,
    /// DER roots of a private CA, in base64; empty: the platform's trust decides.
    #[serde(default)]
    pub roots: Vec<String>,
}

/// How tokens travel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// The name of the header that carries the token.
    pub header: String,
}

impl Default for Token {
    fn default() -> Self {
        Self { header: "Bonafide-Token".into() }
    }
}

/// What holds for the hosts that a pattern covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostEntry {
    /// The pattern.
    pub host: HostPattern,
    /// Pins, any certificate of the validated chain may match.
    #[serde(default)]
    pub pins: PinList,
    /// What a mismatch leads to.
    #[serde(default)]
    pub mode: Mode,
    /// Whether requests carry a token.
    #[serde(default)]
    pub send_token: bool,
    /// The token's audience; `None`: the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Message signatures (RFC 9421): `off`, or a profile that a later version knows.
    #[serde(default = "default_signing")]
    pub signing: String,
    /// What happens to a request for which no token could be had in time.
    #[serde(default)]
    pub without_token: WithoutToken,
}

/// What a pin mismatch leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Mode {
    /// The request is stopped. Also what an unknown mode means.
    #[default]
    Enforce,
    /// The request goes on, and the mismatch is reported.
    Report,
    /// Pins are not looked at; the platform's trust alone decides.
    Off,
}

/// What happens to a request to a protected host for which no token could be had in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WithoutToken {
    /// It leaves with the last token, if any, and the status header.
    #[default]
    Send,
    /// It fails in the app. Also what an unknown value means.
    Fail,
}

impl<'de> Deserialize<'de> for Mode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match String::deserialize(deserializer)?.as_str() {
            "report" => Self::Report,
            "off" => Self::Off,
            // "enforce", and whatever a newer service may say: stricter is the safe reading.
            _ => Self::Enforce,
        })
    }
}

impl<'de> Deserialize<'de> for WithoutToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match String::deserialize(deserializer)?.as_str() {
            "send" => Self::Send,
            _ => Self::Fail,
        })
    }
}

fn default_refresh() -> u64 {
    3600
}

fn default_signing() -> String {
    "off".into()
}

impl Config {
    /// Signs the config with a config key of its epoch's root.
    pub fn sign(&self, key: &Ed25519Key) -> String {
        let input = signing_input(
            &Header::with_kid(CONFIG_TYPE, &key.public_key()),
            // Strings, numbers and pins always serialise.
            &serde_json::to_vec(self).unwrap_or_default(),
        );
        let signature = key.sign(input.as_bytes());
        join(&input, &signature)
    }

    /// Reads a payload whose signature has been verified.
    pub(crate) fn read(payload: &[u8]) -> Result<Self, DocumentError> {
        DocumentError::check_header_members(payload, KNOWN)?;
        let config: Self = serde_json::from_slice(payload).map_err(|error| DocumentError::content(&error))?;
        config.check()?;
        Ok(config)
    }

    /// Checks what a device relies on. The service calls it before it signs, so that no device meets the refusal.
    pub fn check(&self) -> Result<(), DocumentError> {
        let invalid = |member: &str, why: &'static str| DocumentError::Invalid { member: member.into(), why };
        if self.version > MAX_VERSION {
            return Err(invalid("version", "above 2^53 - 1"));
        }
        let https = Url::parse(&self.service.url).is_ok_and(|url| {
            url.scheme() == "https" && url.host().is_some() && url.username().is_empty() && url.query().is_none()
        });
        if !https {
            return Err(invalid("service.url", "expected https://HOST"));
        }
        if self.service.pins.pins().is_empty() {
            return Err(DocumentError::NothingUsable { member: "service.pins".into() });
        }
        if !is_header_name(&self.token.header) {
            return Err(invalid("token.header", "no header name (RFC 9110 section 5.1), or one that HTTP itself uses"));
        }
        if self.hosts.len() > MAX_HOSTS {
            return Err(invalid("hosts", "more than 1000 entries"));
        }
        let mut seen = std::collections::HashSet::new();
        for entry in &self.hosts {
            if !seen.insert(&entry.host) {
                return Err(invalid(&format!("hosts[{}]", entry.host), "listed twice"));
            }
            if entry.mode != Mode::Off && entry.pins.pins().is_empty() {
                return Err(DocumentError::NothingUsable { member: format!("hosts[{}].pins", entry.host) });
            }
        }
        Ok(())
    }

    /// The entry that holds for `host`: the most specific one.
    pub fn entry(&self, host: &Host) -> Option<&HostEntry> {
        self.hosts.iter().filter(|entry| entry.host.matches(host)).max_by_key(|entry| entry.host.specificity())
    }

    /// The audience of tokens for an entry's hosts.
    pub fn audience<'a>(&'a self, entry: &'a HostEntry) -> &'a str {
        entry.audience.as_deref().unwrap_or(&self.account)
    }
}

/// An own header's name: a token (RFC 9110 section 5.6.2) that does not take over one of HTTP's own.
fn is_header_name(name: &str) -> bool {
    const TAKEN: &[&str] = &["host", "content-length", "transfer-encoding", "connection", "cookie", "upgrade", "te"];
    !name.is_empty()
        && name.len() <= 64
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
        && !TAKEN.contains(&name.to_ascii_lowercase().as_str())
        && !name.eq_ignore_ascii_case(crate::message::STATUS_HEADER)
}
