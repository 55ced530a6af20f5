//! The layer and the forward-auth endpoint: what the client and the API see.
use std::collections::HashMap;

use crate::forge::{AUDIENCE, NOW, World, claims, header, sign, with};
use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, StatusCode};
use axum::{Extension, Router, routing::get};
use bonafide_gateway::{
    Audiences, BindingRule, BonafideLayer, ForwardAuth, GateSettings, HostAudiences, HostSource, Judgement, Mode,
    forward_auth,
};
use bonafide_protocol::claims::Claims;
use bonafide_protocol::encoding::{sha256, to_base64};
use bonafide_protocol::host::Host;
use bonafide_protocol::key::P256Key;
use serde_json::json;
use tower::ServiceExt as _;

/// An API that tells which `Bonafide-*` headers and whose claims reached it.
fn api(world: &World, settings: GateSettings) -> Router {
    let echo = |headers: HeaderMap, claims: Option<Extension<Claims>>| async move {
        let mut seen: Vec<String> = headers
            .iter()
            .filter(|(name, _)| name.as_str().starts_with("bonafide") && name.as_str() != "bonafide-token")
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        seen.sort();
        seen.push(claims.map_or("no claims".into(), |claims| format!("claims of {}", claims.0.sub)));
        seen.join("\n")
    };
    Router::new().route("/", get(echo)).layer(BonafideLayer::new(world.gate(settings), AUDIENCE))
}

fn forward(world: &World, audiences: Audiences) -> Router {
    let gate = world.gate(GateSettings::default());
    forward_auth(ForwardAuth { gate, audiences, host_source: HostSource::default() })
}

fn request(uri: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

/// What goes out to the client: status, headers, body.
async fn outside(response: Response<Body>) -> (StatusCode, HeaderMap, String) {
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, 10_000).await.unwrap();
    (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn every_refusal_looks_the_same_outside() {
    let world = World::new();
    let no_length = HeaderMap::from_iter([(axum::http::header::CONTENT_LENGTH, 0.into())]);
    let bare = (StatusCode::UNAUTHORIZED, no_length, String::new());
    let layer = api(&world, GateSettings::default());
    let endpoint = forward(&world, Audiences::One(AUDIENCE.into()));
    for (name, token, reason) in world.refused() {
        let headers = [("bonafide-token", token.as_str())];
        for (router, uri) in [(&layer, "/"), (&endpoint, "/verify")] {
            let response = router.clone().oneshot(request(uri, &headers)).await.unwrap();
            assert_eq!(response.extensions().get::<Judgement>().unwrap().reason(), reason, "{name}");
            assert_eq!(outside(response).await, bare, "{name} at {uri}");
        }
    }
    let good = world.good();
    for headers in [
        &[][..],
        &[("bonafide-token", good.as_str()), ("bonafide-token", good.as_str())],
        &[("bonafide-status", "service_unavailable")],
        &[("authorization", good.as_str())],
    ] {
        let response = layer.clone().oneshot(request("/", headers)).await.unwrap();
        assert_eq!(outside(response).await, bare, "{headers:?}");
    }
}

#[tokio::test]
async fn a_verified_request_carries_our_results_and_none_of_the_clients() {
    let world = World::new();
    let good = world.good();
    let forged = [
        ("bonafide-token", good.as_str()),
        ("Bonafide-Installation", "admin"),
        ("Bonafide-Annotations", "none"),
        ("Bonafide-Result-Extra", "x"),
        ("Bonafide_Annotations", "none"),
    ];
    let response = api(&world, GateSettings::default()).oneshot(request("/", &forged)).await.unwrap();
    let (status, _, body) = outside(response).await;
    let expected = "bonafide-app: jvm/com.acme.app/1.2.3\nbonafide-installation: inst-1\nbonafide-result: verified\nclaims of inst-1";
    assert_eq!((status, body.as_str()), (StatusCode::OK, expected));
}

#[tokio::test]
async fn monitoring_passes_everything_and_says_what_it_would_have_refused() {
    let world = World::new();
    let settings = GateSettings { mode: Mode::Monitor, ..GateSettings::default() };
    for (name, token, reason) in world.refused() {
        let headers = [("bonafide-token", token.as_str()), ("bonafide-installation", "admin")];
        let response = api(&world, settings.clone()).oneshot(request("/", &headers)).await.unwrap();
        let expected = format!("bonafide-reason: {reason}\nbonafide-result: refused\nno claims");
        assert_eq!(
            outside(response).await,
            (StatusCode::OK, HeaderMap::from_iter(text_headers(&expected)), expected),
            "{name}"
        );
    }
}

fn text_headers(body: &str) -> [(axum::http::HeaderName, axum::http::HeaderValue); 2] {
    use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
    [(CONTENT_TYPE, "text/plain; charset=utf-8".parse().unwrap()), (CONTENT_LENGTH, body.len().into())]
}

#[tokio::test]
async fn a_stolen_token_is_worth_nothing_beside_another_session() {
    let world = World::new();
    let bound = world.claiming("pay", json!(to_base64(&sha256(b"Bearer alice"))));
    let unbound = world.good();
    let status = async |rule: &BindingRule, token: &str, authorization: &[&str]| {
        let mut headers = vec![("bonafide-token", token)];
        headers.extend(authorization.iter().map(|value| ("authorization", *value)));
        let settings = GateSettings { binding: Some(rule.clone()), ..GateSettings::default() };
        api(&world, settings).oneshot(request("/", &headers)).await.unwrap().status().as_u16()
    };
    let name: axum::http::HeaderName = "authorization".parse().unwrap();
    for (rule, unbound_passes) in [(BindingRule::Demanded(name.clone()), 401), (BindingRule::IfBound(name), 200)] {
        assert_eq!(status(&rule, &bound, &[]).await, 401);
        assert_eq!(status(&rule, &bound, &["Bearer mallory"]).await, 401);
        assert_eq!(status(&rule, &bound, &["Bearer alice", "Bearer mallory"]).await, 401);
        assert_eq!(status(&rule, &unbound, &["Bearer alice"]).await, unbound_passes);
        assert_eq!(status(&rule, &bound, &["Bearer alice"]).await, 200);
    }
}

#[tokio::test]
async fn the_endpoint_takes_the_audience_of_the_host_that_was_asked_for() {
    let world = World::new();
    let host = |text: &str| Host::parse(text).unwrap();
    let audiences =
        HashMap::from([(host("api.acme.com"), AUDIENCE.to_owned()), (host("pay.acme.com"), "pay".to_owned())]);
    let router = forward(&world, Audiences::PerHost(HostAudiences::new(audiences).unwrap()));
    let good = world.good();
    let judged_at = async |path: &str, forwarded: Option<&str>| {
        let mut headers = vec![("bonafide-token", good.as_str())];
        headers.extend(forwarded.map(|host| ("x-forwarded-host", host)));
        let response = router.clone().oneshot(request(path, &headers)).await.unwrap();
        (response.status().as_u16(), response.extensions().get::<Judgement>().unwrap().reason())
    };
    let judged = async |forwarded: Option<&str>| judged_at("/verify/any/path", forwarded).await;
    assert_eq!(judged(None).await, (401, "host"));
    assert_eq!(judged(Some("other.acme.com")).await, (401, "host"));
    assert_eq!(judged(Some("pay.acme.com")).await, (401, "audience"));
    // Envoy appends the client's path, which may be the root.
    for path in ["/verify", "/verify/", "/verify/any/path"] {
        assert_eq!(judged_at(path, Some("api.acme.com")).await, (200, "verified"), "{path}");
    }
}

#[tokio::test]
async fn what_the_token_says_of_user_and_request_replaces_what_the_client_says() {
    let world = World::new();
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let token = |claims: &serde_json::Value| sign(&world.live, &header("live"), claims);
    let tagged = token(&with(with(claims(), "user", json!("u-1")), "trace", json!(trace)));
    let forged = [("Bonafide-User", "admin"), ("Bonafide-Trace", "admin"), ("Bonafide_User", "admin")];
    for (token, expected) in
        [(world.good(), String::new()), (tagged.clone(), format!("bonafide-trace: {trace}\nbonafide-user: u-1\n"))]
    {
        let headers = [&[("bonafide-token", token.as_str())][..], &forged[..]].concat();
        let response = api(&world, GateSettings::default()).oneshot(request("/", &headers)).await.unwrap();
        let body = outside(response).await.2;
        let seen: String = body
            .lines()
            .filter(|line| line.contains("user") || line.contains("trace"))
            .fold(String::new(), |all, line| all + line + "\n");
        assert_eq!(seen, expected);
    }
    let endpoint = forward(&world, Audiences::One(AUDIENCE.into()));
    let response = endpoint.oneshot(request("/verify", &[("bonafide-token", &tagged)])).await.unwrap();
    let headers = outside(response).await.1;
    assert_eq!(headers.get("bonafide-user").unwrap(), "u-1");
    assert_eq!(headers.get("bonafide-trace").unwrap(), trace);
}

/// One failing call is followed from the app's log to the service's: also where it was refused.
#[tokio::test]
async fn a_refusal_names_the_request_where_a_signature_vouches_for_it() {
    let world = World::new();
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let claims = with(claims(), "trace", json!(trace));
    for (key, claims, reason, expected) in [
        (&world.decoy, claims.clone(), "decoy", Some(trace)),
        (&world.live, with(claims.clone(), "exp", json!(NOW)), "expired", Some(trace)),
        (&world.live, with(claims.clone(), "aud", json!("other")), "audience", None),
        (&P256Key::generate().unwrap(), claims.clone(), "signature", None),
        (&world.live, with(claims.clone(), "trace", json!("x\r\ny")), "malformed", None),
    ] {
        let token = sign(key, &header("live"), &claims);
        let headers = [("bonafide-token", token.as_str())];
        let response = api(&world, GateSettings::default()).oneshot(request("/", &headers)).await.unwrap();
        let judgement = response.extensions().get::<Judgement>().unwrap();
        assert_eq!((judgement.reason(), judgement.trace()), (reason, expected));
    }
}

#[tokio::test]
async fn a_development_token_passes_only_where_its_audience_was_named() {
    let world = World::new();
    let development = world.claiming("aud", json!("api+dev"));
    for (token, audience, passes) in [
        (&development, "api", false),
        (&development, "api+de", false),
        (&development, "api+dev+dev", false),
        (&world.good(), "api+dev", false),
        (&development, "api+dev", true),
    ] {
        let verified = world.verifier.verify(token, audience).await;
        assert_eq!(verified.is_ok(), passes, "{audience} {verified:?}");
    }
}
