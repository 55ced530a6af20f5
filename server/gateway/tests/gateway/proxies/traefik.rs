//! Traefik. It listens on ports only.

use std::process::Command;
use std::sync::Arc;

use bonafide_gateway::HostSource;

use super::{Front, Proxy, api, check, free_port, gateway, installed, serve_tcp, snippet};
use crate::forge::World;

#[tokio::test(flavor = "multi_thread")]
async fn traefik_asks_the_gateway_before_the_api_is_reached() {
    let world = World::new();
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let gateway = serve_tcp(gateway(&world, HostSource::default())).await;
    let api = serve_tcp(api()).await;
    let (front, _reserved) = free_port();
    let middleware = snippet("Traefik", "yaml").replace("127.0.0.1:8190", &format!("127.0.0.1:{gateway}"));
    let routes = format!(
        "  routers: {{ api: {{ rule: Host(`api.acme.com`), service: api, middlewares: [bonafide] }} }}
  services: {{ api: {{ loadBalancer: {{ servers: [{{ url: 'http://127.0.0.1:{api}' }}] }} }} }}\n"
    );
    let file = folder.path().join("dynamic.yaml");
    std::fs::write(&file, format!("{middleware}{routes}")).unwrap();
    let mut command = Command::new(installed("bin/traefik"));
    command.arg(format!("--entryPoints.front.address=127.0.0.1:{front}"));
    command.arg(format!("--providers.file.filename={}", file.display()));
    command.args(["--global.checkNewVersion=false", "--global.sendAnonymousUsage=false"]);
    check(world, move || Proxy::start(command, Front::Tcp(front), folder)).await;
}
