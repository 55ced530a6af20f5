//! What speaks against an install key, going by all that was attested of it. Pure, and without an early exit.

use bonafide_protocol::evidence::EvidenceKind;
use bonafide_protocol::finding::Finding;
use bonafide_protocol::measurement::App;

use super::facts::{Attested, Facts};
use super::{RegisteredApps, Trust, apps, attests};
use crate::appraise::{KeyLevel, Registration};
use crate::policy::EvidencePolicy;

/// The longest reason that is kept, in bytes.
const MAX_REASON: usize = 200;

/// How an install key stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Judged {
    /// How safely it is held, as evidence proves it.
    pub(crate) level: KeyLevel,
    /// In the order of the list of findings.
    pub(crate) findings: Vec<Finding>,
    /// Why evidence was refused, for the operator; empty where none was.
    pub(crate) reason: String,
}

/// What is judged, besides the evidence.
pub(super) struct Grounds<'a> {
    pub(super) app: &'a App,
    pub(super) policy: &'a EvidencePolicy,
    pub(super) trust: &'a Trust,
    pub(super) apps: &'a RegisteredApps,
    /// The registered builds that the app is, or claims to be.
    pub(super) builds: &'a [&'a Registration],
    /// Another key has taken this one's place.
    pub(super) superseded: bool,
    /// An extension of the app asks, and not the app.
    pub(super) extension: bool,
    /// Unix seconds.
    pub(super) now: u64,
}

/// Judges what is attested, this request's evidence included; `refused` are the reasons of what was not taken of it.
pub(super) fn judge(attested: &[Attested], refused: Vec<String>, grounds: &Grounds<'_>) -> Judged {
    let Grounds { app, policy, trust, extension, now, .. } = grounds;
    let mut reasons = refused;
    let standing: Vec<&Attested> = attested
        .iter()
        .filter(|one| one.kind.platform() == app.platform)
        .filter(|one| {
            let withdrawn = withdrawn(one, grounds);
            reasons.extend(withdrawn.clone());
            withdrawn.is_none()
        })
        .collect();
    // What has expired counts where nothing else does: a policy may choose to bear it.
    let fresh = |one: &&Attested| policy.counts(one.kind, one.proven_at, *now, *extension);
    let expired = !standing.is_empty() && !standing.iter().any(fresh);
    let counted: Vec<&Attested> = standing.iter().copied().filter(|one| expired || fresh(one)).collect();
    let any = |holds: &dyn Fn(&Facts) -> bool| counted.iter().any(|one| holds(&one.facts));
    let key: Vec<&Attested> = counted.iter().copied().filter(|one| one.kind == EvidenceKind::AndroidKey).collect();
    let any_key = |holds: &dyn Fn(&Attested) -> bool| key.iter().any(|one| holds(one));
    let play = |holds: fn(&super::Play) -> bool| any(&|facts: &Facts| facts.play.as_ref().is_some_and(holds));
    let stale = trust
        .revocations
        .as_ref()
        .is_none_or(|list| now.saturating_sub(list.fetched_at()) > policy.revocations_max_age);
    let old = |one: &Attested| {
        policy.least_patch_level.is_some_and(|least| one.facts.patch_level.is_none_or(|level| level < least))
    };

    let questions = [
        (Finding::EvidenceMissing, attests(app.platform) && standing.is_empty()),
        (Finding::EvidenceExpired, expired),
        (Finding::EvidenceInvalid, !reasons.is_empty()),
        (Finding::EvidenceDevelopment, any(&|facts| facts.development)),
        (Finding::EvidenceOtherApp, counted.iter().any(|one| is_of_another(one, grounds))),
        (Finding::BootloaderUnlocked, any_key(&|one| one.facts.locked != Some(true))),
        (Finding::BootUnverified, any_key(&|one| one.facts.verified_boot != Some(true))),
        (Finding::KeyNotInHardware, any_key(&|one| one.level < KeyLevel::Hardware)),
        (Finding::AttestationKeyExpired, any_key(&|one| one.facts.expired)),
        (Finding::PatchLevelOld, any_key(&old)),
        (Finding::RevocationsStale, !key.is_empty() && stale),
        (Finding::PlayAppUnrecognized, play(|play| !play.recognized)),
        (Finding::PlayDeviceUntrusted, play(|play| !play.device)),
        (Finding::PlayUnlicensed, play(|play| play.unlicensed)),
        (Finding::KeySuperseded, grounds.superseded),
    ];
    Judged {
        level: counted.iter().map(|one| one.level).max().unwrap_or(KeyLevel::Software),
        findings: questions.into_iter().filter(|(_, found)| *found).map(|(finding, _)| finding).collect(),
        reason: cut(&reasons.join("; ")),
    }
}

/// Why what was proven once is worth nothing any more.
fn withdrawn(one: &Attested, grounds: &Grounds<'_>) -> Option<String> {
    let Grounds { policy, trust, .. } = grounds;
    let listed = |serial: &&String| trust.revocations.as_ref().is_some_and(|list| list.find(serial).is_some());
    if let Some(serial) = one.facts.serials.iter().find(listed) {
        return Some(format!("the certificate {serial} has been revoked since"));
    }
    if !trust.still_roots(one) {
        return Some(format!("{}: its root is not trusted any more", one.kind.name()));
    }
    (one.attested_at() < policy.not_before)
        .then(|| format!("{}: attested before the policy's not_before", one.kind.name()))
}

/// Whether it is about another app than the one that asks, or one that somebody else signed. What does not say which
/// app it is about is about another.
///
/// Who may have signed it is for the builds to say that the app is: another build of the same app, a tester's for
/// instance, lends its signer to nobody. Where no build is claimed, which is a finding of its own, any one's will do.
fn is_of_another(one: &Attested, grounds: &Grounds<'_>) -> bool {
    let Grounds { app, apps, builds, now, .. } = grounds;
    let named = one.facts.apps.contains(&app.id);
    let signed = match builds {
        [] => apps.vouch(app, one),
        builds => builds.iter().any(|build| apps::vouches(build, one, one.proven_at == *now)),
    };
    !(named && signed)
}

fn cut(reason: &str) -> String {
    let mut end = reason.len().min(MAX_REASON);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    reason.get(..end).unwrap_or_default().to_owned()
}
