//! One config in force, prepared for the questions that every request asks.

mod index;
mod memo;
mod rules;

use bonafide_protocol::config::{Config, HostEntry};
use bonafide_protocol::host::Host;
use bonafide_protocol::trust::Trusted;
use bonafide_protocol::verdict::{PinVerdict, judge_entry, refuse_malformed};

use index::HostIndex;
use memo::Memo;
pub use rules::HostRules;

/// One config in force. Immutable: what it says of a host and a chain never changes.
#[derive(Debug)]
pub struct Snapshot {
    revision: u64,
    trusted: Trusted,
    index: HostIndex,
    memo: Memo,
}

impl Snapshot {
    pub(crate) fn new(revision: u64, trusted: Trusted) -> Self {
        let index = HostIndex::new(&trusted.config().hosts);
        Self { revision, trusted, index, memo: Memo::default() }
    }

    /// Counts the configs of this process, from 1.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The config.
    pub fn config(&self) -> &Config {
        self.trusted.config()
    }

    /// The config with the roots that vouch for it.
    pub fn trusted(&self) -> &Trusted {
        &self.trusted
    }

    /// The entry that holds for `host`: what [`Config::entry`] says, without looking at every entry.
    pub fn entry(&self, host: &Host) -> Option<&HostEntry> {
        self.config().hosts.get(self.index.find(host)?)
    }

    /// What the config says of a host, as an HTTP client calls it.
    pub fn rules(&self, host: &str) -> HostRules {
        match Host::parse(host) {
            Ok(host) => HostRules::of(self.config(), self.entry(&host)),
            Err(_) => HostRules::malformed(self.config()),
        }
    }

    /// Judges a *validated* chain, leaf first, DER: [`bonafide_protocol::verdict::judge`], remembered.
    pub fn check_pins<C: AsRef<[u8]>>(&self, host: &str, chain: &[C]) -> PinVerdict {
        if let Some(verdict) = self.memo.recall(host, chain) {
            return verdict;
        }
        let verdict = match Host::parse(host) {
            Ok(parsed) => judge_entry(&parsed, self.entry(&parsed), chain),
            Err(_) => refuse_malformed(host),
        };
        self.memo.remember(host, chain, &verdict);
        verdict
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use bonafide_protocol::jwk::KeyList;
    use bonafide_protocol::key::Ed25519Key;
    use bonafide_protocol::pin::Pin;
    use bonafide_protocol::root::Root;
    use bonafide_protocol::trust::ConfigFile;
    use bonafide_protocol::verdict::judge;

    fn snapshot(pin: Pin) -> Snapshot {
        let key = Ed25519Key::from_seed([1; 32]).unwrap();
        let keys = || KeyList::new(vec![key.public_key()]);
        let (account, crit) = ("acme".to_owned(), Vec::new());
        let root = Root { format: 1, crit, account, epoch: 1, root_keys: keys(), config_keys: keys() };
        let config: Config = serde_json::from_value(serde_json::json!({
            "format": 1, "account": "acme", "epoch": 1, "version": 1, "issued_at": 1,
            "service": { "url": "https://service.acme.com", "pins": [pin] },
            "hosts": [
                { "host": "api.acme.com", "pins": [pin] },
                { "host": "*.acme.com", "pins": [pin], "mode": "report" },
                { "host": "**.acme.com", "pins": [], "mode": "off" },
                { "host": "192.0.2.1", "pins": [pin] },
                { "host": "::1", "pins": [pin] },
                { "host": "bücher.example", "pins": [pin] },
            ],
        }))
        .unwrap();
        let file = ConfigFile { roots: vec![root.sign(&key)], config: config.sign(&key) };
        Snapshot::new(1, Trusted::from_initial(&file.to_bytes()).unwrap())
    }

    /// Whatever comes in, index and memory change nothing about the verdict.
    #[test]
    fn the_verdict_is_the_protocol_s_at_first_sight_and_ever_after() {
        let made = |name: &str| rcgen::generate_simple_self_signed([name.to_owned()]).unwrap().cert.der().to_vec();
        let (good, other) = (made("a"), made("b"));
        let snapshot = snapshot(Pin::of_certificate(&good).unwrap());
        let chains = [
            vec![],
            vec![good.clone()],
            vec![other.clone()],
            vec![other.clone(), good.clone()],
            vec![good.clone(), good.clone()],
            vec![good.clone(), b"not DER".to_vec()],
            vec![good.clone(); 100],
            vec![vec![0x30; 1_000_000]],
            vec![vec![]],
        ];
        let long = "a".repeat(300);
        let hosts = [
            "api.acme.com",
            "API.ACME.COM",
            "api.acme.com.",
            "x.acme.com",
            "a.b.acme.com",
            "acme.com",
            "192.0.2.1",
            "192.0.2.2",
            "::1",
            "[::1]",
            "BÜCHER.example",
            "xn--bcher-kva.example",
            "example.com",
            "",
            "a b",
            &long,
        ];
        for _ in 0..2 {
            for (host, chain) in hosts.iter().flat_map(|host| chains.iter().map(move |chain| (host, chain))) {
                let expected = judge(snapshot.config(), host, chain);
                assert_eq!(snapshot.check_pins(host, chain), expected, "{host}");
                assert_eq!(snapshot.check_pins(host, chain), expected, "{host}, again");
            }
        }
    }

    #[test]
    fn rules_agree_with_verdicts() {
        let snapshot = snapshot(Pin::from_digest([1; 32]));
        for host in ["api.acme.com", "x.acme.com", "acme.com", "example.com", "a b", ""] {
            let (rules, verdict) = (snapshot.rules(host), snapshot.check_pins(host, &[b"unreadable"]));
            assert_eq!(rules.pinned, verdict != PinVerdict::Unpinned, "{host}");
            assert_eq!(rules.enforced, matches!(verdict, PinVerdict::Mismatch(_)), "{host}");
            assert_eq!(rules.pinned, !rules.pin_set.is_empty(), "{host}");
        }
    }
}
