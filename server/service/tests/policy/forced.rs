//! Verdicts forced on single installations.

use bonafide_protocol::key::P256Key;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::common::{Device, START, Service};
use crate::support::{altered, code, passes};

#[tokio::test(flavor = "multi_thread")]
async fn a_forced_verdict_holds_for_one_installation_until_its_end() {
    let service = Service::ready().await;
    let (good, bad, other) = (Device::new(), altered(), altered());
    let path =
        async |device: &Device| format!("/admin/v1/installations/{}/forced", service.pass(device).await.installation);
    let force = |verdict: &str| json!({ "verdict": verdict, "seconds": 7200, "reason": " a tester's phone " });
    for (path, body) in [
        ("/admin/v1/installations/short/forced", force("pass")),
        (&path(&bad).await, json!({ "verdict": "pass", "seconds": 0, "reason": "x" })),
        (&path(&bad).await, json!({ "verdict": "pass", "seconds": 2_592_001, "reason": "x" })),
        (&path(&bad).await, json!({ "verdict": "pass", "seconds": 60, "reason": " " })),
        (&path(&bad).await, json!({ "verdict": "maybe", "seconds": 60, "reason": "x" })),
        (&path(&bad).await, json!({ "verdict": "pass", "reason": "x" })),
    ] {
        let (status, answer) = service.operator("PUT", path, Some(body.clone())).await;
        assert_eq!((status.as_u16(), code(&answer)), (400, "malformed_request"), "{body}");
    }
    assert_eq!(service.operator("DELETE", &path(&bad).await, None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(service.operator("GET", "/admin/v1/forced", None).await.1, json!([]));
    assert!(passes(&service, &good).await && !passes(&service, &bad).await);

    assert_eq!(service.operator("PUT", &path(&good).await, Some(force("fail"))).await.0, StatusCode::OK);
    assert_eq!(service.operator("PUT", &path(&bad).await, Some(force("pass"))).await.0, StatusCode::OK);
    assert!(!passes(&service, &good).await);
    assert_eq!(service.findings().await, [""; 0]);
    assert!(passes(&service, &bad).await && passes(&service, &bad).await);
    assert!(!passes(&service, &other).await, "that one only");
    let (_, list) = service.operator("GET", "/admin/v1/appraisals", None).await;
    let passed = list.as_array().unwrap().iter().filter(|row| row.get("passed").unwrap() == true).count();
    let forced: Vec<&Value> = list.as_array().unwrap().iter().map(|row| row.get("forced").unwrap()).collect();
    assert_eq!(forced.get(..4).unwrap(), [&Value::Null, &json!("pass"), &json!("pass"), &json!("fail")]);
    let (_, held) = service.operator("GET", "/admin/v1/forced", None).await;
    assert_eq!(held.pointer("/0/reason").unwrap(), "a tester's phone");
    assert_eq!(held.pointer("/0/ends_at").unwrap(), START + 7200);
    // A trial counts a forced verdict as one.
    let lax = json!({ "findings": { "app_altered": "ignore" } });
    let (_, tried) = service.operator("POST", "/admin/v1/policy/try", Some(lax)).await;
    assert_eq!(tried.pointer("/tried/installations").unwrap(), &json!({ "pass_to_fail": 0, "fail_to_pass": 2 }));

    assert_eq!(tried.pointer("/tried/now/passed").unwrap(), passed, "what was recorded");

    // What always rejects does so for a forced pass too.
    let mut elsewhere = altered();
    elsewhere.key = P256Key::from_pkcs8(bad.key.to_pkcs8()).unwrap();
    elsewhere.request.audience = "admin".into();
    assert!(!passes(&service, &elsewhere).await);

    assert_eq!(service.operator("DELETE", &path(&good).await, None).await.0, StatusCode::OK);
    assert!(passes(&service, &good).await);
    service.clock.advance(7200);
    assert!(!passes(&service, &bad).await, "it has ended");
    assert_eq!(service.operator("GET", "/admin/v1/forced", None).await.1, json!([]));
    let (_, log) = service.operator("GET", "/admin/v1/audit?limit=3", None).await;
    let actions: Vec<&Value> = log.as_array().unwrap().iter().map(|row| row.get("action").unwrap()).collect();
    assert_eq!(actions, ["device.clear", "device.force", "device.force"]);
    assert_eq!(log.pointer("/1/after/reason").unwrap(), "a tester's phone");
}
