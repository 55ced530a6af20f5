//! Every version is kept, every node follows, and what a later version left is safe.

use reqwest::StatusCode;
use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use crate::common;
use crate::common::{ACCOUNT, START, Service};
use crate::support::{altered, annotate, live, passes, set, unmeasured_core};

#[tokio::test(flavor = "multi_thread")]
async fn each_version_is_kept_and_stands_in_the_audit_log() {
    let mut service = Service::ready().await;
    let first = set(&service, annotate(true)).await;
    assert_eq!(
        first.get("change").unwrap(),
        &json!([{ "finding": "app_altered", "platform": null,
            "before": { "action": "reject", "open": false }, "after": { "action": "annotate", "open": true } }])
    );
    service.clock.advance(60);
    set(&service, json!({ "findings": { "app_altered": { "action": "reject", "platforms": { "jvm": "ignore" } } } }))
        .await;
    let (_, history) = service.operator("GET", "/admin/v1/policies", None).await;
    assert_eq!(history.pointer("/0/version").unwrap(), 2);
    assert_eq!(history.pointer("/0/set_at").unwrap(), START + 60);
    assert_eq!(
        history.pointer("/1").unwrap(),
        &json!({ "version": 1, "set_at": START, "set_by": "init", "policy": annotate(true) })
    );
    let (_, log) = service.operator("GET", "/admin/v1/audit?limit=1", None).await;
    let row = log.pointer("/0").unwrap();
    assert_eq!((row.get("action").unwrap(), row.get("subject").unwrap()), (&json!("policy.set"), &json!("2")));
    assert_eq!(row.get("before").unwrap(), &annotate(true));
    assert_eq!(row.pointer("/after/policy").unwrap(), history.pointer("/0/policy").unwrap());
    assert_eq!(row.pointer("/after/forced").unwrap(), false);

    // After a restart it is in force as before.
    service.restart().await;
    let shown = live(&service).await;
    assert_eq!((shown.get("version").unwrap(), shown.get("set_by").unwrap()), (&json!(2), &json!("init")));
    let finding = shown.get("findings").unwrap().as_array().unwrap();
    let finding = finding.iter().find(|finding| finding.get("code").unwrap() == "app_altered").unwrap();
    assert_eq!(finding.get("platforms").unwrap(), &json!({ "jvm": { "action": "ignore", "open": false } }));
    let audience = shown.pointer("/audiences/0").unwrap();
    assert_eq!(audience.get("audience").unwrap(), ACCOUNT);
    assert_eq!(audience.get("least_key_level").unwrap(), "software");
    assert!(passes(&service, &altered()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_node_follows() {
    let service = Service::ready().await;
    let limit = bonafide_service::RateLimit { per_second: 100_000, burst: 1_000_000 };
    let settings = common::settings(service.directory.path(), service.clock.clone(), limit);
    let other = Service {
        directory: tempfile::tempdir().unwrap(),
        clock: service.clock.clone(),
        running: Some(bonafide_service::serve(settings).await.unwrap()),
        http: service.http.clone(),
        token: service.token.clone(),
    };
    let device = altered();
    let installation = other.pass(&device).await.installation;
    let follows = async |passed: bool| {
        for _ in 0..600 {
            if passes(&other, &device).await == passed {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        unreachable!("the other node has not followed");
    };
    follows(false).await;
    set(&service, annotate(true)).await;
    follows(true).await;
    let path = format!("/admin/v1/installations/{installation}/forced");
    let body = json!({ "verdict": "fail", "seconds": 60, "reason": "a test" });
    assert_eq!(service.operator("PUT", &path, Some(body)).await.0, StatusCode::OK);
    follows(false).await;
    assert_eq!(service.operator("DELETE", &path, None).await.0, StatusCode::OK);
    follows(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_later_version_left_in_the_database_is_safe() {
    let mut service = Service::ready().await;
    service.pass(&altered()).await;
    service.running.take().unwrap().stop().await;
    let mut database = SqliteConnectOptions::new().filename(service.database()).connect().await.unwrap();
    let policy = json!({ "findings": { "moon_phase": "ignore", "app_altered": { "action": "ignore", "until": 9 },
        "core_unmeasured": "ignore" } });
    let later = "INSERT INTO finding_policies VALUES ($1, 7, $2, 0, 'later')";
    sqlx::query(later).bind(ACCOUNT).bind(policy.to_string()).execute(&mut database).await.unwrap();
    let later = "UPDATE appraisals SET findings = 'moon_phase app_altered', passed = 1";
    sqlx::query(later).execute(&mut database).await.unwrap();
    database.close().await.unwrap();
    // Rows are in the order of their time.
    service.clock.advance(1);
    let settings = common::settings(
        service.directory.path(),
        service.clock.clone(),
        bonafide_service::RateLimit { per_second: 100_000, burst: 1_000_000 },
    );
    service.running = Some(bonafide_service::serve(settings).await.unwrap());

    let shown = live(&service).await;
    assert_eq!(shown.get("version").unwrap(), 7);
    assert_eq!(shown.get("unknown").unwrap(), &json!(["moon_phase"]));
    assert_eq!(shown.get("policy").unwrap(), &policy, "shown as it is stored");
    assert!(!passes(&service, &altered()).await, "a rule that is not understood rejects");
    assert!(passes(&service, &unmeasured_core()).await, "and the others hold");
    let (_, list) = service.operator("GET", "/admin/v1/appraisals", None).await;
    let oldest = list.as_array().unwrap().last().unwrap();
    assert_eq!(oldest.pointer("/findings/0/code").unwrap(), "moon_phase");
    assert!(oldest.pointer("/findings/0/explanation").unwrap().as_str().unwrap().contains("unknown"));
    let lax = json!({ "findings": { "app_altered": "ignore", "core_unmeasured": "ignore" } });
    let (_, tried) = service.operator("POST", "/admin/v1/policy/try", Some(lax.clone())).await;
    assert_eq!(tried.pointer("/tried/then/failed").unwrap(), 1, "an unknown finding rejects: {tried}");
    assert_eq!(set(&service, lax).await.get("version").unwrap(), 8);
}
