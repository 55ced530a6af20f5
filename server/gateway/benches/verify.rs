//! A verification by the gateway against the bare library call: the goal is 1.1 times its cost at most.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::hint::black_box;
use std::sync::Arc;

use async_trait::async_trait;
use bonafide_gateway::{
    Clock, FetchError, KeyCache, KeyCacheSettings, KeySource, Keys, SystemClock, TokenVerifier, VerifierSettings,
};
use bonafide_protocol::claims::Claims;
use bonafide_protocol::encoding::{from_base64url, to_base64url};
use bonafide_protocol::key::P256Key;
use criterion::{Criterion, criterion_group, criterion_main};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::json;

struct Fixed(Vec<u8>);

#[async_trait]
impl KeySource for Fixed {
    async fn fetch(&self) -> Result<Vec<u8>, FetchError> {
        Ok(self.0.clone())
    }
}

fn verify(criterion: &mut Criterion) {
    let key = P256Key::generate().unwrap();
    let mut jwk = key.public_key().unwrap().to_jwk();
    jwk.as_object_mut().unwrap().insert("kid".into(), "live".into());
    let clock = Arc::new(SystemClock::new());
    let now = clock.unix_seconds();
    let header = json!({"alg": "ES256", "typ": "bonafide-token+jwt", "kid": "live"});
    let claims = json!({
        "iss": "bonafide:acme", "aud": "api", "sub": "k3m1q0c9r8u7", "iat": now, "exp": now + 3600, "jti": "r1t2u3v4",
        "cnf": {"jkt": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"},
        "app": {"platform": "android", "id": "com.acme.app", "version": "1.2.3", "build": "10203"}
    });
    let part = |value: &serde_json::Value| to_base64url(value.to_string().as_bytes());
    let input = format!("{}.{}", part(&header), part(&claims));
    let token = format!("{input}.{}", to_base64url(&key.sign(input.as_bytes()).unwrap()));

    let coordinate = |name: &str| from_base64url(jwk.get(name).unwrap().as_str().unwrap()).unwrap();
    let bare_key = DecodingKey::from_ec_der(&[vec![4], coordinate("x"), coordinate("y")].concat());
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&["api"]);
    validation.set_issuer(&["bonafide:acme"]);

    let source = Fixed(json!({"keys": [jwk]}).to_string().into_bytes());
    let live = KeyCache::new(source, clock.clone(), KeyCacheSettings::default());
    let keys = Keys::Published { live, decoys: None };
    let verifier = TokenVerifier::new(keys, VerifierSettings::new("acme"), clock);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert!(runtime.block_on(verifier.verify(&token, "api")).is_ok());

    let mut group = criterion.benchmark_group("verify");
    group.bench_function("library", |bencher| {
        bencher.iter(|| decode::<Claims>(black_box(&token), &bare_key, &validation).unwrap());
    });
    group.bench_function("gateway", |bencher| {
        bencher.iter(|| runtime.block_on(verifier.verify(black_box(&token), "api")).unwrap());
    });
    group.finish();
}

criterion_group!(benches, verify);
criterion_main!(benches);
