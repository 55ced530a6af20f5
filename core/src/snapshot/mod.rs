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
