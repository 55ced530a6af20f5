//! Real nginx with the snippet of docs/gateway.md in front of an API, all on Unix sockets: no port can be taken.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use axum::http::{HeaderMap, StatusCode};
use axum::{Router, routing::any};
use bonafide_gateway::{Audiences, ForwardAuth, GateSettings, HostSource, forward_auth};
use bonafide_protocol::host::Host;
use tempfile::TempDir;
use tokio::net::UnixListener;

use crate::forge::{AUDIENCE, World};

/// A running nginx; stopped when dropped.
struct Nginx {
    folder: TempDir,
}

impl Nginx {
    fn start(folder: TempDir) -> Self {
        let config = config(folder.path());
        std::fs::write(folder.path().join("nginx.conf"), config).unwrap();
        let nginx = Self { folder };
        // It goes to the background once it listens.
        let output = nginx.command(&[]).output().unwrap();
        assert!(output.status.success(), "nginx does not start: {}", String::from_utf8_lossy(&output.stderr));
        nginx
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = Command::new(binary());
        let folder = self.folder.path();
        command.arg("-p").arg(folder).arg("-c").arg(folder.join("nginx.conf"));
        command.arg("-e").arg(folder.join("error.log")).args(more);
        command
    }

    /// Sends a request; returns the answer's status line and its body's text with chunk marks, if any.
    fn get(&self, headers: &[(&str, &str)]) -> (String, String) {
        self.get_path("/login", headers)
    }

    fn get_path(&self, path: &str, headers: &[(&str, &str)]) -> (String, String) {
        let mut stream = UnixStream::connect(self.folder.path().join("front.sock")).unwrap();
        let mut request = format!("GET {path} HTTP/1.1\r\nHost: api.acme.com\r\nConnection: close\r\n");
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        stream.write_all(format!("{request}\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.lines().next().unwrap().to_owned(), body.to_owned())
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.command(&["-s", "stop"]).output();
    }
}

fn binary() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join("nginx"))
        .find(|candidate| candidate.is_file())
        .unwrap_or_else(|| panic!("nginx is not installed: run scripts/setup, or `apt-get install nginx-light`"))
}

/// The snippet as the docs have it, with sockets in place of addresses.
fn config(folder: &Path) -> String {
    let docs = include_str!("../../../../docs/gateway.md");
    let (_, rest) = docs.split_once("```nginx\n").unwrap();
    let (snippet, _) = rest.split_once("```").unwrap();
    let socket = |name: &str| format!("unix:{}", folder.join(name).display());
    let snippet = snippet
        .replace("server 127.0.0.1:8190;", &format!("server {};", socket("gateway.sock")))
        .replace("server 127.0.0.1:8080;", &format!("server {};", socket("api.sock")))
        .replace("listen 80;", &format!("listen {};", socket("front.sock")));
    let paths: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {};\n", folder.join(kind).display()))
        .concat();
    // Workers of a root master are `nobody` by default, who cannot enter our folder; for other users it is ignored.
    // A page for refusals, as many servers have one: the API's own answers are not to be replaced by it.
    let snippet = snippet.replacen("server {\n", "server {\n    error_page 401 /refused.html;\n", 1);
    format!(
        "user root root;\npid {}/pid;\nevents {{}}\nhttp {{\naccess_log off;\n{paths}{snippet}}}\n",
        folder.display()
    )
}

fn serve(socket: PathBuf, router: Router) {
    let listener = UnixListener::bind(socket).unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
}

async fn echo(headers: HeaderMap) -> String {
    let mut seen: Vec<String> = headers
        .iter()
        .filter(|(name, _)| name.as_str().starts_with("bonafide-") && name.as_str() != "bonafide-token")
        .map(|(name, value)| format!("{name}={}", value.to_str().unwrap()))
        .collect();
    seen.sort();
    format!("reached: {}", seen.join(" "))
}

#[tokio::test(flavor = "multi_thread")]
async fn nginx_asks_the_gateway_before_the_api_is_reached() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let audiences = Audiences::PerHost([(Host::parse("api.acme.com").unwrap(), AUDIENCE.to_owned())].into());
    let gate = world.gate(GateSettings::default());
    let endpoint = forward_auth(ForwardAuth { gate, audiences, host_source: HostSource::default() });
    serve(folder.path().join("gateway.sock"), endpoint);
    let logged_out = any(|| async { (StatusCode::UNAUTHORIZED, "log in again") });
    serve(folder.path().join("api.sock"), Router::new().route("/logged-out", logged_out).fallback(any(echo)));
    let nginx = tokio::task::spawn_blocking(move || Nginx::start(folder)).await.unwrap();

    let check = move || {
        let refused = nginx.get(&[]);
        assert_eq!(refused.0, "HTTP/1.1 401 Unauthorized");
        assert!(!refused.1.contains("reached"));
        for (name, token, _) in world.refused() {
            // A header's value has no outer white space: that forgery cannot be sent.
            if token != token.trim() || token.len() > 8000 {
                continue;
            }
            assert_eq!(nginx.get(&[("Bonafide-Token", &token)]), refused, "{name}");
        }
        let good = world.good();
        assert_eq!(nginx.get(&[("Bonafide-Token", &good), ("Bonafide-Token", &good)]), refused, "two tokens");
        let elsewhere = [("Bonafide-Token", good.as_str()), ("X-Original-Host", "other.acme.com")];
        assert!(nginx.get(&elsewhere).1.contains("reached"), "what a client says of the host is overwritten");

        let forged = [
            ("Bonafide-Token", good.as_str()),
            ("Bonafide-Installation", "admin"),
            ("Bonafide-Annotations", "trusted"),
            ("Bonafide-Reason", "none"),
            ("Bonafide-User", "admin"),
            ("Bonafide-Trace", "admin"),
        ];
        let (status, body) = nginx.get(&forged);
        assert_eq!(status, "HTTP/1.1 200 OK");
        let expected =
            "reached: bonafide-app=jvm/com.acme.app/1.2.3 bonafide-installation=inst-1 bonafide-result=verified";
        assert!(body.contains(expected), "{body}");

        let tagged = world.claiming("user", "u-1".into());
        let (_, body) = nginx.get(&[("Bonafide-Token", &tagged), ("Bonafide-User", "admin")]);
        assert!(body.contains("bonafide-user=u-1"), "{body}");
        let (status, body) = nginx.get_path("/logged-out", &[("Bonafide-Token", &good)]);
        assert_eq!(status, "HTTP/1.1 401 Unauthorized");
        assert!(body.contains("log in again"), "the API's own 401: {body}");
    };
    tokio::task::spawn_blocking(check).await.unwrap();
}
