//! Key descriptions forged in one thing each, and refused for that.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use bonafide_attestation::android_key::{AndroidKeyError, DescriptionError, Part, Problem};
use common::der::{boolean, enumerated, integer, integers, null, octets, sequence, set, tlv};
use common::forge::{CHALLENGE, Forge};
use common::judge::{Change, judge, refused};
use der::ErrorKind;

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
            (
                "an application id with a third field",
                |f| {
                    let id = sequence(&[set(&[]), set(&[]), null()]);
                    f.description().software = vec![(709, octets(&id))];
                },
                described!(Software, "attestation_application_id", Problem::Encoding(ErrorKind::TrailingData { .. })),
            ),
            (
                "a package with a third field",
                |f| {
                    let package = sequence(&[octets(b"com.acme.app"), integer(7), null()]);
                    let id = sequence(&[set(&[package]), set(&[])]);
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
