//! What holds where the operator said nothing, and what no operator can change.

use bonafide_protocol::finding::Finding;

use super::rules::Action;

/// What follows from a finding that the policy does not name. Rejection, unless a row here says otherwise: a finding
/// that a new version of the service brings is never let through because nobody has heard of it.
const DEFAULTS: &[(Finding, Action)] = &[
    // Millions of honest phones have developer options on, many a developer's machine runs a server that is not
    // attached, and a system that is updated under a running app takes the files away that its code was loaded from:
    // facts for the operator, and no reason to lock anybody out. Bonafide's own code is never excused.
    (Finding::CodeUnmeasured, Action::Annotate),
    (Finding::DeveloperMode, Action::Annotate),
    (Finding::HookingServer, Action::Annotate),
    // Keys that were built into phones cannot be replaced when their certificates end, and many ended in May 2026; a
    // revocation list is the operator's to fetch; and a phone without Google Play's licence may have got the app from
    // another store.
    (Finding::AttestationKeyExpired, Action::Annotate),
    (Finding::RevocationsStale, Action::Annotate),
    (Finding::PlayUnlicensed, Action::Annotate),
];

/// Findings that always reject, each with what to do instead (docs/adr/0009): on these rests what a policy may say of
/// the others.
const FIXED: &[(Finding, &str)] = &[
    (
        Finding::AudienceUnknown,
        "the token would be for an audience that no host has; add the host with `bonafide api add`",
    ),
    (
        Finding::PlatformNotAllowed,
        "the audience's own policy says which platforms it allows: `bonafide api add --platform`",
    ),
    (
        Finding::KeyLevelTooLow,
        "the audience's own policy says which keys are safe enough: `bonafide api add --least-key-level`",
    ),
    (Finding::EvidenceMissing, "without evidence the platform is the client's own word, and what holds for it as well"),
    (Finding::FormatUnsupported, "the device could never follow a change of pins; update the app"),
    (Finding::DevelopmentKeyUnknown, MAKE_ANOTHER),
    (Finding::DevelopmentKeyExpired, MAKE_ANOTHER),
    (Finding::DevelopmentKeyRevoked, MAKE_ANOTHER),
    (Finding::DevelopmentProofInvalid, MAKE_ANOTHER),
];

const MAKE_ANOTHER: &str = "what the key excuses rests on the key; make another with `bonafide device dev-key create`";

/// What follows from a finding that the policy does not name.
pub(crate) fn default_action(finding: Finding) -> Action {
    DEFAULTS.iter().find(|(named, _)| *named == finding).map_or(Action::Reject, |(_, action)| *action)
}

/// Why the finding always rejects; `None` for those that a policy steers.
pub(crate) fn why_fixed(finding: Finding) -> Option<&'static str> {
    FIXED.iter().find(|(named, _)| *named == finding).map(|(_, why)| *why)
}
