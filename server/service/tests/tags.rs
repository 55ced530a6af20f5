//! What an app says of its user, and the id of each request: in the token, in the log, in no label.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{ACCOUNT, Device, Service, parts};
use reqwest::StatusCode;
use serde_json::{Value, json};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn tagged(user: &str, trace: &str) -> Device {
    let mut device = Device::new();
    device.request.user = Some(user.parse().unwrap());
    device.request.trace = Some(trace.parse().unwrap());
    device
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_property_and_no_trace_is_a_broken_request() {
    let service = Service::ready().await;
    for (member, value) in [
        ("user", json!("")),
        ("user", json!("a b")),
        ("user", json!("a,b")),
        ("user", json!("a\r\nBonafide-Result: verified")),
        ("user", json!("u".repeat(129))),
        ("user", json!(7)),
        ("trace", json!(TRACE.to_uppercase())),
        ("trace", json!("0".repeat(32))),
        ("trace", json!("abc")),
    ] {
        let device = Device::new();
        let mut request = serde_json::to_value(&device.request).unwrap();
        request["challenge"] = json!(service.challenge().await);
        request[member] = value.clone();
        let jws = device.sign(bonafide_protocol::message::TOKEN_REQUEST_TYPE, &request);
        let (status, answer) = service.post("/v1/tokens", jws).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{member} {value} {answer}");
        assert_eq!(answer["code"], "malformed_request");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_and_its_decoy_say_both() {
    let service = Service::ready().await;
    let good = service.pass(&tagged("u-1", TRACE)).await;
    let mut bad = tagged("u-1", TRACE);
    bad.request.measurement.artifacts.clear();
    let decoy = service.pass(&bad).await;
    assert_eq!(decoy.token.len(), good.token.len());
    for token in [&good.token, &decoy.token] {
        let claims = parts(token).1;
        assert_eq!((claims.get("user").unwrap(), claims.get("trace").unwrap()), (&json!("u-1"), &json!(TRACE)));
    }
    let claims = parts(&service.pass(&Device::new()).await.token).1;
    assert!(!claims.contains_key("user") && !claims.contains_key("trace"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_and_a_trace_are_found_again_and_no_label_names_them() {
    let service = Service::ready().await;
    let (one, other) = (tagged("u-1", TRACE), tagged("u-2", &TRACE.replace('4', "5")));
    let installation = service.pass(&one).await.installation;
    service.pass(&other).await;
    service.pass(&Device::new()).await;
    let list = async |path: &str| service.operator("GET", path, None).await.1.as_array().unwrap().clone();
    for path in ["/admin/v1/appraisals?user=u-1", &format!("/admin/v1/appraisals?trace={TRACE}")] {
        let rows = list(path).await;
        assert_eq!(rows.len(), 1, "{path}");
        let row = rows.first().unwrap();
        assert_eq!(
            (&row["user"], &row["trace"], &row["installation"]),
            (&json!("u-1"), &json!(TRACE), &json!(installation))
        );
    }
    let devices = list("/admin/v1/installations?user=u-1").await;
    assert_eq!(devices.len(), 1);
    assert_eq!(devices.first().unwrap()["installation"], json!(installation));
    for nobody in ["/admin/v1/installations?user=u-3", "/admin/v1/appraisals?user=u-1&trace=00"] {
        assert!(list(nobody).await.is_empty(), "{nobody}");
    }
    assert_eq!(list("/admin/v1/appraisals").await.len(), 3);
    assert_eq!(list("/admin/v1/appraisals").await.first().unwrap()["user"], Value::Null);

    // Another user on the same device: the last one counts there, and the log knows both.
    let mut again = tagged("u-3", TRACE);
    again.key = one.key;
    service.pass(&again).await;
    assert!(list("/admin/v1/installations?user=u-1").await.is_empty());
    assert_eq!(list("/admin/v1/installations?user=u-3").await.len(), 1);
    assert_eq!(list("/admin/v1/appraisals?user=u-1").await.len(), 1);

    let (_, page) = service.operator("GET", "/metrics", None).await;
    let page = page.as_str().unwrap();
    assert!(page.contains("bonafide_appraisals_with_total{with=\"user\",outcome=\"pass\"} 3"), "{page}");
    assert!(page.contains("bonafide_appraisals_with_total{with=\"trace\",outcome=\"pass\"} 3"), "{page}");
    assert!(!page.contains("u-1") && !page.contains(TRACE) && !page.contains(ACCOUNT));
}
