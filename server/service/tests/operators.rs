//! The operator's API: who may do what, what locks nobody out, what stands in the audit log.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use bonafide_protocol::jwk::KeyList;
use bonafide_protocol::key::Ed25519Key;
use bonafide_protocol::root::Root;
use bonafide_protocol::trust::{Trusted, Update};
use common::{ACCOUNT, Device, START, Service, genuine, pin};
use reqwest::StatusCode;
use serde_json::{Value, json};

fn code(answer: &Value) -> &str {
    answer.get("code").and_then(Value::as_str).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_in_without_a_token_of_the_scope() {
    let service = Service::new().await;
    for token in ["", "wrong", &service.token.to_uppercase(), &format!("{}x", service.token)] {
        let (status, answer) = service.operator_as(token, "GET", "/admin/v1/account", None).await;
        assert_eq!((status.as_u16(), code(&answer)), (401, "unauthorized"));
    }
    let wanted = json!({ "name": "dashboard", "scopes": ["read"] });
    let (_, made) = service.operator("POST", "/admin/v1/tokens", Some(wanted)).await;
    let reader = made.get("token").unwrap().as_str().unwrap();
    assert_eq!(service.operator_as(reader, "GET", "/admin/v1/account", None).await.0, StatusCode::OK);
    let entry = json!({ "pins": [pin(1), pin(2)] });
    for (method, path, body) in [
        ("PUT", "/admin/v1/hosts/api.acme.com", Some(entry.clone())),
        ("DELETE", "/admin/v1/hosts/api.acme.com", None),
        ("PUT", "/admin/v1/service", Some(json!({}))),
        ("POST", "/admin/v1/keys/token/rotate", None),
        ("POST", "/admin/v1/look", Some(json!({ "host": "127.0.0.1", "port": 443 }))),
        ("POST", "/admin/v1/roots/prepare", None),
        ("POST", "/admin/v1/roots", Some(json!({ "root": "" }))),
        ("POST", "/admin/v1/apps/x/retire", None),
        ("GET", "/admin/v1/tokens", None),
        ("POST", "/admin/v1/tokens", Some(json!({ "name": "more", "scopes": ["publish"] }))),
        ("DELETE", "/admin/v1/tokens/x", None),
    ] {
        let (status, answer) = service.operator_as(reader, method, path, body).await;
        assert_eq!((status.as_u16(), code(&answer)), (403, "forbidden"), "{method} {path}");
    }
    // To publish is not to set policies.
    let wanted = json!({ "name": "deploy", "scopes": ["publish"] });
    let (_, made) = service.operator("POST", "/admin/v1/tokens", Some(wanted)).await;
    let publisher = made.get("token").unwrap().as_str().unwrap();
    let with_policy = json!({ "pins": [pin(1), pin(2)],
        "policy": { "platforms": ["jvm"], "least_key_level": "software" } });
    let path = "/admin/v1/hosts/api.acme.com";
    assert_eq!(service.operator_as(publisher, "PUT", path, Some(with_policy)).await.0, StatusCode::FORBIDDEN);
    assert_eq!(service.operator_as(publisher, "PUT", path, Some(entry)).await.0, StatusCode::OK);

    // Revoked, it is unknown; the last one of all scopes stays.
    let path = format!("/admin/v1/tokens/{}", made.get("token_id").unwrap().as_str().unwrap());
    assert_eq!(service.operator("DELETE", &path, None).await.0, StatusCode::OK);
    assert_eq!(service.operator_as(publisher, "DELETE", path.as_str(), None).await.0, StatusCode::UNAUTHORIZED);
    let (_, tokens) = service.operator("GET", "/admin/v1/tokens", None).await;
    let first = tokens.as_array().unwrap().iter().find(|token| token.get("name").unwrap() == "init").unwrap();
    let first = first.get("token_id").unwrap().as_str().unwrap();
    let (status, answer) = service.operator("DELETE", &format!("/admin/v1/tokens/{first}"), None).await;
    assert_eq!((status.as_u16(), code(&answer)), (409, "conflict"));

    let text = std::fs::read(service.database()).unwrap();
    let secret = service.token.as_bytes();
    assert!(!text.windows(secret.len()).any(|window| window == secret), "only digests are stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_in_the_audit_log_and_a_dry_run_is_not() {
    let service = Service::new().await;
    let (_, before) = service.operator("GET", "/admin/v1/account", None).await;
    let entry = json!({ "pins": [pin(1), pin(2)] });
    let (status, dry) = service.operator("PUT", "/admin/v1/hosts/api.acme.com?dry_run=true", Some(entry.clone())).await;
    assert_eq!((status, dry.get("dry_run")), (StatusCode::OK, Some(&json!(true))));
    assert_eq!(service.operator("GET", "/admin/v1/account", None).await.1, before);
    assert_eq!(service.operator("GET", "/admin/v1/audit", None).await.1, json!([]));

    service.operator("PUT", "/admin/v1/hosts/api.acme.com", Some(entry)).await;
    service.register(&"11".repeat(32)).await;
    service.operator("POST", "/admin/v1/config/export", None).await;
    service.operator("POST", "/admin/v1/keys/token/rotate", None).await;
    service.operator("POST", "/admin/v1/keys/challenge/rotate", None).await;
    service.operator("PUT", "/admin/v1/service", Some(json!({ "pins": [pin(8), pin(7)] }))).await;
    service.operator("DELETE", "/admin/v1/hosts/api.acme.com", None).await;
    let (_, log) = service.operator("GET", "/admin/v1/audit", None).await;
    let actions: Vec<&str> =
        log.as_array().unwrap().iter().rev().map(|row| row.get("action").unwrap().as_str().unwrap()).collect();
    assert_eq!(
        actions,
        ["host.add", "app.register", "config.export", "key.rotate", "key.rotate", "service.change", "host.remove"]
    );
    let removed = log.pointer("/0").unwrap();
    assert_eq!(removed.get("actor").unwrap(), "init");
    assert_eq!(removed.get("time").unwrap(), START);
    assert_eq!(removed.pointer("/before/entry/host").unwrap(), "api.acme.com");
    assert_eq!(removed.get("after").unwrap(), &Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn pins_that_lock_somebody_out_need_force() {
    let service = Service::new().await;
    let path = "/admin/v1/hosts/api.acme.com";
    let forced = "/admin/v1/hosts/api.acme.com?force=true";
    let put = |path: &'static str, body: Value| service.operator("PUT", path, Some(body));

    // One pin twice is one pin.
    for pins in [json!([pin(1)]), json!([pin(1), pin(1)])] {
        assert_eq!(code(&put(path, json!({ "pins": pins })).await.1), "conflict");
    }
    // None is refused, forced or not.
    assert_eq!(code(&put(forced, json!({ "pins": [] })).await.1), "malformed_request");
    assert_eq!(put(path, json!({ "pins": [pin(1)], "mode": "report" })).await.0, StatusCode::OK);
    assert_eq!(put(forced, json!({ "pins": [pin(1)] })).await.0, StatusCode::OK);
    assert_eq!(put(path, json!({ "pins": [pin(1), pin(2)] })).await.0, StatusCode::OK);

    // Nothing in common with those in force, unless what is served now says that it is right.
    let others = json!([pin(3), pin(4)]);
    assert_eq!(code(&put(path, json!({ "pins": others })).await.1), "conflict");
    let served = |byte| json!({ "pins": others, "chains": [[pin(3), pin(0)], [pin(byte)]] });
    assert_eq!(code(&put(path, served(1)).await.1), "conflict", "one of two addresses still has the old key");
    assert_eq!(put(path, served(4)).await.0, StatusCode::OK);

    // The service's own: the leaf only, two always.
    let service_path = "/admin/v1/service";
    for (body, expected) in [
        (json!({ "pins": [pin(8)] }), "conflict"),
        (json!({ "pins": [pin(5), pin(6)] }), "conflict"),
        (json!({ "pins": [pin(5), pin(6)], "chains": [[pin(4), pin(5)]] }), "conflict"),
        (json!({ "url": "http://bonafide.acme.com" }), "malformed_request"),
        (json!({ "roots": ["AAAA"] }), "malformed_request"),
        (json!({ "pin": [] }), "malformed_request"),
    ] {
        assert_eq!(code(&put(service_path, body.clone()).await.1), expected, "{body}");
    }
    assert_eq!(code(&put("/admin/v1/service?force=true", json!({ "pins": [pin(8)] })).await.1), "conflict");
    let good = json!({ "pins": [pin(5), pin(6)], "chains": [[pin(5)]] });
    assert_eq!(put(service_path, good).await.0, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_out_by_another_way_needs_force_too() {
    let service = Service::ready().await;
    service.pass(&Device::new()).await;
    let put = |path: &'static str, body: Value| service.operator("PUT", path, Some(body));
    let pins = json!([pin(1), pin(2)]);
    let others = json!([pin(3), pin(4)]);
    for (path, body, why) in [
        ("/admin/v1/hosts/api.acme.com", json!({ "pins": others, "send_token": true, "chains": [] }), "no chain"),
        ("/admin/v1/hosts/api.acme.com", json!({ "pins": pins }), "no token any more"),
        ("/admin/v1/hosts/api.acme.com", json!({ "pins": pins, "send_token": true, "audience": "pay" }), "audience"),
        ("/admin/v1/service", json!({ "pins": [pin(5), pin(6)], "chains": [] }), "no chain"),
        ("/admin/v1/service", json!({ "url": "https://bonafied.acme.com" }), "another place, unseen"),
    ] {
        assert_eq!(code(&put(path, body).await.1), "conflict", "{why}");
    }
    let body = json!({ "url": "https://new.acme.com", "chains": [[pin(8)]] });
    assert_eq!(put("/admin/v1/service", body).await.0, StatusCode::OK);
    let body = json!({ "pins": pins, "send_token": true, "audience": "pay" });
    assert_eq!(put("/admin/v1/hosts/api.acme.com?force=true", body).await.0, StatusCode::OK);

    // A new entry under a pattern.
    assert_eq!(put("/admin/v1/hosts/**.acme.org", json!({ "pins": pins })).await.0, StatusCode::OK);
    assert_eq!(code(&put("/admin/v1/hosts/www.acme.org", json!({ "pins": others })).await.1), "conflict");
    assert_eq!(put("/admin/v1/hosts/www.acme.org", json!({ "pins": pins })).await.0, StatusCode::OK);

    // An entry that goes leaves its hosts to the pattern above it.
    let delete = |path: &'static str| service.operator("DELETE", path, None);
    assert_eq!(
        put("/admin/v1/hosts/*.acme.org", json!({ "pins": others, "chains": [[pin(3)]] })).await.0,
        StatusCode::OK
    );
    assert_eq!(code(&delete("/admin/v1/hosts/www.acme.org").await.1), "conflict");
    assert_eq!(code(&delete("/admin/v1/hosts/*.acme.org").await.1), "conflict");
    assert_eq!(delete("/admin/v1/hosts/*.acme.org?force=true").await.0, StatusCode::OK);
    assert_eq!(delete("/admin/v1/hosts/www.acme.org").await.0, StatusCode::OK, "the pattern has the same pins");

    // A new pattern takes hosts from the one above it, with their tokens.
    let tokens = json!({ "pins": pins, "send_token": true });
    assert_eq!(put("/admin/v1/hosts/**.acme.net", tokens.clone()).await.0, StatusCode::OK);
    assert_eq!(code(&put("/admin/v1/hosts/*.acme.net", json!({ "pins": others })).await.1), "conflict");
    assert_eq!(code(&put("/admin/v1/hosts/*.acme.net", json!({ "pins": pins })).await.1), "conflict", "no token");
    assert_eq!(put("/admin/v1/hosts/*.acme.net", tokens).await.0, StatusCode::OK);
    // What is left for the bare name and for deeper ones is another than for one label.
    let above = json!({ "pins": others, "send_token": true, "chains": [[pin(3)]] });
    assert_eq!(
        put("/admin/v1/hosts/**.net.acme.net", json!({ "pins": pins, "send_token": true })).await.0,
        StatusCode::OK
    );
    assert_eq!(put("/admin/v1/hosts/**.acme.net", above).await.0, StatusCode::OK);
    assert_eq!(code(&delete("/admin/v1/hosts/**.net.acme.net").await.1), "conflict");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_operators_the_second_does_not_undo_what_the_first_did() {
    let service = Service::ready().await;
    let (_, account) = service.operator("GET", "/admin/v1/account", None).await;
    let path = format!("/admin/v1/hosts/api.acme.com?force=true&base={}", account.get("version").unwrap());
    let with = |byte| json!({ "pins": [pin(1), pin(2), pin(byte)], "send_token": true });
    assert_eq!(service.operator("PUT", &path, Some(with(3))).await.0, StatusCode::OK);
    for (method, path, body) in [
        ("PUT", path.clone(), Some(with(4))),
        ("DELETE", path.clone(), None),
        ("PUT", path.replace("hosts/api.acme.com", "service"), Some(json!({ "pins": [pin(8), pin(9), pin(7)] }))),
    ] {
        assert_eq!(code(&service.operator(method, &path, body).await.1), "conflict", "{method} {path}");
    }
    let (_, live) = service.operator("GET", "/admin/v1/config", None).await;
    assert!(live.pointer("/content/hosts/0/pins").unwrap().to_string().contains(&pin(3).to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_typing_error_in_a_host_entry_is_told() {
    let service = Service::new().await;
    let pins = json!([pin(1), pin(2)]);
    for body in [
        json!({ "pins": pins, "mode": "enforced" }),
        json!({ "pins": pins, "without_token": "ignore" }),
        json!({ "pins": pins, "signing": "on" }),
        json!({ "pins": pins, "sendtoken": true }),
        json!({ "pins": pins, "host": "other.acme.com" }),
        json!({ "pins": ["sha256/AAAA"] }),
        json!({ "pins": ["sha512/AAAA", pin(1), pin(2)] }),
        json!({ "pins": pins, "policy": { "platforms": ["windows"], "least_key_level": "software" } }),
        json!({ "pins": pins, "policy": { "platforms": ["jvm"], "least_key_level": "any" } }),
        json!([]),
    ] {
        let (status, answer) = service.operator("PUT", "/admin/v1/hosts/api.acme.com", Some(body.clone())).await;
        assert_eq!((status.as_u16(), code(&answer)), (400, "malformed_request"), "{body}");
    }
    for pattern in ["*.com", "a*b.acme.com", "%20", "a..b"] {
        let body = json!({ "pins": pins });
        let (_, answer) = service.operator("PUT", &format!("/admin/v1/hosts/{pattern}"), Some(body)).await;
        assert_eq!(code(&answer), "malformed_request", "{pattern}");
    }
    let (_, answer) = service.operator("DELETE", "/admin/v1/hosts/api.acme.com", None).await;
    assert_eq!(code(&answer), "not_found");
    let (_, answer) = service.operator("GET", "/admin/v1/nothing", None).await;
    assert_eq!(code(&answer), "not_found");
    let (_, answer) = service.operator("GET", "/admin/v1/audit?limit=many", None).await;
    assert_eq!(code(&answer), "malformed_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn impact_counts_the_configs_that_would_refuse() {
    let service = Service::ready().await;
    service.operator("POST", "/admin/v1/config/export", None).await;
    let (_, account) = service.operator("GET", "/admin/v1/account", None).await;
    let exported = account.get("version").unwrap().as_u64().unwrap();
    let mut device = Device::new();
    device.request.version = exported;
    service.pass(&device).await;
    let body = json!({ "pins": [pin(2), pin(3)], "send_token": true });
    service.operator("PUT", "/admin/v1/hosts/api.acme.com", Some(body)).await;

    let ask = |chains: Value| {
        let question = json!({ "host": "API.acme.com", "chains": chains });
        service.operator("POST", "/admin/v1/impact", Some(question))
    };
    let (_, answer) = ask(json!([[pin(2)], [pin(3)]])).await;
    assert_eq!(answer.get("active_installations").unwrap(), 1);
    assert_eq!(answer.get("refusing").unwrap().as_array().unwrap().len(), 1);
    assert_eq!(answer.pointer("/refusing/0/version").unwrap(), exported);
    assert_eq!(answer.pointer("/refusing/0/chains").unwrap(), &json!([1]));
    assert_eq!(answer.pointer("/refusing/0/live").unwrap(), false);
    assert_eq!(ask(json!([[pin(2)]])).await.1.get("refusing").unwrap(), &json!([]));
    let question = json!({ "host": "bonafide.acme.com", "chains": [[pin(1), pin(8)]] });
    let (_, own) = service.operator("POST", "/admin/v1/impact", Some(question)).await;
    assert_eq!(own.get("refusing").unwrap().as_array().unwrap().len(), 2, "the service's pins match the leaf only");
    for (port, expected) in [(443, 2), (9443, 0)] {
        let question = json!({ "host": "bonafide.acme.com", "port": port, "chains": [[pin(1), pin(8)]] });
        let (_, own) = service.operator("POST", "/admin/v1/impact", Some(question)).await;
        assert_eq!(
            own.get("refusing").unwrap().as_array().unwrap().len(),
            expected,
            "an API may share the name: {port}"
        );
    }

    // The device above sends a token to the host.
    let (_, answer) = service.operator("DELETE", "/admin/v1/hosts/api.acme.com", None).await;
    assert_eq!(code(&answer), "conflict");
    assert_eq!(service.operator("DELETE", "/admin/v1/hosts/api.acme.com?force=true", None).await.0, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn token_and_challenge_keys_rotate_with_overlap() {
    let service = Service::ready().await;
    let device = Device::new();
    let old = service.pass(&device).await;
    let (_, rotated) = service.operator("POST", "/admin/v1/keys/token/rotate", None).await;
    service.clock.set(rotated.get("signs_from").unwrap().as_u64().unwrap());
    let (_, jwks) = service.operator("GET", &format!("/.well-known/jwks.json?account={ACCOUNT}"), None).await;
    assert!(genuine(&jwks, &old.token), "what the old key signed is good until it ends");
    assert!(genuine(&jwks, &service.pass(&device).await.token));
    service.clock.set(rotated.get("old_ends_at").unwrap().as_u64().unwrap() + 1);
    let (_, jwks) = service.operator("GET", "/.well-known/jwks.json", None).await;
    assert_eq!(jwks.get("keys").unwrap().as_array().unwrap().len(), 1);
    assert!(!genuine(&jwks, &old.token));

    let challenge = service.challenge().await;
    service.operator("POST", "/admin/v1/keys/challenge/rotate", None).await;
    assert_eq!(service.post("/v1/tokens", device.request(&challenge)).await.0, StatusCode::OK);

    for (path, expected) in [
        ("/admin/v1/keys/config/rotate", "conflict"),
        ("/admin/v1/keys/arc/rotate", "not_found"),
        ("/admin/v1/keys/token/rotate?algorithm=none", "malformed_request"),
    ] {
        assert_eq!(code(&service.operator("POST", path, None).await.1), expected);
    }

    // HS256, for gateways that know no better: its key is in no JWKS.
    let (_, rotated) = service.operator("POST", "/admin/v1/keys/token/rotate?algorithm=HS256&now=true", None).await;
    let secret = rotated.get("secret").unwrap().as_str().unwrap();
    let token = service.pass(&device).await.token;
    let key = bonafide_protocol::encoding::from_base64url(secret).unwrap();
    let (input, signature) = token.rsplit_once('.').unwrap();
    let signature = bonafide_protocol::encoding::from_base64url(signature).unwrap();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &key);
    assert!(ring::hmac::verify(&key, input.as_bytes(), &signature).is_ok());
    let (_, jwks) = service.operator("GET", "/.well-known/jwks.json", None).await;
    assert!(jwks.get("keys").unwrap().as_array().unwrap().iter().all(|jwk| jwk.get("kid") != rotated.get("kid")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_key_ends_at_once() {
    let mut service = Service::ready().await;
    let device = Device::new();
    let old = service.pass(&device).await;
    let challenge = service.challenge().await;
    // What had been replaced already, and was good for an hour more, ends as well.
    let (_, rotated) = service.operator("POST", "/admin/v1/keys/token/rotate", None).await;
    service.operator("POST", "/admin/v1/keys/challenge/rotate", None).await;
    service.clock.set(rotated.get("signs_from").unwrap().as_u64().unwrap());
    let between = service.pass(&device).await;
    service.operator("POST", "/admin/v1/keys/token/rotate?now=true", None).await;
    service.operator("POST", "/admin/v1/keys/challenge/rotate?now=true", None).await;
    for restarted in [false, true] {
        let (_, jwks) = service.operator("GET", "/.well-known/jwks.json", None).await;
        for token in [&old.token, &between.token] {
            assert!(!genuine(&jwks, token), "restarted: {restarted}");
        }
        assert!(genuine(&jwks, &service.pass(&device).await.token), "restarted: {restarted}");
        let (_, answer) = service.post("/v1/tokens", device.request(&challenge)).await;
        assert_eq!(code(&answer), "challenge_invalid", "restarted: {restarted}");
        if !restarted {
            service.restart().await;
        }
    }
    // Nor does a clock that is set back bring them back.
    service.clock.set(START - 1_200);
    let (_, jwks) = service.operator("GET", "/.well-known/jwks.json", None).await;
    assert!(!genuine(&jwks, &old.token) && !genuine(&jwks, &between.token));
    assert!(genuine(&jwks, &service.pass(&device).await.token));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_token_key_is_published_before_it_signs() {
    let mut service = Service::ready().await;
    let device = Device::new();
    let kid = |token: &str| jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
    let old = kid(&service.pass(&device).await.token);
    let (_, rotated) = service.operator("POST", "/admin/v1/keys/token/rotate", None).await;
    let new = rotated.get("kid").unwrap().as_str().unwrap().to_owned();
    let signs_from = rotated.get("signs_from").unwrap().as_u64().unwrap();
    assert_eq!(signs_from, START + 600);
    let (_, jwks) = service.operator("GET", "/.well-known/jwks.json", None).await;
    let published: Vec<&str> = jwks
        .get("keys")
        .unwrap()
        .as_array()
        .unwrap()
        .iter()
        .map(|jwk| jwk.get("kid").unwrap().as_str().unwrap())
        .collect();
    assert!(published.contains(&old.as_str()) && published.contains(&new.as_str()), "{published:?}");

    service.clock.set(signs_from - 1);
    assert_eq!(kid(&service.pass(&device).await.token), old, "a gateway may not have the new key yet");
    service.restart().await;
    assert_eq!(kid(&service.pass(&device).await.token), old, "nor after a restart");
    service.clock.set(signs_from);
    let token = service.pass(&device).await.token;
    assert_eq!(kid(&token), new);
    let (_, jwks) = service.operator("GET", "/.well-known/jwks.json", None).await;
    assert!(genuine(&jwks, &token));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owners_next_root_supersedes_a_thief() {
    let service = Service::ready().await;
    let (_, exported) = service.operator("POST", "/admin/v1/config/export", None).await;
    let embedded = Trusted::from_initial(exported.to_string().as_bytes()).unwrap();
    let good = embedded.position().1;
    let path = service.directory.path().join("root.key");
    let root_key = Ed25519Key::from_private_jwk(std::fs::read_to_string(&path).unwrap().trim().as_bytes()).unwrap();

    let (_, answer) = service.operator("POST", "/admin/v1/roots", Some(json!({ "root": "a.b.c" }))).await;
    assert_eq!(code(&answer), "conflict", "nothing was prepared");
    let (_, prepared) = service.operator("POST", "/admin/v1/roots/prepare", None).await;
    let next: KeyList = serde_json::from_value(json!([prepared.get("next_config_key").unwrap()])).unwrap();
    let new_root_key = Ed25519Key::generate().unwrap();
    let root = |epoch, account: &str, config_keys: &KeyList| Root {
        format: 1,
        crit: vec![],
        account: account.into(),
        epoch,
        root_keys: KeyList::new(vec![new_root_key.public_key()]),
        config_keys: config_keys.clone(),
    };
    let other = Ed25519Key::generate().unwrap();
    for (wrong, why) in [
        (root(2, ACCOUNT, &next).sign(&other), "signed by another key"),
        (root(1, ACCOUNT, &next).sign(&root_key), "an epoch that is held"),
        (root(3, ACCOUNT, &next).sign(&root_key), "an epoch left out"),
        (root(2, "other", &next).sign(&root_key), "another account"),
        (root(2, ACCOUNT, &KeyList::new(vec![other.public_key()])).sign(&root_key), "without the prepared key"),
    ] {
        let (status, answer) = service.operator("POST", "/admin/v1/roots", Some(json!({ "root": wrong }))).await;
        assert_eq!((status.as_u16(), code(&answer)), (409, "conflict"), "{why}");
    }

    // A thief counts as high as one can, with his own pins: the service can publish nothing more in this epoch.
    service.clock.set((1 << 53) - 1);
    service.operator("PUT", "/admin/v1/hosts/api.acme.com?force=true", Some(json!({ "pins": [pin(66)] }))).await;
    service.clock.set(START + 10);
    let (_, stuck) = service
        .operator("PUT", "/admin/v1/hosts/api.acme.com?force=true", Some(json!({ "pins": [pin(1), pin(2)] })))
        .await;
    assert_eq!(code(&stuck), "conflict", "{stuck}");
    let (_, poisoned) = service.get("/v1/config?account=acme&epoch=1&version=0").await;
    let poisoned = match embedded.update(&[], poisoned.get("config").unwrap().as_str()).unwrap() {
        Update::Newer(poisoned) => poisoned,
        other => unreachable!("{other:?}"),
    };
    assert_eq!(poisoned.position(), (1, (1 << 53) - 1));

    let body = json!({ "root": root(2, ACCOUNT, &next).sign(&root_key), "content": { "epoch": 1, "version": good } });
    let (status, published) = service.operator("POST", "/admin/v1/roots", Some(body)).await;
    assert_eq!(status, StatusCode::OK, "{published}");
    assert_eq!(published, json!({ "epoch": 2, "version": START + 10 }));
    let (epoch, version) = poisoned.position();
    let (_, newer) = service.get(&format!("/v1/config?account=acme&epoch={epoch}&version={version}")).await;
    let roots: Vec<String> = serde_json::from_value(newer.get("roots").unwrap().clone()).unwrap();
    match poisoned.update(&roots, newer.get("config").unwrap().as_str()).unwrap() {
        Update::Newer(healed) => {
            assert_eq!(healed.position(), (2, START + 10));
            assert_eq!(healed.config().hosts.first().unwrap().pins.pins(), [pin(1), pin(2)], "not the thief's");
        }
        other => unreachable!("{other:?}"),
    }
    service.add_host("www.acme.com").await;
}
