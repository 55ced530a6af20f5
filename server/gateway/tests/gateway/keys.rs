//! How the published keys are fetched and kept.
use std::sync::Arc;

use crate::forge::{AUDIENCE, FakeClock, FakeSource, World, claims, header, jwk, sign};
use bonafide_gateway::{KeyCache, KeyCacheSettings};
use bonafide_gateway::{Keys, TokenVerifier, VerifierSettings};
use bonafide_protocol::key::P256Key;
use serde_json::json;
use tokio::sync::Semaphore;

#[tokio::test]
async fn forged_kids_cost_one_fetch_per_floor() {
    let world = World::new();
    let forged = sign(&world.live, &header("forged"), &claims());
    for _ in 0..5 {
        assert_eq!(world.verifier.verify(&forged, AUDIENCE).await.unwrap_err().reason(), "unknown_kid");
    }
    assert_eq!(world.source.count(), 1);
    world.clock.pass(10);
    assert!(world.verifier.verify(&forged, AUDIENCE).await.is_err());
    assert_eq!(world.source.count(), 2);
}

#[tokio::test]
async fn a_rotated_key_is_found_and_an_unreachable_service_costs_nothing() {
    let world = World::new();
    assert!(world.verifier.verify(&world.good(), AUDIENCE).await.is_ok());
    // The service goes away: a new kid cannot be looked up, the old one goes on.
    *world.source.jwks.lock().await = None;
    world.clock.pass(10);
    let next = P256Key::generate().unwrap();
    let token = sign(&next, &header("next"), &claims());
    assert_eq!(world.verifier.verify(&token, AUDIENCE).await.unwrap_err().reason(), "unknown_kid");
    assert!(world.verifier.verify(&world.good(), AUDIENCE).await.is_ok());
    // It answers with rubbish: the same.
    *world.source.jwks.lock().await = Some(json!({"error": "no upstream"}));
    world.clock.pass(10);
    assert!(world.verifier.verify(&token, AUDIENCE).await.is_err());
    assert!(world.verifier.verify(&world.good(), AUDIENCE).await.is_ok());
    // It is back, with both keys.
    *world.source.jwks.lock().await = Some(json!({"keys": [jwk(&world.live, "live"), jwk(&next, "next")]}));
    world.clock.pass(10);
    assert!(world.verifier.verify(&token, AUDIENCE).await.is_ok());
    assert!(world.verifier.verify(&world.good(), AUDIENCE).await.is_ok());
}

#[tokio::test]
async fn after_a_quiet_time_a_withdrawn_key_is_not_taken_even_once() {
    let token = |world: &World| {
        let mut claims = claims();
        claims.as_object_mut().unwrap().insert("exp".into(), json!(crate::forge::NOW + 10_000));
        sign(&world.live, &header("live"), &claims)
    };
    for (published, expected) in
        [(Some(json!({"keys": [jwk(&P256Key::generate().unwrap(), "other")]})), false), (None, true)]
    {
        let world = World::new();
        assert!(world.verifier.verify(&token(&world), AUDIENCE).await.is_ok());
        *world.source.jwks.lock().await = published;
        world.clock.pass(1_200);
        // A service that cannot be reached then costs nobody his token.
        assert_eq!(world.verifier.verify(&token(&world), AUDIENCE).await.is_ok(), expected);
    }
}

#[tokio::test]
async fn when_all_keys_are_withdrawn_none_goes_on() {
    let world = World::new();
    assert!(world.verifier.verify(&world.good(), AUDIENCE).await.is_ok());
    // As after the change to HS256, whose keys are in no JWKS: the old key may be in the wrong hands.
    *world.source.jwks.lock().await = Some(json!({"keys": []}));
    world.clock.pass(10);
    let newer = sign(&P256Key::generate().unwrap(), &header("next"), &claims());
    for token in [newer, world.good()] {
        assert_eq!(world.verifier.verify(&token, AUDIENCE).await.unwrap_err().reason(), "unknown_kid");
    }
    assert!(!world.verifier.warm().await);
}

#[tokio::test]
async fn requests_that_wait_for_keys_share_one_fetch() {
    let key = P256Key::generate().unwrap();
    let mut source = FakeSource::new(Some(json!({"keys": [jwk(&key, "live")]})));
    source.permits = Arc::new(Semaphore::new(0));
    let clock = FakeClock::new();
    let cache = KeyCache::new(source.clone(), clock.clone(), KeyCacheSettings::default());
    let keys = Keys::Published { live: cache, decoys: None };
    let verifier = TokenVerifier::new(keys, VerifierSettings::new("acme"), clock);
    let token = sign(&key, &header("live"), &claims());
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (verifier, token) = (verifier.clone(), token.clone());
        tasks.spawn(async move { verifier.verify(&token, AUDIENCE).await });
    }
    // On a runtime of one thread each task has run up to its wait once this one is polled again.
    tokio::task::yield_now().await;
    source.permits.add_permits(1);
    while let Some(outcome) = tasks.join_next().await {
        assert!(outcome.unwrap().is_ok());
    }
    assert_eq!(source.count(), 1);
}

#[tokio::test]
async fn a_withdrawn_key_goes_after_the_keys_greatest_age() {
    let world = World::new();
    let token = |world: &World| {
        sign(&world.live, &header("live"), &{
            let mut claims = claims();
            claims.as_object_mut().unwrap().insert("exp".into(), json!(crate::forge::NOW + 10_000));
            claims
        })
    };
    assert!(world.verifier.verify(&token(&world), AUDIENCE).await.is_ok());
    *world.source.jwks.lock().await = Some(json!({"keys": [jwk(&world.decoy, "other")]}));
    world.clock.pass(600);
    // This one still passes: it starts the fetch, and does not wait for it.
    assert!(world.verifier.verify(&token(&world), AUDIENCE).await.is_ok());
    while world.source.count() < 2 {
        tokio::task::yield_now().await;
    }
    tokio::task::yield_now().await;
    assert_eq!(world.verifier.verify(&token(&world), AUDIENCE).await.unwrap_err().reason(), "unknown_kid");
}
