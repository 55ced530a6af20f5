//! Forged twins: each differs from a valid chain in one thing and is refused for that.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use bonafide_attestation::android_key::{
    AndroidKeyError, AndroidKeyFacts, DescriptionError, Enforced, Expectation, MAX_CERTIFICATES, Origin, Part, Problem,
    Provisioning, RevocationCheck, RevocationList, RevocationStatus, Roots, SecurityLevel, Trust, examine, verify,
};
use bonafide_attestation::certificate::CertificateError;
use bonafide_protocol::key::P256Key;
use common::der::{bits, boolean, enumerated, integer, integers, null, octets, oid, sequence, set, tlv};
use common::forge::{CHALLENGE, COMMON_NAME, DIGITAL_SIGNATURE, Forge, NOW, key, name};
use der::ErrorKind;

type Change = fn(&mut Forge);
type Reason = fn(&AndroidKeyError) -> bool;

/// Judges what becomes of a chain when `change` is applied to its drafts; the roots stay those of the unforged chain.
fn judge(mut forge: Forge, change: Change) -> Result<AndroidKeyFacts, AndroidKeyError> {
    let roots = forge.roots();
    change(&mut forge);
    verify(&forge.chain(), &Trust { roots: &roots, revocation: None }, &Expectation::new(CHALLENGE), NOW)
}

fn refused(base: fn() -> Forge, cases: &[(&str, Change, Reason)]) {
    assert!(judge(base(), |_| {}).is_ok(), "the unforged chain has to pass");
    for (what, change, reason) in cases {
        match judge(base(), *change) {
            Ok(_) => panic!("{what}: accepted"),
            Err(error) => assert!(reason(&error), "{what}: refused, but as {error:?}"),
        }
    }
}

/// A reason that is about a certificate.
macro_rules! link {
    ($link:literal, $error:pat) => {
        |error| matches!(error, AndroidKeyError::Certificate { link: $link, error: $error })
    };
}

/// A reason that is about the key description.
macro_rules! described {
    ($part:ident, $field:literal, $problem:pat) => {
        |error| {
            matches!(
                error,
                AndroidKeyError::Description(DescriptionError { part: Part::$part, field: $field, problem: $problem })
            )
        }
    };
}

#[test]
fn the_unforged_chains_pass_and_say_what_they_are() {
    let remote = judge(Forge::remote(), |_| {}).unwrap();
    assert_eq!(remote.provisioning, Provisioning::Remote);
    assert_eq!(remote.level, SecurityLevel::TrustedEnvironment);
    assert_eq!(remote.serials, ["1", "abc1", "abc2", "abc3"]);
    assert_eq!(remote.provisioning_info.unwrap().manufacturer.as_deref(), Some("Acme"));
    let app = remote.description.software_enforced.attestation_application_id.unwrap();
    assert_eq!(app.packages.first().unwrap().name, "com.acme.app");
    assert_eq!(judge(Forge::factory(), |_| {}).unwrap().provisioning, Provisioning::Factory);
}

#[test]
fn forged_chains_are_refused() {
    refused(
        Forge::factory,
        &[
            ("no certificate", |f| f.spoil = Some(Vec::clear), |e| *e == AndroidKeyError::Empty),
            (
                "leaf and root only",
                |f| f.spoil = Some(|chain| drop(chain.drain(1..3))),
                |e| *e == AndroidKeyError::TooFew { count: 2 },
            ),
            (
                "too long",
                |f| f.spoil = Some(|chain| chain.resize(9, chain.last().unwrap().clone())),
                |e| *e == AndroidKeyError::TooMany { count: MAX_CERTIFICATES + 1 },
            ),
            (
                "another root of the same name",
                |f| f.draft(3).key = key(),
                |e| matches!(e, AndroidKeyError::UntrustedRoot { .. }),
            ),
            (
                "the root's key under another name",
                |f| {
                    f.draft(3).subject = name(&[(COMMON_NAME, "Other")]);
                    f.draft(3).issuer = name(&[(COMMON_NAME, "Other")]);
                    f.draft(2).issuer = name(&[(COMMON_NAME, "Other")]);
                },
                |e| matches!(e, AndroidKeyError::UntrustedRoot { subject, .. } if subject == "CN=Other"),
            ),
            (
                "no root",
                |f| f.spoil = Some(|chain| drop(chain.pop())),
                |e| matches!(e, AndroidKeyError::UntrustedRoot { .. }),
            ),
            (
                "reordered",
                |f| f.spoil = Some(|chain| chain.swap(1, 2)),
                link!(0, CertificateError::IssuerMismatch { .. }),
            ),
            (
                "a stray certificate inside",
                |f| f.spoil = Some(|chain| chain.insert(2, Forge::factory().chain().get(2).unwrap().clone())),
                link!(2, CertificateError::IssuerMismatch { .. }),
            ),
            (
                "a stray certificate at the end",
                |f| f.spoil = Some(|chain| chain.push(Forge::factory().chain().pop().unwrap())),
                |e| matches!(e, AndroidKeyError::UntrustedRoot { .. }),
            ),
            (
                "the name of another issuer",
                |f| f.draft(1).issuer = name(&[(COMMON_NAME, "Other")]),
                link!(1, CertificateError::IssuerMismatch { .. }),
            ),
            ("leaf signed by another", |f| f.draft(0).signer = Some(key()), link!(0, CertificateError::BadSignature)),
            ("link 1 signed by another", |f| f.draft(1).signer = Some(key()), link!(1, CertificateError::BadSignature)),
            ("link 2 signed by another", |f| f.draft(2).signer = Some(key()), link!(2, CertificateError::BadSignature)),
            ("root signed by another", |f| f.draft(3).signer = Some(key()), link!(3, CertificateError::BadSignature)),
            ("no description", |f| f.description = None, |e| *e == AndroidKeyError::NoDescription),
            (
                "a description in an intermediate as well",
                |f| {
                    let extension = f.description_extension();
                    f.draft(2).extensions.push(extension);
                },
                |e| *e == AndroidKeyError::DescriptionMisplaced { link: 2 },
            ),
            (
                "a description in the attestation key's certificate as well",
                |f| {
                    let extension = f.description_extension();
                    f.draft(1).extensions.push(extension);
                },
                |e| *e == AndroidKeyError::DescriptionMisplaced { link: 1 },
            ),
            (
                "a leaf signed by the attested key",
                |f| {
                    let extension = f.description_extension();
                    f.draft(0).extensions.push(extension);
                    f.extend();
                },
                |e| *e == AndroidKeyError::DescriptionMisplaced { link: 1 },
            ),
            ("a leaf signed by a key without description", Forge::extend, link!(1, CertificateError::NotAuthority)),
            (
                "the intermediate is no authority",
                |f| f.draft(2).authority = Some((false, None)),
                link!(2, CertificateError::NotAuthority),
            ),
            (
                "the intermediate does not say that it is an authority",
                |f| f.draft(2).authority = None,
                link!(2, CertificateError::NotAuthority),
            ),
            (
                "the intermediate may not sign certificates",
                |f| f.draft(2).usage = Some(DIGITAL_SIGNATURE),
                link!(2, CertificateError::MayNotSign),
            ),
            (
                "the intermediate allows none below it",
                |f| f.draft(2).authority = Some((true, Some(0))),
                link!(2, CertificateError::PathTooLong { allowed: 0, found: 1 }),
            ),
            (
                "a factory's intermediate of the future",
                |f| f.draft(2).not_before = "20250101000000Z".into(),
                link!(2, CertificateError::NotYetValid { .. }),
            ),
        ],
    );
}

#[test]
fn forged_certificates_are_refused() {
    refused(
        Forge::factory,
        &[
            (
                "not DER",
                |f| f.spoil = Some(|chain| *chain.first_mut().unwrap() = b"not DER".to_vec()),
                link!(0, CertificateError::NotCertificate),
            ),
            (
                "trailing bytes",
                |f| f.draft(1).spoil = Some(|der| der.push(0)),
                link!(1, CertificateError::NotCertificate),
            ),
            (
                "cut off",
                |f| f.draft(2).spoil = Some(|der| der.truncate(der.len() - 1)),
                link!(2, CertificateError::NotCertificate),
            ),
            (
                "a longer length than needed",
                |f| f.draft(0).spoil = Some(|der| drop(der.splice(1..2, [0x83, 0]))),
                link!(0, CertificateError::NotCertificate),
            ),
            (
                "huge",
                |f| f.draft(0).extensions.push(("1.2.3.4".into(), false, vec![0; 8 * 1024])),
                link!(0, CertificateError::TooLong { length: 8193.. }),
            ),
            (
                "another algorithm inside",
                |f| f.draft(1).algorithm = sequence(&[oid("1.2.840.10045.4.3.3")]),
                link!(1, CertificateError::AlgorithmsDiffer),
            ),
            (
                "an issuer's key of an unknown kind",
                |f| f.draft(1).public_key = Some(sequence(&[sequence(&[oid("1.3.101.112")]), bits(&[7; 32])])),
                link!(0, CertificateError::UnknownAlgorithm { .. }),
            ),
            (
                "an extension twice",
                |f| f.draft(0).extensions = vec![("1.2.3.4".into(), false, null()); 2],
                link!(0, CertificateError::DuplicateExtension { .. }),
            ),
            (
                "a description twice",
                |f| {
                    let extension = f.description_extension();
                    f.draft(0).extensions.push(extension);
                },
                link!(0, CertificateError::DuplicateExtension { .. }),
            ),
            (
                "malformed basic constraints",
                |f| {
                    f.draft(2).authority = None;
                    f.draft(2).extensions.push(("2.5.29.19".into(), true, octets(b"nonsense")));
                },
                link!(2, CertificateError::MalformedExtension { .. }),
            ),
            (
                "an unknown critical extension",
                |f| f.draft(2).extensions.push(("1.2.3.4".into(), true, null())),
                link!(2, CertificateError::UnknownCritical { .. }),
            ),
            (
                "a leaf over another curve",
                |f| {
                    let type_and_curve = sequence(&[oid("1.2.840.10045.2.1"), oid("1.3.132.0.34")]);
                    f.draft(0).public_key = Some(sequence(&[type_and_curve, bits(&[4; 97])]));
                },
                |e| *e == AndroidKeyError::NotP256,
            ),
            (
                "a leaf with an RSA key",
                |f| {
                    let modulus = tlv(&[0x02], &[&[0, 0x80][..], &[1; 255]].concat());
                    let rsa = sequence(&[modulus, integer(65_537)]);
                    let kind = sequence(&[oid("1.2.840.113549.1.1.1"), null()]);
                    f.draft(0).public_key = Some(sequence(&[kind, bits(&rsa)]));
                },
                |e| *e == AndroidKeyError::NotP256,
            ),
        ],
    );
}

#[test]
fn remotely_provisioned_chains_have_rules_of_their_own() {
    refused(
        Forge::remote,
        &[
            (
                "the attestation key is no authority",
                |f| f.draft(1).authority = Some((false, None)),
                link!(1, CertificateError::NotAuthority),
            ),
            (
                "the attestation key may not sign certificates",
                |f| f.draft(1).usage = Some(DIGITAL_SIGNATURE),
                link!(1, CertificateError::MayNotSign),
            ),
            (
                "an expired attestation key",
                |f| f.draft(1).not_after = "20230101000000Z".into(),
                link!(1, CertificateError::Expired { now: 1_700_000_000, not_after: 1_672_531_200 }),
            ),
            (
                "an expired intermediate",
                |f| f.draft(2).not_after = "20230101000000Z".into(),
                link!(2, CertificateError::Expired { .. }),
            ),
            (
                "an attestation key of the future",
                |f| f.draft(1).not_before = "20240101000000Z".into(),
                link!(1, CertificateError::NotYetValid { .. }),
            ),
            ("a leaf signed by a key without description", Forge::extend, |e| {
                *e == AndroidKeyError::ProvisioningMisplaced { link: 2 }
            }),
        ],
    );
}

#[test]
fn oddities_of_real_phones_are_borne() {
    let expired: Change = |f| {
        for link in 1..4 {
            f.draft(link).not_after = "20230101000000Z".into();
        }
    };
    assert_eq!(judge(Forge::factory(), expired).unwrap().expired, [1, 2, 3]);
    let root_of_another_time: Change = |f| {
        f.draft(3).not_before = "20240101000000Z".into();
        f.draft(3).serial = integer(9);
    };
    assert_eq!(judge(Forge::remote(), root_of_another_time).unwrap().serials.pop().unwrap(), "9");
    let expired_root: Change = |f| f.draft(3).not_after = "20230101000000Z".into();
    assert_eq!(judge(Forge::remote(), expired_root).unwrap().expired, [3]);
    let leaf_of_the_future: Change = |f| f.draft(0).not_before = "20400101000000Z".into();
    assert!(judge(Forge::remote(), leaf_of_the_future).is_ok());
    let no_authority: Change = |f| {
        f.draft(1).authority = Some((false, None));
        f.draft(1).usage = Some(DIGITAL_SIGNATURE);
    };
    assert!(judge(Forge::factory(), no_authority).is_ok());
}

#[test]
fn keys_that_do_not_meet_the_expectation_are_refused() {
    refused(
        Forge::remote,
        &[
            (
                "made for another challenge",
                |f| f.description().challenge = octets(b"another challenge"),
                |e| matches!(e, AndroidKeyError::Challenge { found, .. } if found.0 == b"another challenge"),
            ),
            (
                "attested by software",
                |f| f.description().level = enumerated(0),
                |e| matches!(e, AndroidKeyError::SecurityLevel { attestation: SecurityLevel::Software, .. }),
            ),
            (
                "kept by software",
                |f| f.description().key_mint_level = enumerated(0),
                |e| matches!(e, AndroidKeyError::SecurityLevel { key_mint: SecurityLevel::Software, .. }),
            ),
            ("not for signing", |f| f.description().hardware(1, integers(&[3])), |e| *e == AndroidKeyError::CannotSign),
            (
                "for attestation of other keys as well",
                |f| f.description().hardware(1, integers(&[2, 7])),
                |e| *e == AndroidKeyError::Purpose { purpose: 7 },
            ),
            (
                "for decryption as well, by the software's word",
                |f| f.description().software.insert(0, (1, integers(&[1]))),
                |e| *e == AndroidKeyError::Purpose { purpose: 1 },
            ),
            (
                "for signing by the software's word only",
                |f| {
                    f.description().hardware.remove(0);
                    f.description().software.insert(0, (1, integers(&[2])));
                },
                |e| *e == AndroidKeyError::CannotSign,
            ),
            (
                "RSA instead of elliptic curves",
                |f| f.description().hardware(2, integer(1)),
                |e| *e == AndroidKeyError::KeyType { field: "algorithms", expected: 3, found: Some(1) },
            ),
            (
                "no algorithm",
                |f| drop(f.description().hardware.remove(1)),
                |e| *e == AndroidKeyError::KeyType { field: "algorithms", expected: 3, found: None },
            ),
            (
                "another size",
                |f| f.description().hardware(3, integer(384)),
                |e| *e == AndroidKeyError::KeyType { field: "key_size", expected: 256, found: Some(384) },
            ),
            (
                "another curve",
                |f| f.description().hardware(10, integer(2)),
                |e| *e == AndroidKeyError::KeyType { field: "ec_curve", expected: 1, found: Some(2) },
            ),
            (
                "imported",
                |f| f.description().hardware(702, integer(2)),
                |e| *e == AndroidKeyError::Origin { found: Some(Origin::Imported) },
            ),
            (
                "imported under seal",
                |f| f.description().hardware(702, integer(4)),
                |e| *e == AndroidKeyError::Origin { found: Some(Origin::SecurelyImported) },
            ),
            (
                "of unknown origin",
                |f| f.description().hardware.retain(|(tag, _)| *tag != 702),
                |e| *e == AndroidKeyError::Origin { found: None },
            ),
            (
                "made by the hardware by the software's word only",
                |f| {
                    f.description().hardware.retain(|(tag, _)| *tag != 702);
                    f.description().software.insert(1, (702, integer(0)));
                },
                |e| *e == AndroidKeyError::Origin { found: None },
            ),
            (
                "for all apps",
                |f| f.description().hardware(600, null()),
                |e| *e == AndroidKeyError::AllApplications { side: Enforced::Hardware },
            ),
            (
                "for all apps by the software's word",
                |f| f.description().software.insert(0, (600, null())),
                |e| *e == AndroidKeyError::AllApplications { side: Enforced::Software },
            ),
        ],
    );
}

#[test]
fn malformed_descriptions_are_refused() {
    refused(
        Forge::remote,
        &[
            (
                "truncated",
                |f| f.description().spoil = Some(|der| der.truncate(40)),
                described!(Description, "sequence", Problem::Encoding(ErrorKind::Incomplete { .. })),
            ),
            (
                "empty",
                |f| f.description().spoil = Some(Vec::clear),
                described!(Description, "sequence", Problem::Encoding(ErrorKind::Incomplete { .. })),
            ),
            (
                "trailing bytes behind it",
                |f| f.description().spoil = Some(|der| der.push(0)),
                described!(Description, "sequence", Problem::Encoding(ErrorKind::TrailingData { .. })),
            ),
            (
                "a ninth field",
                |f| f.description().more = null(),
                described!(Description, "sequence", Problem::Encoding(ErrorKind::TrailingData { .. })),
            ),
            (
                "another type",
                |f| f.description().challenge = tlv(&[0x0c], CHALLENGE),
                described!(Description, "attestation_challenge", Problem::Encoding(ErrorKind::TagUnexpected { .. })),
            ),
            (
                "a level that does not exist",
                |f| f.description().level = enumerated(3),
                described!(Description, "attestation_security_level", Problem::UnknownValue { value: 3 }),
            ),
            (
                "a level of two octets",
                |f| f.description().key_mint_level = tlv(&[0x0a], &[0, 1]),
                described!(Description, "key_mint_security_level", Problem::Encoding(ErrorKind::Length { .. })),
            ),
            (
                "a version beyond 64 bits",
                |f| f.description().version = tlv(&[0x02], &[1; 9]),
                described!(Description, "attestation_version", Problem::Encoding(_)),
            ),
            (
                "a version of 200 octets",
                |f| f.description().version = tlv(&[0x02], &[1; 200]),
                described!(Description, "attestation_version", Problem::Encoding(ErrorKind::Noncanonical { .. })),
            ),
            (
                "a version below zero",
                |f| f.description().key_mint_version = tlv(&[0x02], &[0xff]),
                described!(Description, "key_mint_version", Problem::Encoding(_)),
            ),
            (
                "a number longer than needed",
                |f| f.description().hardware(3, tlv(&[0x02], &[0, 0, 1, 0])),
                described!(Hardware, "key_size", Problem::Encoding(ErrorKind::Noncanonical { .. })),
            ),
            (
                "a length longer than needed",
                |f| f.description().challenge = [&[0x04, 0x81, 13][..], CHALLENGE].concat(),
                described!(Description, "attestation_challenge", Problem::Encoding(_)),
            ),
            (
                "an indefinite length",
                |f| f.description().hardware(1, vec![0x31, 0x80, 0x02, 0x01, 0x02, 0, 0]),
                described!(Hardware, "list", Problem::Encoding(ErrorKind::IndefiniteLength)),
            ),
            (
                "a tag twice",
                |f| f.description().hardware.insert(1, (1, integers(&[2]))),
                described!(Hardware, "list", Problem::DuplicateTag { tag: 1 }),
            ),
            (
                "a tag out of order",
                |f| f.description().software.swap(0, 1),
                described!(Software, "list", Problem::TagOrder { previous: 709, tag: 701 }),
            ),
            (
                "a value without a tag",
                |f| f.description().spoil = Some(|der| *der.iter_mut().rfind(|octet| **octet == 0xbf).unwrap() = 0x9f),
                described!(Hardware, "list", Problem::NotTagged),
            ),
            (
                "two values behind a tag",
                |f| f.description().hardware(2, [integer(3), integer(3)].concat()),
                described!(Hardware, "list", Problem::Encoding(ErrorKind::TrailingData { .. })),
            ),
            (
                "no value behind a tag",
                |f| f.description().hardware(2, Vec::new()),
                described!(Hardware, "list", Problem::Encoding(ErrorKind::Incomplete { .. })),
            ),
            (
                "a purpose twice",
                |f| f.description().hardware(1, integers(&[2, 2])),
                described!(Hardware, "purposes", Problem::DuplicateElement { value: 2 }),
            ),
            (
                "purposes nested a thousand deep",
                |f| {
                    let deep = (0..1000).fold(Vec::new(), |inner, _| tlv(&[0x30], &inner));
                    f.description().hardware(1, set(&[deep]));
                },
                described!(Hardware, "purposes", Problem::Encoding(ErrorKind::TagUnexpected { .. })),
            ),
            (
                "a flag with content",
                |f| f.description().hardware(503, tlv(&[0x05], &[0])),
                described!(Hardware, "no_auth_required", Problem::Encoding(_)),
            ),
            (
                "an origin that does not exist",
                |f| f.description().hardware(702, integer(5)),
                described!(Hardware, "origin", Problem::UnknownValue { value: 5 }),
            ),
            (
                "text that is not UTF-8",
                |f| f.description().hardware(710, octets(&[0xff])),
                described!(Hardware, "attestation_id_brand", Problem::NotUtf8),
            ),
            (
                "a boot state that does not exist",
                |f| {
                    let boot = sequence(&[octets(&[0; 32]), boolean(true), enumerated(4), octets(&[0; 32])]);
                    f.description().hardware(704, boot);
                },
                described!(Hardware, "root_of_trust", Problem::UnknownValue { value: 4 }),
            ),
            (
                "a truth value that is neither",
                |f| {
                    let boot = sequence(&[octets(&[0; 32]), tlv(&[0x01], &[1]), enumerated(0)]);
                    f.description().hardware(704, boot);
                },
                described!(Hardware, "root_of_trust", Problem::Encoding(ErrorKind::Noncanonical { .. })),
            ),
            (
                "a root of trust with a fifth field",
                |f| {
                    let octets = || octets(&[0; 32]);
                    let boot = sequence(&[octets(), boolean(true), enumerated(0), octets(), null()]);
                    f.description().hardware(704, boot);
                },
                described!(Hardware, "root_of_trust", Problem::Encoding(ErrorKind::TrailingData { .. })),
            ),
            (
                "an application id with bytes behind it",
                |f| {
                    let id = [sequence(&[set(&[]), set(&[])]), null()].concat();
                    f.description().software = vec![(709, octets(&id))];
                },
                described!(Software, "attestation_application_id", Problem::Encoding(ErrorKind::TrailingData { .. })),
            ),
        ],
    );
}

#[test]
fn what_is_new_is_kept_and_what_is_old_is_read() {
    let unknown: Change = |f| {
        let deep = (0..100).fold(Vec::new(), |inner, _| tlv(&[0x30], &inner));
        f.description().hardware(800, deep);
        f.description().version = integer(700);
    };
    let description = judge(Forge::remote(), unknown).unwrap().description;
    assert_eq!(description.attestation_version.0, 700);
    let unknown = description.hardware_enforced.unknown_tags;
    assert_eq!(unknown.iter().map(|unknown| unknown.tag).collect::<Vec<_>>(), [800]);

    let version_1: Change = |f| {
        f.description().version = integer(1);
        f.description().key_mint_version = integer(2);
        f.description().hardware(704, sequence(&[octets(&[1; 32]), boolean(true), enumerated(0)]));
        f.description().hardware(703, null());
        f.description().hardware.retain(|(tag, _)| *tag != 10);
    };
    let description = judge(Forge::remote(), version_1).unwrap().description;
    assert_eq!(description.hardware_enforced.root_of_trust.unwrap().verified_boot_hash, None);
    assert!(description.hardware_enforced.rollback_resistant.is_some());
}

#[test]
fn the_level_is_the_lowest_of_all_that_is_said() {
    let strong_box: Change = |f| {
        f.description().level = enumerated(2);
        f.description().key_mint_level = enumerated(2);
    };
    // Certified for the trusted execution environment, it cannot speak for a security chip.
    let facts = judge(Forge::remote(), strong_box).unwrap();
    assert_eq!(facts.level, SecurityLevel::TrustedEnvironment);
    assert_eq!(facts.description.attestation_security_level, SecurityLevel::StrongBox);
    let certified: Change = |f| {
        f.description().level = enumerated(2);
        f.description().key_mint_level = enumerated(2);
        let chip = name(&[(COMMON_NAME, "65d2949536924da6"), ("2.5.4.10", "StrongBox")]);
        f.draft(0).issuer = chip.clone();
        f.draft(1).subject = chip;
    };
    let facts = judge(Forge::remote(), certified).unwrap();
    assert_eq!(facts.level, SecurityLevel::StrongBox);
    let demand = Expectation { least_level: SecurityLevel::StrongBox, ..Expectation::new(CHALLENGE) };
    assert_eq!(demand.check(&facts), Ok(()));
    let mixed: Change = |f| f.description().level = enumerated(2);
    let facts = judge(Forge::remote(), mixed).unwrap();
    assert_eq!(facts.level, SecurityLevel::TrustedEnvironment);
    assert!(matches!(demand.check(&facts), Err(AndroidKeyError::SecurityLevel { .. })));
}

#[test]
fn another_key_than_expected_is_refused() {
    let facts = judge(Forge::remote(), |_| {}).unwrap();
    let other = P256Key::generate().unwrap().public_key().unwrap();
    let expectation = Expectation { key: Some(&other), ..Expectation::new(CHALLENGE) };
    let expected =
        AndroidKeyError::Key { expected: other.thumbprint(), found: facts.key.as_ref().unwrap().thumbprint() };
    assert_eq!(expectation.check(&facts), Err(expected));
}

#[test]
fn every_certificate_is_looked_up_in_the_revocation_list() {
    let mut forge = Forge::remote();
    let roots = forge.roots();
    let chain = forge.chain();
    let judge = |json: &str, fetched_at| {
        let list = RevocationList::from_json(json.as_bytes(), fetched_at).unwrap();
        examine(&chain, &Trust { roots: &roots, revocation: Some(&list) }, NOW)
    };
    for (listed, at, status) in [
        (r#""1": {"status": "REVOKED"}"#, (0, "1"), RevocationStatus::Revoked),
        (r#""abc1": {"status": "REVOKED", "reason": "KEY_COMPROMISE"}"#, (1, "abc1"), RevocationStatus::Revoked),
        (r#""abc1": {"status": "SUSPENDED", "expires": "2026-01-01"}"#, (1, "abc1"), RevocationStatus::Suspended),
        (r#""abc1": {"status": "NEW"}"#, (1, "abc1"), RevocationStatus::Other("NEW".into())),
        (r#""00ABC2": {"status": "REVOKED", "comment": "x"}"#, (2, "abc2"), RevocationStatus::Revoked),
        (r#""abc3": {"status": "REVOKED"}"#, (3, "abc3"), RevocationStatus::Revoked),
    ] {
        match judge(&format!(r#"{{"entries": {{"ff": {{"status": "REVOKED"}}, {listed}}}}}"#), NOW) {
            Err(AndroidKeyError::Revoked { link, serial, entry }) => {
                assert_eq!(((link, serial.as_str()), entry.status), (at, status));
            }
            other => panic!("{listed}: {other:?}"),
        }
    }
    let clear = judge(r#"{"entries": {"abc": {"status": "REVOKED"}}}"#, NOW - 90_000).unwrap().revocation;
    assert_eq!(clear, RevocationCheck::Clear { fetched_at: NOW - 90_000, age: 90_000 });
    assert!(RevocationList::from_json(b"[]", 0).is_err());
    assert!(RevocationList::from_json(br#"{"entries": {"1": {}}}"#, 0).is_err());
}

#[test]
fn bad_lists_of_roots_are_refused() {
    for bad in [
        &b""[..],
        b"{}",
        b"[]",
        b"[1]",
        b"[\"\"]",
        b"[\"-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----\\n\"]",
    ] {
        assert!(Roots::from_json(bad).is_err(), "{}", String::from_utf8_lossy(bad));
    }
}
