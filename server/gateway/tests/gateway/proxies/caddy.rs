//! Caddy. To a request from a Unix socket it adds no `X-Forwarded-Host`: it listens on a port.

use std::process::Command;
use std::sync::Arc;

use bonafide_gateway::HostSource;

use super::{Front, Proxy, api, check, free_port, gateway, installed, serve_unix, snippet};
use crate::forge::World;

#[tokio::test(flavor = "multi_thread")]
async fn caddy_asks_the_gateway_before_the_api_is_reached() {
    let world = World::new();
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let path = folder.path().to_owned();
    serve_unix(path.join("gateway.sock"), gateway(&world, HostSource::default()));
    serve_unix(path.join("api.sock"), api());
    let socket = |name: &str| format!("unix/{}", path.join(name).display());
    let (front, _reserved) = free_port();
    // Without `http://` it would ask an authority for a certificate.
    let snippet = snippet("Caddy", "caddyfile")
        .replace("api.acme.com {", &format!("http://api.acme.com:{front} {{\n    bind 127.0.0.1"))
        .replace("127.0.0.1:8190", &socket("gateway.sock"))
        .replace("127.0.0.1:8080", &socket("api.sock"));
    std::fs::write(path.join("Caddyfile"), format!("{{\n    admin off\n}}\n{snippet}")).unwrap();
    let mut command = Command::new(installed("bin/caddy"));
    command.args(["run", "--adapter", "caddyfile", "--config"]).arg(path.join("Caddyfile"));
    command.env("HOME", &path).env("XDG_CONFIG_HOME", &path).env("XDG_DATA_HOME", &path);
    check(world, move || Proxy::start(command, Front::Tcp(front), folder)).await;
}
