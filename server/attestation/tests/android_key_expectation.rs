//! Valid chains of keys that are not what is expected.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use bonafide_attestation::android_key::{AndroidKeyError, Enforced, Expectation, Origin, SecurityLevel};
use bonafide_protocol::key::P256Key;
use common::der::{enumerated, integer, integers, null, octets};
use common::forge::{CHALLENGE, COMMON_NAME, Forge, name};
use common::judge::{Change, judge, refused};

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
