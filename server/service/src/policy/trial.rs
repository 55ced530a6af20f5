//! What appraisals would have become under another policy.

use std::collections::{BTreeMap, BTreeSet};

use bonafide_protocol::finding::Finding;
use serde::Serialize;

use super::development::counted;
use super::rules::{Action, Rules, Verdict, platform};

/// Apps and versions that are told apart; the most changed ones. A client names its version as it likes.
const MAX_VERSIONS: usize = 50;

/// An appraisal that was made.
pub(crate) struct Appraised<'a> {
    pub(crate) installation: &'a str,
    pub(crate) platform: &'a str,
    pub(crate) app: &'a str,
    pub(crate) app_version: &'a str,
    /// Codes, separated by spaces; this version may not know each.
    pub(crate) findings: &'a str,
    pub(crate) forced: Option<Verdict>,
    /// Whether the request claimed a development key.
    pub(crate) development: bool,
}

/// How many pass and fail.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Sides {
    passed: u64,
    failed: u64,
}

impl Sides {
    fn count(&mut self, passed: bool) {
        if passed {
            self.passed += 1;
        } else {
            self.failed += 1;
        }
    }
}

/// Appraisals and their outcome under the policy in force (`now`) and under the other (`then`).
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Tally {
    appraisals: u64,
    now: Sides,
    then: Sides,
    pass_to_fail: u64,
    fail_to_pass: u64,
}

impl Tally {
    fn count(&mut self, now: bool, then: bool) {
        self.appraisals += 1;
        self.now.count(now);
        self.then.count(then);
        self.pass_to_fail += u64::from(now && !then);
        self.fail_to_pass += u64::from(!now && then);
    }
}

/// The actions that followed and would follow from a finding.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Actions {
    reject: u64,
    annotate: u64,
    ignore: u64,
}

impl Actions {
    fn count(&mut self, action: Action) {
        match action {
            Action::Reject => self.reject += 1,
            Action::Annotate => self.annotate += 1,
            Action::Ignore => self.ignore += 1,
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct OfFinding {
    code: String,
    /// What follows and would follow from it.
    now_actions: Actions,
    then_actions: Actions,
    #[serde(flatten)]
    tally: Tally,
}

#[derive(Debug, Serialize)]
pub(crate) struct OfPlatform {
    platform: String,
    #[serde(flatten)]
    tally: Tally,
}

#[derive(Debug, Serialize)]
pub(crate) struct OfVersion {
    platform: String,
    app: String,
    version: String,
    #[serde(flatten)]
    tally: Tally,
}

/// How many installations had an appraisal that would turn.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Installations {
    pub(crate) pass_to_fail: usize,
    pub(crate) fail_to_pass: usize,
}

/// What would change.
#[derive(Debug, Serialize)]
pub(crate) struct Trial {
    #[serde(flatten)]
    tally: Tally,
    pub(crate) installations: Installations,
    /// Of those that were found, by code.
    findings: Vec<OfFinding>,
    platforms: Vec<OfPlatform>,
    /// The most changed first.
    versions: Vec<OfVersion>,
}

/// Decides each appraisal under both policies, as it would be decided now.
pub(crate) fn try_on<'a>(appraisals: impl IntoIterator<Item = Appraised<'a>>, now: &Rules, then: &Rules) -> Trial {
    let mut all = Tally::default();
    let (mut to_fail, mut to_pass) = (BTreeSet::new(), BTreeSet::new());
    let mut findings: BTreeMap<&str, OfFinding> = BTreeMap::new();
    let mut platforms: BTreeMap<&str, Tally> = BTreeMap::new();
    let mut versions: BTreeMap<(&str, &str, &str), Tally> = BTreeMap::new();
    for one in appraisals {
        let place = platform(one.platform);
        let codes = || one.findings.split(' ').filter(|code| !code.is_empty());
        let passes = |rules: &Rules| {
            let found = counted(codes().map(Finding::from_code), one.development);
            rules.decide(found, place, one.forced).passed
        };
        let (before, after) = (passes(now), passes(then));
        all.count(before, after);
        platforms.entry(one.platform).or_default().count(before, after);
        versions.entry((one.platform, one.app, one.app_version)).or_default().count(before, after);
        for code in codes() {
            let action =
                |rules: &Rules| Finding::from_code(code).map_or(Action::Reject, |it| rules.effect(it, place).action);
            let of = findings.entry(code).or_insert_with(|| OfFinding {
                code: code.to_owned(),
                now_actions: Actions::default(),
                then_actions: Actions::default(),
                tally: Tally::default(),
            });
            of.now_actions.count(action(now));
            of.then_actions.count(action(then));
            of.tally.count(before, after);
        }
        if before && !after {
            to_fail.insert(one.installation);
        }
        if !before && after {
            to_pass.insert(one.installation);
        }
    }
    let mut versions: Vec<OfVersion> = versions
        .into_iter()
        .map(|((platform, app, version), tally)| OfVersion {
            platform: platform.to_owned(),
            app: app.to_owned(),
            version: version.to_owned(),
            tally,
        })
        .collect();
    versions
        .sort_by_key(|one| std::cmp::Reverse((one.tally.pass_to_fail, one.tally.fail_to_pass, one.tally.appraisals)));
    versions.truncate(MAX_VERSIONS);
    Trial {
        tally: all,
        installations: Installations { pass_to_fail: to_fail.len(), fail_to_pass: to_pass.len() },
        findings: findings.into_values().collect(),
        platforms: platforms
            .into_iter()
            .map(|(platform, tally)| OfPlatform { platform: platform.to_owned(), tally })
            .collect(),
        versions,
    }
}
