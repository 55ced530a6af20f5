//! A token forge: the unforged token passes, and each test forges exactly one thing about it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bonafide_gateway::{
    Clock, FetchError, Gate, GateSettings, Grace, KeyCache, KeyCacheSettings, KeySource, Keys, TokenVerifier,
    VerifierSettings,
};
use bonafide_protocol::encoding::to_base64url;
use bonafide_protocol::key::P256Key;
use serde_json::{Value, json};
use tokio::sync::{Mutex, Semaphore};

pub(crate) const NOW: u64 = 1_790_000_000;
pub(crate) const AUDIENCE: &str = "api";

/// A clock that stands still until a test moves it.
pub(crate) struct FakeClock {
    pub(crate) unix: AtomicU64,
    pub(crate) elapsed_ms: AtomicU64,
}

impl FakeClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { unix: AtomicU64::new(NOW), elapsed_ms: AtomicU64::new(0) })
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.unix.fetch_add(seconds, Ordering::SeqCst);
        self.elapsed_ms.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn unix_seconds(&self) -> u64 {
        self.unix.load(Ordering::SeqCst)
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.elapsed_ms.load(Ordering::SeqCst))
    }
}

/// A JWKS that a test changes, counts the fetches of, and may hold back.
#[derive(Clone)]
pub(crate) struct FakeSource {
    pub(crate) jwks: Arc<Mutex<Option<Value>>>,
    pub(crate) fetches: Arc<AtomicUsize>,
    /// One permit per fetch that may finish.
    pub(crate) permits: Arc<Semaphore>,
}

impl FakeSource {
    pub(crate) fn new(jwks: Option<Value>) -> Self {
        let permits = Arc::new(Semaphore::new(Semaphore::MAX_PERMITS));
        Self { jwks: Arc::new(Mutex::new(jwks)), fetches: Arc::default(), permits }
    }

    pub(crate) fn count(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl KeySource for FakeSource {
    async fn fetch(&self) -> Result<Vec<u8>, FetchError> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        self.permits.acquire().await.unwrap().forget();
        match &*self.jwks.lock().await {
            Some(jwks) => Ok(jwks.to_string().into_bytes()),
            None => Err(FetchError::Status { url: "http://test".into(), status: 503 }),
        }
    }
}

pub(crate) fn jwk(key: &P256Key, kid: &str) -> Value {
    let mut jwk = key.public_key().unwrap().to_jwk();
    jwk.as_object_mut().unwrap().insert("kid".into(), kid.into());
    jwk
}

pub(crate) fn header(kid: &str) -> Value {
    json!({"alg": "ES256", "typ": "bonafide-token+jwt", "kid": kid})
}

pub(crate) fn claims() -> Value {
    json!({
        "iss": "bonafide:acme", "aud": AUDIENCE, "sub": "inst-1", "iat": NOW - 10, "exp": NOW + 290, "jti": "j",
        "cnf": {"jkt": "thumb"}, "app": {"platform": "jvm", "id": "com.acme.app", "version": "1.2.3", "build": ""}
    })
}

/// `value` with one member replaced; `Null` removes it.
pub(crate) fn with(mut value: Value, member: &str, to: Value) -> Value {
    let members = value.as_object_mut().unwrap();
    if to.is_null() {
        members.remove(member)
    } else {
        members.insert(member.into(), to)
    };
    value
}

pub(crate) fn signing_input(header: &Value, claims: &Value) -> String {
    format!("{}.{}", to_base64url(header.to_string().as_bytes()), to_base64url(claims.to_string().as_bytes()))
}

pub(crate) fn sign(key: &P256Key, header: &Value, claims: &Value) -> String {
    let input = signing_input(header, claims);
    format!("{input}.{}", to_base64url(&key.sign(input.as_bytes()).unwrap()))
}

/// A service's keys and a verifier that trusts them.
pub(crate) struct World {
    pub(crate) live: P256Key,
    pub(crate) decoy: P256Key,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) source: FakeSource,
    pub(crate) verifier: TokenVerifier,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with_grace(None)
    }

    pub(crate) fn with_grace(grace: Option<Grace>) -> Self {
        let (live, decoy) = (P256Key::generate().unwrap(), P256Key::generate().unwrap());
        let clock = FakeClock::new();
        let source = FakeSource::new(Some(json!({"keys": [jwk(&live, "live")]})));
        let decoys = FakeSource::new(Some(json!({"keys": [jwk(&decoy, "live")]})));
        let cache = |source: FakeSource| KeyCache::new(source, clock.clone(), KeyCacheSettings::default());
        let keys = Keys::Published { live: cache(source.clone()), decoys: Some(cache(decoys)) };
        let settings = VerifierSettings { grace, ..VerifierSettings::new("acme") };
        let verifier = TokenVerifier::new(keys, settings, clock.clone());
        Self { live, decoy, clock, source, verifier }
    }

    pub(crate) fn gate(&self, settings: GateSettings) -> Gate {
        Gate::new(self.verifier.clone(), settings)
    }

    pub(crate) fn good(&self) -> String {
        sign(&self.live, &header("live"), &claims())
    }

    pub(crate) fn claiming(&self, member: &str, to: Value) -> String {
        sign(&self.live, &header("live"), &with(claims(), member, to))
    }

    /// Every way to fail but binding, each with its reason.
    pub(crate) fn refused(&self) -> Vec<(&'static str, String, &'static str)> {
        let headed = |member: &str, to: Value| sign(&self.live, &with(header("live"), member, to), &claims());
        let good = self.good();
        let (signed, signature) = good.rsplit_once('.').unwrap();
        let stranger = P256Key::generate().unwrap();
        let confused = {
            use aws_lc_rs::hmac;
            // Algorithm confusion: the public key, in two of its forms, as an HMAC secret.
            let point = self.live.public_key().unwrap().to_jwk().to_string();
            let input = signing_input(&with(header("live"), "alg", json!("HS256")), &claims());
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, point.as_bytes()), input.as_bytes());
            format!("{input}.{}", to_base64url(tag.as_ref()))
        };
        let none = format!("{}.", signing_input(&with(header("live"), "alg", json!("none")), &claims()));
        let tampered = {
            let (header, _) = signed.split_once('.').unwrap();
            let payload = with(claims(), "sub", json!("somebody-else")).to_string();
            format!("{header}.{}.{signature}", to_base64url(payload.as_bytes()))
        };
        let own_key = with(header("live"), "jwk", jwk(&stranger, "live"));
        vec![
            ("empty", String::new(), "malformed"),
            ("one part", "token".into(), "malformed"),
            ("two parts", "a.b".into(), "malformed"),
            ("four parts", format!("{good}.x"), "malformed"),
            ("white space", format!("{good} "), "malformed"),
            ("10 KB", format!("{good}{}", "A".repeat(10_000)), "malformed"),
            ("header is no JSON", format!("e30x.{signed}"), "malformed"),
            ("signature of another length", format!("{signed}.AAAA"), "signature"),
            ("no signature", format!("{signed}."), "signature"),
            ("crit", headed("crit", json!(["b64"])), "malformed"),
            ("HS256 with the public key as its secret", confused, "algorithm"),
            ("none", none, "algorithm"),
            ("None", headed("alg", json!("None")), "algorithm"),
            ("ES384", headed("alg", json!("ES384")), "algorithm"),
            ("a config's typ", headed("typ", json!("bonafide-config+jwt")), "typ"),
            ("no typ", headed("typ", Value::Null), "typ"),
            ("no kid", headed("kid", Value::Null), "unknown_kid"),
            ("a foreign kid", headed("kid", json!("foreign")), "unknown_kid"),
            ("another's key under the live kid", sign(&stranger, &header("live"), &claims()), "signature"),
            ("a key that the header brings along", sign(&stranger, &own_key, &claims()), "signature"),
            ("a tampered payload", tampered, "signature"),
            ("a decoy", sign(&self.decoy, &header("live"), &claims()), "decoy"),
            ("no claims", sign(&self.live, &header("live"), &json!({})), "malformed"),
            ("a list of audiences", self.claiming("aud", json!([AUDIENCE])), "malformed"),
            ("a negative time", self.claiming("exp", json!(-1)), "malformed"),
            ("another issuer", self.claiming("iss", json!("bonafide:other")), "issuer"),
            ("another audience", self.claiming("aud", json!("other")), "audience"),
            ("a development build's audience", self.claiming("aud", json!("api+dev")), "audience"),
            ("the audience in upper case", self.claiming("aud", json!("API")), "audience"),
            ("ended this very second", self.claiming("exp", json!(NOW)), "expired"),
            ("ended long ago", self.claiming("exp", json!(1)), "expired"),
            ("from the future", self.claiming("iat", json!(NOW + 31)), "not_yet_valid"),
        ]
    }
}
