//! Development keys: whoever has one gets tokens for development audiences, and for nothing else.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use bonafide_protocol::development::{DevelopmentKey, DevelopmentProof};
use bonafide_protocol::key::P256Key;
use bonafide_protocol::measurement::{Fact, Platform, Traces};
use bonafide_protocol::message::TokenResponse;
use common::{ACCOUNT, Device, START, Service, genuine, parts, phones};
use reqwest::StatusCode;
use serde_json::{Value, json};

const DAY: u64 = 24 * 60 * 60;
const KEYS: &str = "/admin/v1/development-keys";

async fn make(service: &Service, body: Value) -> (String, DevelopmentKey) {
    let (status, made) = service.operator("POST", KEYS, Some(body)).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    (made["key_id"].as_str().unwrap().to_owned(), made["key"].as_str().unwrap().parse().unwrap())
}

fn prove(key: &DevelopmentKey, device: &Device, challenge: &str) -> DevelopmentProof {
    key.prove(ACCOUNT, challenge, &device.key.public_key().unwrap().thumbprint())
}

/// A developer's session on an emulator: nothing of it is registered, measured or attested.
fn emulator() -> Device {
    let mut device = Device::new();
    device.request.app.platform = Platform::Android;
    device.request.app.version = "1.1-debug".into();
    device.request.measurement.artifacts.clear();
    let facts = device.request.measurement.device.as_mut().unwrap();
    facts.emulator = Traces::found(["qemu"]);
    facts.debuggers = Traces::found(["lldb"]);
    facts.root = Traces::found(["su"]);
    facts.developer = Traces::found(["adb"]);
    device
}

async fn ask(service: &Service, device: &mut Device, key: &DevelopmentKey) -> TokenResponse {
    let challenge = service.challenge().await;
    device.request.development = Some(prove(key, device, &challenge));
    send(service, device, &challenge).await
}

async fn send(service: &Service, device: &Device, challenge: &str) -> TokenResponse {
    let (status, answer) = service.post("/v1/tokens", device.request(challenge)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    serde_json::from_value(answer).unwrap()
}

async fn passes(service: &Service, response: &TokenResponse) -> bool {
    genuine(&service.operator("GET", "/.well-known/jwks.json", None).await.1, &response.token)
}

fn audience(response: &TokenResponse) -> String {
    parts(&response.token).1.get("aud").unwrap().as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_good_gets_a_decoy_that_looks_like_the_token() {
    let service = Service::ready().await;
    let (key_id, key) = make(&service, json!({ "name": "ada", "seconds": DAY })).await;
    let (revoked_id, revoked) = make(&service, json!({ "name": "bob" })).await;
    service.operator("DELETE", &format!("{KEYS}/{revoked_id}"), None).await;
    let good = ask(&service, &mut emulator(), &key).await;
    let text = serde_json::to_string(&good).unwrap();

    let stranger = DevelopmentKey::from_random(&[1; 9], &[2; 32]);
    let id = bonafide_protocol::encoding::from_base64url(&key_id).unwrap().try_into().unwrap();
    let guessed = DevelopmentKey::from_random(&id, &[2; 32]);
    for (what, key, finding) in [
        ("unknown", &stranger, "development_key_unknown"),
        ("a guessed secret", &guessed, "development_proof_invalid"),
        ("revoked", &revoked, "development_key_revoked"),
    ] {
        let decoy = ask(&service, &mut emulator(), key).await;
        assert!(!passes(&service, &decoy).await, "{what}");
        assert_eq!(audience(&decoy), "acme+dev", "{what}");
        assert_eq!(serde_json::to_string(&decoy).unwrap().len(), text.len(), "{what}");
        assert!(service.findings().await.contains(&finding.to_owned()), "{what}");
        // A sound, registered build does not make up for it.
        assert!(!passes(&service, &ask(&service, &mut Device::new(), key).await).await, "{what}, sound");
        assert_eq!(service.findings().await, [finding], "{what}, sound");
    }

    // The proof of another install key, and that of another challenge.
    let mut device = emulator();
    let (one, other) = (service.challenge().await, service.challenge().await);
    device.request.development = Some(prove(&key, &emulator(), &one));
    assert!(!passes(&service, &send(&service, &device, &one).await).await, "another install key's");
    device.request.development = Some(prove(&key, &device, &one));
    assert!(!passes(&service, &send(&service, &device, &other).await).await, "another challenge's");
    assert!(service.findings().await.contains(&"development_proof_invalid".to_owned()));

    assert!(passes(&service, &good).await);
    service.clock.advance(DAY - 1);
    assert!(passes(&service, &ask(&service, &mut emulator(), &key).await).await, "to its last second");
    service.clock.advance(1);
    assert!(!passes(&service, &ask(&service, &mut emulator(), &key).await).await);
    assert!(service.findings().await.contains(&"development_key_expired".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_with_a_key_never_gets_a_token_for_the_api_itself() {
    let service = Service::ready().await;
    let (_, key) = make(&service, json!({ "name": "ada" })).await;
    let mut sound = Device::new();
    let plain = service.pass(&sound).await;
    assert!(passes(&service, &plain).await);
    assert_eq!(audience(&plain), "acme");
    // The very same build, registered and sound, once it carries a key.
    let developer = ask(&service, &mut sound, &key).await;
    assert!(passes(&service, &developer).await);
    assert_eq!(audience(&developer), "acme+dev");
    assert_ne!(parts(&developer.token).1.get("sub"), parts(&plain.token).1.get("sub"), "nor is it the same subject");
    // Not by asking for an audience whose end would be the same, either way.
    for name in ["acme+dev", "+dev", ""] {
        sound.request.audience = name.into();
        assert!(!passes(&service, &ask(&service, &mut sound, &key).await).await, "{name:?}");
        assert!(service.findings().await.contains(&"audience_unknown".to_owned()), "{name:?}");
        sound.request.development = None;
        assert!(!passes(&service, &service.pass(&sound).await).await, "{name:?} without a key");
    }
    // A forced pass lifts nothing.
    let installation = plain.installation;
    let body = json!({ "verdict": "pass", "seconds": 60, "reason": "a test" });
    service.operator("PUT", &format!("/admin/v1/installations/{installation}/forced"), Some(body)).await;
    sound.request.audience = ACCOUNT.into();
    assert_eq!(audience(&ask(&service, &mut sound, &key).await), "acme+dev");
    let stranger = DevelopmentKey::from_random(&[1; 9], &[2; 32]);
    assert!(!passes(&service, &ask(&service, &mut sound, &stranger).await).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_host_may_have_a_development_audience() {
    let service = Service::ready().await;
    let body = json!({ "pins": [common::pin(1), common::pin(2)], "send_token": true, "audience": "acme+dev" });
    let (status, answer) = service.operator("PUT", "/admin/v1/hosts/dev.acme.com?force=true", Some(body)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(answer["message"].as_str().unwrap().contains("reserved"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_excuses_what_comes_of_developing_and_nothing_else() {
    let service = Service::ready().await;
    let (_, key) = make(&service, json!({ "name": "ada" })).await;
    assert!(!passes(&service, &service.pass(&emulator()).await).await, "without a key");
    let found = service.findings().await;

    let response = ask(&service, &mut emulator(), &key).await;
    assert!(passes(&service, &response).await);
    assert_eq!(service.findings().await, found, "recorded as ever");

    type Change = fn(&mut Device);
    let cases: &[(Change, &str)] = &[
        (|device| device.request.formats = vec![9], "format_unsupported"),
        (|device| device.request.audience = "admin".into(), "audience_unknown"),
        (|device| device.request.measurement.device.as_mut().unwrap().agents = Traces::found(["frida"]), "hooking"),
        (|device| device.request.measurement.device.as_mut().unwrap().cloner = Traces::found(["x"]), "app_cloned"),
    ];
    for (change, finding) in cases {
        let mut device = emulator();
        change(&mut device);
        assert!(!passes(&service, &ask(&service, &mut device, &key).await).await, "{finding}");
        assert!(service.findings().await.contains(&(*finding).to_owned()), "{finding}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_with_a_broken_proof_is_broken() {
    let service = Service::ready().await;
    let key = DevelopmentKey::from_random(&[1; 9], &[2; 32]);
    let mut device = Device::new();
    let good = prove(&key, &device, "x");
    for (key, proof) in [("", good.proof.as_str()), ("short", &good.proof), (&good.key, ""), (&good.key, "AAAA")] {
        device.request.development = Some(DevelopmentProof { key: key.into(), proof: proof.into() });
        let (status, answer) = service.post("/v1/tokens", device.request(&service.challenge().await)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{key} {proof} {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_names_who_asked_and_no_log_holds_the_secret() {
    let mut service = Service::ready().await;
    let (key_id, key) = make(&service, json!({ "name": " ada " })).await;
    ask(&service, &mut emulator(), &key).await;
    let (_, log) = service.operator("GET", "/admin/v1/appraisals?limit=1", None).await;
    assert_eq!(log[0]["development"], json!({ "key": key_id, "name": "ada" }));
    let stranger = DevelopmentKey::from_random(&[1; 9], &[2; 32]);
    ask(&service, &mut emulator(), &stranger).await;
    let (_, log) = service.operator("GET", "/admin/v1/appraisals?limit=1", None).await;
    assert_eq!(log[0]["development"], json!({ "key": stranger.id(), "name": null }));
    service.pass(&Device::new()).await;
    let (_, log) = service.operator("GET", "/admin/v1/appraisals?limit=1", None).await;
    assert_eq!(log[0]["development"], Value::Null);
    // No row for a developer: no change of pins asks after his device.
    let (_, installations) = service.operator("GET", "/admin/v1/installations", None).await;
    assert_eq!(installations.as_array().unwrap().len(), 1);

    let (_, keys) = service.operator("GET", KEYS, None).await;
    assert_eq!(keys[0]["name"], "ada");
    assert_eq!(keys[0]["expires_at"], START + 30 * DAY);
    assert_eq!(keys[0]["created_by"], "init");
    let (_, audit) = service.operator("GET", "/admin/v1/audit?limit=1", None).await;
    assert_eq!((&audit[0]["action"], &audit[0]["subject"]), (&json!("dev_key.create"), &json!(key_id)));
    let (_, metrics) = service.operator("GET", "/metrics", None).await;
    let counted = "bonafide_appraisals_with_total{with=\"development\",outcome=\"pass\"} 1";
    assert!(metrics.as_str().unwrap().contains(counted), "{metrics}");

    let secret = key.reveal().split_once('.').unwrap().1.to_owned();
    for shown in [&keys, &audit, &log] {
        assert!(!shown.to_string().contains(&secret) && keys[0].get("sealed").is_none());
    }
    service.running.take().unwrap().stop().await;
    for digest in [key.digest().to_bytes().to_vec(), bonafide_protocol::encoding::from_base64url(&secret).unwrap()] {
        use bonafide_protocol::encoding::{to_base64url, to_hex};
        let database = std::fs::read(service.database()).unwrap();
        for text in [to_base64url(&digest).into_bytes(), to_hex(&digest).into_bytes(), digest] {
            let found = database.windows(text.len()).any(|window| window == text);
            assert!(!found, "neither the secret nor its digest stands in the database");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_overlaps_and_never_prolongs_the_old_key() {
    let service = Service::ready().await;
    let (key_id, old) = make(&service, json!({ "name": "ada", "seconds": 10 * DAY })).await;
    let rotate = async |key_id: &str, body: Value| {
        service.operator("POST", &format!("{KEYS}/{key_id}/rotate"), Some(body)).await
    };
    assert_eq!(rotate("AAAAAAAAAAAA", json!({})).await.0, StatusCode::NOT_FOUND);
    assert_eq!(rotate(&key_id, json!({ "seconds": 91 * DAY })).await.0, StatusCode::BAD_REQUEST);
    let (status, made) = rotate(&key_id, json!({ "overlap_seconds": DAY })).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    assert_eq!((&made["name"], &made["replaces"]), (&json!("ada"), &json!(key_id)));
    assert_eq!(made["replaced_ends_at"], START + DAY);
    let new: DevelopmentKey = made["key"].as_str().unwrap().parse().unwrap();
    for key in [&old, &new] {
        assert!(passes(&service, &ask(&service, &mut emulator(), key).await).await);
    }
    service.clock.advance(DAY);
    assert!(!passes(&service, &ask(&service, &mut emulator(), &old).await).await);
    assert!(passes(&service, &ask(&service, &mut emulator(), &new).await).await);
    assert_eq!(rotate(&key_id, json!({})).await.0, StatusCode::CONFLICT, "it has ended");
    let (_, made) = rotate(new.id(), json!({ "overlap_seconds": 99 * DAY })).await;
    assert_eq!(made["replaced_ends_at"], START + 30 * DAY, "its own end");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_may_not_ask_for() {
    let service = Service::ready().await;
    for body in [
        json!({ "name": "" }),
        json!({ "name": " " }),
        json!({ "name": "a\u{1b}[2J" }),
        json!({ "name": "x".repeat(101) }),
        json!({ "name": "ada", "seconds": 0 }),
        json!({ "name": "ada", "seconds": 90 * DAY + 1 }),
        json!({ "name": "ada", "scopes": [] }),
        json!({}),
    ] {
        let (status, answer) = service.operator("POST", KEYS, Some(body.clone())).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body} {answer}");
    }
    let reader = json!({ "name": "reader", "scopes": ["read", "publish", "policy"] });
    let (_, made) = service.operator("POST", "/admin/v1/tokens", Some(reader)).await;
    let token = made["token"].as_str().unwrap();
    let (key_id, _) = make(&service, json!({ "name": "ada" })).await;
    for (method, path) in
        [("POST", KEYS.to_owned()), ("POST", format!("{KEYS}/{key_id}/rotate")), ("DELETE", format!("{KEYS}/{key_id}"))]
    {
        let body = if path == KEYS { json!({ "name": "eve" }) } else { json!({}) };
        let (status, _) = service.operator_as(token, method, &path, Some(body)).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{method} {path}");
    }
    assert_eq!(service.operator_as(token, "GET", KEYS, None).await.0, StatusCode::OK);
    assert_eq!(service.operator("DELETE", &format!("{KEYS}/AAAAAAAAAAAA"), None).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_of_a_policy_knows_what_was_excused() {
    let service = Service::ready().await;
    let (_, key) = make(&service, json!({ "name": "ada" })).await;
    ask(&service, &mut emulator(), &key).await;
    let (_, tried) = service.operator("POST", "/admin/v1/policy/try", Some(json!({ "findings": {} }))).await;
    assert_eq!(tried["tried"]["now"], json!({ "passed": 1, "failed": 0 }), "as it was decided");
}

/// A script has a software key and no evidence, whatever it repeats of a registered build.
#[tokio::test(flavor = "multi_thread")]
async fn a_software_key_never_passes_for_a_phone() {
    let service = Service::new().await;
    let phones = json!({ "pins": [common::pin(1), common::pin(2)], "send_token": true, "audience": "phones",
        "policy": { "platforms": ["android", "ios"], "least_key_level": "platform" } });
    assert_eq!(service.operator("PUT", "/admin/v1/hosts/phones.acme.com", Some(phones)).await.0, StatusCode::OK);
    // The mildest policy that an operator can have: every platform, any key.
    let lax = json!({ "pins": [common::pin(1), common::pin(2)], "send_token": true, "audience": "lax",
        "policy": { "platforms": ["android", "ios", "jvm", "linux"], "least_key_level": "software" } });
    assert_eq!(service.operator("PUT", "/admin/v1/hosts/lax.acme.com", Some(lax)).await.0, StatusCode::OK);
    for platform in [Platform::Android, Platform::Ios, Platform::Jvm] {
        let (status, answer) = service.operator("POST", "/admin/v1/apps", Some(phones::build(platform))).await;
        assert_eq!(status, StatusCode::OK, "{platform:?} {answer}");
    }
    let script = |platform, audience: &str| {
        let mut device = phones::device(platform);
        device.request.audience = audience.into();
        device
    };
    for platform in [Platform::Android, Platform::Ios] {
        for audience in ["phones", "lax"] {
            let response = service.pass(&script(platform, audience)).await;
            assert!(!passes(&service, &response).await, "{platform:?} {audience}");
            let missing: &[&str] =
                if audience == "lax" { &["evidence_missing"] } else { &["key_level_too_low", "evidence_missing"] };
            assert_eq!(service.findings().await, missing, "{platform:?} {audience}: all else is as registered");
        }
    }
    // Where desktops are not let in, a registered desktop build opens nothing.
    assert!(!passes(&service, &service.pass(&script(Platform::Jvm, "phones")).await).await);
    assert_eq!(service.findings().await, ["platform_not_allowed", "key_level_too_low"]);
    // No policy and no verdict forced by an operator changes that.
    let fake = script(Platform::Android, "lax");
    let all: serde_json::Map<String, Value> =
        ["app_altered", "app_unmeasured", "core_altered", "device_unmeasured", "rooted"]
            .into_iter()
            .map(|code| (code.to_owned(), json!("ignore")))
            .collect();
    service.operator("PUT", "/admin/v1/policy?force=true", Some(json!({ "findings": all }))).await;
    let installation = service.pass(&fake).await.installation;
    let body = json!({ "verdict": "pass", "seconds": 60, "reason": "a test" });
    service.operator("PUT", &format!("/admin/v1/installations/{installation}/forced"), Some(body)).await;
    assert!(!passes(&service, &service.pass(&fake).await).await);

    // What cannot be told on an audience that lets desktops in: a script that repeats what a registered desktop build
    // would say. Its key is software, and its measurement its own word (docs/threat-model.md).
    assert!(passes(&service, &service.pass(&script(Platform::Jvm, "lax")).await).await);
    let mut wrong = script(Platform::Jvm, "lax");
    wrong.request.measurement.artifacts.first_mut().unwrap().sha256 = Fact::Known("33".repeat(32));
    service.operator("PUT", "/admin/v1/policy?force=true", Some(json!({ "findings": {} }))).await;
    assert!(!passes(&service, &service.pass(&wrong).await).await, "it has to know the digests, at least");
    // And it is bound to its install key: another key is another installation, which can be refused by itself.
    let one = script(Platform::Jvm, "lax");
    let mut other = script(Platform::Jvm, "lax");
    other.key = P256Key::generate().unwrap();
    assert_ne!(service.pass(&one).await.installation, service.pass(&other).await.installation);
}
