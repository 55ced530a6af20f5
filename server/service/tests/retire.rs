//! Retiring a build: whom it locks out is said first.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use common::{Device, Service};
use reqwest::StatusCode;
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_active_installations_run_is_retired_by_force_only() {
    let service = Service::new().await;
    service.add_host("api.acme.com").await;
    let used = service.register("11".repeat(32).as_str()).await;
    let retire =
        async |query: &str| service.operator("POST", &format!("/admin/v1/apps/{used}/retire{query}"), None).await;

    let (status, tried) = retire("?dry_run=true").await;
    assert_eq!((status, &tried["active_installations"]), (StatusCode::OK, &Value::from(0)), "nobody runs it yet");
    let device = Device::new();
    service.pass(&device).await;
    // Another version's, and one that failed, do not count.
    let mut other = Device::new();
    other.request.app.version = "2.0".into();
    service.pass(&other).await;
    for query in ["", "?dry_run=true", "?force=false"] {
        let (status, answer) = retire(query).await;
        assert_eq!(status, StatusCode::CONFLICT, "{query}");
        let message = answer["message"].as_str().unwrap();
        assert!(message.contains("1 active installations run version 1.0 of com.acme.app"), "{message}");
    }
    let (_, tried) = retire("?force=true&dry_run=true").await;
    assert_eq!((&tried["active_installations"], &tried["retired_at"]), (&Value::from(1), &Value::Null));
    service.pass(&device).await;
    assert!(service.findings().await.is_empty(), "nothing was changed");

    assert_eq!(retire("?force=true").await.0, StatusCode::OK);
    service.pass(&device).await;
    assert_eq!(service.findings().await, ["app_retired"]);
    let (_, audit) = service.operator("GET", "/admin/v1/audit?limit=1", None).await;
    assert_eq!((&audit[0]["after"]["active_installations"], &audit[0]["after"]["forced"]), (&1.into(), &true.into()));
    assert_eq!(retire("?force=true").await.0, StatusCode::NOT_FOUND, "once is enough");
}
