//! The app that a request comes from, against the builds that it claims to be.

use bonafide_protocol::measurement::{Fact, Measurement, Platform};
use bonafide_protocol::message::TokenRequest;

use super::difference::Difference;
use super::package;
use super::{Build, Registration, Registrations, digests, registered};

/// What was found.
pub(crate) struct Comparison<'a> {
    /// The builds that the app is; where it is none, those that it claims to be.
    pub(super) builds: Vec<&'a Build>,
    pub(super) unregistered: bool,
    pub(super) altered: bool,
    pub(super) retired: bool,
    pub(super) unmeasured: bool,
    pub(super) signer_unknown: bool,
    /// The process is that of a registered extension of the app, and of every build that it is.
    pub(crate) extension: bool,
    /// In what the app differs from the build that it is nearest to. Empty where it is one.
    pub(crate) differences: Vec<Difference>,
}

/// The app against one build.
pub(super) struct Likeness {
    /// Whether nothing that was measured differs, or is missing.
    pub(super) code: bool,
    /// Whether nobody else is known to have signed.
    pub(super) signer: bool,
    /// Whether it is one of the build's app extensions, and not its app.
    pub(super) extension: bool,
    pub(super) differences: Vec<Difference>,
}

impl<'a> Comparison<'a> {
    /// The builds that evidence may be about: those that the app is, or else claims to be; not retired ones, where there
    /// are others.
    pub(crate) fn registrations(&self) -> Vec<&'a Registration> {
        let all = || self.builds.iter().map(|build| &build.registration);
        let live: Vec<_> = all().filter(|one| !one.retired).collect();
        if live.is_empty() { all().collect() } else { live }
    }

    /// Compares with every build: neither the answer nor its time tells which one was near.
    pub(crate) fn of(request: &TokenRequest, registrations: &'a Registrations) -> Self {
        let candidates = registrations.candidates(request);
        let measurement = &request.measurement;
        let (whole, compare): (bool, fn(&Build, &Measurement) -> Likeness) = match request.app.platform {
            Platform::Android => (package::is_whole(measurement), package::android),
            Platform::Ios => (package::has_executable(measurement), package::ios),
            _ => (digests(measurement.artifacts.iter().map(|one| &one.sha256)).is_some(), files),
        };
        let compared: Vec<(&Build, Likeness)> =
            candidates.iter().map(|build| (*build, compare(build, measurement))).collect();
        let same = |one: &Likeness| whole && one.code && one.signer;
        let own: Vec<&Build> = compared.iter().filter(|(_, one)| same(one)).map(|(build, _)| *build).collect();
        // What could be the app as well goes by what holds for the app.
        let extension = !own.is_empty() && compared.iter().filter(|(_, one)| same(one)).all(|(_, one)| one.extension);
        let nearest = compared.iter().max_by_key(|(_, one)| {
            (one.code && one.signer, one.code, one.signer, std::cmp::Reverse(one.differences.len()))
        });
        let wrong = |fault: fn(&Likeness) -> bool| own.is_empty() && nearest.is_some_and(|(_, one)| fault(one));
        let differences = nearest.map(|(_, one)| one.differences.clone()).unwrap_or_default();
        Self {
            unregistered: candidates.is_empty(),
            altered: wrong(|one| !one.code),
            signer_unknown: wrong(|one| !one.signer),
            retired: !own.is_empty() && own.iter().all(|build| build.registration.retired),
            unmeasured: !whole,
            extension,
            differences: if own.is_empty() { Difference::bounded(differences) } else { Vec::new() },
            builds: if own.is_empty() { candidates } else { own },
        }
    }
}

/// A desktop's app: just these files.
fn files(build: &Build, measurement: &Measurement) -> Likeness {
    let artifacts = &build.registration.artifacts;
    let measured = digests(measurement.artifacts.iter().map(|one| &one.sha256));
    let expected: Vec<(&str, &str)> = artifacts.iter().map(|one| (one.name.as_str(), one.sha256.as_str())).collect();
    let mut found = Vec::new();
    let mut differences = Vec::new();
    for one in &measurement.artifacts {
        match &one.sha256 {
            Fact::Known(digest) => found.push((one.name.as_str(), digest.as_str())),
            Fact::Unknown(why) => differences.push(Difference::unknown("file", &one.name, why)),
        }
    }
    differences.extend(Difference::between("file", &expected, &found));
    // No desktop is installed as packages: who says so mixes two platforms' measurements.
    differences.extend(package::unexpected(measurement));
    let code = measured.is_none_or(|measured| measured == registered(artifacts)) && measurement.packages.is_none();
    Likeness { code, signer: true, extension: false, differences }
}
