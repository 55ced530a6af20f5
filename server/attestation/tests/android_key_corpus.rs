//! Every chain of the corpus gives the right answer, and one bit of difference a refusal.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use bonafide_attestation::android_key::{
    AndroidKeyError, AndroidKeyFacts, Expectation, Provisioning, RevocationCheck, RevocationList, Roots, SecurityLevel,
    Trust, VerifiedBootState, examine, verify,
};
use bonafide_attestation::certificate::CertificateError;
use common::corpus::{Sample, folder, sample, samples};
use serde_json::{Value, json};

fn examined(sample: &Sample, now: u64) -> Result<AndroidKeyFacts, AndroidKeyError> {
    examine(&sample.chain, &Trust { roots: &Roots::google().unwrap(), revocation: None }, now)
}

/// The expected parse without a remark that only one of the files carries: unordered tags are refused here.
fn comparable(expected: &Value) -> Value {
    let mut expected = expected.clone();
    for list in ["softwareEnforced", "hardwareEnforced"] {
        let ordered = expected.get_mut(list).unwrap().as_object_mut().unwrap().remove("areTagsOrdered");
        assert!(ordered.is_none_or(|ordered| ordered == Value::Bool(true)));
    }
    expected
}

#[test]
fn every_description_reads_as_google_reads_it() {
    let samples = samples();
    assert!(samples.len() >= 13, "the corpus lost chains: {}", samples.len());
    for sample in samples {
        let facts = examined(&sample, sample.made_at()).unwrap_or_else(|error| panic!("{}: {error}", sample.name));
        assert_eq!(serde_json::to_value(&facts.description).unwrap(), comparable(&sample.expected), "{}", sample.name);
        assert_eq!(facts.revocation, RevocationCheck::NotChecked);
    }
}

#[test]
fn provisioning_and_level_are_told_apart() {
    for (part, provisioning, certified) in [
        ("sony-xperia10-iii/sdk33/TEE", Provisioning::Factory, None),
        ("blueline/sdk28/TEE", Provisioning::Factory, Some(SecurityLevel::TrustedEnvironment)),
        ("blueline/sdk28/SB", Provisioning::Factory, Some(SecurityLevel::StrongBox)),
        ("akita/sdk34/TEE", Provisioning::Remote, Some(SecurityLevel::TrustedEnvironment)),
        ("akita/sdk34/SB", Provisioning::Remote, Some(SecurityLevel::StrongBox)),
        ("caiman/sdk36/TEE", Provisioning::Remote, Some(SecurityLevel::TrustedEnvironment)),
        ("caiman/sdk36/SB", Provisioning::Remote, Some(SecurityLevel::StrongBox)),
    ] {
        let of_kind: Vec<_> = samples().into_iter().filter(|sample| sample.name.starts_with(part)).collect();
        assert!(!of_kind.is_empty(), "{part}");
        for sample in of_kind {
            let facts = examined(&sample, sample.made_at()).unwrap();
            assert_eq!((facts.provisioning, facts.certified_level), (provisioning, certified), "{}", sample.name);
            assert_eq!(facts.level, certified.unwrap_or(SecurityLevel::TrustedEnvironment), "{}", sample.name);
            assert_eq!(facts.provisioning_info.is_some(), provisioning == Provisioning::Remote, "{}", sample.name);
        }
    }
    let info = examined(&sample("caiman/sdk36/SB_EC_RKP"), 1_758_900_646).unwrap().provisioning_info.unwrap();
    assert_eq!((info.certificates_issued, info.manufacturer.as_deref()), (Some(32), Some("Google")));
}

#[test]
fn signing_keys_over_p256_meet_the_expectation_and_rsa_keys_do_not() {
    for sample in samples() {
        let challenge = sample.challenge();
        let roots = Roots::google().unwrap();
        let trust = Trust { roots: &roots, revocation: None };
        let outcome = verify(&sample.chain, &trust, &Expectation::new(&challenge), sample.made_at());
        if sample.name.contains("_RSA_") {
            let expected = AndroidKeyError::KeyType { field: "algorithms", expected: 3, found: Some(1) };
            assert_eq!(outcome.unwrap_err(), expected, "{}", sample.name);
        } else {
            let facts = outcome.unwrap_or_else(|error| panic!("{}: {error}", sample.name));
            let again = Expectation { key: facts.key.as_ref(), ..Expectation::new(&challenge) };
            assert_eq!(again.check(&facts), Ok(()));
        }
    }
}

#[test]
fn any_serial_number_of_a_real_chain_can_be_revoked() {
    let sample = sample("caiman/sdk36/SB_EC_RKP");
    let facts = examined(&sample, sample.made_at()).unwrap();
    let roots = Roots::google().unwrap();
    assert!(roots.key_digests().iter().any(|digest| digest[..] == facts.root_key_digest.0));
    // As `openssl x509 -serial` prints it, in lower case and without leading zeros.
    assert_eq!(facts.serials.last().unwrap(), "d50ff25ba3f2d6b3");
    assert_eq!(facts.serials.get(3).unwrap(), "388266760658996860d");
    for (place, listed) in facts.serials.iter().enumerate() {
        let list = json!({"entries": {listed: {"status": "REVOKED", "reason": "KEY_COMPROMISE"}}}).to_string();
        let list = RevocationList::from_json(list.as_bytes(), 0).unwrap();
        let outcome = examine(&sample.chain, &Trust { roots: &roots, revocation: Some(&list) }, sample.made_at());
        match outcome.unwrap_err() {
            AndroidKeyError::Revoked { link, serial, .. } => assert_eq!((link, &serial), (place, listed)),
            other => panic!("{listed}: {other:?}"),
        }
    }
}

#[test]
fn an_unlocked_boot_loader_is_a_fact() {
    let pixel = sample("blueline/sdk28/TEE_EC_NONE");
    let boot = examined(&pixel, pixel.made_at()).unwrap().description.hardware_enforced.root_of_trust.unwrap();
    assert_eq!((boot.device_locked, boot.verified_boot_state), (false, VerifiedBootState::Unverified));
}

#[test]
fn factory_chains_outlive_their_dates_and_remote_ones_do_not() {
    let year_2035 = 2_051_222_400;
    let sony = sample("sony-xperia10-iii/sdk33/TEE_EC");
    assert_eq!(examined(&sony, sony.made_at()).unwrap().expired, [1, 2, 3]);
    assert_eq!(examined(&sony, 1_500_000_000).unwrap().expired, [0_usize; 0]);
    let pixel = sample("caiman/sdk36/TEE_EC_RKP");
    assert_eq!(examined(&pixel, pixel.made_at()).unwrap().expired, [0_usize; 0]);
    let error = examined(&pixel, year_2035).unwrap_err();
    let expired = CertificateError::Expired { now: 2_051_222_400, not_after: 1_759_505_479 };
    assert_eq!(error, AndroidKeyError::Certificate { link: 1, error: expired });
    let early = examined(&sony, 1_400_000_000).unwrap_err();
    let not_yet = CertificateError::NotYetValid { now: 1_400_000_000, not_before: 1_464_283_140 };
    assert_eq!(early, AndroidKeyError::Certificate { link: 1, error: not_yet });
}

#[test]
fn the_embedded_roots_are_those_that_google_publishes() {
    let published = std::fs::read(folder().join("google-roots.json")).unwrap();
    let published = Roots::from_json(&published).unwrap();
    assert_eq!(Roots::google().unwrap().key_digests(), published.key_digests());
    assert_eq!(published.key_digests().len(), 2);
}

/// Every bit of what surrounds the signed parts, and every third bit of the rest.
#[test]
fn no_chain_survives_a_flipped_bit() {
    let roots = Roots::google().unwrap();
    let trust = Trust { roots: &roots, revocation: None };
    for name in ["caiman/sdk36/TEE_EC_RKP", "blueline/sdk28/TEE_EC_NONE"] {
        let sample = sample(name);
        assert!(examine(&sample.chain, &trust, sample.made_at()).is_ok());
        let mut flipped = 0;
        for (link, der) in sample.chain.iter().enumerate() {
            for bit in 0..der.len() * 8 {
                let place = bit / 8;
                let dense = place < 16 || is_envelope(der, place);
                if !dense && bit % 3 != 0 {
                    continue;
                }
                let mut chain = sample.chain.clone();
                *chain.get_mut(link).unwrap().get_mut(place).unwrap() ^= 1 << (bit % 8);
                assert!(
                    examine(&chain, &trust, sample.made_at()).is_err(),
                    "{name}: accepted with bit {bit} of certificate {link} flipped"
                );
                flipped += 1;
            }
        }
        assert!(flipped > 8_000, "{flipped}");
    }
}

/// Whether the octet lies in the signature's algorithm or header, right behind the signed part.
fn is_envelope(der: &[u8], place: usize) -> bool {
    let length = |at: usize| usize::from(u16::from_be_bytes([*der.get(at).unwrap(), *der.get(at + 1).unwrap()]));
    let behind = 4 + 4 + length(6);
    (behind..behind + 24).contains(&place)
}
