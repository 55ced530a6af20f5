//! A decoy is no different from a token in shape, size and way.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use bonafide_protocol::measurement::{Fact, Platform};
use common::{Device, Service, genuine, parts};
use serde_json::{Value, json};

/// The JSON with every value replaced by its kind and length.
fn shape(value: &Value) -> Value {
    match value {
        Value::String(text) => json!(format!("{} characters", text.len())),
        Value::Number(number) => json!(format!("{} digits", number.to_string().len())),
        Value::Array(list) => list.iter().map(shape).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), shape(value))).collect(),
        other => other.clone(),
    }
}

async fn raw(service: &Service, device: &Device) -> (Vec<(String, usize)>, String) {
    let body = device.request(&service.challenge().await);
    let response = service.http.post(format!("http://{}/v1/tokens", service.public())).body(body).send().await.unwrap();
    let headers = response.headers().iter().map(|(name, value)| (name.to_string(), value.len())).collect();
    (headers, response.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn pass_and_fail_have_one_shape_one_size_and_one_set_of_headers() {
    let service = Service::ready().await;
    let jwks = service.operator("GET", "/.well-known/jwks.json", None).await.1;
    let (headers, text) = raw(&service, &Device::new()).await;
    let pass: Value = serde_json::from_str(&text).unwrap();
    let token = pass.get("token").unwrap().as_str().unwrap();
    assert!(genuine(&jwks, token));
    let (header, claims) = parts(token);

    let mut worst = Device::new();
    worst.request.measurement.artifacts.clear();
    worst.request.measurement.code.clear();
    worst.request.formats.clear();
    let mut altered = Device::new();
    altered.request.measurement.artifacts.first_mut().unwrap().sha256 = Fact::Known("33".repeat(32));
    for device in [worst, altered] {
        let (decoy_headers, decoy_text) = raw(&service, &device).await;
        assert_eq!(decoy_headers, headers);
        assert_eq!(decoy_text.len(), text.len());
        let decoy: Value = serde_json::from_str(&decoy_text).unwrap();
        assert_eq!(shape(&decoy), shape(&pass));
        let token = decoy.get("token").unwrap().as_str().unwrap();
        assert!(!genuine(&jwks, token));
        let (decoy_header, decoy_claims) = parts(token);
        assert_eq!(decoy_header, header);
        assert_eq!(shape(&json!(decoy_claims)), shape(&json!(claims)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_says_what_the_design_says() {
    let service = Service::ready().await;
    let mut device = Device::new();
    device.request.binding = Some(bonafide_protocol::encoding::to_base64(&[7; 32]));
    let response = service.pass(&device).await;
    let (header, claims) = parts(&response.token);
    assert_eq!(header.get("typ").unwrap(), "bonafide-token+jwt");
    assert_eq!(header.get("alg").unwrap(), "ES256");
    assert_eq!(claims.get("iss").unwrap(), "bonafide:acme");
    assert_eq!(claims.get("aud").unwrap(), "acme");
    assert_eq!(claims.get("iat").unwrap(), common::START);
    assert_eq!(claims.get("exp").unwrap(), common::START + 300);
    assert_eq!(claims.get("pay").unwrap(), device.request.binding.as_ref().unwrap());
    assert_eq!(claims.get("cnf").unwrap().get("jkt").unwrap(), &device.request.session_key.thumbprint());
    assert_ne!(claims.get("sub").unwrap(), &response.installation, "pairwise: the API never sees the id itself");
    let again = service.pass(&device).await;
    assert_eq!(again.installation, response.installation);
    assert_eq!(parts(&again.token).1.get("sub"), claims.get("sub"));
    assert_ne!(parts(&again.token).1.get("jti"), claims.get("jti"));
}

/// One thing wrong, and just that finding; the twin without it passes.
#[tokio::test(flavor = "multi_thread")]
async fn each_finding_has_its_cause() {
    let service = Service::ready().await;
    service.pass(&Device::new()).await;
    assert_eq!(service.findings().await, [""; 0]);

    type Change = fn(&mut Device);
    let cases: &[(Change, &[&str])] = &[
        (|device| device.request.app.version = "2.0".into(), &["app_unregistered"]),
        (|device| device.request.app.id = "com.evil.app".into(), &["app_unregistered"]),
        (
            |device| {
                let one = device.request.measurement.artifacts.first().unwrap().clone();
                device.request.measurement.artifacts.push(one);
            },
            &["app_altered"],
        ),
        (|device| device.request.measurement.artifacts.clear(), &["app_unmeasured"]),
        (
            |device| device.request.measurement.artifacts.first_mut().unwrap().sha256 = Fact::Unknown("no".into()),
            &["app_unmeasured"],
        ),
        (
            |device| device.request.measurement.code.first_mut().unwrap().memory = Fact::Known("44".repeat(32)),
            &["core_altered"],
        ),
        (
            |device| device.request.measurement.code.first_mut().unwrap().memory = Fact::Unknown("no".into()),
            &["core_unmeasured"],
        ),
        (
            |device| device.request.measurement.code.first_mut().unwrap().file = Fact::Unknown("no".into()),
            &["core_unmeasured"],
        ),
        (|device| device.request.measurement.code.clear(), &["core_unmeasured", "code_unmeasured"]),
        (
            |device| device.request.audience = "admin".into(),
            // An audience without a policy has the default one, which lets no desktop in.
            &["platform_not_allowed", "key_level_too_low", "audience_unknown"],
        ),
        (
            |device| device.request.app.platform = Platform::Android,
            &["app_unregistered", "app_unmeasured", "platform_not_allowed", "evidence_missing"],
        ),
        (|device| device.request.formats = vec![99], &["format_unsupported"]),
    ];
    for (change, expected) in cases {
        let mut device = Device::new();
        change(&mut device);
        service.pass(&device).await;
        assert_eq!(service.findings().await, *expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn registered_code_and_retired_builds_count() {
    let service = Service::new().await;
    service.add_host("api.acme.com").await;
    let build = |code: &str| {
        json!({ "platform": "jvm", "id": "com.acme.app", "version": "1.0",
            "artifacts": [{ "name": "app.jar", "sha256": "11".repeat(32) }],
            "code": [{ "name": "libbonafide.so", "sha256": code.repeat(32) }] })
    };
    let (_, other) = service.operator("POST", "/admin/v1/apps", Some(build("55"))).await;
    service.pass(&Device::new()).await;
    assert_eq!(service.findings().await, ["core_altered"], "memory is that of its file, but the file is another");

    let (_, own) = service.operator("POST", "/admin/v1/apps", Some(build("22"))).await;
    let (_, twice) = service.operator("POST", "/admin/v1/apps", Some(build("22"))).await;
    assert_eq!((own.get("app_id"), twice.get("registered")), (twice.get("app_id"), Some(&json!(false))));
    service.pass(&Device::new()).await;
    assert_eq!(service.findings().await, [""; 0]);

    for build in [other, own] {
        let path = format!("/admin/v1/apps/{}/retire?force=true", build.get("app_id").unwrap().as_str().unwrap());
        assert_eq!(service.operator("POST", &path, None).await.0.as_u16(), 200);
        assert_eq!(service.operator("POST", &path, None).await.0.as_u16(), 404);
    }
    service.pass(&Device::new()).await;
    assert_eq!(service.findings().await, ["app_retired"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_software_key_passes_only_where_the_operator_let_it_in_by_name() {
    let service = Service::ready().await;
    let body = json!({ "pins": [common::pin(1), common::pin(2)], "send_token": true,
        "policy": { "platforms": ["jvm"], "least_key_level": "hardware" } });
    let (status, answer) = service.operator("PUT", "/admin/v1/hosts/api.acme.com", Some(body)).await;
    assert_eq!(status.as_u16(), 200, "{answer}");
    service.pass(&Device::new()).await;
    assert_eq!(service.findings().await, ["key_level_too_low"]);
}
