//! App Attest: an attestation makes a key known, assertions show that it is still there.

use bonafide_attestation::app_attest::{
    AppId, AssertionExpectation, AttestationExpectation, Environment, PublicKey, ReceiptExpectation, verify_assertion,
    verify_attestation, verify_receipt,
};
use bonafide_protocol::encoding::{Sha256, from_base64url, to_base64url};
use bonafide_protocol::evidence::{EvidenceKind, Octets, bound_hash};

use super::facts::{AppKey, Attested, Facts};
use super::verify::Subject;
use super::{RegisteredApps, Trust};
use crate::appraise::KeyLevel;
use crate::store::evidence::Proven;

/// Attestation and assertion.
type Objects<'a> = (Option<&'a Octets>, Option<&'a Octets>);

pub(super) fn verify(
    key_id: &Octets,
    objects: Objects<'_>,
    subject: &Subject<'_>,
    held: &[Attested],
    trust: &Trust,
    apps: &RegisteredApps,
) -> Result<Proven, String> {
    let hash = bound_hash(subject.account, subject.platform, subject.challenge, Some(subject.thumbprint));
    let mut refused = format!("no team is registered for {:?}", subject.app);
    for team in apps.teams(subject.app) {
        let app_id = AppId::new(team, subject.app);
        match for_app((team, &app_id), key_id, objects, &hash, (subject, held), trust) {
            Ok(proven) => return Ok(proven),
            Err(reason) => refused = reason,
        }
    }
    Err(refused)
}

fn for_app(
    (team, app_id): (&str, &AppId),
    key_id: &Octets,
    objects: Objects<'_>,
    hash: &Sha256,
    (subject, held): (&Subject<'_>, &[Attested]),
    trust: &Trust,
) -> Result<Proven, String> {
    match objects {
        (Some(attestation), assertion) => {
            let mut attested = attest((team, app_id), key_id, attestation, hash, subject, trust)?;
            if let Some(assertion) = assertion {
                attested = assert(app_id, key_id, assertion, hash, &attested, subject.now)?;
            }
            Ok(Proven::Anew(attested))
        }
        (None, Some(assertion)) => {
            let known = held.iter().find(|known| known.kind == EvidenceKind::AppAttest);
            let known = known.ok_or("an assertion, and no App Attest key of this install key is known")?;
            assert(app_id, key_id, assertion, hash, known, subject.now).map(Proven::Advance)
        }
        (None, None) => Err("neither an attestation nor an assertion".to_owned()),
    }
}

fn attest(
    (team, app_id): (&str, &AppId),
    key_id: &Octets,
    attestation: &Octets,
    hash: &Sha256,
    subject: &Subject<'_>,
    trust: &Trust,
) -> Result<Attested, String> {
    let time = i64::try_from(subject.now).unwrap_or(i64::MAX);
    let (facts, root) = trust.app_attest.under_one(|roots| {
        let expectation = AttestationExpectation {
            app_id,
            key_id: &key_id.0,
            client_data_hash: hash,
            // Which of them it is, is a finding.
            environments: &[Environment::Production, Environment::Development],
            roots,
            time,
        };
        verify_attestation(&attestation.0, &expectation).map_err(|error| error.to_string())
    })?;
    // Nothing else covers the receipt: without this it could be anything.
    let (_, receipt_root) = trust.receipt.under_one(|roots| {
        let expectation = ReceiptExpectation { app_id, public_key: &facts.public_key, roots, time };
        verify_receipt(&facts.receipt, &expectation).map_err(|error| format!("the receipt: {error}"))
    })?;
    Ok(Attested {
        kind: EvidenceKind::AppAttest,
        level: KeyLevel::Hardware,
        proven_at: subject.now,
        facts: Facts {
            apps: vec![subject.app.to_owned()],
            team: Some(team.to_owned()),
            roots: vec![root, receipt_root],
            attested_at: Some(subject.now),
            development: facts.environment != Environment::Production,
            ..Facts::default()
        },
        app_key: Some(AppKey {
            point: to_base64url(facts.public_key.as_point()),
            id: to_base64url(&facts.key_id.0),
            counter: 0,
        }),
    })
}

/// What is known of the key, with the assertion's counter and time.
fn assert(
    app_id: &AppId,
    key_id: &Octets,
    assertion: &Octets,
    hash: &Sha256,
    known: &Attested,
    now: u64,
) -> Result<Attested, String> {
    let unreadable = "the App Attest key that is known cannot be read";
    let key = known.app_key.as_ref().ok_or(unreadable)?;
    if to_base64url(&key_id.0) != key.id {
        return Err("an assertion by another App Attest key than that of this install key".to_owned());
    }
    let point = from_base64url(&key.point).ok_or(unreadable)?;
    let public_key = PublicKey::from_point(&point).map_err(|_| unreadable)?;
    let expectation =
        AssertionExpectation { app_id, public_key: &public_key, client_data_hash: hash, counter: key.counter };
    let asserted = verify_assertion(&assertion.0, &expectation).map_err(|error| error.to_string())?;
    let app_key = Some(AppKey { counter: asserted.counter, ..key.clone() });
    Ok(Attested { proven_at: now, app_key, ..known.clone() })
}
