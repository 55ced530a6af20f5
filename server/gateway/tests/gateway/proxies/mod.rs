//! Real proxies with the snippets of docs/gateway.md, each in front of an API that says what it has seen.

mod caddy;
mod envoy;
mod nginx;
mod traefik;

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::{Router, routing::any};
use bonafide_gateway::{
    ANNOTATIONS_HEADER, APP_HEADER, Audiences, ForwardAuth, GateSettings, HostAudiences, HostSource,
    INSTALLATION_HEADER, REASON_HEADER, RESULT_HEADER, TRACE_HEADER, USER_HEADER, forward_auth,
};
use bonafide_protocol::host::Host;
use tempfile::TempDir;
use tokio::net::TcpSocket;

use crate::forge::{AUDIENCE, World};

/// How long a proxy may take to listen; only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the gateway says, and nobody else.
const RESULT_HEADERS: [HeaderName; 7] =
    [RESULT_HEADER, REASON_HEADER, INSTALLATION_HEADER, APP_HEADER, ANNOTATIONS_HEADER, USER_HEADER, TRACE_HEADER];

/// Whose proxy it is, and another API that the same gateway serves.
const HOST: &str = "api.acme.com";
const OTHER_HOST: &str = "pay.acme.com";
const OTHER_AUDIENCE: &str = "pay";

/// Where a proxy listens.
enum Front {
    Unix(PathBuf),
    Tcp(u16),
}

impl Front {
    /// Sends a request; returns the answer's status code and its body's text with chunk marks, if any.
    fn get(&self, path: &str, headers: &[(&str, &str)]) -> io::Result<(String, String)> {
        self.get_from(HOST, path, headers)
    }

    fn get_from(&self, host: &str, path: &str, headers: &[(&str, &str)]) -> io::Result<(String, String)> {
        let mut request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        let answer = match self {
            Self::Unix(path) => exchange(UnixStream::connect(path)?, &request)?,
            Self::Tcp(port) => exchange(TcpStream::connect(("127.0.0.1", *port))?, &request)?,
        };
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        let status = head.split(' ').nth(1).unwrap_or_default();
        Ok((status.to_owned(), body.to_owned()))
    }
}

fn exchange(mut stream: impl Read + Write, request: &str) -> io::Result<String> {
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// A proxy that runs; killed when dropped.
struct Proxy {
    child: Child,
    front: Front,
    _folder: Arc<TempDir>,
}

impl Proxy {
    /// Starts it, and waits until it answers.
    fn start(mut command: Command, front: Front, folder: Arc<TempDir>) -> Self {
        let log = folder.path().join("log");
        let file = std::fs::File::create(&log).unwrap();
        command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        let child = command.spawn().unwrap_or_else(|error| panic!("{:?}: {error}", command.get_program()));
        let mut proxy = Self { child, front, _folder: folder };
        let end = Instant::now() + PATIENCE;
        // 404 and 503 are what they answer before they have read the whole of their configuration.
        while !proxy.front.get("/", &[]).is_ok_and(|(status, _)| status == "401") {
            let ended = proxy.child.try_wait().unwrap();
            let said = || std::fs::read_to_string(&log).unwrap_or_default();
            assert!(ended.is_none() && Instant::now() < end, "{:?} does not answer: {}", command.get_program(), said());
            std::thread::sleep(Duration::from_millis(20));
        }
        proxy
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program that `scripts/setup` put into the virtual environment.
fn installed(path: &str) -> PathBuf {
    let environment = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv");
    let found = glob(&environment, path);
    found.unwrap_or_else(|| panic!("no {path} in {}: run scripts/setup", environment.display()))
}

/// The first file below `folder` that `path` names, whose `*` stands for one folder of any name.
fn glob(folder: &Path, path: &str) -> Option<PathBuf> {
    let Some((first, rest)) = path.split_once('/') else {
        return Some(folder.join(path)).filter(|file| file.is_file());
    };
    if first != "*" {
        return glob(&folder.join(first), rest);
    }
    let entries = std::fs::read_dir(folder).ok()?;
    entries.filter_map(Result::ok).find_map(|entry| glob(&entry.path(), rest))
}

/// A snippet of docs/gateway.md: the first block of this language behind this heading.
fn snippet(heading: &str, language: &str) -> &'static str {
    let docs = include_str!("../../../../../docs/gateway.md");
    let (_, rest) = docs.split_once(&format!("\n### {heading}\n")).unwrap();
    let (_, rest) = rest.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

fn gateway(world: &World, host_source: HostSource) -> Router {
    let host = |name: &str, audience: &str| (Host::parse(name).unwrap(), audience.to_owned());
    let audiences = [host(HOST, AUDIENCE), host(OTHER_HOST, OTHER_AUDIENCE)].into();
    let audiences = Audiences::PerHost(HostAudiences::new(audiences).unwrap());
    forward_auth(ForwardAuth { gate: world.gate(GateSettings::default()), audiences, host_source })
}

/// An API that answers with the gateway's result headers, as they have reached it. Like CGI and its heirs it takes
/// `Bonafide_User` for `Bonafide-User`.
fn api() -> Router {
    let logged_out = any(|| async { (StatusCode::UNAUTHORIZED, "log in again") });
    Router::new().route("/logged-out", logged_out).fallback(any(|headers: HeaderMap| async move {
        let mut seen: Vec<String> = headers
            .iter()
            .filter(|(name, _)| name.as_str().replace('_', "-").starts_with("bonafide-"))
            .filter(|(name, _)| name.as_str() != "bonafide-token")
            .map(|(name, value)| format!("{name}={}", value.to_str().unwrap()))
            .collect();
        seen.sort();
        format!("reached: {}", seen.join(" "))
    }))
}

fn serve_unix(socket: PathBuf, router: Router) {
    let listener = tokio::net::UnixListener::bind(socket).unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
}

async fn serve_tcp(router: Router) -> u16 {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, router).await });
    port
}

/// A port for a proxy that takes no socket from outside and does not say which port it took.
///
/// While the socket is there the system gives the port to nobody who does not ask for just this one. Who does gets it,
/// as all that listen, with `SO_REUSEADDR`; elsewhere than on Linux that is not enough, and another may take the port.
fn free_port() -> (u16, Option<TcpSocket>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let port = socket.local_addr().unwrap().port();
    (port, cfg!(target_os = "linux").then_some(socket))
}

/// What each proxy has to keep from the API, and what it has to hand on.
async fn check(world: World, front: impl FnOnce() -> Proxy + Send + 'static) {
    let check = move || {
        let proxy = front();
        let get = |headers: &[(&str, &str)]| proxy.front.get("/login", headers).unwrap();
        let refused = get(&[]);
        assert_eq!(refused.0, "401");
        assert!(!refused.1.contains("reached"), "{}", refused.1);
        for (name, token, _) in world.refused() {
            // A header's value has no outer white space: that forgery cannot be sent.
            if token != token.trim() || token.len() > 8000 {
                continue;
            }
            assert_eq!(get(&[("Bonafide-Token", &token)]), refused, "{name}");
        }
        let good = world.good();
        assert_eq!(get(&[("Bonafide-Token", &good), ("Bonafide-Token", &good)]), refused, "two tokens");
        assert_eq!(get(&[("Bonafide-Token", &good)]).0, "200");
        // A token of this host, and what a client says of another one: passed for this host, or not at all.
        for name in ["X-Original-Host", "X-Original-URL", "X-Forwarded-Host"] {
            let (status, body) = get(&[("Bonafide-Token", good.as_str()), (name, "other.acme.com")]);
            assert!(matches!(status.as_str(), "200" | "401"), "{name}: {status} {body}");
            assert_eq!(get(&[(name, "api.acme.com")]), refused, "{name}");
        }

        // What passes for one API of the gateway's never reaches another one's.
        let other = world.claiming("aud", OTHER_AUDIENCE.into());
        let (_, body) = proxy.front.get_from(OTHER_HOST, "/login", &[("Bonafide-Token", &other)]).unwrap();
        assert!(!body.contains("reached"), "another host: {body}");

        let twins = RESULT_HEADERS.map(|name| (name.as_str().replace('-', "_"), "admin"));
        let twins = twins.iter().map(|(name, value)| (name.as_str(), *value));
        let (_, body) = get(&[("Bonafide-Token", good.as_str())].into_iter().chain(twins).collect::<Vec<_>>());
        assert!(body.contains("reached") && !body.contains("admin"), "{body}");
        let forged = [
            ("Bonafide-Token", good.as_str()),
            ("Bonafide-Installation", "admin"),
            ("Bonafide-Annotations", "trusted"),
            ("Bonafide-Reason", "none"),
            ("Bonafide-User", "admin"),
            ("Bonafide-Trace", "admin"),
        ];
        let (status, body) = get(&forged);
        assert_eq!(status, "200");
        let expected =
            "reached: bonafide-app=jvm/com.acme.app/1.2.3 bonafide-installation=inst-1 bonafide-result=verified";
        assert!(body.contains(expected), "{body}");
        for forged in ["admin", "trusted", "bonafide-reason=none"] {
            assert!(!body.contains(forged), "{body}");
        }

        let tagged = world.claiming("user", "u-1".into());
        let (_, body) = get(&[("Bonafide-Token", &tagged), ("Bonafide-User", "admin")]);
        assert!(body.contains("bonafide-user=u-1"), "{body}");
        let (status, body) = proxy.front.get("/logged-out", &[("Bonafide-Token", &good)]).unwrap();
        assert_eq!(status, "401");
        assert!(body.contains("log in again"), "the API's own 401: {body}");
    };
    tokio::task::spawn_blocking(check).await.unwrap();
}
