//! Bad input at the public listener: each refused with its code, and nothing lost.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use bonafide_protocol::jws::{Header, join, signing_input};
use bonafide_protocol::key::Ed25519Key;
use bonafide_protocol::message::{MAX_REQUEST_BYTES, TOKEN_REQUEST_TYPE};
use common::{ACCOUNT, Device, START, Service};
use reqwest::StatusCode;
use serde_json::{Value, json};

async fn refused(service: &Service, body: String, http: u16, code: &str) {
    let (status, answer) = service.post("/v1/tokens", body).await;
    assert_eq!((status.as_u16(), answer.get("code").and_then(Value::as_str)), (http, Some(code)), "{answer}");
}

fn payload(device: &Device, challenge: &str) -> Value {
    let mut request = device.request.clone();
    challenge.clone_into(&mut request.challenge);
    serde_json::to_value(request).unwrap()
}

/// The JWS with another header, signed all the same.
fn with_header(device: &Device, change: impl FnOnce(&mut Header), payload: &Value) -> String {
    let mut header = Header::with_jwk(TOKEN_REQUEST_TYPE, &device.key.public_key().unwrap());
    change(&mut header);
    let input = signing_input(&header, payload.to_string().as_bytes());
    join(&input, &device.key.sign(input.as_bytes()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_or_forged_request_is_refused_and_spends_nothing() {
    let service = Service::ready().await;
    let device = Device::new();
    let challenge = service.challenge().await;
    let good = payload(&device, &challenge);

    for body in ["", ".", "..", "a.b.c", "{}", "null", "\u{0}"] {
        refused(&service, body.to_owned(), 400, "malformed_request").await;
    }
    // Also when much more is still on its way: the answer arrives, the connection is not reset under it.
    for more in [1, 1024 * 1024] {
        for _ in 0..20 {
            refused(&service, "x".repeat(MAX_REQUEST_BYTES + more), 413, "request_too_large").await;
        }
    }

    for typ in [None, Some("JWT"), Some("bonafide-report+jwt")] {
        let jws = with_header(&device, |header| header.typ = typ.map(str::to_owned), &good);
        refused(&service, jws, 400, "malformed_request").await;
    }
    for algorithm in ["none", "HS256", "EdDSA", "es256", ""] {
        let jws = with_header(&device, |header| header.alg = algorithm.to_owned(), &good);
        refused(&service, jws, 400, "malformed_request").await;
    }
    // No key, a key of another kind, a key of somebody else.
    refused(&service, with_header(&device, |header| header.jwk = None, &good), 400, "malformed_request").await;
    let ed = Ed25519Key::generate().unwrap().public_key();
    refused(&service, with_header(&device, |header| header.jwk = Some(ed), &good), 400, "malformed_request").await;
    let other = Device::new().key.public_key().unwrap();
    refused(&service, with_header(&device, |header| header.jwk = Some(other), &good), 400, "signature_invalid").await;

    // Signed, but altered on the way.
    let jws = device.request(&challenge);
    let mut altered = good.clone();
    altered.as_object_mut().unwrap().insert("audience".into(), json!("admin"));
    let mut cut = jws.split('.');
    let (header, _, signature) = (cut.next().unwrap(), cut.next().unwrap(), cut.next().unwrap());
    let altered = bonafide_protocol::encoding::to_base64url(altered.to_string().as_bytes());
    refused(&service, format!("{header}.{altered}.{signature}"), 400, "signature_invalid").await;

    // Well signed, and not of the form.
    for (member, value) in [
        ("session_key", json!(null)),
        ("session_key", json!({ "kty": "OKP", "crv": "Ed25519", "x": "iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w" })),
        ("binding", json!("AAAA")),
        ("audience", json!("a".repeat(201))),
        ("app", json!({ "platform": "windows", "id": "a", "version": "1" })),
        ("epoch", json!(-1)),
    ] {
        let mut wrong = good.clone();
        wrong.as_object_mut().unwrap().insert(member.into(), value);
        refused(&service, device.sign(TOKEN_REQUEST_TYPE, &wrong), 400, "malformed_request").await;
    }
    let mut foreign = good.clone();
    foreign.as_object_mut().unwrap().insert("account".into(), json!("other"));
    refused(&service, device.sign(TOKEN_REQUEST_TYPE, &foreign), 404, "unknown_account").await;

    // None of them has spent the challenge.
    let (status, answer) = service.post("/v1/tokens", jws).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_expired_future_or_foreign_challenge_is_refused() {
    let service = Service::ready().await;
    let device = Device::new();
    let challenge = service.challenge().await;

    let raw = bonafide_protocol::encoding::from_base64url(&challenge).unwrap();
    for place in 0..raw.len() {
        let mut forged = raw.clone();
        *forged.get_mut(place).unwrap() ^= 1;
        let forged = bonafide_protocol::encoding::to_base64url(&forged);
        refused(&service, device.request(&forged), 400, "challenge_invalid").await;
    }
    for forged in ["", "AAAA", "not base64url", &"A".repeat(5000)] {
        refused(&service, device.request(forged), 400, "challenge_invalid").await;
    }

    // The service's clock, an hour off to either side, and one second too late.
    for now in [START + 3600, START - 3600, START + 301] {
        service.clock.set(now);
        refused(&service, device.request(&challenge), 400, "challenge_expired").await;
    }
    service.clock.set(START + 300);
    let response = service.post("/v1/tokens", device.request(&challenge)).await;
    assert_eq!(response.0, StatusCode::OK, "in its last second: {}", response.1);

    // The next one is for this install key only.
    let next = response.1.get("next_challenge").unwrap().as_str().unwrap().to_owned();
    refused(&service, Device::new().request(&next), 400, "challenge_invalid").await;
    assert_eq!(service.post("/v1/tokens", device.request(&next)).await.0, StatusCode::OK);

    let (status, answer) = service.post("/v1/challenges", json!({ "account": "other" }).to_string()).await;
    assert_eq!((status.as_u16(), answer.get("code").unwrap().as_str()), (404, Some("unknown_account")));
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_requests_with_one_challenge_bring_one_token_and_a_restart_no_second() {
    let mut service = Service::ready().await;
    let device = Device::new();
    let body = device.request(&service.challenge().await);
    let url = format!("http://{}/v1/tokens", service.public());
    let call = || tokio::spawn(common::answer_in_the_end(service.http.post(&url).body(body.clone())));
    let calls: Vec<_> = (0..50).map(|_| call()).collect();
    let mut passed = 0;
    for call in calls {
        let (status, answer) = call.await.unwrap();
        if status == StatusCode::OK {
            passed += 1;
        } else {
            assert_eq!(answer.get("code").unwrap(), "challenge_spent");
        }
    }
    assert_eq!(passed, 1);
    service.restart().await;
    refused(&service, body, 409, "challenge_spent").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_config_call_answers_a_broken_query_clearly() {
    let service = Service::new().await;
    for (query, http, code) in [
        ("", 400, "malformed_request"),
        ("account=acme", 400, "malformed_request"),
        ("account=acme&epoch=1", 400, "malformed_request"),
        ("account=acme&epoch=-1&version=0", 400, "malformed_request"),
        ("account=acme&epoch=one&version=0", 400, "malformed_request"),
        ("account=acme&epoch=1&version=99999999999999999999999", 400, "malformed_request"),
        ("account=acme&epoch=1&epoch=2&version=0", 400, "malformed_request"),
        ("account=%ff&epoch=1&version=0", 404, "unknown_account"),
        ("account=other&epoch=1&version=0", 404, "unknown_account"),
    ] {
        let (status, answer) = service.get(&format!("/v1/config?{query}")).await;
        assert_eq!((status.as_u16(), answer.get("code").and_then(Value::as_str)), (http, Some(code)), "{query}");
    }
    let (_, all) = service.get(&format!("/v1/config?account={ACCOUNT}&epoch=0&version=0&later=1")).await;
    assert_eq!(all.get("roots").unwrap().as_array().unwrap().len(), 1);
    let (_, none) = service.get(&format!("/v1/config?account={ACCOUNT}&epoch=1&version={START}")).await;
    assert_eq!(none, json!({ "roots": [], "config": null }));

    let url = format!("http://{}/v1/config?account={ACCOUNT}&epoch=0&version=0", service.public());
    let first = service.http.get(&url).send().await.unwrap();
    assert_eq!(first.headers().get("cache-control").unwrap(), "public, max-age=60");
    let tag = first.headers().get("etag").unwrap().clone();
    let again = service.http.get(&url).header("if-none-match", tag).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_calls_too_often_is_told_when_to_come_back() {
    let limit = bonafide_service::RateLimit { per_second: 1, burst: 2 };
    let service = Service::with_limit(limit).await;
    let url = format!("http://{}/v1/config?account={ACCOUNT}&epoch=0&version=0", service.public());
    let call = |source: &'static str| service.http.get(&url).header("x-forwarded-for", source).send();
    // What stands before the last entry is the client's own word.
    for _ in 0..2 {
        assert_eq!(call("192.0.2.1").await.unwrap().status(), StatusCode::OK);
    }
    let refused = call("203.0.113.9, 192.0.2.1").await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers().get("retry-after").unwrap(), "1");
    assert_eq!(call("192.0.2.2").await.unwrap().status(), StatusCode::OK);
    service.clock.advance(1);
    assert_eq!(call("192.0.2.1").await.unwrap().status(), StatusCode::OK);
}
