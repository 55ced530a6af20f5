//! What the tests over sockets share: a service of their own, a clock that they turn, and a device.
#![expect(dead_code, reason = "each test file uses its part")]

pub(crate) mod phones;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bonafide_protocol::jws::{Header, join, signing_input};
use bonafide_protocol::key::P256Key;
use bonafide_protocol::measurement::{App, Artifact, Code, CodeRole, DeviceFacts, Fact, Measurement, Platform};
use bonafide_protocol::message::{TOKEN_REQUEST_TYPE, TokenRequest, TokenResponse};
use bonafide_protocol::pin::Pin;
use bonafide_service::{Clock, InitOptions, RateLimit, Running, Settings, Tls, init, serve};
use reqwest::StatusCode;
use serde_json::{Value, json};

pub(crate) const ACCOUNT: &str = "acme";
pub(crate) const START: u64 = 1_790_000_000;

/// A clock that stands still until it is turned.
pub(crate) struct Turned(AtomicU64);

impl Turned {
    pub(crate) fn at(seconds: u64) -> Self {
        Self(AtomicU64::new(seconds * 1000))
    }

    pub(crate) fn set(&self, seconds: u64) {
        self.0.store(seconds * 1000, Ordering::SeqCst);
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

impl Clock for Turned {
    fn unix_millis(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A service in a directory of its own.
pub(crate) struct Service {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) clock: Arc<Turned>,
    pub(crate) running: Option<Running>,
    pub(crate) http: reqwest::Client,
    pub(crate) token: String,
}

pub(crate) fn pin(byte: u8) -> Pin {
    Pin::from_digest([byte; 32])
}

pub(crate) fn options(directory: &Path, clock: Arc<Turned>) -> InitOptions {
    let mut options = InitOptions::new(directory, ACCOUNT, "https://bonafide.acme.com", vec![pin(8), pin(9)]);
    options.clock = clock;
    options
}

impl Service {
    /// Set up and running, with nothing registered.
    pub(crate) async fn new() -> Self {
        Self::with_limit(RateLimit { per_second: 100_000, burst: 1_000_000 }).await
    }

    pub(crate) async fn with_limit(limit: RateLimit) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = Arc::new(Turned::at(START));
        init(options(directory.path(), clock.clone())).await.unwrap();
        let operator: Value =
            serde_json::from_slice(&std::fs::read(directory.path().join("operator.json")).unwrap()).unwrap();
        let token = operator.get("token").unwrap().as_str().unwrap().to_owned();
        let running = serve(settings(directory.path(), clock.clone(), limit)).await.unwrap();
        // With the whole workspace rustls has two providers, and takes none by itself.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        Self { directory, clock, running: Some(running), http: reqwest::Client::new(), token }
    }

    /// With a host whose audience lets desktops in, and the build of [`Device`] registered.
    pub(crate) async fn ready() -> Self {
        let service = Self::new().await;
        service.add_host("api.acme.com").await;
        service.register("11".repeat(32).as_str()).await;
        service
    }

    pub(crate) async fn add_host(&self, host: &str) {
        let body = json!({ "pins": [pin(1), pin(2)], "mode": "enforce", "send_token": true,
            "policy": { "platforms": ["jvm"], "least_key_level": "software" } });
        let (status, answer) = self.operator("PUT", &format!("/admin/v1/hosts/{host}"), Some(body)).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }

    pub(crate) async fn register(&self, digest: &str) -> String {
        let body = json!({ "platform": "jvm", "id": "com.acme.app", "version": "1.0",
            "artifacts": [{ "name": "app.jar", "sha256": digest }] });
        let (status, answer) = self.operator("POST", "/admin/v1/apps", Some(body)).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer.get("app_id").unwrap().as_str().unwrap().to_owned()
    }

    pub(crate) async fn restart(&mut self) {
        self.running.take().unwrap().stop().await;
        let limit = RateLimit { per_second: 100_000, burst: 1_000_000 };
        self.running = Some(serve(settings(self.directory.path(), self.clock.clone(), limit)).await.unwrap());
    }

    pub(crate) fn public(&self) -> SocketAddr {
        self.running.as_ref().unwrap().public_address()
    }

    pub(crate) fn operator_address(&self) -> SocketAddr {
        self.running.as_ref().unwrap().operator_address()
    }

    pub(crate) async fn operator(&self, method: &str, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        self.operator_as(&self.token, method, path, body).await
    }

    pub(crate) async fn operator_as(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let url = format!("http://{}{path}", self.operator_address());
        let mut request = self.http.request(method.parse().unwrap(), url).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        answer(self.http.get(format!("http://{}{path}", self.public())).send().await.unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> (StatusCode, Value) {
        answer(self.http.post(format!("http://{}{path}", self.public())).body(body).send().await.unwrap()).await
    }

    pub(crate) async fn challenge(&self) -> String {
        let (status, answer) = self.post("/v1/challenges", json!({ "account": ACCOUNT }).to_string()).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer.get("challenge").unwrap().as_str().unwrap().to_owned()
    }

    pub(crate) async fn pass(&self, device: &Device) -> TokenResponse {
        let (status, answer) = self.post("/v1/tokens", device.request(&self.challenge().await)).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        serde_json::from_value(answer).unwrap()
    }

    /// The findings of the newest appraisal.
    pub(crate) async fn findings(&self) -> Vec<String> {
        let (_, list) = self.operator("GET", "/admin/v1/appraisals?limit=1", None).await;
        let codes = list.pointer("/0/findings").unwrap().as_array().unwrap();
        codes.iter().map(|finding| finding.get("code").unwrap().as_str().unwrap().to_owned()).collect()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.directory.path().join("bonafide.db")
    }
}

pub(crate) fn settings(directory: &Path, clock: Arc<Turned>, limit: RateLimit) -> Settings {
    let mut settings = Settings::new(directory, Tls::PlainHttp);
    settings.public_listen = ([127, 0, 0, 1], 0).into();
    settings.operator_listen = ([127, 0, 0, 1], 0).into();
    settings.clock = clock;
    settings.rate_limit = limit;
    settings
}

pub(crate) async fn answer(response: reqwest::Response) -> (StatusCode, Value) {
    let status = response.status();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// The answer to what was asked beside many others: one that is told to come back does so, as devices and operators do.
pub(crate) async fn answer_in_the_end(request: reqwest::RequestBuilder) -> (StatusCode, Value) {
    let begun = Instant::now();
    loop {
        let response = request.try_clone().unwrap().send().await.unwrap();
        let is_busy =
            response.status() == StatusCode::SERVICE_UNAVAILABLE && response.headers().contains_key("retry-after");
        if !is_busy || begun.elapsed() > Duration::from_secs(60) {
            return answer(response).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// A desktop app of the registered build.
pub(crate) struct Device {
    pub(crate) key: P256Key,
    pub(crate) request: TokenRequest,
}

impl Device {
    pub(crate) fn new() -> Self {
        let digest = |byte: &str| Fact::Known(byte.repeat(32));
        let request = TokenRequest {
            challenge: String::new(),
            account: ACCOUNT.into(),
            audience: ACCOUNT.into(),
            app: App {
                platform: Platform::Jvm,
                id: "com.acme.app".into(),
                version: "1.0".into(),
                build: String::new(),
            },
            sdk_version: "0.1.0".into(),
            formats: vec![1],
            epoch: 1,
            version: START,
            measurement: Measurement {
                artifacts: vec![Artifact { name: "app.jar".into(), sha256: digest("11") }],
                code: vec![
                    Code {
                        name: "libbonafide.so".into(),
                        role: CodeRole::Core,
                        memory: digest("22"),
                        file: digest("22"),
                    },
                    Code { name: "java".into(), role: CodeRole::Executable, memory: digest("55"), file: digest("55") },
                ],
                device: Some(DeviceFacts::clean()),
                packages: None,
            },
            evidence: Vec::new(),
            previous: None,
            session_key: P256Key::generate().unwrap().public_key().unwrap(),
            binding: None,
            development: None,
            user: None,
            trace: None,
        };
        Self { key: P256Key::generate().unwrap(), request }
    }

    /// A signed request with this challenge.
    pub(crate) fn request(&self, challenge: &str) -> String {
        let request = TokenRequest { challenge: challenge.into(), ..self.request.clone() };
        self.sign(TOKEN_REQUEST_TYPE, &serde_json::to_value(request).unwrap())
    }

    pub(crate) fn sign(&self, typ: &str, payload: &Value) -> String {
        let header = Header::with_jwk(typ, &self.key.public_key().unwrap());
        let input = signing_input(&header, payload.to_string().as_bytes());
        join(&input, &self.key.sign(input.as_bytes()).unwrap())
    }
}

/// The parts of a token, unverified.
pub(crate) fn parts(token: &str) -> (BTreeMap<String, Value>, BTreeMap<String, Value>) {
    let mut parts = token.split('.').map(|part| bonafide_protocol::encoding::from_base64url(part).unwrap());
    let mut part = || serde_json::from_slice(&parts.next().unwrap()).unwrap();
    (part(), part())
}

/// Whether a key of the JWKS signed the token.
pub(crate) fn genuine(jwks: &Value, token: &str) -> bool {
    let (header, _) = parts(token);
    let (input, signature) = token.rsplit_once('.').unwrap();
    let signature = bonafide_protocol::encoding::from_base64url(signature).unwrap();
    jwks.get("keys").unwrap().as_array().unwrap().iter().any(|jwk| {
        jwk.get("kid") == header.get("kid")
            && bonafide_protocol::jwk::PublicKey::from_jwk(jwk).unwrap().unwrap().verifies(input.as_bytes(), &signature)
    })
}
