//! The service's part of the story: set up, add a host, register, export, token, decoy.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use bonafide_protocol::trust::Trusted;
use common::{Device, Service, genuine, parts};
use reqwest::StatusCode;
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_build_gets_a_decoy_and_the_registered_one_a_token() {
    let service = Service::ready().await;
    let jwks = service.operator("GET", "/.well-known/jwks.json", None).await.1;
    let decoys = service.operator("GET", "/admin/v1/decoy-keys", None).await.1;

    let mut altered = Device::new();
    altered.request.measurement.artifacts.first_mut().unwrap().sha256 =
        bonafide_protocol::measurement::Fact::Known("33".repeat(32));
    let decoy = service.pass(&altered).await;
    assert_eq!(service.findings().await, ["app_altered"]);
    assert!(!genuine(&jwks, &decoy.token));
    assert!(genuine(&decoys, &decoy.token), "the gateway's operator can tell a decoy from a forgery");

    let token = service.pass(&Device::new()).await;
    assert_eq!(service.findings().await, [""; 0]);
    assert!(genuine(&jwks, &token.token));
    assert!(!genuine(&decoys, &token.token));

    let (_, installations) = service.operator("GET", "/admin/v1/installations", None).await;
    assert_eq!(installations.as_array().unwrap().len(), 1, "only what passed makes a row");
    assert_eq!(installations.pointer("/0/installation").unwrap(), &Value::String(token.installation.clone()));

    let (status, code) = service.operator("GET", &format!("/admin/v1/arc/{}", decoy.arc), None).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(code.pointer("/findings/0/code").unwrap(), "app_altered");
    assert_eq!(parts(&token.token).0.get("kid"), parts(&decoy.token).0.get("kid"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exported_config_is_trusted_and_the_device_is_sent_what_it_lacks() {
    let service = Service::new().await;
    let (status, exported) = service.operator("POST", "/admin/v1/config/export", None).await;
    assert_eq!(status, StatusCode::OK);
    let embedded = Trusted::from_initial(exported.to_string().as_bytes()).unwrap();

    service.add_host("api.acme.com").await;
    let (epoch, version) = embedded.position();
    let (status, newer) = service.get(&format!("/v1/config?account=acme&epoch={epoch}&version={version}")).await;
    assert_eq!(status, StatusCode::OK);
    let config = newer.get("config").unwrap().as_str().unwrap();
    let updated = match embedded.update(&[], Some(config)).unwrap() {
        bonafide_protocol::trust::Update::Newer(updated) => updated,
        other => unreachable!("{other:?}"),
    };
    assert_eq!(updated.config().hosts.len(), 1);
    let (_, configs) = service.operator("GET", "/admin/v1/configs", None).await;
    assert_eq!(configs.as_array().unwrap().len(), 2);
    assert!(configs.pointer("/1/exported_at").unwrap().is_number());
}
