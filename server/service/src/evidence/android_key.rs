//! Key Attestation: the attested key is the install key, and the bound hash its challenge.

use bonafide_attestation::android_key::{Expectation, Package, SecurityLevel, VerifiedBootState, examine};
use bonafide_protocol::encoding::to_hex;
use bonafide_protocol::evidence::{EvidenceKind, Octets, bound_hash};

use super::Trust;
use super::facts::{Attested, Facts};
use super::verify::Subject;
use crate::appraise::KeyLevel;

pub(super) fn verify(chain: &[Octets], subject: &Subject<'_>, trust: &Trust) -> Result<Attested, String> {
    let ders: Vec<&[u8]> = chain.iter().map(|der| der.0.as_slice()).collect();
    let roots = trust.android_key.roots.as_ref().ok_or("the list of roots, or of revocations, cannot be read")?;
    let trust = bonafide_attestation::android_key::Trust { roots, revocation: trust.revocations.as_ref() };
    let facts = examine(&ders, &trust, subject.now).map_err(|error| error.to_string())?;
    let challenge = bound_hash(subject.account, subject.platform, subject.challenge, None);
    let level = if facts.level == SecurityLevel::Software {
        // The hardware says nothing of such a key, so nothing can be expected of its list; that it is this key, made
        // for this challenge, counts all the same.
        if facts.description.attestation_challenge.0 != challenge || facts.key.as_ref() != Some(subject.key) {
            return Err("a key in software, and another one or made for another challenge".to_owned());
        }
        KeyLevel::Software
    } else {
        let expectation = Expectation { key: Some(subject.key), ..Expectation::new(&challenge) };
        expectation.check(&facts).map_err(|error| error.to_string())?;
        KeyLevel::Hardware
    };
    let hardware = &facts.description.hardware_enforced;
    let boot = hardware.root_of_trust.as_ref();
    let app = facts.description.software_enforced.attestation_application_id.as_ref();
    Ok(Attested {
        kind: EvidenceKind::AndroidKey,
        level,
        proven_at: subject.now,
        facts: Facts {
            apps: app.into_iter().flat_map(|app| &app.packages).map(|package| package.name.clone()).collect(),
            signers: app.into_iter().flat_map(|app| &app.signatures).map(|digest| to_hex(&digest.0)).collect(),
            version_code: app.and_then(|app| version_code(&app.packages, subject.app)),
            locked: boot.map(|boot| boot.device_locked),
            verified_boot: boot.map(|boot| boot.verified_boot_state == VerifiedBootState::Verified),
            patch_level: hardware.os_patch_level.map(|level| level.0),
            roots: vec![to_hex(&facts.root_key_digest.0)],
            expired: !facts.expired.is_empty(),
            serials: facts.serials,
            ..Facts::default()
        },
        app_key: None,
    })
}

fn version_code(packages: &[Package], app: &str) -> Option<u64> {
    packages.iter().find(|package| package.name == app).map(|package| package.version.0)
}
