//! What registered builds say of an app's identity: who signs it on Android, which team's it is on iOS.

use std::collections::{BTreeSet, HashMap};

use bonafide_protocol::evidence::EvidenceKind;
use bonafide_protocol::measurement::{App, Platform};

use super::facts::Attested;
use crate::appraise::Registration;
use crate::store::apps::AppRow;

/// The identities of all builds that are not retired, by platform and app id. Evidence is verified and remembered by
/// them; what it is worth to one build is judged by that build alone ([`vouches`]).
#[derive(Debug, Default)]
pub(crate) struct RegisteredApps(HashMap<(String, String), Identity>);

#[derive(Debug, Default)]
struct Identity {
    signers: BTreeSet<String>,
    teams: BTreeSet<String>,
}

impl RegisteredApps {
    pub(crate) fn new<'a>(rows: impl IntoIterator<Item = &'a AppRow>) -> Self {
        let mut all: HashMap<(String, String), Identity> = HashMap::new();
        for row in rows.into_iter().filter(|row| row.retired_at.is_none()) {
            let build = &row.registration;
            let identity = all.entry((build.platform.clone(), build.id.clone())).or_default();
            identity.signers.extend(signers(build).map(str::to_owned));
            identity.teams.extend(team(build).map(str::to_owned));
        }
        Self(all)
    }

    fn identity(&self, platform: Platform, id: &str) -> Option<&Identity> {
        self.0.get(&(platform.name().to_owned(), id.to_owned()))
    }

    /// Whether the signers, or the team, are those of registered builds of the app, whichever.
    pub(super) fn vouch(&self, app: &App, one: &Attested) -> bool {
        self.identity(app.platform, &app.id).is_some_and(|identity| {
            is_by(one, |signer| identity.signers.contains(signer), |team| identity.teams.contains(team))
        })
    }

    /// The teams of the app's registered builds.
    pub(super) fn teams(&self, id: &str) -> impl Iterator<Item = &str> {
        self.identity(Platform::Ios, id).into_iter().flat_map(|identity| &identity.teams).map(String::as_str)
    }
}

/// Whether this build is of the signers, or the team, and the version that evidence names. `fresh`: it came with this
/// request, and names the build that asks; what is remembered may be of the one before an update.
pub(super) fn vouches(build: &Registration, one: &Attested, fresh: bool) -> bool {
    let is_version = match (build.build.parse::<u64>(), one.facts.version_code) {
        // Older Androids attest the lower half.
        (Ok(code), Some(named)) => named == code || named == code & 0xffff_ffff || !fresh && named < code,
        _ => true,
    };
    is_version && is_by(one, |digest| signers(build).any(|signer| signer == digest), |named| team(build) == Some(named))
}

/// All that evidence names has to be known; what names nobody is by nobody.
fn is_by(one: &Attested, is_signer: impl Fn(&str) -> bool, is_team: impl Fn(&str) -> bool) -> bool {
    match one.kind {
        EvidenceKind::AppAttest => one.facts.team.as_deref().is_some_and(is_team),
        _ => !one.facts.signers.is_empty() && one.facts.signers.iter().all(|signer| is_signer(signer)),
    }
}

/// The certificates that platforms may name for the build: its own, and the oldest of a lineage. Android's key store
/// names that one, whatever signs the app now, so that what knows of no rotation goes on; it names none between.
fn signers(build: &Registration) -> impl Iterator<Item = &str> {
    build
        .package
        .signers
        .iter()
        .flat_map(|one| one.lineage.first().into_iter().chain([&one.sha256]))
        .map(String::as_str)
}

fn team(build: &Registration) -> Option<&str> {
    Some(build.package.team.as_str()).filter(|team| !team.is_empty())
}
