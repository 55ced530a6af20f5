//! What the tests stand on: the command, a running service, a TLS server with any certificate.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;
use tempfile::TempDir;

/// How a command ended.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|_| panic!("no JSON: {} {}", self.stdout, self.stderr))
    }

    /// The error on stderr, in JSON: the last line, after warnings.
    pub(crate) fn error(&self) -> Value {
        let line = self.stderr.lines().last().unwrap_or_default();
        let error: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {}", self.stderr));
        error.get("error").unwrap().clone()
    }
}

pub(crate) fn command() -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("bonafide"));
    for name in [
        "BONAFIDE_DATA",
        "BONAFIDE_OPERATOR_URL",
        "BONAFIDE_OPERATOR_TOKEN",
        "BONAFIDE_MASTER_KEY",
        "BONAFIDE_PLAY_DECRYPTION_KEY",
        "BONAFIDE_PLAY_VERIFICATION_KEY",
    ] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

pub(crate) fn run(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A folder with a service in it, not running.
pub(crate) struct Data {
    pub(crate) folder: TempDir,
}

impl Data {
    pub(crate) fn init() -> Self {
        let data = Self { folder: tempfile::tempdir().unwrap() };
        let made = data.run(&["init", "--account", "acme", "--url", "https://localhost:8443", "--private-ca"]);
        assert_eq!(made.code, 0, "{}", made.stderr);
        data
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command();
        command.arg("--json").arg("--data").arg(self.path()).args(arguments);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        run(&mut self.command(arguments))
    }

    pub(crate) fn file(&self, name: &str) -> String {
        self.path().join(name).display().to_string()
    }

    /// The least that is a jar: an archive with nothing in it.
    pub(crate) fn jar(&self, name: &str) -> String {
        let path = self.file(name);
        std::fs::write(&path, [b"PK\x05\x06".as_slice(), &[0; 18]].concat()).unwrap();
        path
    }
}

/// A real service process on free ports; ended when dropped.
pub(crate) struct Service {
    pub(crate) data: Data,
    pub(crate) public: SocketAddr,
    pub(crate) operator: SocketAddr,
    process: Child,
}

impl Service {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with further options of `serve`.
    pub(crate) fn start_with(options: &[&str]) -> Self {
        let data = Data::init();
        let listen = ["serve", "--listen", "127.0.0.1:0", "--operator-listen", "127.0.0.1:0"];
        let mut process =
            data.command(&[&listen, options].concat()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        // It says where once it listens.
        let mut text = String::new();
        for line in BufReader::new(process.stdout.take().unwrap()).lines() {
            text.push_str(&line.unwrap());
            if text.ends_with('}') {
                break;
            }
        }
        let said: Value = serde_json::from_str(&text).unwrap();
        let address = |name: &str| said.get(name).unwrap().as_str().unwrap().parse().unwrap();
        Self { data, public: address("public"), operator: address("operator"), process }
    }

    /// The version of the live config.
    pub(crate) fn version(&self) -> u64 {
        self.data.run(&["config", "show"]).json().pointer("/content/version").unwrap().as_u64().unwrap()
    }

    /// What the service answers to a device.
    pub(crate) fn post(&self, path: &str, body: &str) -> Value {
        let mut stream = TcpStream::connect(self.public).unwrap();
        let length = body.len();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        serde_json::from_str(body).unwrap()
    }

    /// An operator token of one scope; the command has no verb for it.
    pub(crate) fn make_token(&self, scope: &str) -> String {
        let operator: Value = serde_json::from_slice(&std::fs::read(self.data.file("operator.json")).unwrap()).unwrap();
        let all = operator.get("token").unwrap().as_str().unwrap();
        let body = serde_json::json!({"name": scope, "scopes": [scope]}).to_string();
        let mut stream = TcpStream::connect(self.operator).unwrap();
        let (host, length) = (self.operator, body.len());
        write!(
            stream,
            "POST /admin/v1/tokens HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {all}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let made: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        made.get("token").unwrap().as_str().unwrap().to_owned()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Certificates as only OpenSSL makes them all.
pub(crate) fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl").current_dir(folder).args(arguments.split(' ')).output();
    let output = output.unwrap_or_else(|error| panic!("openssl is not installed: run scripts/setup ({error})"));
    assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A CA in `folder` (`ca.pem`), and `NAME.pem` by it with `NAME.key` of the kind that `newkey` says.
pub(crate) fn issue(folder: &Path, name: &str, newkey: &str, subject_names: &str, days: &str) {
    if !folder.join("ca.pem").exists() {
        openssl(
            folder,
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=Test -days 9",
        );
    }
    std::fs::write(folder.join("extensions"), format!("subjectAltName={subject_names}\n")).unwrap();
    openssl(folder, &format!("req {newkey} -nodes -keyout {name}.key -out {name}.csr -subj /CN={name}"));
    openssl(
        folder,
        &format!("x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -out {name}.pem -days {days} -extfile extensions"),
    );
}

/// A certificate by the CA of [`issue`] that ended in 2021: OpenSSL 3.0 makes none that was ever good.
pub(crate) fn issue_expired(folder: &Path, name: &str) {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let ca_key = rcgen::KeyPair::from_pem(&read("ca.key")).unwrap();
    let issuer = rcgen::Issuer::from_ca_cert_pem(&read("ca.pem"), ca_key).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let mut leaf = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    leaf.not_before = rcgen::date_time_ymd(2020, 1, 1);
    leaf.not_after = rcgen::date_time_ymd(2021, 1, 1);
    std::fs::write(folder.join(format!("{name}.pem")), leaf.signed_by(&key, &issuer).unwrap().pem()).unwrap();
    std::fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
}

pub(crate) const EC: &str = "-newkey ec -pkeyopt ec_paramgen_curve:P-256";
pub(crate) const RSA: &str = "-newkey rsa:2048";

/// Serves each of the certificates to clients that can take its kind of key. Lives as long as the test's process.
pub(crate) fn tls_server(folder: &Path, names: &[&str]) -> SocketAddr {
    intercepted(folder, names, 0, names)
}

/// The first `count` connections meet `first`, all others `then`: whoever comes first sits behind an interceptor. Where
/// `then` has no certificate, the others are hung up on.
pub(crate) fn intercepted(folder: &Path, first: &[&str], count: usize, then: &[&str]) -> SocketAddr {
    let (first, then) = (server_config(folder, first), server_config(folder, then));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for (place, stream) in listener.incoming().enumerate() {
            let Some(config) = (if place < count { &first } else { &then }) else {
                continue;
            };
            let connection = rustls::ServerConnection::new(config.clone()).unwrap();
            let mut tls = rustls::StreamOwned::new(connection, stream.unwrap());
            // Until the client goes; how it goes does not matter.
            let _ = tls.read_to_end(&mut Vec::new());
        }
    });
    address
}

fn server_config(folder: &Path, names: &[&str]) -> Option<Arc<ServerConfig>> {
    let keys: Vec<_> = names.iter().map(|name| certified(folder, name)).collect();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth();
    (!keys.is_empty()).then(|| Arc::new(config.with_cert_resolver(Arc::new(ByKind(keys)))))
}

fn certified(folder: &Path, name: &str) -> Arc<CertifiedKey> {
    let certificates = CertificateDer::pem_file_iter(folder.join(format!("{name}.pem"))).unwrap();
    let chain: Vec<_> = certificates.map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(folder.join(format!("{name}.key"))).unwrap();
    Arc::new(CertifiedKey::new(chain, aws_lc_rs::sign::any_supported_type(&key).unwrap()))
}

#[derive(Debug)]
struct ByKind(Vec<Arc<CertifiedKey>>);

impl ResolvesServerCert for ByKind {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.iter().find(|key| key.key.choose_scheme(hello.signature_schemes()).is_some()).cloned()
    }
}
