//! What the tests of the policy share.

use bonafide_protocol::measurement::{CodeRole, Fact};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::common::{Device, Service, genuine};

pub(crate) const PATH: &str = "/admin/v1/policy";

pub(crate) fn code(answer: &Value) -> &str {
    answer.get("code").and_then(Value::as_str).unwrap_or_default()
}

pub(crate) fn altered() -> Device {
    let mut device = Device::new();
    device.request.measurement.artifacts.first_mut().unwrap().sha256 = Fact::Known("33".repeat(32));
    device
}

pub(crate) fn unmeasured_core() -> Device {
    let mut device = Device::new();
    device.request.measurement.code.retain(|code| code.role != CodeRole::Core);
    device
}

pub(crate) fn annotate(open: bool) -> Value {
    json!({ "findings": { "app_altered": { "action": "annotate", "open": open } } })
}

pub(crate) async fn set(service: &Service, policy: Value) -> Value {
    let (status, answer) = service.operator("PUT", PATH, Some(policy)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

pub(crate) async fn live(service: &Service) -> Value {
    service.operator("GET", PATH, None).await.1
}

pub(crate) async fn jwks(service: &Service) -> Value {
    service.operator("GET", "/.well-known/jwks.json", None).await.1
}

/// Whether the device gets a token.
pub(crate) async fn passes(service: &Service, device: &Device) -> bool {
    let token = service.pass(device).await.token;
    genuine(&jwks(service).await, &token)
}

pub(crate) async fn token_of(service: &Service, scope: &str) -> String {
    let (_, made) =
        service.operator("POST", "/admin/v1/tokens", Some(json!({ "name": scope, "scopes": [scope] }))).await;
    made.get("token").unwrap().as_str().unwrap().to_owned()
}
