//! Key Attestation.

use bonafide_forge::android_key::der::{boolean, enumerated, integer, octets, sequence, set};
use bonafide_forge::android_key::description::Description;
use bonafide_forge::android_key::forge::Forge;
use bonafide_protocol::evidence::Evidence;
use bonafide_protocol::measurement::{Fact, Platform};
use bonafide_protocol::packages::PackageSigner;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::common::{Device, genuine};
use crate::phone::{NOW, Phone, World};

type Change = fn(&mut Description, &mut Forge);

fn boot(locked: bool, state: u8) -> Vec<u8> {
    sequence(&[octets(&[0x11; 32]), boolean(locked), enumerated(state), octets(&[0x22; 32])])
}

fn app(package: &[u8], signer: u8) -> Vec<u8> {
    octets(&sequence(&[set(&[sequence(&[octets(package), integer(7)])]), set(&[octets(&[signer; 32])])]))
}

fn says(description: &mut Description, app: Vec<u8>) {
    description.software.retain(|(tag, _)| *tag != 709);
    description.software.push((709, app));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_passes_from_its_attestation_on_and_only_then() {
    let world = World::new().await;
    let jwks = world.service.operator("GET", "/.well-known/jwks.json", None).await.1;
    let phone = Phone::android();
    let decoy = phone.ask(&world, |_| Vec::new()).await;
    world.assert_found(&["key_level_too_low", "evidence_missing"], "nothing came").await;
    assert!(!genuine(&jwks, &decoy.token));

    let token = phone.enroll(&world).await;
    world.assert_passes("attested").await;
    assert!(genuine(&jwks, &token.token));
    assert_eq!(token.installation, decoy.installation);
    phone.ask(&world, |_| Vec::new()).await;
    world.assert_passes("attested before").await;
    assert_eq!(token.evidence_wanted, decoy.evidence_wanted, "it tells nothing");
    assert_eq!(token.evidence_wanted.after.get("android_key"), Some(&453_600));

    let (_, rows) = world.service.operator("GET", "/admin/v1/installations", None).await;
    assert_eq!(rows.as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_chain_says_is_found_and_stays_found() {
    let world = World::new().await;
    world.policy(json!({ "findings": {}, "evidence": { "least_patch_level": 202_408 } })).await;
    let cases: &[(&str, Change, &[&str])] = &[
        ("a healthy phone", |_, _| {}, &[]),
        ("an unlocked boot loader", |d, _| d.hardware(704, boot(false, 0)), &["bootloader_unlocked"]),
        ("a system of its owner's", |d, _| d.hardware(704, boot(true, 1)), &["boot_unverified"]),
        (
            "an unlocked boot loader, and any system",
            |d, _| d.hardware(704, boot(false, 2)),
            &["bootloader_unlocked", "boot_unverified"],
        ),
        (
            "nothing about the boot",
            |d, _| d.hardware.retain(|(tag, _)| *tag != 704),
            &["bootloader_unlocked", "boot_unverified"],
        ),
        ("an old patch level", |d, _| d.hardware(706, integer(202_407)), &["patch_level_old"]),
        ("no patch level", |d, _| d.hardware.retain(|(tag, _)| *tag != 706), &["patch_level_old"]),
        ("another app", |d, _| says(d, app(b"com.evil.app", 0xaa)), &["evidence_other_app"]),
        ("another signer", |d, _| says(d, app(b"com.acme.app", 0xbb)), &["evidence_other_app"]),
        ("no app", |d, _| d.software.retain(|(tag, _)| *tag != 709), &["evidence_other_app"]),
        (
            "a key in software",
            |d, _| {
                d.level = enumerated(0);
                d.key_mint_level = enumerated(0);
            },
            &["key_level_too_low", "key_not_in_hardware"],
        ),
    ];
    for (what, change, expected) in cases {
        let phone = Phone::android();
        phone.ask(&world, |challenge| vec![world.chain(&phone.key(), &phone.key_hash(challenge), change)]).await;
        world.assert_found(expected, what).await;
        // What such a system says, or about another app, is not remembered.
        let of_strangers = ["evidence_other_app", "bootloader_unlocked", "boot_unverified"];
        let forgotten = expected.iter().any(|one| of_strangers.contains(one));
        let expected = if forgotten { &["key_level_too_low", "evidence_missing"] } else { *expected };
        phone.ask(&world, |_| Vec::new()).await;
        world.assert_found(expected, &format!("{what}, at the next request")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_this_keys_for_this_challenge_is_refused_with_the_reason_for_the_operator_alone() {
    let world = World::new().await;
    let (mine, other) = (Phone::android(), Phone::android());
    let stranger = Forge::remote();
    type Made<'a> = Box<dyn Fn(&str) -> Evidence + 'a>;
    let cases: Vec<(&str, Made<'_>, &str)> = vec![
        (
            "a chain of another phone",
            Box::new(|challenge| world.chain(&other.key(), &other.key_hash(challenge), |_, _| {})),
            "the key is",
        ),
        (
            "a chain for another challenge",
            Box::new(|_| world.chain(&mine.key(), &mine.key_hash("another"), |_, _| {})),
            "the challenge is",
        ),
        (
            "a chain that names the key in its challenge, as other evidence does",
            Box::new(|challenge| world.chain(&mine.key(), &mine.hash(challenge), |_, _| {})),
            "the challenge is",
        ),
        (
            "a chain in software of another phone",
            Box::new(|challenge| {
                world.chain(&other.key(), &other.key_hash(challenge), |description, _| {
                    description.level = enumerated(0);
                })
            }),
            "a key in software, and another one",
        ),
        (
            "a chain under a root of somebody's own",
            Box::new(|challenge| {
                let Evidence::AndroidKey { mut chain } = world.chain(&mine.key(), &mine.key_hash(challenge), |_, _| {})
                else {
                    unreachable!()
                };
                chain.last_mut().unwrap().0 = stranger.root();
                Evidence::AndroidKey { chain }
            }),
            "which is none of the roots",
        ),
        ("no certificate", Box::new(|_| Evidence::AndroidKey { chain: Vec::new() }), "no certificate"),
    ];
    for (what, evidence, reason) in &cases {
        let response = mine.ask(&world, |challenge| vec![evidence(challenge)]).await;
        let (findings, said) = world.judged().await;
        assert_eq!(findings, ["key_level_too_low", "evidence_missing", "evidence_invalid"], "{what}");
        assert!(said.starts_with("android_key: ") && said.contains(reason), "{what}: {said}");
        let answer = serde_json::to_string(&response).unwrap();
        assert!(!answer.contains("certificate") && !answer.contains("challenge is"), "{answer}");
    }
    let (_, rows) = world.service.operator("GET", "/admin/v1/installations", None).await;
    assert_eq!(rows, json!([]), "only what passed makes a row");

    // Kinds of a newer device are read over; evidence of another platform is none.
    mine.ask(&world, |_| vec![Evidence::Other]).await;
    world.assert_found(&["key_level_too_low", "evidence_missing"], "a kind of a newer device").await;
    let iphone = Phone::new(Platform::Ios);
    iphone.ask(&world, |c| vec![world.chain(&iphone.key(), &iphone.key_hash(c), |_, _| {})]).await;
    world.assert_found(&["key_level_too_low", "evidence_missing", "evidence_invalid"], "an iPhone's").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_counts_once_and_one_key_is_no_other_platforms() {
    let world = World::new().await;
    let phone = Phone::android();
    let challenge = world.service.challenge().await;
    let chain = world.chain(&phone.key(), &phone.key_hash(&challenge), |_, _| {});
    let body = phone.request(&challenge, vec![chain], None);
    assert_eq!(world.service.post("/v1/tokens", body.clone()).await.0, StatusCode::OK);
    let (status, answer) = world.service.post("/v1/tokens", body).await;
    assert_eq!((status.as_u16(), answer.get("code").and_then(Value::as_str)), (409, Some("challenge_spent")));
    let (_, metrics) = world.service.operator("GET", "/metrics", None).await;
    let line = "bonafide_evidence_total{outcome=\"taken\"} 1\n";
    assert!(metrics.as_str().unwrap().contains(line), "nothing is verified for a challenge that was spent");

    let mut claims = Phone::new(Platform::Ios);
    claims.device.key = phone.device.key;
    claims.ask(&world, |_| Vec::new()).await;
    world.assert_found(&["key_level_too_low", "evidence_missing"], "the same key, as an iPhone").await;
    let mut claims = Phone { device: Device { key: claims.device.key, ..Phone::android().device } };
    claims.device.request.app.id = "com.acme.other".into();
    claims.ask(&world, |_| Vec::new()).await;
    world.assert_found(&["app_unregistered", "evidence_other_app"], "the same key, as another app").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_expires_and_can_be_asked_for_anew() {
    const WEEK: u64 = 7 * 24 * 3600;
    let world = World::new().await;
    let phone = Phone::android();
    phone.enroll(&world).await;
    world.service.clock.set(NOW + WEEK);
    world.set_list("revocations", r#"{"entries": {}}"#).await;
    phone.ask(&world, |_| Vec::new()).await;
    world.assert_passes("in its last second").await;
    world.service.clock.advance(1);
    phone.ask(&world, |_| Vec::new()).await;
    world.assert_found(&["evidence_expired"], "a second later").await;

    let fresh = Phone::android();
    fresh.enroll(&world).await;
    world.assert_passes("a key of its own").await;
    world.service.clock.advance(1);
    let since = NOW + WEEK + 2;
    world.policy(json!({ "findings": {}, "evidence": { "since": since } })).await;
    let response = fresh.ask(&world, |_| Vec::new()).await;
    world.assert_passes("a phone that is asked for it anew is not refused meanwhile").await;
    assert_eq!(response.evidence_wanted.since, since);
}

/// The build that testers use is registered too, as docs/registration.md says. Who has its key (a debug key lies in the
/// repository) repackages the app, and repeats what a phone with the real build measures.
#[tokio::test(flavor = "multi_thread")]
async fn the_signer_of_one_build_does_not_vouch_for_another() {
    let world = World::new().await;
    let debug = json!({ "version": "1.0-debug", "format": "apk",
        "signers": [{ "sha256": "ee".repeat(32), "scheme": "v2" }],
        "entries": [{ "module": "base", "kind": "dex", "name": "classes.dex", "sha256": "d9".repeat(32) }] });
    world.register(Platform::Android, debug).await;
    let by_debug_key = |phone: &Phone, challenge: &str| {
        vec![world.chain(&phone.key(), &phone.key_hash(challenge), |d, _| says(d, app(b"com.acme.app", 0xee)))]
    };
    let repackaged = Phone::android();
    let response = repackaged.ask(&world, |challenge| by_debug_key(&repackaged, challenge)).await;
    world.assert_found(&["evidence_other_app"], "the hardware names the debug key as the signer").await;
    let jwks = world.service.operator("GET", "/.well-known/jwks.json", None).await.1;
    assert!(!genuine(&jwks, &response.token));

    let mut unregistered = Phone::android();
    unregistered.device.request.app.version = "2.0".into();
    unregistered.ask(&world, |challenge| by_debug_key(&unregistered, challenge)).await;
    world.assert_found(&["app_unregistered"], "which build it is of, nobody can say").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_lineage_the_newest_and_the_oldest_signer_count() {
    let world = World::new().await;
    let lineage: Vec<String> = ["a1", "a2", "a3"].map(|digest| digest.repeat(32)).into();
    let signers = json!([{ "sha256": lineage.last(), "scheme": "v3", "lineage": lineage }]);
    world.register(Platform::Android, json!({ "version": "3.0", "signers": signers })).await;
    let mut phone = Phone::android();
    phone.device.request.app.version = "3.0".into();
    let packages = phone.device.request.measurement.packages.as_mut().unwrap();
    let Fact::Known(files) = &mut packages.files else { unreachable!() };
    for file in files {
        let sha256 = "a3".repeat(32);
        file.signer = Fact::Known(PackageSigner { scheme: "v3".into(), sha256, lineage: lineage.clone() });
    }
    for (signer, expected) in [(0xa1, &[][..]), (0xa2, &["evidence_other_app"]), (0xa3, &[])] {
        phone
            .ask(&world, |challenge| {
                let says = |d: &mut Description, _: &mut Forge| says(d, app(b"com.acme.app", signer));
                vec![world.chain(&phone.key(), &phone.key_hash(challenge), says)]
            })
            .await;
        world.assert_found(expected, &format!("{signer:x}")).await;
    }
}

/// The hardware names the version code. A build that repeats the digests of a newer one is told by it.
#[tokio::test(flavor = "multi_thread")]
async fn the_version_code_that_the_hardware_names_counts() {
    let world = World::new().await;
    for (version, build) in [("0.9", "6"), ("1.1", "7"), ("2.0", "200")] {
        world.register(Platform::Android, json!({ "version": version, "build": build })).await;
    }
    let claims = |phone: &mut Phone, version: &str, build: &str| {
        phone.device.request.app.version = version.into();
        phone.device.request.app.build = build.into();
    };
    let mut phone = Phone::android();
    for (version, build, expected) in
        [("2.0", "200", &["evidence_other_app"][..]), ("0.9", "6", &["evidence_other_app"]), ("1.1", "7", &[])]
    {
        claims(&mut phone, version, build);
        phone.enroll(&world).await;
        world.assert_found(expected, &format!("the chain says 7, the app {build}")).await;
    }
    world.service.clock.advance(1);
    claims(&mut phone, "2.0", "200");
    phone.ask(&world, |_| Vec::new()).await;
    world.assert_passes("updated since").await;
    claims(&mut phone, "0.9", "6");
    phone.ask(&world, |_| Vec::new()).await;
    world.assert_found(&["evidence_other_app"], "no app grows older").await;
}
