//! nginx, on Unix sockets: no port can be taken.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use bonafide_gateway::HostSource;

use super::{Front, Proxy, api, check, gateway, serve_unix, snippet};
use crate::forge::World;

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
    let socket = |name: &str| format!("unix:{}", folder.join(name).display());
    let snippet = snippet("nginx", "nginx")
        .replace("server 127.0.0.1:8190;", &format!("server {};", socket("gateway.sock")))
        .replace("server 127.0.0.1:8080;", &format!("server {};", socket("api.sock")))
        .replace("listen 80", &format!("listen {}", socket("front.sock")))
        // A page for refusals, as many servers have one: the API's own answers are not to be replaced by it.
        .replace("server {\n", "server {\n    error_page 401 /refused.html;\n");
    let paths: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {};\n", folder.join(kind).display()))
        .concat();
    // Workers of a root master are `nobody` by default, who cannot enter our folder; for other users it is ignored.
    // One process, so that it ends with the one that is killed. Headers with underscores, which nginx drops by itself, are
    // let through, as they are where somebody needs them.
    format!(
        "user root root;\ndaemon off;\nmaster_process off;\npid {}/pid;\nevents {{}}\nhttp {{\naccess_log off;\nunderscores_in_headers on;\n{paths}{snippet}}}\n",
        folder.display()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn nginx_asks_the_gateway_before_the_api_is_reached() {
    let world = World::new();
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let path = folder.path().to_owned();
    serve_unix(path.join("gateway.sock"), gateway(&world, HostSource::default()));
    serve_unix(path.join("api.sock"), api());
    std::fs::write(path.join("nginx.conf"), config(&path)).unwrap();
    let mut command = Command::new(binary());
    command.arg("-p").arg(&path).arg("-c").arg(path.join("nginx.conf")).arg("-e").arg("stderr");
    check(world, move || Proxy::start(command, Front::Unix(path.join("front.sock")), folder)).await;
}
