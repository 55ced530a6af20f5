//! Roots, revocations and their keepers.

use bonafide_forge::android_key::forge::{Forge, pem};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::phone::{IPhone, NOW, Phone, World};

const DAY: u64 = 24 * 3600;

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_certificate_refuses_what_comes_and_what_came_before() {
    let world = World::new().await;
    let phone = Phone::android();
    phone.enroll(&world).await;
    world.assert_passes("before").await;
    world.set_list("revocations", r#"{"entries": {"ABC1": {"status": "REVOKED", "reason": "KEY_COMPROMISE"}}}"#).await;
    phone.ask(&world, |_| Vec::new()).await;
    let refused = ["key_level_too_low", "evidence_missing", "evidence_invalid"];
    world.assert_found(&refused, "what was proven before").await;
    assert!(world.judged().await.1.contains("abc1 has been revoked since"));
    Phone::android().enroll(&world).await;
    world.assert_found(&refused, "what comes now").await;
    assert!(world.judged().await.1.contains("is on the revocation list"));
    world.set_list("revocations", r#"{"entries": {}}"#).await;
    phone.ask(&world, |_| Vec::new()).await;
    world.assert_passes("taken off the list").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_or_missing_revocation_list_is_the_policys_to_bear() {
    let world = World::new().await;
    let (status, _) = world.service.operator("DELETE", "/admin/v1/evidence/lists/revocations", None).await;
    assert_eq!(status, StatusCode::OK);
    IPhone::new().enroll(&world).await;
    world.assert_passes("it is about Android only").await;
    world.set_list("revocations", r#"{"entries": {}}"#).await;
    let phone = Phone::android();
    phone.enroll(&world).await;
    world.service.clock.set(NOW + 3 * DAY + 1);
    phone.ask(&world, |_| Vec::new()).await;
    world.assert_found(&["revocations_stale"], "after three days").await;
    let (_, list) = world.service.operator("GET", "/admin/v1/appraisals?limit=1", None).await;
    assert_eq!(list.pointer("/0/passed"), Some(&json!(true)), "noted, by default");
    let (status, _) = world.service.operator("DELETE", "/admin/v1/evidence/lists/revocations", None).await;
    assert_eq!(status, StatusCode::OK);
    phone.ask(&world, |_| Vec::new()).await;
    world.assert_found(&["revocations_stale"], "none").await;
    let policy = json!({ "findings": { "revocations_stale": "reject" } });
    world.policy(policy).await;
    phone.ask(&world, |_| Vec::new()).await;
    let (_, list) = world.service.operator("GET", "/admin/v1/appraisals?limit=1", None).await;
    assert_eq!(list.pointer("/0/passed"), Some(&json!(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn roots_are_replaced_while_the_service_runs_and_typing_errors_are_told() {
    let world = World::new().await;
    let stranger = Forge::remote();
    world.set_list("android-key-roots", &pem(&stranger.root())).await;
    Phone::android().enroll(&world).await;
    assert!(world.judged().await.1.contains("none of the roots"));
    let (status, held) = world.service.operator("DELETE", "/admin/v1/evidence/lists/android-key-roots", None).await;
    assert_eq!((status, held.get("built_in")), (StatusCode::OK, Some(&json!(true))));
    Phone::android().enroll(&world).await;
    assert!(world.judged().await.1.contains("none of the roots"), "Google's own signed none of this");

    for (name, content, http) in [
        ("android-key-roots", "", 400),
        ("android-key-roots", "[]", 400),
        ("android-key-roots", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 400),
        ("app-attest-roots", "rubbish", 400),
        ("receipt-roots", "", 400),
        ("revocations", "[]", 400),
        ("revocations", "{}", 400),
        ("moon-roots", "x", 404),
    ] {
        let (status, answer) = world.put_text(&format!("/admin/v1/evidence/lists/{name}"), content).await;
        assert_eq!(status.as_u16(), http, "{name} {content}: {answer}");
    }
    let empty = r#"{"entries": {}}"#;
    let at = |seconds: u64| format!("/admin/v1/evidence/lists/revocations?fetched_at={seconds}");
    assert_eq!(world.put_text(&at(NOW + 1), empty).await.0, StatusCode::BAD_REQUEST, "of the future");
    assert_eq!(world.put_text(&at(NOW - 1), empty).await.0, StatusCode::CONFLICT, "older than the one in force");

    let (_, live) = world.service.operator("GET", "/admin/v1/evidence", None).await;
    let names: Vec<&Value> = live.get("lists").unwrap().as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["android-key-roots", "revocations", "app-attest-roots", "receipt-roots"]);
    let (_, audit) = world.service.operator("GET", "/admin/v1/audit?limit=1", None).await;
    assert_eq!(audit.pointer("/0/action"), Some(&json!("evidence.list")));
}
