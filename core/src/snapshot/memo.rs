//! Verdicts already given under one config.
//!
//! A chain is recognised by its bytes, not by a hash of them: comparing three certificates takes a tenth of a
//! microsecond, hashing them takes some, and equal bytes leave no collision to think about.

use std::sync::{Mutex, PoisonError};

use bonafide_protocol::verdict::PinVerdict;

/// So many connections' verdicts are remembered.
const ENTRIES: usize = 32;

/// A chain longer than this, all certificates together, is judged each time: memory is bounded.
const MAX_CHAIN_BYTES: usize = 16 * 1024;

/// A longer name is no host anyway.
const MAX_HOST_BYTES: usize = 255;

#[derive(Debug, Default)]
pub(super) struct Memo(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    list: Vec<Entry>,
    /// The place that the next newcomer takes once the list is full.
    next: usize,
}

#[derive(Debug)]
struct Entry {
    host: String,
    chain: Vec<Box<[u8]>>,
    verdict: PinVerdict,
}

impl Memo {
    /// The verdict given for the same host, as spelt, and the same bytes.
    pub(super) fn recall<C: AsRef<[u8]>>(&self, host: &str, chain: &[C]) -> Option<PinVerdict> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.list.iter().find(|entry| entry.is_for(host, chain)).map(|entry| entry.verdict.clone())
    }

    pub(super) fn remember<C: AsRef<[u8]>>(&self, host: &str, chain: &[C], verdict: &PinVerdict) {
        let bytes: usize = chain.iter().map(|der| der.as_ref().len()).sum();
        if host.len() > MAX_HOST_BYTES || bytes > MAX_CHAIN_BYTES || chain.len() > 20 {
            return;
        }
        let entry = Entry {
            host: host.to_owned(),
            chain: chain.iter().map(|der| Box::from(der.as_ref())).collect(),
            verdict: verdict.clone(),
        };
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have judged the same chain meanwhile.
        if entries.list.iter().any(|known| known.is_for(host, chain)) {
            return;
        }
        if entries.list.len() < ENTRIES {
            entries.list.push(entry);
            return;
        }
        let place = entries.next;
        entries.next = (place + 1) % ENTRIES;
        if let Some(old) = entries.list.get_mut(place) {
            *old = entry;
        }
    }
}

impl Entry {
    fn is_for<C: AsRef<[u8]>>(&self, host: &str, chain: &[C]) -> bool {
        self.host == host
            && self.chain.len() == chain.len()
            && self.chain.iter().zip(chain).all(|(known, der)| **known == *der.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_host_and_the_same_bytes_are_recalled() {
        let memo = Memo::default();
        memo.remember("a.example", &[b"one", b"two"], &PinVerdict::Unpinned);
        for (host, chain) in [
            ("b.example", vec!["one", "two"]),
            ("A.example", vec!["one", "two"]),
            ("a.example", vec!["one"]),
            ("a.example", vec!["two", "one"]),
            ("a.example", vec!["onet", "wo"]),
            ("a.example", vec!["one", "two", ""]),
            ("a.example", vec![]),
        ] {
            assert_eq!(memo.recall(host, &chain), None, "{host} {chain:?}");
        }
        assert_eq!(memo.recall("a.example", &["one", "two"]), Some(PinVerdict::Unpinned));
    }

    #[test]
    fn memory_is_bounded() {
        let memo = Memo::default();
        for number in 0..1000_u32 {
            memo.remember("a.example", &[number.to_be_bytes()], &PinVerdict::Unpinned);
        }
        memo.remember("a.example", &[vec![0; MAX_CHAIN_BYTES + 1]], &PinVerdict::Unpinned);
        memo.remember(&"a".repeat(300), &[b""], &PinVerdict::Unpinned);
        let entries = memo.0.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(entries.list.len(), ENTRIES);
        assert!(entries.list.iter().all(|entry| entry.chain.iter().map(|der| der.len()).sum::<usize>() == 4));
    }
}
