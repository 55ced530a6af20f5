//! When evidence was sent, and when it is due again.

use std::collections::BTreeMap;

use bonafide_protocol::evidence::{EvidenceKind, EvidenceWanted};
use serde::{Deserialize, Serialize};

use crate::port::Clock;
use crate::store::contact::Moment;

/// The service may forget a key that was idle for 90 days. Evidence that was sent longer ago than this is sent as if it
/// were the first.
const FORGOTTEN_MILLIS: u64 = 60 * 24 * 3600 * 1000;

/// How exactly it is written down when the service answered last.
const ANSWERED_SECONDS: u64 = 300;

/// A request takes its time to arrive: evidence counts as expired this long before it does.
const LONGEST_MARGIN_MILLIS: u64 = 60 * 1000;

/// The content of [`crate::port::Record::Evidence`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Schedule {
    /// What was sent last, by kind.
    #[serde(default)]
    sent: BTreeMap<String, Sent>,
    /// What the service said last.
    #[serde(default)]
    wanted: EvidenceWanted,
    /// When the service answered last, by its own clock, Unix seconds: written down now and then.
    #[serde(default)]
    answered: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Sent {
    /// The thumbprint of the install key that it was for.
    key: String,
    /// When, by the device's clocks.
    moment: Moment,
    /// When, by the service's clock, Unix seconds.
    server_time: u64,
}

/// Whether evidence is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Not now.
    No,
    /// It is time; what was sent before still counts.
    Renewal,
    /// What was sent before counts no more: a request without evidence is refused. What it was sent for is still known.
    Expired,
    /// The service knows of none, or wants it as if it were the first.
    Anew,
}

impl Due {
    /// Whether a request may go without.
    pub(crate) fn counts(self) -> bool {
        matches!(self, Self::No | Self::Renewal)
    }
}

impl Schedule {
    /// Whether evidence of this kind is due for the key with this thumbprint.
    pub(crate) fn due(&self, kind: EvidenceKind, thumbprint: Option<&str>, clock: &dyn Clock) -> Due {
        let Some(sent) = self.sent.get(kind.name()).filter(|sent| Some(sent.key.as_str()) == thumbprint) else {
            return Due::Anew;
        };
        // The device's wall clock may have been ahead when it was sent, and put right since; and after a restart the
        // boot clock says too little. The service's own clock is the one that evidence expires by.
        let by_service = self.answered.saturating_sub(sent.server_time).saturating_mul(1000);
        let age = sent.moment.age(clock).max(by_service);
        if sent.server_time < self.wanted.since || age > FORGOTTEN_MILLIS {
            return Due::Anew;
        }
        // A service that does not say wants it once.
        let Some(after) = self.wanted.after.get(kind.name()).map(|seconds| seconds.saturating_mul(1000)) else {
            return Due::No;
        };
        match age {
            age if age < after => Due::No,
            age if age < expiry(after) => Due::Renewal,
            _ => Due::Expired,
        }
    }

    /// Whether the installation with this key is asked for such evidence, by what the service said last.
    pub(crate) fn asks(&self, kind: EvidenceKind, thumbprint: &str) -> bool {
        self.wanted.rollout.asks(kind, thumbprint)
    }

    /// The service has answered a request of this key with evidence of these kinds.
    pub(crate) fn sent(&mut self, kinds: &[EvidenceKind], thumbprint: &str, server_time: u64, clock: &dyn Clock) {
        for kind in kinds {
            let sent = Sent { key: thumbprint.to_owned(), moment: Moment::now(clock), server_time };
            self.sent.insert(kind.name().to_owned(), sent);
        }
    }

    /// What was sent of this kind is worth nothing any more: the next is sent as if it were the first. `true` if there
    /// was any.
    pub(crate) fn forget(&mut self, kind: EvidenceKind) -> bool {
        self.sent.remove(kind.name()).is_some()
    }

    /// What the service wants from now on; `true` if that is new.
    pub(crate) fn want(&mut self, wanted: EvidenceWanted) -> bool {
        let new = self.wanted != wanted;
        self.wanted = wanted;
        new
    }

    /// When the service answered last; `true` if what is written down says something else by far.
    pub(crate) fn answered(&mut self, server_time: u64) -> bool {
        let far = self.answered.abs_diff(server_time) >= ANSWERED_SECONDS;
        self.answered = server_time;
        far
    }
}

/// The service wants evidence anew when a quarter of its time is left.
fn expiry(after: u64) -> u64 {
    let left = after / 3;
    after.saturating_add(left - left.min(LONGEST_MARGIN_MILLIS))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    struct Turned(AtomicU64);

    impl Clock for Turned {
        fn unix_seconds(&self) -> u64 {
            self.0.load(Ordering::SeqCst)
        }

        fn boot_millis(&self) -> u64 {
            self.0.load(Ordering::SeqCst) * 1000
        }
    }

    #[test]
    fn evidence_is_due_at_first_for_another_key_in_time_and_when_it_is_wanted_anew() {
        let clock = Turned(AtomicU64::new(1_000));
        let kind = EvidenceKind::AppAttest;
        let mut schedule = Schedule::default();
        assert_eq!(schedule.due(kind, None, &clock), Due::Anew);
        assert_eq!(schedule.due(kind, Some("k"), &clock), Due::Anew);
        schedule.sent(&[kind], "k", 5_000, &clock);
        assert_eq!(schedule.due(kind, Some("k"), &clock), Due::No);
        assert_eq!(schedule.due(kind, Some("other"), &clock), Due::Anew);
        assert_eq!(schedule.due(EvidenceKind::AndroidKey, Some("k"), &clock), Due::Anew);
        assert!(schedule.want(EvidenceWanted {
            after: [("app_attest".to_owned(), 2_700)].into(),
            since: 5_000,
            ..EvidenceWanted::default()
        }));
        clock.0.store(1_000 + 2_699, Ordering::SeqCst);
        assert_eq!(schedule.due(kind, Some("k"), &clock), Due::No);
        clock.0.store(1_000 + 2_700, Ordering::SeqCst);
        assert_eq!(schedule.due(kind, Some("k"), &clock), Due::Renewal);
        clock.0.store(1_000 + 3_539, Ordering::SeqCst);
        assert_eq!(schedule.due(kind, Some("k"), &clock), Due::Renewal);
        clock.0.store(1_000 + 3_540, Ordering::SeqCst);
        assert_eq!(schedule.due(kind, Some("k"), &clock), Due::Expired, "a minute before the service says so");
        clock.0.store(1_001 + FORGOTTEN_MILLIS / 1000, Ordering::SeqCst);
        assert_eq!(schedule.due(kind, Some("k"), &clock), Due::Anew, "the service may have forgotten it");
        clock.0.store(1_000, Ordering::SeqCst);
        schedule.want(EvidenceWanted { since: 5_001, ..EvidenceWanted::default() });
        assert_eq!(schedule.due(kind, Some("k"), &clock), Due::Anew, "from before what is wanted anew");
    }

    #[test]
    fn evidence_expires_by_the_clock_of_the_service_too() {
        let clock = Turned(AtomicU64::new(1_000));
        let kind = EvidenceKind::AppAttest;
        let mut schedule = Schedule::default();
        schedule.want(EvidenceWanted {
            after: [("app_attest".to_owned(), 2_700)].into(),
            since: 0,
            ..EvidenceWanted::default()
        });
        schedule.sent(&[kind], "k", 5_000, &clock);
        assert!(schedule.answered(5_000));
        assert!(!schedule.answered(5_000 + 299), "not worth a write");
        clock.0.store(0, Ordering::SeqCst);
        schedule.answered(5_000 + 2_699);
        assert_eq!(schedule.due(kind, Some("k"), &clock), Due::No);
        schedule.answered(5_000 + 2_700);
        assert_eq!(schedule.due(kind, Some("k"), &clock), Due::Renewal);
        schedule.answered(4_000);
        assert_eq!(schedule.due(kind, Some("k"), &clock), Due::No, "the service's clock was put right");
    }

    #[test]
    fn the_form_is_frozen() {
        let clock = Turned(AtomicU64::new(7));
        let mut schedule = Schedule::default();
        schedule.sent(&[EvidenceKind::AndroidKey], "k", 9, &clock);
        schedule.want(EvidenceWanted {
            after: [("android_key".to_owned(), 60)].into(),
            since: 0,
            ..EvidenceWanted::default()
        });
        schedule.answered(11);
        let json = r#"{"sent":{"android_key":{"key":"k","moment":{"unix":7,"boot":7000},"server_time":9}},"wanted":{"after":{"android_key":60},"since":0},"answered":11}"#;
        assert_eq!(serde_json::to_string(&schedule).unwrap(), json);
        assert_eq!(serde_json::from_str::<Schedule>(json).unwrap(), schedule);
        assert!(serde_json::from_str::<Schedule>(r#"{"sent":{},"wanted":{}}"#).is_ok(), "of the version before");
    }
}
