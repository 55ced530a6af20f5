//! What the verifier refuses, and why; then what it accepts.
use std::sync::Arc;

use crate::forge::{AUDIENCE, FakeClock, NOW, World, claims, header, jwk, signing_input, with};
use bonafide_gateway::{Clock, Freshness, Grace, Keys, Refusal, TokenVerifier, VerifierSettings};
use bonafide_protocol::encoding::{sha256, to_base64, to_base64url};
use serde_json::json;

#[tokio::test]
async fn every_forgery_is_refused_for_its_own_reason() {
    let world = World::new();
    for (name, token, reason) in world.refused() {
        let refusal = world.verifier.verify(&token, AUDIENCE).await.unwrap_err();
        assert_eq!(refusal.reason(), reason, "{name}: {refusal}");
    }
    // And the unforged one passes.
    let verified = world.verifier.verify(&world.good(), AUDIENCE).await.unwrap();
    assert_eq!((verified.claims.sub.as_str(), verified.freshness), ("inst-1", Freshness::Fresh));
}

#[tokio::test]
async fn clocks_may_differ_by_the_leeway_and_a_token_lives_to_its_last_second() {
    let world = World::new();
    for (member, value) in [("iat", NOW + 30), ("exp", NOW + 1)] {
        assert!(world.verifier.verify(&world.claiming(member, json!(value)), AUDIENCE).await.is_ok(), "{member}");
    }
}

#[tokio::test]
async fn an_open_grace_passes_recently_expired_genuine_tokens_only() {
    let world = World::with_grace(Some(Grace { expired_at_most: 600, open_until: NOW + 100 }));
    for (name, token, reason) in world.refused() {
        let outcome = world.verifier.verify(&token, AUDIENCE).await;
        if name == "ended this very second" {
            assert_eq!(outcome.unwrap().freshness, Freshness::Grace { expired_ago: 1 });
        } else {
            assert_eq!(outcome.unwrap_err().reason(), reason, "{name}");
        }
    }
    let ended = |seconds: u64| world.claiming("exp", json!(NOW - seconds));
    let refused = world.verifier.verify(&ended(601), AUDIENCE).await;
    assert!(matches!(refused, Err(Refusal::Expired { ago: 601, .. })), "{refused:?}");
    let passed = world.verifier.verify(&ended(600), AUDIENCE).await.unwrap();
    assert_eq!(passed.freshness, Freshness::Grace { expired_ago: 600 });

    world.clock.pass(100);
    let refused = world.verifier.verify(&ended(1), AUDIENCE).await;
    assert!(matches!(refused, Err(Refusal::Expired { .. })), "the grace has ended: {refused:?}");
}

#[tokio::test]
async fn a_bound_token_is_good_beside_its_data_only() {
    let world = World::new();
    let bound = world.claiming("pay", json!(to_base64(&sha256(b"Bearer alice"))));
    let reason = async |token: &str, data: Option<&[u8]>| {
        world.verifier.verify_bound(token, AUDIENCE, data).await.map_err(|refusal| refusal.reason())
    };
    assert_eq!(reason(&bound, Some(b"Bearer mallory")).await.unwrap_err(), "binding_mismatch");
    assert_eq!(reason(&bound, Some(b"")).await.unwrap_err(), "binding_mismatch");
    assert_eq!(reason(&bound, None).await.unwrap_err(), "binding_missing");
    assert_eq!(reason(&world.good(), Some(b"Bearer alice")).await.unwrap_err(), "binding_missing");
    assert!(reason(&bound, Some(b"Bearer alice")).await.is_ok());
    // Where the API demands no binding, a bound token is as good as any.
    assert!(world.verifier.verify(&bound, AUDIENCE).await.is_ok());
}

#[tokio::test]
async fn with_a_shared_secret_es256_is_off() {
    let world = World::new();
    let secret = b"0123456789abcdef0123456789abcdef".to_vec();
    let clock: Arc<dyn Clock> = FakeClock::new();
    let keys = Keys::Secret { secret: secret.clone(), kid: Some("shared".into()) };
    let verifier = TokenVerifier::new(keys, VerifierSettings::new("acme"), clock);
    let signed = |secret: &[u8], kid: &str| {
        use aws_lc_rs::hmac;
        let input = signing_input(&with(header(kid), "alg", json!("HS256")), &claims());
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input.as_bytes());
        format!("{input}.{}", to_base64url(tag.as_ref()))
    };
    let jwk = jwk(&world.live, "shared").to_string();
    for (token, reason) in [
        (world.good(), "algorithm"),
        (signed(jwk.as_bytes(), "shared"), "signature"),
        (signed(b"", "shared"), "signature"),
        (signed(&secret, "other"), "unknown_kid"),
    ] {
        assert_eq!(verifier.verify(&token, AUDIENCE).await.unwrap_err().reason(), reason);
    }
    assert!(verifier.verify(&signed(&secret, "shared"), AUDIENCE).await.is_ok());
}
