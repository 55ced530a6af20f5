//! The decision: findings in, pass or fail and annotations out.

use std::collections::BTreeMap;

use bonafide_protocol::finding::Finding;
use bonafide_protocol::measurement::Platform;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::defaults::{default_action, why_fixed};
use super::evidence::EvidencePolicy;

/// Every platform that a rule can be made for.
pub(crate) const PLATFORMS: [Platform; 4] = [Platform::Android, Platform::Ios, Platform::Jvm, Platform::Linux];

/// The platform of this name.
pub(crate) fn platform(name: &str) -> Option<Platform> {
    PLATFORMS.into_iter().find(|platform| platform.name() == name)
}

/// What follows from a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    /// The device gets a decoy.
    Reject,
    /// It passes; the token says so, if the finding is open to view.
    Annotate,
    /// It passes; only the log knows.
    Ignore,
}

impl Action {
    pub(crate) const ALL: [Self; 3] = [Self::Reject, Self::Annotate, Self::Ignore];

    /// The name in a policy.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Reject => "reject",
            Self::Annotate => "annotate",
            Self::Ignore => "ignore",
        }
    }
}

/// What follows from a finding, and who sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Effect {
    pub(crate) action: Action,
    /// Whether tokens name the finding: the API sees it then, and so does whoever holds the device.
    pub(crate) open: bool,
}

impl Effect {
    pub(crate) const REJECT: Self = Self { action: Action::Reject, open: false };
}

/// What the policy says of one finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) effect: Effect,
    /// Where it differs.
    pub(crate) platforms: Vec<(Platform, Effect)>,
}

/// A verdict that an operator forces on one installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// Pass, whatever was found, unless a finding rejects always.
    Pass,
    /// Fail, even if nothing was found.
    Fail,
}

impl Verdict {
    /// The name on the wire and in the database.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Pass, Self::Fail].into_iter().find(|verdict| verdict.name() == name)
    }
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) passed: bool,
    /// The codes that the token names, sorted. A decoy names the same: its length tells nothing.
    pub(crate) annotations: Vec<String>,
}

/// A policy, ready to decide by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    rules: BTreeMap<Finding, Rule>,
    /// What evidence has to be.
    pub(crate) evidence: EvidencePolicy,
}

impl Rules {
    pub(super) fn new(rules: BTreeMap<Finding, Rule>, evidence: EvidencePolicy) -> Self {
        Self { rules, evidence }
    }

    /// The rules that the policy has, in the order of the list of findings.
    pub(super) fn named(&self) -> impl Iterator<Item = (Finding, &Rule)> {
        self.rules.iter().map(|(finding, rule)| (*finding, rule))
    }

    /// What follows from a finding; `platform` is `None` where no rule for one applies.
    pub(crate) fn effect(&self, finding: Finding, platform: Option<Platform>) -> Effect {
        if why_fixed(finding).is_some() {
            return Effect::REJECT;
        }
        let Some(rule) = self.rules.get(&finding) else {
            return Effect { action: default_action(finding), open: false };
        };
        rule.platforms.iter().find(|(named, _)| Some(*named) == platform).map_or(rule.effect, |(_, effect)| *effect)
    }

    /// Decides, with every finding looked at: neither the answer nor its time tells which one it was. `None` among the
    /// findings is one that this version does not know: it rejects.
    pub(crate) fn decide(
        &self,
        found: impl IntoIterator<Item = Option<Finding>>,
        platform: Option<Platform>,
        forced: Option<Verdict>,
    ) -> Decision {
        let (mut rejected, mut fixed) = (false, false);
        let mut annotations = Vec::new();
        for finding in found {
            let effect = finding.map_or(Effect::REJECT, |finding| self.effect(finding, platform));
            rejected |= effect.action == Action::Reject;
            fixed |= finding.is_none_or(|finding| why_fixed(finding).is_some());
            if let Some(finding) = finding.filter(|_| effect.action == Action::Annotate && effect.open) {
                annotations.push(finding.code().to_owned());
            }
        }
        annotations.sort_unstable();
        let passed = match forced {
            None => !rejected,
            Some(Verdict::Pass) => !fixed,
            Some(Verdict::Fail) => false,
        };
        Decision { passed, annotations }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(rules: &[(Finding, Action)]) -> Rules {
        let rule = |action| Rule { effect: Effect { action, open: true }, platforms: Vec::new() };
        let rules = rules.iter().map(|(finding, action)| (*finding, rule(*action))).collect();
        Rules::new(rules, EvidencePolicy::default())
    }

    #[test]
    fn what_the_policy_does_not_name_rejects_but_for_what_honest_devices_show() {
        let noted = [
            Finding::CodeUnmeasured,
            Finding::DeveloperMode,
            Finding::HookingServer,
            Finding::AttestationKeyExpired,
            Finding::RevocationsStale,
            Finding::PlayUnlicensed,
        ];
        for finding in Finding::ALL {
            let expected = match noted.contains(finding) {
                true => Effect { action: Action::Annotate, open: false },
                false => Effect::REJECT,
            };
            assert_eq!(Rules::default().effect(*finding, Some(Platform::Jvm)), expected, "{finding:?}");
        }
        let decision = Rules::default().decide([None], None, None);
        assert!(!decision.passed, "nor what this version does not know");
    }

    #[test]
    fn a_fixed_finding_rejects_whatever_the_policy_and_a_forced_pass_say() {
        let fixed: Vec<Finding> = Finding::ALL.iter().copied().filter(|one| why_fixed(*one).is_some()).collect();
        assert_eq!(fixed.len(), 9);
        for finding in fixed {
            for action in Action::ALL {
                for forced in [None, Some(Verdict::Pass), Some(Verdict::Fail)] {
                    let decision = rules(&[(finding, action)]).decide([Some(finding)], None, forced);
                    assert_eq!(decision, Decision { passed: false, annotations: vec![] }, "{finding:?} {action:?}");
                }
            }
        }
    }

    #[test]
    fn annotations_are_sorted_and_the_same_on_a_decoy() {
        let rules = rules(&[(Finding::CoreAltered, Action::Annotate), (Finding::AppAltered, Action::Annotate)]);
        let found = [Finding::CoreAltered, Finding::AppAltered];
        let pass = rules.decide(found.map(Some), None, None);
        let fail = rules.decide(found.map(Some).into_iter().chain([Some(Finding::AppRetired)]), None, None);
        assert!(pass.passed && !fail.passed);
        assert_eq!(pass.annotations, ["app_altered", "core_altered"]);
        assert_eq!(pass.annotations, fail.annotations);
    }

    #[test]
    fn a_forced_verdict_wins_over_the_rules() {
        let decide = |found: &[Finding], forced| {
            Rules::default().decide(found.iter().copied().map(Some), Some(Platform::Jvm), forced).passed
        };
        assert!(decide(&[Finding::AppAltered], Some(Verdict::Pass)));
        assert!(!decide(&[], Some(Verdict::Fail)));
        assert!(!decide(&[Finding::AppAltered, Finding::KeyLevelTooLow], Some(Verdict::Pass)));
        assert!(!Rules::default().decide([None], None, Some(Verdict::Pass)).passed, "unknown: it may be a fixed one");
    }
}
