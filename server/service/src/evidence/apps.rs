//! What registered builds say of an app's identity: who signs it on Android, which team's it is on iOS.

use std::collections::{BTreeSet, HashMap};

use bonafide_protocol::measurement::Platform;

use crate::store::apps::AppRow;

/// The identities of all builds that are not retired, by platform and app id.
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
            // Androids that know of no rotation name the oldest certificate of a lineage.
            let signers =
                row.registration.package.signers.iter().flat_map(|one| one.lineage.iter().chain([&one.sha256]));
            identity.signers.extend(signers.cloned());
            identity.teams.extend(Some(&row.registration.package.team).filter(|team| !team.is_empty()).cloned());
        }
        Self(all)
    }

    fn identity(&self, platform: Platform, id: &str) -> Option<&Identity> {
        self.0.get(&(platform.name().to_owned(), id.to_owned()))
    }

    /// Whether the certificate of this digest (lower-case hexadecimal) signs a registered build of the app.
    pub(super) fn is_signer(&self, id: &str, digest: &str) -> bool {
        self.identity(Platform::Android, id).is_some_and(|identity| identity.signers.contains(digest))
    }

    /// The teams of the app's registered builds.
    pub(super) fn teams(&self, id: &str) -> impl Iterator<Item = &str> {
        self.identity(Platform::Ios, id).into_iter().flat_map(|identity| &identity.teams).map(String::as_str)
    }
}
