//! Appraisal: what a device says, against what the operator registered and allows. Pure, and without an early exit.

mod app;
mod difference;
mod package;

use std::collections::HashMap;

use bonafide_protocol::config::Config;
use bonafide_protocol::finding::Finding;
use bonafide_protocol::measurement::{Code, CodeRole, DeviceFacts, Fact, Measurement, Platform, Traces};
use bonafide_protocol::message::TokenRequest;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::development::has_audience;
use crate::evidence::Judged;
use crate::package::Package;
pub(crate) use app::Comparison;

/// A file or a piece of code with its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Digest {
    /// The file's name, without its folder. For people: digests alone are compared.
    pub(crate) name: String,
    /// SHA-256, lower-case hexadecimal.
    pub(crate) sha256: String,
}

/// A build that the operator vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Registration {
    pub(crate) app_id: String,
    pub(crate) platform: String,
    pub(crate) id: String,
    pub(crate) version: String,
    /// Empty: any.
    pub(crate) build: String,
    pub(crate) artifacts: Vec<Digest>,
    /// Empty: the core's code has to be that of its file, whichever that is.
    pub(crate) code: Vec<Digest>,
    /// Of a phone's app: who signs it, and its code piece by piece.
    pub(crate) package: Package,
    pub(crate) retired: bool,
}

/// A registration, and what is looked up in it.
pub(crate) struct Build {
    registration: Registration,
    known: package::Known,
}

impl Build {
    fn new(registration: Registration) -> Self {
        let known = package::Known::of(&registration.package, &registration.artifacts);
        Self { registration, known }
    }

    /// Code in memory that is the build's own.
    fn code(&self) -> impl Iterator<Item = &Digest> {
        self.registration.code.iter().chain(self.known.text())
    }
}

/// How safely an install key is held, as its evidence proves it. The greater, the safer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KeyLevel {
    /// In memory or a file: nothing attests it.
    Software,
    /// The platform's own service vouches for the device, not for the key.
    Platform,
    /// Attested to be in hardware.
    Hardware,
}

impl KeyLevel {
    /// The name on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Software => "software",
            Self::Platform => "platform",
            Self::Hardware => "hardware",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Software, Self::Platform, Self::Hardware].into_iter().find(|level| level.name() == name)
    }
}

/// What the operator allows for an audience.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Policy {
    /// Where apps may run.
    #[schema(value_type = Vec<String>)]
    pub(crate) platforms: Vec<Platform>,
    /// The least level of their install keys.
    pub(crate) least_key_level: KeyLevel,
}

impl Default for Policy {
    /// Phones only, and only with a key that something vouches for: a desktop has to be let in by name.
    fn default() -> Self {
        Self { platforms: vec![Platform::Android, Platform::Ios], least_key_level: KeyLevel::Platform }
    }
}

/// Builds by what a request claims to be.
#[derive(Default)]
pub(crate) struct Registrations {
    by_claim: HashMap<(String, String, String), Vec<Build>>,
}

impl Registrations {
    pub(crate) fn new(all: impl IntoIterator<Item = Registration>) -> Self {
        let mut by_claim: HashMap<_, Vec<_>> = HashMap::new();
        for one in all {
            let claim = (one.platform.clone(), one.id.clone(), one.version.clone());
            by_claim.entry(claim).or_default().push(Build::new(one));
        }
        Self { by_claim }
    }

    fn candidates(&self, request: &TokenRequest) -> Vec<&Build> {
        let app = &request.app;
        let key = (app.platform.name().to_owned(), app.id.clone(), app.version.clone());
        self.by_claim
            .get(&key)
            .into_iter()
            .flatten()
            .filter(|one| one.registration.build.is_empty() || one.registration.build == app.build)
            .collect()
    }
}

/// Everything that speaks against the request, in the order of the list of findings. Empty: it passes.
///
/// `app` is how the app compares with registered builds, `key` what evidence says of the install key. Every question is
/// asked of every request: neither the answer nor its time tells which one failed.
pub(crate) fn appraise(
    request: &TokenRequest,
    app: &Comparison<'_>,
    config: &Config,
    policy: &Policy,
    key: &Judged,
) -> Vec<Finding> {
    let ios = request.app.platform == Platform::Ios;
    let core = || request.measurement.code.iter().filter(|code| code.role.is_core());
    let memory = digests(core().map(|code| &code.memory));
    let file = digests(core().map(|code| &code.file));
    let differs = core().any(|code| compare(&code.memory, &code.file) == Compared::Differs);
    // Against the builds that the files are those of, or, failing that, any that the request claims to be.
    let code_known = app.builds.is_empty()
        || app.builds.iter().any(|build| {
            let known = registered(build.code());
            known.is_empty() || memory.iter().flatten().all(|digest| known.contains(digest))
        });
    // The store encrypts an iOS app's file: nothing that could be compared is in it.
    let core_measured = memory.is_some() && (ios || file.is_some());
    let others = other_code(&request.measurement, &app.builds, ios);

    let unsaid = DeviceFacts::unknown("not said");
    let device = request.measurement.device.as_ref().unwrap_or(&unsaid);
    let android = request.app.platform == Platform::Android;

    let audience_known = has_audience(config, &request.audience);

    let questions = [
        (Finding::AppUnregistered, app.unregistered),
        (Finding::AppAltered, app.altered),
        (Finding::AppRetired, app.retired),
        (Finding::AppUnmeasured, app.unmeasured),
        (Finding::CoreAltered, differs || !code_known),
        (Finding::CoreUnmeasured, !core_measured),
        (Finding::PlatformNotAllowed, !policy.platforms.contains(&request.app.platform)),
        (Finding::KeyLevelTooLow, key.level < policy.least_key_level),
        (Finding::AudienceUnknown, !audience_known),
        (Finding::FormatUnsupported, !request.formats.iter().any(|format| bonafide_protocol::FORMATS.contains(format))),
        (Finding::DebuggerAttached, any_found(&[&device.debuggers])),
        (Finding::Hooking, any_found(&[&device.agents, &device.agent_threads])),
        (Finding::HookingServer, any_found(&[&device.agent_servers])),
        (Finding::LibraryPreloaded, any_found(&[&device.preloaded])),
        (Finding::CallsRedirected, any_found(&[&device.redirected])),
        (Finding::CodeWritable, any_found(&[&device.writable_code])),
        (Finding::CodeAltered, others.contains(&Compared::Differs)),
        (Finding::CodeUnmeasured, others.contains(&Compared::Unknown)),
        (Finding::Rooted, any_found(&[&device.root])),
        (Finding::Emulator, any_found(&[&device.emulator])),
        (Finding::AppCloned, any_found(&[&device.cloner])),
        // On a desktop a developer is an honest user.
        (Finding::DeveloperMode, android && any_found(&[&device.developer])),
        (Finding::DeviceUnmeasured, unmeasured(device, request.app.platform)),
        (Finding::AppSignerUnknown, app.signer_unknown),
    ];
    let found = questions.into_iter().filter(|(_, found)| *found).map(|(finding, _)| finding);
    let mut findings: Vec<Finding> = found.chain(key.findings.iter().copied()).collect();
    findings.sort_unstable_by_key(|finding| finding.bit());
    findings
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Compared {
    Same,
    Differs,
    Unknown,
}

fn compare(memory: &Fact<String>, expected: &Fact<String>) -> Compared {
    match (memory, expected) {
        (Fact::Known(memory), Fact::Known(expected)) if memory.eq_ignore_ascii_case(expected) => Compared::Same,
        (Fact::Known(_), Fact::Known(_)) => Compared::Differs,
        _ => Compared::Unknown,
    }
}

/// The code that is not the core's: against what these builds have registered under its name, or else with its file.
///
/// It comes from the system or the virtual machine, which the operator seldom registers. An iOS executable is the app.
fn other_code(measurement: &Measurement, builds: &[&Build], ios: bool) -> Vec<Compared> {
    let mut compared = Vec::new();
    let is_app = |code: &Code| ios && code.role == CodeRole::Executable;
    for code in measurement.code.iter().filter(|code| !code.role.is_core() && !is_app(code)) {
        let known = || builds.iter().flat_map(|one| one.code()).filter(|known| known.name == code.name);
        compared.push(if known().next().is_none() {
            compare(&code.memory, &code.file)
        } else if known().any(|known| compare(&code.memory, &Fact::Known(known.sha256.clone())) == Compared::Same) {
            Compared::Same
        } else {
            compare(&code.memory, &Fact::Known(String::new()))
        });
    }
    let executable = |code: &Code| code.role == CodeRole::Executable;
    if !measurement.code.iter().any(executable) {
        compared.push(Compared::Unknown);
    }
    compared
}

fn any_found(facts: &[&Traces]) -> bool {
    facts.iter().any(|fact| matches!(fact, Fact::Known(traces) if !traces.is_empty()))
}

/// Whether a fact is missing that each honest device of the platform can give: what is kept back is no pass. What a
/// platform's probes do not look for is no honest device's to give.
///
/// Who listens beside the process is hidden by newer Androids, and the network's proxy is nobody's fault.
fn unmeasured(device: &DeviceFacts, platform: Platform) -> bool {
    let DeviceFacts { debuggers, agents, root, emulator, .. } = device;
    let of_proc = [&device.agent_threads, &device.preloaded, &device.redirected, &device.writable_code];
    // A platform that nobody has heard of here has to give all.
    let (in_proc, on_phones) = match platform {
        Platform::Ios => (false, true),
        Platform::Jvm | Platform::Linux => (true, false),
        _ => (true, true),
    };
    let unknown = |facts: &[&Traces]| facts.iter().any(|fact| matches!(fact, Fact::Unknown(_)));
    unknown(&[debuggers, agents]) || in_proc && unknown(&of_proc) || on_phones && unknown(&[root, emulator])
}

/// All digests, sorted; `None` if there is none, or one that is not known.
fn digests<'a>(facts: impl Iterator<Item = &'a Fact<String>>) -> Option<Vec<String>> {
    let mut known = facts
        .map(|fact| match fact {
            Fact::Known(digest) => Some(digest.to_ascii_lowercase()),
            Fact::Unknown(_) => None,
        })
        .collect::<Option<Vec<_>>>()?;
    known.sort_unstable();
    (!known.is_empty()).then_some(known)
}

fn registered<'a>(digests: impl IntoIterator<Item = &'a Digest>) -> Vec<String> {
    let mut out: Vec<String> = digests.into_iter().map(|digest| digest.sha256.to_ascii_lowercase()).collect();
    out.sort_unstable();
    out
}
