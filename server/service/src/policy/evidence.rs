//! What the account demands of platform evidence: how old it may be, and the bounds of what it says.

use bonafide_protocol::evidence::{EvidenceKind, EvidenceWanted, Rollout};
use bonafide_protocol::measurement::Platform;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

/// The bounds of an age that may be set, in seconds. Whoever is asked more often than each five minutes is asked for
/// each token; what was proven more than 30 days ago is forgotten.
const AGES: std::ops::RangeInclusive<u64> = 300..=LONGEST_AGE;

/// The longest time for which evidence counts, in seconds.
pub(crate) const LONGEST_AGE: u64 = 30 * DAY;

/// Stands for a `not_before` that cannot be read: later than any time.
const UNREADABLE_TIME: u64 = u64::MAX;

/// How far the clocks of two nodes may be apart, in seconds.
const MOST_AHEAD: u64 = 300;

/// All installations, of a thousand.
const EVERYBODY: u32 = 1000;

/// Patch levels that may be demanded, YYYYMM.
const PATCH_LEVELS: std::ops::RangeInclusive<u64> = 201_501..=209_912;

/// The member `evidence` of a policy. What is not named has its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct EvidencePolicy {
    /// How old evidence may be, in seconds, by kind.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) max_age: MaxAge,
    /// The oldest security patch level of an attested Android, YYYYMM; `None`: any.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "patch_level")]
    pub(crate) least_patch_level: Option<u64>,
    /// How old Google's revocation list may be, in seconds.
    #[serde(skip_serializing_if = "is_revocations_default", deserialize_with = "age")]
    pub(crate) revocations_max_age: u64,
    /// Devices that sent evidence before this time, Unix seconds, are asked for it anew, as if it were the first. What
    /// was proven before goes on to count: they hear of this with an answer, and would be refused until then.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) since: u64,
    /// What was attested before this time, Unix seconds, does not count at all, and is asked for anew: for roots or keys
    /// that were trusted by mistake.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) not_before: u64,
    /// How many of a thousand installations are asked for evidence of a service that does not want to hear from all at
    /// once. What is demanded of those that are not asked stays as it is.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) rollout: Rates,
}

/// How many of a thousand installations are asked, by kind. A Key Attestation asks nobody's service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Rates {
    #[serde(deserialize_with = "rate")]
    app_attest: u32,
    #[serde(deserialize_with = "rate")]
    play_integrity: u32,
}

impl Default for Rates {
    fn default() -> Self {
        Self { app_attest: EVERYBODY, play_integrity: EVERYBODY }
    }
}

impl Rates {
    fn rollout(&self) -> Rollout {
        let rates = [(EvidenceKind::AppAttest, self.app_attest), (EvidenceKind::PlayIntegrity, self.play_integrity)];
        rates.into_iter().filter(|(_, rate)| *rate < EVERYBODY).collect()
    }
}

/// How old evidence may be, in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct MaxAge {
    #[serde(deserialize_with = "age")]
    android_key: u64,
    #[serde(deserialize_with = "age")]
    app_attest: u64,
    /// That of the app's App Attest where an extension of the app asks, which cannot be attested itself.
    #[serde(deserialize_with = "age")]
    app_extension: u64,
    #[serde(deserialize_with = "age")]
    play_integrity: u64,
}

impl Default for EvidencePolicy {
    fn default() -> Self {
        let max_age = MaxAge::default();
        Self {
            max_age,
            least_patch_level: None,
            revocations_max_age: REVOCATIONS,
            since: 0,
            not_before: 0,
            rollout: Rates::default(),
        }
    }
}

/// Google asks for the list to be fetched daily; a weekend's outage is nobody's fault.
const REVOCATIONS: u64 = 3 * DAY;

impl Default for MaxAge {
    /// A Key Attestation takes a new key, an assertion a moment, and Google counts the requests of Play Integrity. That an
    /// extension lives longer on what its app has proven than the app itself is the operator's decision.
    fn default() -> Self {
        Self { android_key: 7 * DAY, app_attest: HOUR, app_extension: HOUR, play_integrity: DAY }
    }
}

impl MaxAge {
    /// `extension`: an extension of the app asks. An app need never be opened more often for its sake than for its own.
    fn of(&self, kind: EvidenceKind, extension: bool) -> u64 {
        match kind {
            EvidenceKind::AndroidKey => self.android_key,
            EvidenceKind::AppAttest if extension => self.app_extension.max(self.app_attest),
            EvidenceKind::AppAttest => self.app_attest,
            EvidenceKind::PlayIntegrity => self.play_integrity,
            // A kind that has no age here proves nothing for longer than a moment.
            _ => 0,
        }
    }
}

impl EvidencePolicy {
    /// Whether evidence of this kind and time counts at `now`; with `extension` for an extension of the app that gave it.
    /// A time a little ahead is that of another node's clock; further ahead a clock was wrong, and nobody knows how old
    /// it is.
    pub(crate) fn counts(&self, kind: EvidenceKind, proven_at: u64, now: u64, extension: bool) -> bool {
        if proven_at > now.saturating_add(MOST_AHEAD) {
            return false;
        }
        now.saturating_sub(proven_at) <= self.max_age.of(kind, extension)
    }

    /// What devices of this platform are told: to send evidence anew when a quarter of its time is left, whichever
    /// process of the app asks. Play Integrity only where somebody here can read it.
    pub(crate) fn wanted(&self, platform: Platform, play: bool) -> EvidenceWanted {
        let kinds = EvidenceKind::ALL.iter().filter(|kind| kind.platform() == platform);
        let kinds = kinds.filter(|kind| play || **kind != EvidenceKind::PlayIntegrity);
        let after = kinds.map(|kind| (kind.name().to_owned(), self.max_age.of(*kind, false) / 4 * 3)).collect();
        // Before it can be read nothing counts; to be asked each time would not change that.
        let not_before = if self.not_before == UNREADABLE_TIME { 0 } else { self.not_before };
        EvidenceWanted { after, since: self.since.max(not_before), rollout: self.rollout() }
    }

    /// Who is asked for evidence: told with each challenge too, since a device's first request comes after one.
    pub(crate) fn rollout(&self) -> Rollout {
        self.rollout.rollout()
    }

    /// All of it, what is left at its default too.
    pub(crate) fn view(&self) -> Value {
        json!({
            "max_age": self.max_age,
            "least_patch_level": self.least_patch_level,
            "revocations_max_age": self.revocations_max_age,
            "since": self.since,
            "not_before": self.not_before,
            "rollout": self.rollout,
        })
    }

    /// Reads what stands in the database, member by member: a later version may have written more. What is not there has
    /// its default; what cannot be read is as strict as can be, since nobody knows how strict it was meant to be.
    pub(super) fn recall(value: &Value) -> Self {
        let default = Self::default();
        let ages = match value {
            Value::Object(members) => members.get("max_age").cloned().unwrap_or_else(|| Value::Object(Map::new())),
            _ => Value::Null,
        };
        let rates = value.as_object().and_then(|members| members.get("rollout")).cloned();
        let rates = rates.unwrap_or_else(|| Value::Object(Map::new()));
        let rate = |name: &str| member(&rates, name, EVERYBODY, EVERYBODY).min(EVERYBODY);
        // One that could not be set today is taken at its word, if it is not too long.
        let age = |name: &str, default: u64| member(&ages, name, default, *AGES.start()).min(LONGEST_AGE);
        Self {
            max_age: MaxAge {
                android_key: age("android_key", default.max_age.android_key),
                app_attest: age("app_attest", default.max_age.app_attest),
                app_extension: age("app_extension", default.max_age.app_extension),
                play_integrity: age("play_integrity", default.max_age.play_integrity),
            },
            least_patch_level: member(value, "least_patch_level", None, Some(*PATCH_LEVELS.end())),
            revocations_max_age: member(value, "revocations_max_age", default.revocations_max_age, *AGES.start()),
            // Refuses nobody, whatever it is.
            since: member(value, "since", default.since, default.since),
            not_before: member(value, "not_before", default.not_before, UNREADABLE_TIME),
            // What cannot be read keeps nobody from sending what is demanded of all.
            rollout: Rates { app_attest: rate("app_attest"), play_integrity: rate("play_integrity") },
        }
    }
}

/// The member; `default` where there is none, `strictest` where it cannot be read.
fn member<T: DeserializeOwned>(value: &Value, name: &str, default: T, strictest: T) -> T {
    match value.as_object().map(|members| members.get(name)) {
        Some(None) => default,
        Some(Some(member)) => serde_json::from_value(member.clone()).unwrap_or(strictest),
        None => strictest,
    }
}

fn age<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let age = u64::deserialize(deserializer)?;
    let (least, most) = (AGES.start(), AGES.end());
    if AGES.contains(&age) { Ok(age) } else { Err(D::Error::custom(format!("an age is {least} to {most} seconds"))) }
}

fn rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let rate = u32::deserialize(deserializer)?;
    if rate <= EVERYBODY {
        Ok(rate)
    } else {
        Err(D::Error::custom("a rollout is 0 to 1000, of a thousand installations"))
    }
}

fn patch_level<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let level = Option::<u64>::deserialize(deserializer)?;
    match level {
        Some(level) if !PATCH_LEVELS.contains(&level) || !(1..=12).contains(&(level % 100)) => {
            Err(D::Error::custom("a patch level has the form YYYYMM"))
        }
        other => Ok(other),
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn is_revocations_default(age: &u64) -> bool {
    *age == REVOCATIONS
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_stored_and_recalled_and_what_is_not_has_its_default() {
        let text = json!({ "max_age": { "app_attest": 600 }, "least_patch_level": 202_504, "since": 7 });
        let policy: EvidencePolicy = serde_json::from_value(text).unwrap();
        let stored = serde_json::to_value(&policy).unwrap();
        // Frozen: what a database holds.
        let ages =
            json!({ "android_key": 604_800, "app_attest": 600, "app_extension": 3_600, "play_integrity": 86_400 });
        assert_eq!(stored, json!({ "max_age": ages, "least_patch_level": 202_504, "since": 7 }));
        assert_eq!(EvidencePolicy::recall(&stored), policy);
        assert_eq!(serde_json::to_value(EvidencePolicy::default()).unwrap(), json!({}));
        let later = json!({ "max_age": { "app_attest": 600, "moon_phase": 1, "android_key": "long" },
            "least_patch_level": 202_504, "later": true });
        let recalled = EvidencePolicy::recall(&later);
        assert_eq!((recalled.max_age.app_attest, recalled.max_age.android_key), (600, 300));
        assert_eq!((recalled.max_age.play_integrity, recalled.not_before), (DAY, 0), "not named");
        assert_eq!(recalled.least_patch_level, Some(202_504));
        // What cannot be read is as strict as can be, and for an extension that is what holds for the app.
        let unreadable = EvidencePolicy::recall(&json!({ "max_age": { "app_extension": "long" } }));
        assert!(!unreadable.counts(EvidenceKind::AppAttest, 0, HOUR + 1, true));
        assert!(unreadable.counts(EvidenceKind::AppAttest, 0, HOUR, true));
    }

    #[test]
    fn a_rollout_is_told_where_it_leaves_somebody_out() {
        let policy: EvidencePolicy = serde_json::from_value(json!({ "rollout": { "app_attest": 50 } })).unwrap();
        let stored = serde_json::to_value(&policy).unwrap();
        assert_eq!(stored.get("rollout"), Some(&json!({ "app_attest": 50, "play_integrity": 1000 })));
        assert_eq!(EvidencePolicy::recall(&stored), policy);
        assert_eq!(policy.rollout(), Rollout::from_iter([(EvidenceKind::AppAttest, 50)]));
        assert_eq!(policy.wanted(Platform::Ios, true).rollout, policy.rollout());
        assert!(EvidencePolicy::default().rollout().is_everybody());
        let unreadable = json!({ "rollout": { "app_attest": "few", "play_integrity": 2000 } });
        assert!(EvidencePolicy::recall(&unreadable).rollout().is_everybody());
    }

    #[test]
    fn typing_errors_are_refused() {
        for wrong in [
            json!({ "max_age": { "app_attest": 299 } }),
            json!({ "max_age": { "app_attest": LONGEST_AGE + 1 } }),
            json!({ "max_age": { "app_extension": 299 } }),
            json!({ "max_age": { "ios": 600 } }),
            json!({ "least_patch_level": 2025 }),
            json!({ "least_patch_level": 202_513 }),
            json!({ "revocations_max_age": 0 }),
            json!({ "sinse": 1 }),
            json!({ "rollout": { "app_attest": 1001 } }),
            json!({ "rollout": { "android_key": 10 } }),
        ] {
            assert!(serde_json::from_value::<EvidencePolicy>(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn evidence_counts_for_its_time_and_is_asked_for_before_that_ends() {
        let kind = EvidenceKind::AppAttest;
        assert!(!EvidencePolicy::default().counts(kind, 1_000, 1_001 + HOUR, true), "nobody has decided otherwise");
        let max_age = MaxAge { app_extension: 3 * DAY, ..MaxAge::default() };
        let policy = EvidencePolicy { since: 1_000, max_age, ..EvidencePolicy::default() };
        assert!(policy.counts(kind, 1_000, 1_000 + HOUR, false));
        assert!(!policy.counts(kind, 1_000, 1_001 + HOUR, false));
        assert!(!policy.counts(kind, 1_000, 1_001 + 3 * DAY, true));
        assert!(policy.counts(kind, 1_000, 1_000 + 3 * DAY, true));
        assert!(!policy.counts(EvidenceKind::PlayIntegrity, 1_000, 1_001 + DAY, true), "of no other kind");
        assert!(!policy.counts(kind, 1_000 + 3 * DAY, 1_000, true), "of the future");
        assert!(
            policy.counts(kind, 999, 1_000, false),
            "from before what is wanted anew: the device has not heard of it"
        );
        assert_eq!(policy.wanted(Platform::Ios, true).after, [("app_attest".to_owned(), 2_700)].into());
        assert_eq!(policy.wanted(Platform::Android, true).after.len(), 2);
        assert_eq!(policy.wanted(Platform::Android, false).after.len(), 1);
        assert_eq!(policy.wanted(Platform::Jvm, true), EvidenceWanted { since: 1_000, ..EvidenceWanted::default() });
    }
}
