//! The way of a request's evidence: what is known of the key, verification, judgement, and what is to be remembered.

use std::sync::Arc;

use bonafide_protocol::evidence::EvidenceKind;
use bonafide_protocol::finding::Finding;
use bonafide_protocol::jwk::PublicKey;
use bonafide_protocol::measurement::App;
use bonafide_protocol::message::TokenRequest;
use bonafide_protocol::status::Status;

use super::attests;
use super::facts::Attested;
use super::judge::{Grounds, Judged, judge};
use super::succession::{Following, Old, follow};
use super::verify::{Subject, verify};
use crate::appraise::Registration;
use crate::challenge::Fresh;
use crate::issue;
use crate::policy::Action;
use crate::reply::{Refusal, must};
use crate::state::{Snapshot, State};
use crate::store::evidence::{self, KeyChange, KnownKey, Proven};
use crate::store::ledger;

/// Whose evidence it is: the request's signature has been verified, and nothing else.
pub(crate) struct Asked<'a> {
    pub(crate) request: &'a TokenRequest,
    pub(crate) key: &'a PublicKey,
    pub(crate) thumbprint: &'a str,
    /// The registered builds that the app is, or claims to be.
    pub(crate) builds: &'a [&'a Registration],
    /// A registered extension of the app asks, and not the app.
    pub(crate) extension: bool,
    pub(crate) fresh: &'a Fresh,
    /// Unix seconds.
    pub(crate) now: u64,
}

/// How the install key stands, and what is to be remembered of it once the challenge is spent.
pub(crate) struct Looked {
    pub(crate) installation: String,
    /// The installation that the key would be of if nothing were remembered of any key: what a decoy names.
    pub(crate) alone: String,
    pub(crate) judged: Judged,
    pub(crate) change: Option<KeyChange>,
}

/// Looks at all evidence there is of the key that asks. Nothing is verified for a challenge that was spent before.
pub(crate) async fn look(state: &State, snapshot: &Arc<Snapshot>, asked: &Asked<'_>) -> Result<Looked, Refusal> {
    let request = asked.request;
    let platform = request.app.platform;
    let old = vouched(asked)?;
    let (known, old) = if attests(platform) { recall(state, asked, old).await? } else { (KnownKey::default(), None) };
    let results = check(state, snapshot, asked, &known).await?;

    let derived = |thumbprint: &str| issue::installation(&snapshot.keyring, platform, thumbprint);
    let Following { installation, succession, superseded } = follow(asked.thumbprint, platform, &known, old, derived);
    let (mut proven, mut refused) = (Vec::new(), Vec::new());
    for result in results {
        let outcome = if result.is_ok() { "taken" } else { "refused" };
        state.metrics.count("bonafide_evidence_total", &[("outcome", outcome)]);
        match result {
            // What has ended proves nothing any more.
            Ok(one) if !superseded => proven.push(one),
            Ok(_) => {}
            Err(reason) => refused.push(reason),
        }
    }
    let grounds = Grounds {
        app: &request.app,
        policy: &snapshot.rules.evidence,
        trust: &snapshot.trust,
        apps: &snapshot.apps,
        builds: asked.builds,
        superseded,
        extension: asked.extension,
        now: asked.now,
    };
    let judged = judge(&together(known.attested, &proven), refused, &grounds);
    let rejects = |finding| snapshot.rules.effect(finding, Some(platform)).action == Action::Reject;
    proven.retain(|piece| {
        let (Proven::Anew(one) | Proven::Advance(one)) = piece;
        is_worth_a_row(one, &request.app, snapshot, &rejects)
    });
    let change = (!proven.is_empty() || succession.is_some()).then(|| KeyChange {
        thumbprint: asked.thumbprint.to_owned(),
        now: asked.now,
        proven,
        succession,
    });
    Ok(Looked { installation, alone: derived(asked.thumbprint), judged, change })
}

/// Whether it is to be remembered. Most of what does not pass is, since devices send it once, and a policy or a
/// registration may be mended meanwhile; but a stranger's app can never pass, and on a system that is not its maker's
/// anybody can call his app ours, with as many keys as he likes: where the policy rejects such systems, they make no rows.
fn is_worth_a_row(one: &Attested, app: &App, snapshot: &Snapshot, rejects: &dyn Fn(Finding) -> bool) -> bool {
    let facts = &one.facts;
    let ours = facts.apps.contains(&app.id) && snapshot.apps.vouch(app, one);
    // Google made it for our package, and names none where it did not evaluate it.
    let unevaluated = facts.play.is_some() && facts.apps.is_empty();
    let believed = one.kind != EvidenceKind::AndroidKey
        || (facts.locked == Some(true) || !rejects(Finding::BootloaderUnlocked))
            && (facts.verified_boot == Some(true) || !rejects(Finding::BootUnverified));
    (ours || unevaluated) && believed
}

/// The thumbprint of the old key that vouches for the one that asks. A word that is not the old key's is a broken
/// request, as a broken signature is: no honest device sends one.
fn vouched(asked: &Asked<'_>) -> Result<Option<String>, Refusal> {
    let request = asked.request;
    let Some(previous) = &request.previous else { return Ok(None) };
    if previous.key == *asked.key || !previous.vouches_for(&request.account, &request.challenge, asked.thumbprint) {
        return Err(Refusal::new(Status::SignatureInvalid));
    }
    Ok(Some(previous.key.thumbprint()))
}

/// What is known of the key, and of the one before it.
async fn recall(state: &State, asked: &Asked<'_>, old: Option<String>) -> Result<(KnownKey, Option<Old>), Refusal> {
    let mut connection = state.store.read().await?;
    if !asked.request.evidence.is_empty() && ledger::is_spent(&mut connection, asked.fresh).await? {
        return Err(Refusal::new(Status::ChallengeSpent));
    }
    let known = evidence::known(&mut connection, &state.account, asked.thumbprint).await?;
    let old = match old {
        None => None,
        Some(thumbprint) => {
            let known = evidence::known(&mut connection, &state.account, &thumbprint).await?;
            Some(Old { thumbprint, known })
        }
    };
    Ok((known, old))
}

/// Verifies each piece, on a thread of its own: a chain takes about half a millisecond, an attestation of Apple's with
/// its receipt about one, and meanwhile other requests go on.
async fn check(
    state: &State,
    snapshot: &Arc<Snapshot>,
    asked: &Asked<'_>,
    known: &KnownKey,
) -> Result<Vec<Result<Proven, String>>, Refusal> {
    let request = asked.request;
    if request.evidence.is_empty() {
        return Ok(Vec::new());
    }
    // No more at a time than there are processors: the rest waits here, where it costs nothing.
    let permit = must(state.verifying.acquire().await.ok(), "evidence is not verified any more")?;
    let (snapshot, key, thumbprint) = (Arc::clone(snapshot), asked.key.clone(), asked.thumbprint.to_owned());
    let (pieces, held, now) = (request.evidence.clone(), known.attested.clone(), asked.now);
    let (account, challenge, app) = (request.account.clone(), request.challenge.clone(), request.app.clone());
    let verified = tokio::task::spawn_blocking(move || {
        let subject = Subject {
            account: &account,
            challenge: &challenge,
            platform: app.platform,
            app: &app.id,
            key: &key,
            thumbprint: &thumbprint,
            now,
        };
        pieces.iter().filter_map(|piece| verify(piece, &subject, &held, &snapshot.trust, &snapshot.apps)).collect()
    })
    .await;
    drop(permit);
    must(verified.ok(), "the verification of evidence panicked")
}

/// What is attested, with what this request has proven in the place of what it renews.
fn together(mut attested: Vec<Attested>, proven: &[Proven]) -> Vec<Attested> {
    for Proven::Anew(new) | Proven::Advance(new) in proven {
        attested.retain(|one| one.kind != new.kind);
        attested.push(new.clone());
    }
    attested
}
