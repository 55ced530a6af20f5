//! Appraisal: what a device says, against what the operator registered and allows. Pure, and without an early exit.

use std::collections::HashMap;

use bonafide_protocol::config::Config;
use bonafide_protocol::finding::Finding;
use bonafide_protocol::measurement::{Fact, Platform};
use bonafide_protocol::message::TokenRequest;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
    pub(crate) retired: bool,
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
    by_claim: HashMap<(String, String, String), Vec<Registration>>,
}

impl Registrations {
    pub(crate) fn new(all: impl IntoIterator<Item = Registration>) -> Self {
        let mut by_claim: HashMap<_, Vec<_>> = HashMap::new();
        for one in all {
            by_claim.entry((one.platform.clone(), one.id.clone(), one.version.clone())).or_default().push(one);
        }
        Self { by_claim }
    }

    fn candidates(&self, request: &TokenRequest) -> Vec<&Registration> {
        let app = &request.app;
        let key = (app.platform.name().to_owned(), app.id.clone(), app.version.clone());
        self.by_claim
            .get(&key)
            .into_iter()
            .flatten()
            .filter(|one| one.build.is_empty() || one.build == app.build)
            .collect()
    }
}

/// Everything that speaks against the request, in the order of the list of findings. Empty: it passes.
///
/// Every question is asked of every request: neither the answer nor its time tells which one failed.
pub(crate) fn appraise(
    request: &TokenRequest,
    registrations: &Registrations,
    config: &Config,
    policy: &Policy,
) -> Vec<Finding> {
    let candidates = registrations.candidates(request);
    let measured = digests(request.measurement.artifacts.iter().map(|artifact| &artifact.sha256));
    let matching: Vec<&&Registration> =
        candidates.iter().filter(|one| measured.as_deref() == Some(&registered(&one.artifacts)[..])).collect();
    let genuine = matching.iter().any(|one| !one.retired);

    let memory = digests(request.measurement.code.iter().map(|code| &code.memory));
    let file = digests(request.measurement.code.iter().map(|code| &code.file));
    let differs = request.measurement.code.iter().any(|code| match (&code.memory, &code.file) {
        (Fact::Known(memory), Fact::Known(file)) => !memory.eq_ignore_ascii_case(file),
        _ => false,
    });
    // Against the builds that the files are those of, or, failing that, any that the request claims to be.
    let named = |among: &[&Registration]| {
        among.is_empty()
            || among.iter().any(|one| {
                let known = registered(&one.code);
                known.is_empty() || memory.iter().flatten().all(|digest| known.contains(digest))
            })
    };
    let own: Vec<&Registration> = matching.iter().map(|one| **one).collect();
    let code_known = named(if own.is_empty() { &candidates } else { &own });

    let audience_known = config.hosts.iter().any(|entry| config.audience(entry) == request.audience);
    let attested = matches!(request.app.platform, Platform::Jvm | Platform::Linux);
    // Platform evidence is not verified in this version: whatever came, it proves nothing.
    let level = KeyLevel::Software;

    let questions = [
        (Finding::AppUnregistered, candidates.is_empty()),
        (Finding::AppAltered, !candidates.is_empty() && measured.is_some() && matching.is_empty()),
        (Finding::AppRetired, !matching.is_empty() && !genuine),
        (Finding::AppUnmeasured, measured.is_none()),
        (Finding::CoreAltered, differs || !code_known),
        (Finding::CoreUnmeasured, memory.is_none() || file.is_none()),
        (Finding::PlatformNotAllowed, !policy.platforms.contains(&request.app.platform)),
        (Finding::KeyLevelTooLow, level < policy.least_key_level),
        (Finding::AudienceUnknown, !audience_known),
        (Finding::EvidenceMissing, !attested),
        (Finding::FormatUnsupported, !request.formats.iter().any(|format| bonafide_protocol::FORMATS.contains(format))),
    ];
    questions.into_iter().filter(|(_, found)| *found).map(|(finding, _)| finding).collect()
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

fn registered(digests: &[Digest]) -> Vec<String> {
    let mut out: Vec<String> = digests.iter().map(|digest| digest.sha256.to_ascii_lowercase()).collect();
    out.sort_unstable();
    out
}
