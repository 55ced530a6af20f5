//! Builds that are known by their signers and code entries, as stores deliver them: stored and shown.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use bonafide_protocol::measurement::Platform;
use common::{Device, Service};
use serde_json::{Value, json};

fn build(version: &str, digest: &str) -> Value {
    json!({
        "platform": "android", "id": "com.acme.app", "version": version, "build": "42", "format": "apk",
        "signers": [{ "sha256": "aa".repeat(32), "scheme": "v3.1", "min_sdk": 33, "max_sdk": 40,
            "lineage": ["bb".repeat(32), "aa".repeat(32)] }],
        "entries": [
            { "module": "base", "kind": "dex", "name": "classes.dex", "sha256": digest.repeat(32) },
            { "module": "base", "kind": "native", "name": "libapp.so", "architecture": "arm64-v8a",
                "sha256": "cc".repeat(32) }],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn two_versions_lie_side_by_side_and_each_is_retired_alone() {
    let service = Service::new().await;
    let register = async |build| service.operator("POST", "/admin/v1/apps", Some(build)).await.1;
    let first = register(build("1.0", "11")).await;
    let second = register(build("2.0", "22")).await;
    let again = register(build("1.0", "11")).await;
    assert_eq!((again.get("app_id"), again.get("registered")), (first.get("app_id"), Some(&json!(false))));
    let other_code = register(build("1.0", "DD")).await;
    assert_ne!(other_code.get("app_id"), first.get("app_id"), "the same version with other code is another build");

    let path = format!("/admin/v1/apps/{}/retire", first.get("app_id").unwrap().as_str().unwrap());
    assert_eq!(service.operator("POST", &path, None).await.0.as_u16(), 200);
    let (_, list) = service.operator("GET", "/admin/v1/apps", None).await;
    let of = |answer: &Value| {
        let id = answer.get("app_id").unwrap();
        list.as_array().unwrap().iter().find(|one| one.get("app_id").unwrap() == id).unwrap().clone()
    };
    assert!(of(&first).get("retired_at").unwrap().is_u64());
    let second = of(&second);
    assert!(second.get("retired_at").unwrap().is_null());
    let registered = build("2.0", "22");
    for member in ["format", "signers", "entries", "version", "build"] {
        assert_eq!(second.get(member), registered.get(member), "{member}");
    }
    assert_eq!(of(&other_code).pointer("/entries/0/sha256").unwrap(), &"dd".repeat(32));
}

/// What is wrong, and what makes it so.
type Case = (&'static str, fn(&mut Value));

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_registration_is_refused() {
    let service = Service::new().await;
    let cases: [Case; 5] = [
        ("neither files nor entries", |build| build.as_object_mut().unwrap().remove("entries").map_or((), drop)),
        ("an entry's digest", |build| build["entries"][0]["sha256"] = json!("11")),
        ("a signer's digest", |build| build["signers"][0]["sha256"] = json!("x".repeat(64))),
        ("an ancestor's digest", |build| build["signers"][0]["lineage"][0] = json!("")),
        ("an unknown member", |build| build["entries"][0]["colour"] = json!("red")),
    ];
    for (what, change) in cases {
        let mut changed = build("1.0", "11");
        change(&mut changed);
        let (status, answer) = service.operator("POST", "/admin/v1/apps", Some(changed)).await;
        assert_eq!(status.as_u16(), 400, "{what}: {answer}");
    }
    assert_eq!(service.operator("GET", "/admin/v1/apps", None).await.1, json!([]));
}

/// Entries are not compared yet, and until they are nobody passes for a build that has nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_measures_nothing_is_no_build_without_files() {
    let service = Service::new().await;
    service.add_host("api.acme.com").await;
    service.operator("POST", "/admin/v1/apps", Some(build("1.0", "11"))).await;
    let mut device = Device::new();
    device.request.app.platform = Platform::Android;
    device.request.app.build = "42".into();
    device.request.measurement.artifacts.clear();
    service.pass(&device).await;
    let findings = service.findings().await;
    assert!(findings.iter().any(|finding| finding == "app_unregistered"), "{findings:?}");
}
