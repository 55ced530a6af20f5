//! Chains forged in one thing each, and refused for that.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use bonafide_attestation::android_key::{AndroidKeyError, MAX_CERTIFICATES, Provisioning, SecurityLevel};
use bonafide_attestation::certificate::CertificateError;
use common::der::{bits, integer, null, octets, oid, sequence, tlv};
use common::forge::{COMMON_NAME, DIGITAL_SIGNATURE, Draft, Forge, ORGANIZATION, SERIAL_NUMBER, key, name};
use common::judge::{Change, judge, refused};

#[test]
fn the_unforged_chains_pass_and_say_what_they_are() {
    let remote = judge(Forge::remote(), |_| {}).unwrap();
    assert_eq!(remote.provisioning, Provisioning::Remote);
    assert_eq!(remote.level, SecurityLevel::TrustedEnvironment);
    assert_eq!(remote.serials, ["1", "abc1", "abc2", "abc3"]);
    let info = remote.provisioning_info.unwrap();
    assert_eq!((info.certificates_issued, info.manufacturer.as_deref()), (Some(5), Some("Acme")));
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
                "a fourth part",
                |f| {
                    f.draft(1).spoil = Some(|der| {
                        let content = der.split_off(4);
                        *der = tlv(&[0x30], &[content, null()].concat());
                    });
                },
                link!(1, CertificateError::NotCertificate),
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
                "more extensions than are read",
                |f| {
                    let extension = |number| (format!("1.2.3.{number}"), false, null());
                    f.draft(0).extensions = (0..32).map(extension).collect();
                },
                link!(0, CertificateError::TooManyExtensions { count: 34 }),
            ),
            (
                "an identifier without end",
                |f| f.draft(0).extensions.push((format!("1.2{}", ".3".repeat(32)), false, null())),
                link!(0, CertificateError::LongIdentifier { length: 33 }),
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
                "a leaf over secp256k1",
                |f| {
                    let type_and_curve = sequence(&[oid("1.2.840.10045.2.1"), oid("1.3.132.0.10")]);
                    f.draft(0).public_key = Some(sequence(&[type_and_curve, bits(&[4; 65])]));
                },
                |e| *e == AndroidKeyError::NotP256,
            ),
            (
                "a leaf with a key for key agreement",
                |f| {
                    let type_and_curve = sequence(&[oid("1.3.132.1.12"), oid("1.2.840.10045.3.1.7")]);
                    f.draft(0).public_key = Some(sequence(&[type_and_curve, bits(&[4; 65])]));
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
            (
                "an expired intermediate of neither kind",
                |f| {
                    let both = name(&[(SERIAL_NUMBER, "87f4514475ba0a2b"), (ORGANIZATION, "Test LLC")]);
                    make_factory(f, both);
                },
                link!(2, CertificateError::Expired { .. }),
            ),
            (
                "an expired intermediate with a title only",
                |f| make_factory(f, name(&[("2.5.4.12", "TEE")])),
                link!(2, CertificateError::Expired { .. }),
            ),
            ("a leaf signed by a key without description", Forge::extend, |e| {
                *e == AndroidKeyError::ProvisioningMisplaced { link: 2 }
            }),
        ],
    );
}

/// Without provisioning extension, with an expired intermediate of this name.
fn make_factory(forge: &mut Forge, intermediate: Vec<u8>) {
    forge.draft(1).extensions.clear();
    forge.draft(1).issuer = intermediate.clone();
    forge.draft(2).subject = intermediate;
    forge.draft(2).not_after = "20230101000000Z".into();
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
    let unreadable_info: Change = |f| f.draft(1).extensions.first_mut().unwrap().2 = vec![0xff; 40];
    let info = judge(Forge::remote(), unreadable_info).unwrap().provisioning_info.unwrap();
    assert_eq!((info.certificates_issued, info.manufacturer), (None, None));
    let critical_info: Change = |f| f.draft(1).extensions.first_mut().unwrap().1 = true;
    assert!(judge(Forge::remote(), critical_info).is_ok());
    let critical_description: Change = |f| {
        let (kind, _, value) = f.description_extension();
        f.description = None;
        f.draft(0).extensions.push((kind, true, value));
    };
    assert!(judge(Forge::remote(), critical_description).is_ok());
    let self_issued: Change = |f| {
        let name = f.draft(2).subject.clone();
        f.draft(2).authority = Some((true, Some(1)));
        f.drafts.insert(2, Draft::new(0xabc4, name.clone(), name));
    };
    assert!(judge(Forge::remote(), self_issued).is_ok());
    let no_authority: Change = |f| {
        f.draft(1).authority = Some((false, None));
        f.draft(1).usage = Some(DIGITAL_SIGNATURE);
    };
    assert!(judge(Forge::factory(), no_authority).is_ok());
}
