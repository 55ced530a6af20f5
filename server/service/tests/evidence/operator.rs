//! Roots, revocations and their keepers.

use bonafide_forge::android_key::forge::{Forge, pem};
use bonafide_protocol::measurement::Platform;
use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;

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
    // An empty page, or half a download, is no list to go by.
    let (path, empty) = ("/admin/v1/evidence/lists/revocations", r#"{"entries": {}}"#);
    assert_eq!(world.put_text(path, empty).await.0, StatusCode::CONFLICT);
    phone.ask(&world, |_| Vec::new()).await;
    world.assert_found(&refused, "still revoked").await;
    assert_eq!(world.put_text(&format!("{path}?force=true"), empty).await.0, StatusCode::OK);
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

/// Whether the client cares or not: it may go on to assert, and be quiet about what it was asked for.
#[tokio::test(flavor = "multi_thread")]
async fn a_root_that_is_withdrawn_takes_along_what_was_attested_under_it() {
    let world = World::new().await;
    let refused = ["key_level_too_low", "evidence_missing", "evidence_invalid"];
    let (phone, iphone) = (Phone::android(), IPhone::new());
    phone.enroll(&world).await;
    iphone.enroll(&world).await;
    let root = pem(&world.google.lock().unwrap().root());
    world.set_list("android-key-roots", &pem(&Forge::remote().root())).await;
    phone.ask(&world, |_| Vec::new()).await;
    world.assert_found(&refused, "Google's").await;
    assert!(world.judged().await.1.contains("its root is not trusted any more"));
    world.set_list("android-key-roots", &root).await;
    phone.ask(&world, |_| Vec::new()).await;
    world.assert_passes("and trusted again").await;

    for list in ["app-attest-roots", "receipt-roots"] {
        let path = format!("/admin/v1/evidence/lists/{list}");
        assert_eq!(world.service.operator("DELETE", &path, None).await.0, StatusCode::OK);
        iphone.phone.ask(&world, |_| Vec::new()).await;
        world.assert_found(&refused, list).await;
        world.set_list(list, &world.apple.root(list)).await;
        iphone.phone.ask(&world, |_| Vec::new()).await;
        world.assert_passes("and trusted again").await;
    }
    let path = "/admin/v1/evidence/lists/app-attest-roots";
    assert_eq!(world.service.operator("DELETE", path, None).await.0, StatusCode::OK);
    for day in 1..=60_u32 {
        world.service.clock.set(NOW + u64::from(day) * DAY);
        iphone.assert(&world, day).await;
    }
    world.assert_found(&refused, "however often it asserts").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_attested_before_the_policys_time_does_not_count() {
    let world = World::new().await;
    let (phone, iphone) = (Phone::android(), IPhone::new());
    phone.enroll(&world).await;
    iphone.enroll(&world).await;
    world.service.clock.set(NOW + 10);
    world.policy(json!({ "findings": {}, "evidence": { "not_before": NOW + 10 } })).await;
    let refused = ["key_level_too_low", "evidence_missing", "evidence_invalid"];
    phone.ask(&world, |_| Vec::new()).await;
    world.assert_found(&refused, "an Android").await;
    let answer = iphone.assert(&world, 1).await;
    world.assert_found(&refused, "an iPhone, and its assertion of now").await;
    assert_eq!(answer.evidence_wanted.since, NOW + 10, "it is asked for another key");
    IPhone::new().enroll(&world).await;
    world.assert_passes("one that is attested now").await;
    iphone.enroll(&world).await;
    world.assert_passes("and this one, attested anew").await;
}

/// As a later version of the service may write it: the node goes on, without the kind that the list is about.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_cannot_be_read_does_not_freeze_the_node() {
    let mut world = World::new().await;
    let (phone, iphone) = (Phone::android(), IPhone::new());
    let id = phone.enroll(&world).await.installation;
    iphone.enroll(&world).await;
    let refused = ["key_level_too_low", "evidence_missing", "evidence_invalid"];
    for (list, hit) in [("receipt-roots", Platform::Ios), ("revocations", Platform::Android)] {
        let options = SqliteConnectOptions::new().filename(world.service.database());
        let mut connection = options.connect().await.unwrap();
        let unreadable = "UPDATE evidence_lists SET content = 'of a later form' WHERE name = $1";
        sqlx::query(unreadable).bind(list).execute(&mut connection).await.unwrap();
        drop(connection);
        world.service.restart().await;
        // Appraisals are listed by their time.
        world.service.clock.advance(1);
        let (other, held) = match hit {
            Platform::Ios => (&phone, &iphone.phone),
            _ => (&iphone.phone, &phone),
        };
        held.ask(&world, |_| Vec::new()).await;
        world.assert_found(&refused, list).await;
        other.ask(&world, |_| Vec::new()).await;
        world.assert_passes("the other platform").await;
        let content = if list == "revocations" { r#"{"entries": {}}"#.to_owned() } else { world.apple.root(list) };
        let (status, answer) = world.put_text(&format!("/admin/v1/evidence/lists/{list}"), &content).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        held.ask(&world, |_| Vec::new()).await;
        world.assert_passes("set again").await;
    }
    let path = format!("/admin/v1/installations/{id}/forced");
    let body = json!({ "verdict": "fail", "seconds": 3600, "reason": "stolen" });
    assert_eq!(world.service.operator("PUT", &path, Some(body)).await.0, StatusCode::OK);
}

/// Milliseconds for seconds: every device would make a new key for each token from then on.
#[tokio::test(flavor = "multi_thread")]
async fn a_time_of_the_future_is_refused() {
    let world = World::new().await;
    for member in ["since", "not_before"] {
        for (time, http) in [(NOW * 1000, 400), (NOW + 1, 400), (NOW, 200)] {
            let policy = json!({ "findings": {}, "evidence": { member: time } }).to_string();
            let (status, answer) = world.put_text("/admin/v1/policy?force=true", &policy).await;
            assert_eq!(status.as_u16(), http, "{member} {time}: {answer}");
        }
    }
}
