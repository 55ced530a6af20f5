//! The service: real sockets, real TLS, real signatures, and failures on demand.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use bonafide_core::protocol::encoding::to_base64;
use bonafide_core::protocol::evidence::EvidenceWanted;
use bonafide_core::protocol::jwk::PublicKey;
use bonafide_core::protocol::jws::Compact;
use bonafide_core::protocol::message::{
    ChallengeResponse, REPORT_TYPE, Report, TOKEN_REQUEST_TYPE, TokenRequest, TokenResponse,
};
use bonafide_core::protocol::pin::Pin;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio_rustls::TlsAcceptor;

use super::account::{Account, backup};
use super::http::{Answer, Received, answer, receive};

/// What happens to the next request of a path instead of an ordinary answer.
pub enum Act {
    /// This status and code.
    Refuse(u16, &'static str),
    /// The same, with `Retry-After` in seconds.
    RefuseFor(u16, &'static str, u64),
    /// These bytes as the body of a 200.
    Body(Vec<u8>),
    /// An ordinary answer, but only after this.
    After(Arc<Notify>),
    /// A byte now and then, for ever.
    Trickle,
    /// The connection is closed.
    Close,
    /// A redirect to this URL.
    Redirect(String),
}

struct State {
    account: Account,
    tls: Arc<ServerConfig>,
    scripts: HashMap<String, VecDeque<Act>>,
    open: HashSet<String>,
    count: u64,
    pub token_requests: Vec<(PublicKey, TokenRequest)>,
    pub evidence_wanted: EvidenceWanted,
    pub reports: Vec<Report>,
    time: u64,
}

#[derive(Clone)]
pub struct Service {
    state: Arc<Mutex<State>>,
    ca: Arc<CertifiedIssuer<'static, KeyPair>>,
    log: watch::Sender<Vec<String>>,
    /// Counts restarts: a connection made before one is closed by it.
    restarts: watch::Sender<u64>,
    connections: watch::Sender<usize>,
    address: SocketAddr,
}

impl Service {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let (tls, pin) = leaf(&ca);
        let account = Account::new(&format!("https://{address}"), vec![pin, backup()], &to_base64(ca.der()));
        let state = State {
            account,
            tls,
            scripts: HashMap::new(),
            open: HashSet::new(),
            count: 0,
            token_requests: Vec::new(),
            evidence_wanted: EvidenceWanted::default(),
            reports: Vec::new(),
            time: 1_790_000_000,
        };
        let service = Self {
            state: Arc::new(Mutex::new(state)),
            ca: Arc::new(ca),
            log: watch::Sender::default(),
            restarts: watch::Sender::default(),
            connections: watch::Sender::default(),
            address,
        };
        tokio::spawn(service.clone().run(listener));
        service
    }

    /// The account, to change; not across an await.
    pub fn account(&self) -> impl std::ops::DerefMut<Target = Account> {
        struct Locked<'a>(MutexGuard<'a, State>);
        impl std::ops::Deref for Locked<'_> {
            type Target = Account;
            fn deref(&self) -> &Account {
                &self.0.account
            }
        }
        impl std::ops::DerefMut for Locked<'_> {
            fn deref_mut(&mut self) -> &mut Account {
                &mut self.0.account
            }
        }
        Locked(self.state())
    }

    /// Scripts the next request of `POST /v1/tokens` and the like.
    pub fn script(&self, line: &str, act: Act) {
        self.state().scripts.entry(line.into()).or_default().push_back(act);
    }

    /// Forgets what was scripted for this and did not happen.
    pub fn unscript(&self, line: &str) {
        self.state().scripts.remove(line);
    }

    /// A new certificate with a new key, of the same CA. Its pin.
    pub async fn rotate_tls(&self) -> Pin {
        let (tls, pin) = leaf(&self.ca);
        self.restart(tls).await;
        pin
    }

    /// A certificate of a CA that nobody trusts.
    pub async fn break_tls(&self) {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        self.restart(leaf(&ca).0).await;
    }

    /// Every challenge that was given is no longer good.
    pub fn forget_challenges(&self) {
        self.state().open.clear();
    }

    pub fn token_requests(&self) -> Vec<TokenRequest> {
        self.signed_requests().into_iter().map(|(_, request)| request).collect()
    }

    /// The same, each with the key that signed it.
    pub fn signed_requests(&self) -> Vec<(PublicKey, TokenRequest)> {
        self.state().token_requests.clone()
    }

    /// What responses say of evidence from now on.
    pub fn want_evidence(&self, wanted: EvidenceWanted) {
        self.state().evidence_wanted = wanted;
    }

    /// Time passes on the service's clock.
    pub fn advance(&self, by: std::time::Duration) {
        self.state().time += by.as_secs();
    }

    pub fn reports(&self) -> Vec<Report> {
        self.state().reports.clone()
    }

    /// How often this was asked for.
    pub fn count(&self, line: &str) -> usize {
        self.log.borrow().iter().filter(|known| *known == line).count()
    }

    /// Waits until this has been asked for so often.
    pub async fn asked(&self, line: &str, times: usize) {
        let mut log = self.log.subscribe();
        let enough = log.wait_for(|log| log.iter().filter(|known| *known == line).count() >= times);
        tokio::time::timeout(super::LONG, enough).await.unwrap().unwrap();
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    async fn restart(&self, tls: Arc<ServerConfig>) {
        self.state().tls = tls;
        self.restarts.send_modify(|restarts| *restarts += 1);
        let mut connections = self.connections.subscribe();
        tokio::time::timeout(super::LONG, connections.wait_for(|open| *open == 0)).await.unwrap().unwrap();
    }

    async fn run(self, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let (service, mut restarts) = (self.clone(), self.restarts.subscribe());
            self.connections.send_modify(|open| *open += 1);
            tokio::spawn(async move {
                tokio::select! {
                    _ = service.serve_connection(stream) => {}
                    _ = restarts.changed() => {}
                }
                service.connections.send_modify(|open| *open -= 1);
            });
        }
    }

    async fn serve_connection(&self, stream: TcpStream) -> Option<()> {
        let tls = Arc::clone(&self.state().tls);
        let mut stream = TlsAcceptor::from(tls).accept(stream).await.ok()?;
        loop {
            let received = receive(&mut stream).await?;
            let act = self.state().scripts.get_mut(&received.line).and_then(VecDeque::pop_front);
            self.log.send_modify(|log| log.push(received.line.clone()));
            let reply = match act {
                None => self.serve(&received),
                Some(Act::Refuse(status, code)) => Answer::refusal(status, code),
                Some(Act::RefuseFor(status, code, seconds)) => {
                    Answer { headers: format!("retry-after: {seconds}\r\n"), ..Answer::refusal(status, code) }
                }
                Some(Act::Body(body)) => Answer { status: 200, headers: String::new(), body },
                Some(Act::After(gate)) => {
                    gate.notified().await;
                    self.serve(&received)
                }
                Some(Act::Redirect(url)) => {
                    Answer { status: 307, headers: format!("location: {url}\r\n"), body: Vec::new() }
                }
                Some(Act::Close) => return None,
                Some(Act::Trickle) => {
                    stream.write_all(b"HTTP/1.1 200 X\r\ncontent-length: 1000000\r\n\r\n").await.ok()?;
                    loop {
                        stream.write_all(b" ").await.ok()?;
                        stream.flush().await.ok()?;
                        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                    }
                }
            };
            answer(&mut stream, &reply).await?;
        }
    }

    fn serve(&self, received: &Received) -> Answer {
        let mut state = self.state();
        match received.line.as_str() {
            "POST /v1/challenges" => {
                let challenge = state.challenge();
                Answer::json(&ChallengeResponse {
                    challenge,
                    expires_in: 300,
                    server_time: state.time,
                    rollout: state.evidence_wanted.rollout.clone(),
                })
            }
            "POST /v1/tokens" => state.token(&received.body),
            "POST /v1/reports" => {
                let (_, report) = verified(&received.body, REPORT_TYPE);
                state.reports.push(report);
                Answer { status: 202, headers: String::new(), body: Vec::new() }
            }
            "GET /v1/config" => {
                let query: HashMap<_, _> = received.query.split('&').filter_map(|pair| pair.split_once('=')).collect();
                assert_eq!(query["account"], "acme");
                let (epoch, version) = (query["epoch"].parse().unwrap(), query["version"].parse().unwrap());
                Answer::json(&state.account.lacking(epoch, version))
            }
            other => panic!("unexpected {other}"),
        }
    }
}

impl State {
    fn challenge(&mut self) -> String {
        self.count += 1;
        let challenge = format!("challenge-{}", self.count);
        self.open.insert(challenge.clone());
        challenge
    }

    fn token(&mut self, body: &[u8]) -> Answer {
        let (key, request): (_, TokenRequest) = verified(body, TOKEN_REQUEST_TYPE);
        if !self.open.remove(&request.challenge) {
            return Answer::refusal(409, "challenge_spent");
        }
        let documents = self.account.lacking(request.epoch, request.version);
        self.token_requests.push((key, request));
        let next_challenge = self.challenge();
        Answer::json(&TokenResponse {
            token: format!("token-{}", self.token_requests.len()),
            expires_in: 300,
            server_time: self.time,
            next_challenge,
            next_challenge_expires_in: 300,
            installation: "installation-1".into(),
            arc: "a".repeat(70),
            evidence_wanted: self.evidence_wanted.clone(),
            documents,
        })
    }
}

/// The payload of a JWS that brings its own key, and the key.
fn verified<T: serde::de::DeserializeOwned>(body: &[u8], typ: &'static str) -> (PublicKey, T) {
    let text = std::str::from_utf8(body).unwrap();
    let jws = Compact::parse(text, 128 * 1024).unwrap();
    let key = jws.header().jwk.clone().unwrap();
    let payload = serde_json::from_slice(jws.verify(typ, &key).unwrap()).unwrap();
    (key, payload)
}

fn leaf(ca: &CertifiedIssuer<'static, KeyPair>) -> (Arc<ServerConfig>, Pin) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, ca).unwrap();
    let pin = Pin::of_certificate(certificate.der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    (Arc::new(config), pin)
}
