//! Envoy, on Unix sockets.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use axum::http::HeaderName;
use bonafide_gateway::HostSource;

use super::{Front, Proxy, api, check, gateway, installed, serve_unix, snippet};
use crate::forge::World;

/// The filters as the docs have them, in a configuration of one listener and two clusters.
fn config(folder: &Path) -> String {
    let filters = snippet("Envoy", "yaml").replace('\n', "\n          ");
    // How long Envoy waits for the gateway: a machine that is busy is no gateway that is gone.
    assert!(filters.contains("timeout: 1s"), "{filters}");
    let filters = filters.replace("timeout: 1s", "timeout: 60s");
    let pipe = |name: &str| format!("{{ pipe: {{ path: {} }} }}", folder.join(name).display());
    let cluster = |name: &str| {
        let address = pipe(&format!("{name}.sock"));
        format!(
            "  - name: {name}
    load_assignment:
      cluster_name: {name}
      endpoints: [{{ lb_endpoints: [{{ endpoint: {{ address: {address} }} }}] }}]\n"
        )
    };
    format!(
        "static_resources:
  listeners:
  - address: {front}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          \"@type\": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: front
          route_config:
            virtual_hosts: [{{ name: api, domains: [api.acme.com], routes: [{{ match: {{ prefix: / }}, route: {{ cluster: api }} }}] }}]
          {filters}
  clusters:
{api}{gateway}",
        front = pipe("front.sock"),
        api = cluster("api"),
        gateway = cluster("bonafide"),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn envoy_asks_the_gateway_before_the_api_is_reached() {
    let world = World::new();
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let path = folder.path().to_owned();
    let host = HostSource::Header(HeaderName::from_static("host"));
    serve_unix(path.join("bonafide.sock"), gateway(&world, host));
    serve_unix(path.join("api.sock"), api());
    std::fs::write(path.join("envoy.yaml"), config(&path)).unwrap();
    // The script in bin/ would not hand on the signal that ends it.
    let mut command = Command::new(installed("lib/*/site-packages/envoy/_bin/envoy"));
    command.args(["--disable-hot-restart", "--concurrency", "1", "--log-level", "warning", "-c"]);
    command.arg(path.join("envoy.yaml"));
    check(world, move || Proxy::start(command, Front::Unix(path.join("front.sock")), folder)).await;
}
