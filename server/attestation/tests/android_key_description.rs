//! Key descriptions forged in one thing each, and refused for that.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use bonafide_attestation::android_key::{AndroidKeyError, DescriptionError, KeyDescription, Part, Problem};
use common::der::{boolean, enumerated, integer, integers, null, octets, sequence, set, tlv};
use common::description::Description;
use common::forge::{CHALLENGE, Forge};
use common::judge::{Change, judge, refused};
use der::ErrorKind;
use serde_json::json;

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

/// Every tag of the schema: what is written, and how it appears under which name.
#[test]
fn every_tag_is_read_under_its_name() {
    let app = sequence(&[set(&[sequence(&[octets(b"com.acme.app"), integer(7)])]), set(&[octets(b"digest")])]);
    let boot = sequence(&[octets(b"key"), boolean(false), enumerated(1), octets(b"hash")]);
    let tags = [
        (1, integers(&[2, 3]), "purposes", json!(["2", "3"])),
        (2, integer(1), "algorithms", json!("1")),
        (3, integer(2048), "keySize", json!("2048")),
        (4, integers(&[32]), "blockModes", json!(["32"])),
        (5, integers(&[4, 6]), "digests", json!(["4", "6"])),
        (6, integers(&[]), "paddings", json!([])),
        (10, integer(0), "ecCurve", json!("0")),
        (11, integer(1), "mlDsaVariant", json!("1")),
        (200, integer(65_537), "rsaPublicExponent", json!("65537")),
        (203, integers(&[5]), "rsaOaepMgfDigests", json!(["5"])),
        (303, null(), "rollbackResistance", json!(true)),
        (305, null(), "earlyBootOnly", json!(true)),
        (400, integer(1_000), "activeDateTime", json!("1000")),
        (401, integer(2_000), "originationExpireDateTime", json!("2000")),
        (402, integer(3_000), "usageExpireDateTime", json!("3000")),
        (405, integer(9), "usageCountLimit", json!("9")),
        (502, integer(u64::MAX), "userSecureId", json!("18446744073709551615")),
        (503, null(), "noAuthRequired", json!(true)),
        (504, integer(3), "userAuthType", json!("3")),
        (505, integer(60), "authTimeout", json!("60")),
        (506, null(), "allowWhileOnBody", json!(true)),
        (507, null(), "trustedUserPresenceRequired", json!(true)),
        (508, null(), "trustedConfirmationRequired", json!(true)),
        (509, null(), "unlockedDeviceRequired", json!(true)),
        (600, null(), "allApplications", json!(true)),
        (601, octets(b"app"), "applicationId", json!("YXBw")),
        (701, integer(1_700_000_000_000), "creationDateTime", json!("1700000000000")),
        (702, integer(1), "origin", json!("DERIVED")),
        (703, null(), "rollbackResistant", json!(true)),
        (
            704,
            boot,
            "rootOfTrust",
            json!({"verifiedBootKey": "a2V5", "deviceLocked": false, "verifiedBootState": "SELF_SIGNED",
                   "verifiedBootHash": "aGFzaA=="}),
        ),
        (705, integer(160_000), "osVersion", json!("160000")),
        (706, integer(202_511), "osPatchLevel", json!("202511")),
        (
            709,
            octets(&app),
            "attestationApplicationId",
            json!({"packages": [{"name": "com.acme.app", "version": "7"}], "signatures": ["ZGlnZXN0"]}),
        ),
        (710, octets(b"brand"), "attestationIdBrand", json!("brand")),
        (711, octets(b"device"), "attestationIdDevice", json!("device")),
        (712, octets(b"product"), "attestationIdProduct", json!("product")),
        (713, octets(b"serial"), "attestationIdSerial", json!("serial")),
        (714, octets(b"imei"), "attestationIdImei", json!("imei")),
        (715, octets(b"meid"), "attestationIdMeid", json!("meid")),
        (716, octets(b"maker"), "attestationIdManufacturer", json!("maker")),
        (717, octets(b"model"), "attestationIdModel", json!("model")),
        (718, integer(20_251_105), "vendorPatchLevel", json!("20251105")),
        (719, integer(201_908), "bootPatchLevel", json!("201908")),
        (720, null(), "deviceUniqueAttestation", json!(true)),
        (721, null(), "identityCredentialKey", json!(true)),
        (723, octets(b"imei 2"), "attestationIdSecondImei", json!("imei 2")),
        (724, octets(b"modules"), "moduleHash", json!("bW9kdWxlcw==")),
        (800, null(), "unknownTags", json!([{"tag": 800, "value": "BQA="}])),
    ];
    let mut description = Description::healthy(CHALLENGE);
    description.hardware = tags.iter().map(|(tag, value, ..)| (*tag, value.clone())).collect();
    let read = KeyDescription::parse(&description.to_der()).unwrap();
    let read = serde_json::to_value(&read.hardware_enforced).unwrap();
    for (tag, _, name, expected) in &tags {
        assert_eq!(read.get(name), Some(expected), "tag {tag}");
    }
    assert_eq!(read.as_object().unwrap().len(), tags.len());
}

#[test]
fn every_value_of_an_enumeration_has_its_name() {
    let read = |change: &dyn Fn(&mut Description)| {
        let mut description = Description::healthy(CHALLENGE);
        change(&mut description);
        serde_json::to_value(KeyDescription::parse(&description.to_der()).unwrap()).unwrap()
    };
    for (value, name) in (0..).zip(["SOFTWARE", "TRUSTED_ENVIRONMENT", "STRONG_BOX"]) {
        let attested = read(&|description| description.level = enumerated(value));
        assert_eq!(attested.get("attestationSecurityLevel").unwrap(), name);
        let kept = read(&|description| description.key_mint_level = enumerated(value));
        assert_eq!(kept.get("keyMintSecurityLevel").unwrap(), name);
    }
    for (value, name) in (0..).zip(["GENERATED", "DERIVED", "IMPORTED", "RESERVED", "SECURELY_IMPORTED"]) {
        let read = read(&|description| description.hardware(702, integer(value)));
        assert_eq!(read.pointer("/hardwareEnforced/origin").unwrap(), name);
    }
    for (value, name) in (0..).zip(["VERIFIED", "SELF_SIGNED", "UNVERIFIED", "FAILED"]) {
        let boot = || sequence(&[octets(b"key"), boolean(true), enumerated(value), octets(b"hash")]);
        let read = read(&|description| description.hardware(704, boot()));
        assert_eq!(read.pointer("/hardwareEnforced/rootOfTrust/verifiedBootState").unwrap(), name);
    }
}
