//! Play Integrity, opened with keys that the operator set.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bonafide_forge::play_integrity::{Forge, base64url};
use bonafide_protocol::evidence::Evidence;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::common::pin;
use crate::phone::{NOW, Phone, World};

fn token(forge: &mut Forge, phone: &Phone, challenge: &str, change: impl FnOnce(&mut Value)) -> Evidence {
    let details = forge.payload.get_mut("requestDetails").unwrap();
    *details.get_mut("nonce").unwrap() = json!(base64url(phone.hash(challenge)));
    *details.get_mut("timestampMillis").unwrap() = json!((NOW * 1000).to_string());
    // The forge's own is none that anybody has registered.
    *forge.payload.pointer_mut("/appIntegrity/certificateSha256Digest").unwrap() = json!([base64url([0xaa; 32])]);
    let kept = forge.payload.clone();
    change(&mut forge.payload);
    let token = forge.token();
    forge.payload = kept;
    Evidence::PlayIntegrity { token }
}

fn keys(forge: &Forge) -> Value {
    json!({ "decryption_key": STANDARD.encode(forge.decryption), "verification_key": STANDARD.encode(forge.spki()) })
}

#[tokio::test(flavor = "multi_thread")]
async fn googles_word_counts_for_the_platform_and_its_verdicts_are_found() {
    let world = World::new().await;
    let mut forge = Forge::new();
    let phone = Phone::android();
    phone.ask(&world, |challenge| vec![token(&mut forge, &phone, challenge, |_| {})]).await;
    world.assert_found(&["key_level_too_low", "evidence_missing"], "no keys are set: it says nothing").await;

    let path = "/admin/v1/evidence/play-integrity/com.acme.app";
    let (status, answer) = world.service.operator("PUT", path, Some(keys(&forge))).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert!(!answer.to_string().contains(&STANDARD.encode(forge.decryption)), "it is never shown again");
    phone.ask(&world, |challenge| vec![token(&mut forge, &phone, challenge, |_| {})]).await;
    world.assert_found(&["key_level_too_low"], "the host wants a key in hardware").await;

    let body = json!({ "pins": [pin(1), pin(2)], "mode": "enforce", "send_token": true,
        "policy": { "platforms": ["android"], "least_key_level": "platform" } });
    world.service.operator("PUT", "/admin/v1/hosts/api.acme.com", Some(body)).await;
    type Change = fn(&mut Value);
    let cases: &[(&str, Change, &[&str])] = &[
        ("a certified phone", |_| {}, &[]),
        (
            "a phone that meets nothing",
            |p| *p.pointer_mut("/deviceIntegrity/deviceRecognitionVerdict").unwrap() = json!([]),
            &["key_level_too_low", "play_device_untrusted"],
        ),
        (
            "basic integrity only",
            |p| *p.pointer_mut("/deviceIntegrity/deviceRecognitionVerdict").unwrap() = json!(["MEETS_BASIC_INTEGRITY"]),
            &["key_level_too_low", "play_device_untrusted"],
        ),
        (
            "a repackaged app",
            |p| {
                *p.pointer_mut("/appIntegrity/appRecognitionVerdict").unwrap() = json!("UNRECOGNIZED_VERSION");
                *p.pointer_mut("/appIntegrity/certificateSha256Digest").unwrap() = json!([base64url([0xbb; 32])]);
            },
            &["evidence_other_app", "play_app_unrecognized"],
        ),
        (
            "an app that was not evaluated",
            |p| *p.pointer_mut("/appIntegrity").unwrap() = json!({ "appRecognitionVerdict": "UNEVALUATED" }),
            &["evidence_other_app", "play_app_unrecognized"],
        ),
        (
            "no licence",
            |p| *p.pointer_mut("/accountDetails/appLicensingVerdict").unwrap() = json!("UNLICENSED"),
            &["play_unlicensed"],
        ),
        (
            "another nonce",
            |p| *p.pointer_mut("/requestDetails/nonce").unwrap() = json!(base64url([7; 32])),
            &["key_level_too_low", "evidence_missing", "evidence_invalid"],
        ),
        (
            "a test account's made-up verdict",
            |p| {
                p.as_object_mut().unwrap().insert("testingDetails".into(), json!({ "isTestingResponse": true }));
            },
            &["key_level_too_low", "evidence_missing", "evidence_invalid"],
        ),
        (
            "old",
            |p| *p.pointer_mut("/requestDetails/timestampMillis").unwrap() = json!(((NOW - 601) * 1000).to_string()),
            &["key_level_too_low", "evidence_missing", "evidence_invalid"],
        ),
    ];
    for (what, change, expected) in cases {
        let phone = Phone::android();
        phone.ask(&world, |challenge| vec![token(&mut forge, &phone, challenge, change)]).await;
        world.assert_found(expected, what).await;
    }

    // Beside a Key Attestation each speaks for itself.
    let both = Phone::android();
    both.ask(&world, |challenge| {
        let chain = world.chain(&both.key(), &both.key_hash(challenge), |_, _| {});
        vec![token(&mut forge, &both, challenge, |_| {}), chain]
    })
    .await;
    world.assert_passes("both").await;

    assert_eq!(world.service.operator("DELETE", path, None).await.0, StatusCode::OK);
    assert_eq!(world.service.operator("DELETE", path, None).await.0, StatusCode::NOT_FOUND);
    let wrong = json!({ "decryption_key": "AAAA", "verification_key": "AAAA" });
    assert_eq!(world.service.operator("PUT", path, Some(wrong)).await.0, StatusCode::BAD_REQUEST);
}

/// A kind for which the operator has no keys spoils the good chain beside it.
#[tokio::test(flavor = "multi_thread")]
async fn a_good_chain_counts_beside_a_kind_that_the_operator_never_set_up() {
    let world = World::new().await;
    let phone = Phone::android();
    let response = phone
        .ask(&world, |challenge| {
            let chain = world.chain(&phone.key(), &phone.key_hash(challenge), |_, _| {});
            vec![chain, Evidence::PlayIntegrity { token: "a.b.c.d.e".into() }]
        })
        .await;
    assert!(!response.evidence_wanted.after.contains_key("play_integrity"), "nobody here could read it");
    world.assert_passes("the chain is good, and nobody demands the other").await;
}
