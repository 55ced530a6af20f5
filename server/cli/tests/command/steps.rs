//! What an operator is told to do next, where he has just begun or mistyped.

use std::net::TcpListener;

use serde_json::Value;

use crate::bench::{Data, EC, Service, command, issue, run, tls_server};

struct Api {
    service: Service,
    folder: tempfile::TempDir,
    host: String,
}

impl Api {
    /// An API with a certificate of a private CA, at a port of its own; nothing of it is published yet.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["leaf", "next"] {
            issue(folder.path(), name, EC, "DNS:localhost", "9");
        }
        let host = format!("localhost:{}", tls_server(folder.path(), &["leaf"]).port());
        Self { service: Service::start(), folder, host }
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn add(&self, more: &[&str]) -> Value {
        let (url, ca, spare) = (format!("https://{}", self.host), self.file("ca.pem"), self.file("next.key"));
        let add = ["api", "add", &url, "--ca", &ca, "--backup-key", &spare, "--yes"];
        let ended = self.service.data.run(&[&add[..], more].concat());
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        ended.json()
    }

    fn entry(&self) -> Value {
        self.service.data.run(&["config", "show"]).json().pointer("/content/hosts/0").unwrap().clone()
    }
}

/// The row of the doctor's table that is about `what`.
fn row(rows: &Value, what: &str) -> Value {
    rows.as_array().unwrap().iter().find(|row| row["check"] == what).unwrap_or_else(|| panic!("{what}: {rows}")).clone()
}

#[test]
fn the_doctor_sends_a_beginner_to_init_and_not_to_serve() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("mistyped").display().to_string();
    let ended = run(command().args(["--json", "--data", &data, "doctor"]));
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    let next = row(&ended.json(), "service")["next"].to_string();
    assert!(next.contains("bonafide init") && next.contains("--data"), "{next}");
    // A service that is there and does not run is to be started.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ended = Data::init().run(&["--operator-url", &format!("http://{closed}"), "doctor"]);
    let next = row(&ended.json(), "service")["next"].to_string();
    assert!(next.contains("bonafide serve"), "{next}");
}

#[test]
fn the_doctor_notices_that_no_build_is_genuine() {
    let service = Service::start();
    let apps = || row(&service.data.run(&["doctor"]).json(), "apps");
    assert_eq!(apps()["state"], "warn");
    assert!(apps()["next"].to_string().contains("bonafide app register"), "{}", apps());
    let file = service.data.jar("app.jar");
    let register = ["app", "register", &file, "--platform", "jvm", "--id", "com.acme", "--version", "1.0"];
    let made = service.data.run(&register).json();
    assert_eq!(apps()["state"], "ok");
    assert_eq!(service.data.run(&["app", "retire", made["app_id"].as_str().unwrap(), "--yes"]).code, 0);
    assert_eq!(apps()["state"], "warn", "a build that was retired is none");
}

#[test]
fn the_doctor_says_of_a_host_that_it_only_reports() {
    let api = Api::new();
    api.add(&["--mode", "report"]);
    let ca = api.file("ca.pem");
    let host = || row(&api.service.data.run(&["doctor", &api.host, "--ca", &ca]).json(), "localhost");
    assert_eq!(host()["state"], "warn");
    let found = host()["found"].to_string();
    assert!(found.contains("pins match") && found.contains("only be reported"), "{found}");
    let leaf = api.entry()["pins"][0].as_str().unwrap().to_owned();
    let other = "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let pin = ["api", "pin", &api.host, "--ca", &ca, "--add", other, "--remove", &leaf, "--yes"];
    assert_eq!(api.service.data.run(&pin).code, 0);
    assert!(host()["found"].to_string().contains("DO NOT match"), "{}", host());
    assert!(host()["next"].to_string().contains(&format!("bonafide api check {}", api.host)), "{}", host());
    for (mode, state) in [("off", "warn"), ("enforce", "fail")] {
        let pin = ["api", "pin", &api.host, "--ca", &ca, "--mode", mode, "--yes", "--force"];
        assert_eq!(api.service.data.run(&pin).code, 0);
        assert_eq!(host()["state"], state, "{mode}: {}", host());
        assert!(!host()["found"].to_string().contains("pins match"), "{mode}: {}", host());
    }
}

#[test]
fn a_hosts_mode_is_changed_alone() {
    let api = Api::new();
    api.add(&["--mode", "report", "--without-token", "fail", "--audience", "pay"]);
    let (before, ca) = (api.entry(), api.file("ca.pem"));
    let pin = |more: &[&str]| api.service.data.run(&[&["api", "pin", &api.host, "--ca", &ca, "--yes"], more].concat());
    assert_eq!(pin(&[]).code, 2, "nothing to change");
    let ended = pin(&["--mode", "enforce"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let mut expected = before.clone();
    expected["mode"] = "enforce".into();
    assert_eq!(api.entry(), expected);
    assert_eq!(pin(&["--mode", "report"]).code, 0);
    assert_eq!(api.entry(), before);
}

#[test]
fn a_mode_that_locks_devices_out_needs_force() {
    let api = Api::new();
    api.add(&["--mode", "report"]);
    let pins: Vec<String> =
        api.entry()["pins"].as_array().unwrap().iter().map(|pin| pin.as_str().unwrap().to_owned()).collect();
    let (ca, other) = (api.file("ca.pem"), "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let pin = |more: &[&str]| api.service.data.run(&[&["api", "pin", &api.host, "--ca", &ca, "--yes"], more].concat());
    assert_eq!(pin(&["--add", other, "--remove", &pins[0]]).code, 0, "nobody is refused while it only reports");
    let before = api.entry();
    let ended = pin(&["--mode", "enforce"]);
    assert_eq!(ended.code, 4, "{}", ended.stderr);
    // Where the server was not seen, nobody knows that its pins are right.
    let unseen = api.service.data.run(&["api", "pin", &api.host, "--mode", "enforce", "--yes"]);
    assert_eq!(unseen.code, 4, "{}", unseen.stderr);
    assert_eq!(api.entry(), before);
    assert_eq!(pin(&["--mode", "enforce", "--force"]).code, 0);
    assert_eq!(api.entry()["mode"], "enforce");
}

#[test]
fn adding_a_host_again_says_what_it_replaces() {
    let api = Api::new();
    let first = api.add(&["--without-token", "fail", "--audience", "pay"]);
    assert_eq!(first["replaced"], Value::Null);
    let before = api.entry();
    assert_eq!(api.add(&[])["replaced"], before);
    let url = format!("https://{}", api.host);
    let (ca, data) = (api.file("ca.pem"), api.service.data.path().display().to_string());
    let add = ["--data", &data, "api", "add", &url, "--ca", &ca, "--mode", "report", "--without-token", "fail"];
    let ended = run(command().args(add));
    assert_eq!(ended.code, 2, "it asks: {}", ended.stderr);
    for said in ["mode", "enforce -> report", "without_token", "send -> fail"] {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
    assert!(!ended.stdout.contains("audience"), "it stays: {}", ended.stdout);
}

#[test]
fn a_key_level_without_a_platform_is_no_policy() {
    let service = Service::start();
    let ended = service.data.run(&["api", "add", "https://localhost:1", "--least-key-level", "software", "--yes"]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.error()["message"].to_string().contains("--platform"), "{}", ended.stderr);
}

#[test]
fn a_check_asks_for_the_ca_before_it_speaks_of_new_pins() {
    let api = Api::new();
    api.add(&[]);
    let next = |more: &[&str]| {
        let ended = api.service.data.run(&[&["api", "check"], more].concat());
        assert_ne!(ended.code, 0, "{}", ended.stdout);
        ended.error()["next"].to_string()
    };
    let said = next(&[&api.host]);
    assert!(said.contains("--ca FILE") && !said.contains("--from-server"), "{said}");
    // At 443 nobody answers.
    let said = next(&["localhost"]);
    assert!(said.contains("bonafide api check localhost:PORT"), "{said}");

    let other = "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let leaf = api.entry()["pins"][0].as_str().unwrap().to_owned();
    let ca = api.file("ca.pem");
    let pin = ["api", "pin", &api.host, "--ca", &ca, "--add", other, "--remove", &leaf, "--yes", "--force"];
    assert_eq!(api.service.data.run(&pin).code, 0);
    let said = next(&[&api.host, "--ca", &ca]);
    assert!(said.contains(&format!("bonafide api pin {} --from-server", api.host)), "the port as well: {said}");
}

#[test]
fn a_folder_is_no_build_and_its_jars_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    let register = ["app", "register", &path, "--platform", "jvm", "--id", "com.acme", "--version", "1.0", "--dry-run"];
    let ended = run(command().arg("--json").args(register));
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    assert!(ended.error()["next"].to_string().contains(&format!("{path}/*.jar")), "{}", ended.stderr);
}

#[test]
fn what_is_no_jar_is_not_registered_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.java").display().to_string();
    std::fs::write(&path, "class App {}").unwrap();
    let register = |platform| {
        let command_line = ["app", "register", &path, "--platform", platform, "--id", "com.acme", "--version", "1.0"];
        run(command().arg("--json").args(command_line).arg("--dry-run"))
    };
    let ended = register("jvm");
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert!(ended.error()["message"].to_string().contains("app.java is no jar"), "{}", ended.stderr);
    // On Linux an app is whatever runs there.
    assert_eq!(register("linux").code, 0);
}
