//! Finds the most specific entry for a host in time that does not grow with the number of hosts.

use std::collections::HashMap;

use bonafide_protocol::config::HostEntry;
use bonafide_protocol::host::{Host, HostPattern};

/// Places of entries in the config's list.
#[derive(Debug, Default)]
pub(super) struct HostIndex {
    exact: HashMap<Host, usize>,
    one_label: HashMap<String, usize>,
    any_depth: HashMap<String, usize>,
}

impl HostIndex {
    pub(super) fn new(entries: &[HostEntry]) -> Self {
        let mut index = Self::default();
        for (place, entry) in entries.iter().enumerate() {
            match &entry.host {
                HostPattern::Exact(host) => index.exact.insert(host.clone(), place),
                HostPattern::OneLabel(suffix) => index.one_label.insert(suffix.clone(), place),
                HostPattern::AnyDepth(suffix) => index.any_depth.insert(suffix.clone(), place),
            };
        }
        index
    }

    /// The place of the most specific entry: an exact one, then the one with the longest suffix, and of two with the
    /// same suffix the one for a single label.
    pub(super) fn find(&self, host: &Host) -> Option<usize> {
        if let Some(place) = self.exact.get(host) {
            return Some(*place);
        }
        let Host::Name(name) = host else { return None };
        let mut suffix = name.as_str();
        for labels_before in 0_usize.. {
            let single = (labels_before == 1).then(|| self.one_label.get(suffix)).flatten();
            if let Some(place) = single.or_else(|| self.any_depth.get(suffix)) {
                return Some(*place);
            }
            (_, suffix) = suffix.split_once('.')?;
        }
        None
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use bonafide_protocol::config::Mode;
    use proptest::prelude::*;

    fn entry(pattern: &str) -> HostEntry {
        serde_json::from_value(serde_json::json!({ "host": pattern, "pins": [], "mode": "off" })).unwrap()
    }

    /// Few labels, so that patterns and hosts meet often.
    fn name() -> impl Strategy<Value = String> {
        proptest::collection::vec(prop_oneof!["a", "b", "c", "acme"], 2..5).prop_map(|labels| labels.join("."))
    }

    fn pattern() -> impl Strategy<Value = String> {
        (prop_oneof![Just(""), Just("*."), Just("**.")], name()).prop_map(|(front, name)| format!("{front}{name}"))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn it_finds_what_looking_at_every_entry_finds(
            patterns in proptest::collection::btree_set(pattern(), 0..30),
            host in name(),
        ) {
            let hosts: Vec<_> = patterns.iter().map(|pattern| entry(pattern)).collect();
            let host = Host::parse(&host).unwrap();
            let linear = hosts
                .iter()
                .filter(|entry| entry.host.matches(&host))
                .max_by_key(|entry| entry.host.specificity());
            let indexed = HostIndex::new(&hosts).find(&host).and_then(|place| hosts.get(place));
            prop_assert_eq!(indexed, linear);
            prop_assert!(linear.is_none_or(|entry| entry.mode == Mode::Off));
        }
    }

    #[test]
    fn an_address_is_found_by_itself_only() {
        let hosts = [entry("192.0.2.1"), entry("**.0.2.acme")];
        let index = HostIndex::new(&hosts);
        assert_eq!(index.find(&Host::parse("192.0.2.1").unwrap()), Some(0));
        assert_eq!(index.find(&Host::parse("192.0.2.2").unwrap()), None);
        assert_eq!(index.find(&Host::parse("::1").unwrap()), None);
    }
}
