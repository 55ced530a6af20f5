//! Phones, and the makers of what they show.

use std::sync::Mutex;

use bonafide_forge::android_key::description::Description;
use bonafide_forge::android_key::forge::{Forge as ChainForge, p256_info, pem};
use bonafide_forge::app_attest::forge::{AssertionForge, Forge as AttestationForge, params, sha256};
use bonafide_forge::app_attest::receipt::Forge as ReceiptForge;
use bonafide_protocol::evidence::{Evidence, Octets, Previous, bound_hash, rollover_message};
use bonafide_protocol::jwk::PublicKey;
use bonafide_protocol::key::P256Key;
use bonafide_protocol::measurement::Platform;
use bonafide_protocol::message::TokenResponse;
use rcgen::KeyPair;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::common::{ACCOUNT, Device, Service, phones, pin};

/// When all this happens: the forged attestations of Apple's live from a minute before for three days.
pub(crate) const NOW: u64 = 1_800_000_000;

/// A service that lets attested phones in, with roots of the tests' own; and what makes evidence under them.
pub(crate) struct World {
    pub(crate) service: Service,
    pub(crate) google: Mutex<ChainForge>,
    pub(crate) apple: Apple,
}

/// Apple: its attestations and receipts.
pub(crate) struct Apple {
    attestations: Mutex<AttestationForge>,
    receipts: Mutex<ReceiptForge>,
}

impl Apple {
    /// The root that one of the operator's lists has to hold, as PEM.
    pub(crate) fn root(&self, list: &str) -> String {
        match list {
            "receipt-roots" => pem(&self.receipts.lock().unwrap().root.self_signed()),
            _ => pem(&self.attestations.lock().unwrap().root.self_signed()),
        }
    }
}

impl World {
    /// With the builds of [`phones`], for phones whose install key is in hardware.
    pub(crate) async fn new() -> Self {
        let policy = json!({ "platforms": ["android", "ios"], "least_key_level": "hardware" });
        let world = Self::with(json!({ "policy": policy })).await;
        world.register(Platform::Android, json!({})).await;
        world.register(Platform::Ios, json!({})).await;
        world
    }

    /// Nothing is registered, and every policy is the one that holds where the operator says nothing.
    pub(crate) async fn untouched() -> Self {
        Self::with(json!({})).await
    }

    async fn with(more: Value) -> Self {
        let service = Service::new().await;
        service.clock.set(NOW);
        let mut body = json!({ "pins": [pin(1), pin(2)], "mode": "enforce", "send_token": true });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (status, answer) = service.operator("PUT", "/admin/v1/hosts/api.acme.com", Some(body)).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let google = ChainForge::remote();
        let apple =
            Apple { attestations: Mutex::new(AttestationForge::new()), receipts: Mutex::new(ReceiptForge::new()) };
        let world = Self { service, google: Mutex::new(google), apple };
        let root = pem(&world.google.lock().unwrap().root());
        world.set_list("android-key-roots", &root).await;
        world.set_list("revocations", r#"{"entries": {}}"#).await;
        for list in ["app-attest-roots", "receipt-roots"] {
            world.set_list(list, &world.apple.root(list)).await;
        }
        world
    }

    /// Registers the platform's build, with these members in the place of its own.
    pub(crate) async fn register(&self, platform: Platform, more: Value) {
        let mut body = phones::build(platform);
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (status, answer) = self.service.operator("POST", "/admin/v1/apps", Some(body)).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }

    pub(crate) async fn put_text(&self, path: &str, text: &str) -> (StatusCode, Value) {
        let url = format!("http://{}{path}", self.service.operator_address());
        let call = self.service.http.put(url).bearer_auth(&self.service.token).body(text.to_owned());
        crate::common::answer(call.send().await.unwrap()).await
    }

    pub(crate) async fn set_list(&self, name: &str, content: &str) {
        let (status, answer) = self.put_text(&format!("/admin/v1/evidence/lists/{name}"), content).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }

    pub(crate) async fn policy(&self, policy: Value) {
        let (status, answer) = self.put_text("/admin/v1/policy?force=true", &policy.to_string()).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }

    /// A chain for this key, as a healthy phone presents it but for the change.
    pub(crate) fn chain(
        &self,
        key: &PublicKey,
        challenge: &[u8],
        change: impl FnOnce(&mut Description, &mut ChainForge),
    ) -> Evidence {
        let mut google = self.google.lock().unwrap();
        let mut description = Description::healthy(challenge);
        change(&mut description, &mut google);
        google.description = Some(description);
        let leaf = google.draft(0);
        leaf.public_key = Some(p256_info(&point(key)));
        leaf.extensions.clear();
        Evidence::AndroidKey { chain: google.chain().into_iter().map(Octets).collect() }
    }

    /// The findings and the reason of the newest appraisal.
    pub(crate) async fn judged(&self) -> (Vec<String>, String) {
        let (_, list) = self.service.operator("GET", "/admin/v1/appraisals?limit=1", None).await;
        let reason = list.pointer("/0/reason").unwrap().as_str().unwrap_or_default().to_owned();
        (self.service.findings().await, reason)
    }

    pub(crate) async fn assert_passes(&self, what: &str) {
        assert_eq!(self.judged().await, (Vec::new(), String::new()), "{what}");
    }

    pub(crate) async fn assert_found(&self, expected: &[&str], what: &str) {
        let (findings, reason) = self.judged().await;
        assert_eq!(findings, expected, "{what}: {reason}");
    }
}

/// A phone: its install key, and what it says of itself.
pub(crate) struct Phone {
    pub(crate) device: Device,
}

impl Phone {
    pub(crate) fn new(platform: Platform) -> Self {
        Self { device: phones::device(platform) }
    }

    pub(crate) fn android() -> Self {
        Self::new(Platform::Android)
    }

    pub(crate) fn key(&self) -> PublicKey {
        self.device.key.public_key().unwrap()
    }

    pub(crate) fn thumbprint(&self) -> String {
        self.key().thumbprint()
    }

    /// The hash that its evidence has to carry.
    pub(crate) fn hash(&self, challenge: &str) -> [u8; 32] {
        let thumbprint = self.thumbprint();
        bound_hash(ACCOUNT, self.device.request.app.platform, challenge, Some(&thumbprint))
    }

    /// The same where the attested key is the install key.
    pub(crate) fn key_hash(&self, challenge: &str) -> [u8; 32] {
        bound_hash(ACCOUNT, self.device.request.app.platform, challenge, None)
    }

    /// A signed request.
    pub(crate) fn request(&self, challenge: &str, evidence: Vec<Evidence>, previous: Option<Previous>) -> String {
        let request = bonafide_protocol::message::TokenRequest { evidence, previous, ..self.device.request.clone() };
        Device { key: copy(&self.device.key), request }.request(challenge)
    }

    /// This key's word for the next one.
    pub(crate) fn vouch(&self, next: &Self, challenge: &str) -> Previous {
        let message = rollover_message(ACCOUNT, challenge, &self.thumbprint(), &next.thumbprint());
        Previous::new(self.key(), &self.device.key.sign(&message).unwrap())
    }

    /// Asks for a token with this evidence.
    pub(crate) async fn ask(&self, world: &World, evidence: impl FnOnce(&str) -> Vec<Evidence>) -> TokenResponse {
        let challenge = world.service.challenge().await;
        self.ask_with(world, &challenge, evidence(&challenge), None).await
    }

    pub(crate) async fn ask_with(
        &self,
        world: &World,
        challenge: &str,
        evidence: Vec<Evidence>,
        previous: Option<Previous>,
    ) -> TokenResponse {
        let (status, answer) = world.service.post("/v1/tokens", self.request(challenge, evidence, previous)).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        serde_json::from_value(answer).unwrap()
    }

    /// Asks with a healthy Key Attestation.
    pub(crate) async fn enroll(&self, world: &World) -> TokenResponse {
        self.ask(world, |challenge| vec![world.chain(&self.key(), &self.key_hash(challenge), |_, _| {})]).await
    }
}

/// An iPhone with its App Attest key.
pub(crate) struct IPhone {
    pub(crate) phone: Phone,
    pub(crate) app_key: KeyPair,
}

impl IPhone {
    pub(crate) fn new() -> Self {
        Self { phone: Phone::new(Platform::Ios), app_key: KeyPair::generate().unwrap() }
    }

    fn key_id(&self) -> Octets {
        Octets(sha256(self.app_key.public_key_raw()).to_vec())
    }

    /// An attestation as Apple makes it but for the change.
    pub(crate) fn attestation(
        &self,
        world: &World,
        challenge: &str,
        change: impl FnOnce(&mut AttestationForge, &mut ReceiptForge),
    ) -> Evidence {
        let mut apple = world.apple.attestations.lock().unwrap();
        let mut receipts = world.apple.receipts.lock().unwrap();
        apple.key = copy_pair(&self.app_key);
        apple.credential_id = self.key_id().0;
        apple.cose = bonafide_forge::app_attest::forge::Cose::of(self.app_key.public_key_raw());
        apple.client_data_hash = self.phone.hash(challenge).to_vec();
        apple.aaguid = *b"appattest\0\0\0\0\0\0\0";
        let attested = receipts.intermediate.issue(&params("Attested", 3), &self.app_key);
        receipts.field(3, &attested);
        change(&mut apple, &mut receipts);
        let mut parts = apple.parts();
        parts.receipt = receipts.encode();
        Evidence::AppAttest { key_id: self.key_id(), attestation: Some(Octets(parts.encode())), assertion: None }
    }

    /// An assertion with this counter.
    pub(crate) fn assertion(&self, challenge: &str, counter: u32) -> Evidence {
        let forge = AssertionForge {
            key: copy_pair(&self.app_key),
            client_data_hash: self.phone.hash(challenge).to_vec(),
            counter,
            ..AssertionForge::new()
        };
        Evidence::AppAttest { key_id: self.key_id(), attestation: None, assertion: Some(Octets(forge.encode())) }
    }

    pub(crate) async fn enroll(&self, world: &World) -> TokenResponse {
        self.phone.ask(world, |challenge| vec![self.attestation(world, challenge, |_, _| {})]).await
    }

    pub(crate) async fn assert(&self, world: &World, counter: u32) -> TokenResponse {
        self.phone.ask(world, |challenge| vec![self.assertion(challenge, counter)]).await
    }
}

pub(crate) fn copy(key: &P256Key) -> P256Key {
    P256Key::from_pkcs8(key.to_pkcs8()).unwrap()
}

fn copy_pair(key: &KeyPair) -> KeyPair {
    KeyPair::try_from(key.serialized_der()).unwrap()
}

fn point(key: &PublicKey) -> Vec<u8> {
    match key {
        PublicKey::P256 { x, y } => [&[4][..], x, y].concat(),
        _ => unreachable!("install keys are on P-256"),
    }
}
