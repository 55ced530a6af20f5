//! What a development key excuses: a closed list, each entry with what development it comes from.

use bonafide_protocol::finding::Finding;

/// What follows from developing, and from nothing else that an attacker needs. A token made with a development key is
/// good for development audiences only: this list says what a developer may do there, not who may enter the API.
const EXCUSED: &[(Finding, &str)] = &[
    (Finding::AppUnregistered, "a build that was made a minute ago is registered nowhere"),
    (Finding::AppAltered, "each compilation changes the files"),
    (Finding::AppUnmeasured, "tests and IDEs run classes from folders, which are no artifacts"),
    (Finding::CoreAltered, "a native debugger writes its breakpoints into the code"),
    (Finding::CoreUnmeasured, "not every developer's machine can be measured"),
    (
        Finding::PlatformNotAllowed,
        "tests of a phone's app run on a desktop; admitting desktops for them would be worse",
    ),
    (Finding::KeyLevelTooLow, "emulators and desktops have no hardware to hold keys"),
    (Finding::EvidenceMissing, "no platform attests an emulator, a desktop or an app that no store has signed"),
    (Finding::DebuggerAttached, "debugging"),
    (Finding::CodeAltered, "a native debugger writes its breakpoints into the code"),
    (Finding::CodeUnmeasured, "not every developer's machine can be measured"),
    (Finding::Rooted, "emulators' system images come with su and test keys"),
    (Finding::Emulator, "emulators"),
    (Finding::DeveloperMode, "without developer options no debugger reaches a phone"),
    (Finding::DeviceUnmeasured, "not every developer's machine can be measured"),
    (Finding::EvidenceExpired, "what a debug build attested last week is as good as none"),
    (Finding::EvidenceDevelopment, "Xcode's builds are attested in Apple's development environment"),
    (Finding::EvidenceOtherApp, "a debug build has a debug key's signer and often an id of its own"),
    (Finding::BootloaderUnlocked, "developers' phones and emulators are unlocked"),
    (Finding::BootUnverified, "developers' phones and emulators run systems of their own"),
    (Finding::KeyNotInHardware, "emulators and desktops have no hardware to hold keys"),
    (Finding::PatchLevelOld, "tests run on old systems, too"),
    (Finding::RevocationsStale, "a service on a developer's machine fetches no lists"),
    (Finding::PlayAppUnrecognized, "a build that was made a minute ago is not on Google Play"),
    (Finding::PlayDeviceUntrusted, "emulators and unlocked phones"),
    (Finding::PlayUnlicensed, "a build from the IDE was not got from Google Play"),
];

/// Why a development key excuses the finding; `None` for those that it does not.
pub(crate) fn why_excused(finding: Finding) -> Option<&'static str> {
    EXCUSED.iter().find(|(named, _)| *named == finding).map(|(_, why)| *why)
}

/// The findings that count. `development`: the request claimed a development key; whether it has one is a finding of
/// its own, which is not excused and which no policy steers. `None` among the findings is one that is not known here.
pub(crate) fn counted(
    found: impl IntoIterator<Item = Option<Finding>>,
    development: bool,
) -> impl Iterator<Item = Option<Finding>> {
    found.into_iter().filter(move |finding| !(development && finding.is_some_and(|one| why_excused(one).is_some())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Rules, Verdict};

    #[test]
    fn nothing_else_is_excused() {
        let left: Vec<&str> =
            counted(Finding::ALL.iter().copied().map(Some), true).flatten().map(Finding::code).collect();
        for code in [
            "app_retired",
            "audience_unknown",
            "format_unsupported",
            "hooking",
            "hooking_server",
            "library_preloaded",
            "calls_redirected",
            "code_writable",
            "app_cloned",
            "evidence_invalid",
            "attestation_key_expired",
            "key_superseded",
            "development_key_unknown",
            "development_key_expired",
            "development_key_revoked",
            "development_proof_invalid",
        ] {
            assert!(left.contains(&code), "{code} is excused");
        }
        assert_eq!(left.len(), Finding::ALL.len() - EXCUSED.len());
        assert_eq!(counted([None], true).count(), 1, "nor what this version does not know");
        let all = Finding::ALL.iter().copied().map(Some);
        assert_eq!(counted(all, false).count(), Finding::ALL.len(), "without a key nothing is");
    }

    /// For people the reasons stand in docs/policy.md; the page is as closed as the list.
    #[test]
    fn the_page_on_the_policy_names_just_these() {
        let page = include_str!("../../../../docs/policy.md");
        let (_, section) = page.split_once("## What a development key excuses").unwrap_or_default();
        let rows = section.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
        let mut told: Vec<(&str, &str)> = rows
            .take_while(|line| line.starts_with('|'))
            .filter_map(|line| line.trim_matches('|').split_once(" | "))
            .flat_map(|(codes, why)| codes.split('`').skip(1).step_by(2).map(move |code| (code, why.trim())))
            .collect();
        let mut listed: Vec<(&str, &str)> = EXCUSED.iter().map(|(finding, why)| (finding.code(), *why)).collect();
        told.sort_unstable();
        listed.sort_unstable();
        assert_eq!(told, listed);
    }

    #[test]
    fn a_key_that_is_not_good_passes_under_no_policy_and_no_forced_verdict() {
        for bad in [
            Finding::DevelopmentKeyUnknown,
            Finding::DevelopmentKeyExpired,
            Finding::DevelopmentKeyRevoked,
            Finding::DevelopmentProofInvalid,
        ] {
            let decision = Rules::default().decide(counted([Some(bad)], true), None, Some(Verdict::Pass));
            assert!(!decision.passed, "{bad:?}");
        }
    }
}
