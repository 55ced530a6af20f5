//! What the config says of one host.

use bonafide_protocol::config::{Config, HostEntry, Mode, WithoutToken};
use bonafide_protocol::encoding::{sha256, to_base64url};

/// What the config says of one host. The same until the revision changes, so that a caller may remember it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRules {
    /// False for a host that the config does not name: allowed, unpinned, never with a token.
    pub listed: bool,
    /// Whether chains have to be checked: a mismatch is at least reported.
    pub pinned: bool,
    /// Whether a mismatch stops the request.
    pub enforced: bool,
    /// Whether requests carry a token.
    pub protected: bool,
    /// Equal for hosts with equal pins and mode, different after either has changed; empty where not pinned.
    pub pin_set: String,
    /// The name of the header that carries the token.
    pub token_header: String,
    /// The audience of the host's tokens; `None` where it is not protected.
    pub audience: Option<String>,
    /// What happens to a request for which no token could be had in time.
    pub without_token: WithoutToken,
    /// Message signatures: `off`, or the name of a profile.
    pub signing: String,
}

impl HostRules {
    pub(super) fn of(config: &Config, entry: Option<&HostEntry>) -> Self {
        let Some(entry) = entry else { return Self::unlisted(config) };
        let pinned = entry.mode != Mode::Off;
        Self {
            listed: true,
            pinned,
            // A mode of a later version counts as enforced, as it does in the verdict.
            enforced: !matches!(entry.mode, Mode::Report | Mode::Off),
            protected: entry.send_token,
            pin_set: if pinned { pin_set(entry) } else { String::new() },
            token_header: config.token.header.clone(),
            audience: entry.send_token.then(|| config.audience(entry).to_owned()),
            without_token: entry.without_token,
            signing: entry.signing.clone(),
        }
    }

    /// For a text that is no host: it may be the misspelt name of a pinned one, and its verdict is a mismatch.
    pub(super) fn malformed(config: &Config) -> Self {
        Self { pinned: true, enforced: true, pin_set: "malformed".into(), ..Self::unlisted(config) }
    }

    fn unlisted(config: &Config) -> Self {
        Self {
            listed: false,
            pinned: false,
            enforced: false,
            protected: false,
            pin_set: String::new(),
            token_header: config.token.header.clone(),
            audience: None,
            without_token: WithoutToken::default(),
            signing: "off".into(),
        }
    }
}

fn pin_set(entry: &HostEntry) -> String {
    let mut pins: Vec<_> = entry.pins.pins().iter().map(|pin| *pin.digest()).collect();
    pins.sort_unstable();
    pins.dedup();
    let mut text = vec![u8::from(entry.mode == Mode::Report)];
    text.extend(pins.iter().flatten());
    to_base64url(&sha256(&text))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use bonafide_protocol::pin::Pin;

    fn entry(mode: &str, pins: &[u8]) -> HostEntry {
        let pins: Vec<_> = pins.iter().map(|byte| Pin::from_digest([*byte; 32])).collect();
        serde_json::from_value(serde_json::json!({ "host": "a.example", "pins": pins, "mode": mode })).unwrap()
    }

    #[test]
    fn the_pin_set_tells_pins_and_mode_apart_and_nothing_else() {
        assert_ne!(pin_set(&entry("enforce", &[1, 2])), pin_set(&entry("enforce", &[1, 3])));
        assert_ne!(pin_set(&entry("enforce", &[1, 2])), pin_set(&entry("enforce", &[1])));
        assert_ne!(pin_set(&entry("enforce", &[1, 2])), pin_set(&entry("report", &[1, 2])));
        assert_eq!(pin_set(&entry("enforce", &[1, 2])), pin_set(&entry("unheard-of", &[2, 1, 1])));
    }
}
