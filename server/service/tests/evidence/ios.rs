//! App Attest: attested once, asserted from then on, with a counter that only rises.

use bonafide_attestation::app_attest::AppId;
use bonafide_protocol::evidence::{Evidence, EvidenceKind, Octets};
use bonafide_protocol::measurement::Platform;
use serde_json::{Value, json};

use crate::common::{answer_in_the_end, settings};
use crate::phone::{IPhone, NOW, World};

#[tokio::test(flavor = "multi_thread")]
async fn an_iphone_is_attested_once_and_asserts_each_hour() {
    let world = World::new().await;
    let phone = IPhone::new();
    phone.assert(&world, 1).await;
    world.assert_found(&["key_level_too_low", "evidence_missing", "evidence_invalid"], "nothing known yet").await;
    let response = phone.enroll(&world).await;
    world.assert_passes("attested").await;
    assert_eq!(response.evidence_wanted.after, [("app_attest".to_owned(), 2_700)].into());
    world.service.clock.set(NOW + 3_600);
    phone.phone.ask(&world, |_| Vec::new()).await;
    world.assert_passes("within the hour").await;
    world.service.clock.advance(1);
    phone.phone.ask(&world, |_| Vec::new()).await;
    world.assert_found(&["evidence_expired"], "a second later").await;
    phone.assert(&world, 1).await;
    world.assert_passes("asserted").await;
    world.service.clock.advance(3_600);
    phone.phone.ask(&world, |_| Vec::new()).await;
    world.assert_passes("within the hour of the assertion").await;
    phone.assert(&world, 7).await;
    world.assert_passes("a counter may leap").await;
}

/// A rollout paces honest devices. Who says that it is left out is appraised as anybody who sends no evidence.
#[tokio::test(flavor = "multi_thread")]
async fn a_rollout_is_told_with_each_answer_and_excuses_nobody() {
    let world = World::new().await;
    let asked = |rates: Value| json!({ "findings": {}, "evidence": { "rollout": rates } });
    let (status, _) =
        world.service.operator("PUT", "/admin/v1/policy", Some(asked(json!({ "app_attest": 1001 })))).await;
    assert_eq!(status, 400);
    let (status, _) = world.service.operator("PUT", "/admin/v1/policy", Some(asked(json!({ "app_attest": 0 })))).await;
    assert_eq!(status, 200);
    let (_, challenge) = world.service.post("/v1/challenges", r#"{"account":"acme"}"#).await;
    assert_eq!(challenge.get("rollout"), Some(&json!({ "app_attest": 0 })));
    let phone = IPhone::new();
    let response = phone.phone.ask(&world, |_| Vec::new()).await;
    assert!(!response.evidence_wanted.rollout.asks(EvidenceKind::AppAttest, "any"));
    world.assert_found(&["key_level_too_low", "evidence_missing"], "nothing came").await;

    world.service.operator("PUT", "/admin/v1/policy", Some(json!({ "findings": {} }))).await;
    let (_, challenge) = world.service.post("/v1/challenges", r#"{"account":"acme"}"#).await;
    assert_eq!(challenge.get("rollout"), None, "older devices see what they know");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counter_that_does_not_rise_is_that_of_a_copy() {
    let world = World::new().await;
    let phone = IPhone::new();
    phone.enroll(&world).await;
    phone.assert(&world, 5).await;
    for counter in [5, 4, 0] {
        phone.assert(&world, counter).await;
        let (findings, reason) = world.judged().await;
        assert_eq!(findings, ["evidence_invalid"], "{counter}");
        assert!(reason.contains(&format!("counter {counter}, expected more than 5")), "{reason}");
    }
    phone.assert(&world, 6).await;
    world.assert_passes("the phone goes on").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_of_one_iphone_is_worth_nothing_to_another() {
    let world = World::new().await;
    let (phone, other) = (IPhone::new(), IPhone::new());
    phone.enroll(&world).await;
    other.enroll(&world).await;
    let refused = |expected: &'static str| {
        let world = &world;
        async move {
            let (findings, reason) = world.judged().await;
            assert_eq!(findings, ["evidence_invalid"]);
            assert!(reason.contains(expected), "{expected}: {reason}");
        }
    };
    other.phone.ask(&world, |challenge| vec![phone.assertion(challenge, 1)]).await;
    refused("another App Attest key").await;
    // The key that is known, over a hash that names the other's install key.
    other
        .phone
        .ask(&world, |challenge| {
            let Evidence::AppAttest { assertion, .. } = phone.assertion(challenge, 1) else { unreachable!() };
            let Evidence::AppAttest { key_id, .. } = other.assertion(challenge, 1) else { unreachable!() };
            vec![Evidence::AppAttest { key_id, attestation: None, assertion }]
        })
        .await;
    refused("the signature does not verify").await;
    other.phone.ask(&world, |challenge| vec![phone.attestation(&world, challenge, |_, _| {})]).await;
    refused("nonce").await;
    phone.phone.ask(&world, |_| vec![phone.assertion("another challenge", 1)]).await;
    refused("the signature does not verify").await;
    let neither =
        |_: &str| vec![Evidence::AppAttest { key_id: Octets(vec![0; 32]), attestation: None, assertion: None }];
    phone.phone.ask(&world, neither).await;
    refused("neither an attestation nor an assertion").await;
    phone.assert(&world, 1).await;
    world.assert_passes("none of it has hurt the phone").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn environment_receipt_and_team_count() {
    let world = World::new().await;
    let phone = IPhone::new();
    let develop =
        |challenge: &str| vec![phone.attestation(&world, challenge, |forge, _| forge.aaguid = *b"appattestdevelop")];
    phone.phone.ask(&world, develop).await;
    world.assert_found(&["evidence_development"], "of Apple's development environment").await;

    let phone = IPhone::new();
    phone
        .phone
        .ask(&world, |challenge| {
            vec![phone.attestation(&world, challenge, |_, receipts| receipts.field(3, b"no certificate"))]
        })
        .await;
    let (findings, reason) = world.judged().await;
    assert_eq!(findings, ["key_level_too_low", "evidence_missing", "evidence_invalid"]);
    assert!(reason.contains("the receipt: "), "{reason}");

    let foreign = IPhone::new();
    foreign
        .phone
        .ask(&world, |challenge| {
            vec![foreign.attestation(&world, challenge, |forge, _| {
                forge.app_id = AppId::new("TEAM654321", "com.acme.app");
            })]
        })
        .await;
    world.assert_found(&["key_level_too_low", "evidence_missing", "evidence_invalid"], "another team").await;
    assert!(world.judged().await.1.contains("made for the app with the hash"));

    let mut unknown = IPhone::new();
    unknown.phone.device.request.app.id = "com.acme.other".into();
    unknown.enroll(&world).await;
    assert!(world.judged().await.1.contains("no team is registered"));
}

/// Two teams build apps of one bundle id: each build is one team's.
#[tokio::test(flavor = "multi_thread")]
async fn the_team_of_one_build_does_not_vouch_for_another() {
    let world = World::new().await;
    let entries = json!([{ "module": "app", "kind": "text", "name": "Acme", "sha256": "56".repeat(32) }]);
    world.register(Platform::Ios, json!({ "version": "1.0-test", "team": "TEAM654321", "entries": entries })).await;
    let foreign = IPhone::new();
    foreign
        .phone
        .ask(&world, |challenge| {
            vec![foreign.attestation(&world, challenge, |forge, receipts| {
                forge.app_id = AppId::new("TEAM654321", "com.acme.app");
                receipts.field(2, b"TEAM654321.com.acme.app");
            })]
        })
        .await;
    world.assert_found(&["evidence_other_app"], "the production build is another team's").await;
}

/// Two nodes on one database, and the same counter at both at the same moment: whatever the order, it counts once.
#[tokio::test(flavor = "multi_thread")]
async fn one_counter_counts_once_on_however_many_nodes() {
    let world = World::new().await;
    let limit = bonafide_service::RateLimit { per_second: 100_000, burst: 1_000_000 };
    let second = settings(world.service.directory.path(), world.service.clock.clone(), limit);
    let second = bonafide_service::serve(second).await.unwrap();
    for round in 1..=10 {
        let phone = IPhone::new();
        let enrolled = phone.enroll(&world).await;
        let mut calls = Vec::new();
        for place in 0..8 {
            let challenge = world.service.challenge().await;
            let body = phone.phone.request(&challenge, vec![phone.assertion(&challenge, round)], None);
            let node = if place % 2 == 0 { world.service.public() } else { second.public_address() };
            let request = world.service.http.post(format!("http://{node}/v1/tokens")).body(body);
            calls.push(tokio::spawn(answer_in_the_end(request)));
        }
        let mut answered = 0;
        for call in calls {
            let (status, answer) = call.await.unwrap();
            match status.as_u16() {
                200 => answered += 1,
                409 => assert_eq!(answer.get("code").unwrap(), "challenge_spent"),
                other => unreachable!("{other} {answer}"),
            }
        }
        assert!(answered >= 1);
        let (_, list) = world.service.operator("GET", "/admin/v1/appraisals?limit=1000", None).await;
        let counts = |one: &&Value| {
            one.get("passed") == Some(&json!(true)) && one.get("installation") == Some(&json!(enrolled.installation))
        };
        let passed = list.as_array().unwrap().iter().filter(counts).count();
        assert_eq!(passed, 2, "the attestation and one assertion: {list}");
    }
    second.stop().await;
}
