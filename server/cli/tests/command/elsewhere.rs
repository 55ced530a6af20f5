//! What this machine sees, against what the service sees: an interceptor stands in front of one of them.

use std::path::Path;

use serde_json::{Value, json};

use crate::bench::{EC, Service, intercepted, issue};

/// The connections of one look: for elliptic and for RSA keys.
const ONE_LOOK: usize = 2;

struct Bench {
    service: Service,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["own", "other"] {
            issue(folder.path(), name, EC, "IP:127.0.0.1", "9");
        }
        Self { service: Service::start(), folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn file(&self, name: &str) -> String {
        self.path().join(name).display().to_string()
    }

    fn add(&self, host: &str, more: &[&str]) -> crate::bench::Ended {
        let (url, ca, spare) = (format!("https://{host}"), self.file("ca.pem"), self.file("spare.key"));
        crate::bench::openssl(self.path(), "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out spare.key");
        let add = ["api", "add", &url, "--ca", &ca, "--backup-key", &spare, "--yes"];
        self.service.data.run(&[&add[..], more].concat())
    }

    fn pin(&self, name: &str) -> Value {
        self.service
            .data
            .run(&["pin", "show", &self.file(name)])
            .json()
            .pointer("/0/certificates/0/pin")
            .unwrap()
            .clone()
    }
}

#[test]
fn a_certificate_that_the_service_does_not_see_is_not_pinned() {
    let bench = Bench::new();
    let before = bench.service.version();
    // Both certificates are valid for the host: without a second pair of eyes nothing would be noticed.
    let host = intercepted(bench.path(), &["other"], ONE_LOOK, &["own"]).to_string();
    let ended = bench.add(&host, &[]);
    assert_eq!(ended.code, 1, "{}{}", ended.stdout, ended.stderr);
    let error = ended.error();
    assert!(error.get("message").unwrap().as_str().unwrap().contains("intercepts"), "{error}");
    assert_eq!(error.pointer("/facts/service/here").unwrap(), &json!([bench.pin("other.pem")]));
    assert_eq!(error.pointer("/facts/service/there").unwrap(), &json!([bench.pin("own.pem")]));
    assert_eq!(bench.service.version(), before, "nothing was published");

    let host = intercepted(bench.path(), &["other"], ONE_LOOK, &["own"]).to_string();
    let ended = bench.add(&host, &["--force"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stderr.contains("intercepts"), "{}", ended.stderr);
}

#[test]
fn a_check_minds_that_the_service_sees_another_certificate() {
    let bench = Bench::new();
    let host = intercepted(bench.path(), &["own"], 2 * ONE_LOOK, &["own"]).to_string();
    let ended = bench.add(&host, &[]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(ended.json().get("service").unwrap(), &json!({"same": true}));

    let check = |host: &str, more: &[&str]| {
        let check = ["api", "check", host, "--ca", &bench.file("ca.pem")];
        bench.service.data.run(&[&check[..], more].concat())
    };
    for (more, code) in [(&[][..], 1), (&["--force"], 0)] {
        let host = intercepted(bench.path(), &["own"], ONE_LOOK, &["other"]).to_string();
        let ended = check(&host, more);
        assert_eq!(ended.code, code, "{}", ended.stderr);
        assert_eq!(ended.json().pointer("/0/ok").unwrap(), false);
        assert_eq!(ended.json().pointer("/0/service/same").unwrap(), false);
    }
    let ended = check(&host, &[]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(ended.json().pointer("/0/service/same").unwrap(), true);
}

#[test]
fn pins_are_taken_from_a_server_only_as_the_service_sees_it() {
    let bench = Bench::new();
    let host = intercepted(bench.path(), &["own"], ONE_LOOK, &["own"]).to_string();
    assert_eq!(bench.add(&host, &[]).code, 0);
    let before = bench.service.version();
    let pin = |host: &str, more: &[&str]| {
        let pin = ["api", "pin", host, "--from-server", "--ca", &bench.file("ca.pem"), "--yes"];
        bench.service.data.run(&[&pin[..], more].concat())
    };
    let host = intercepted(bench.path(), &["other"], ONE_LOOK, &["own"]).to_string();
    let ended = pin(&host, &[]);
    assert_eq!(ended.code, 1, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains("intercepts"), "{}", ended.stderr);
    assert_eq!(bench.service.version(), before, "nothing was published");

    let host = intercepted(bench.path(), &["other"], 2 * ONE_LOOK, &["other"]).to_string();
    let ended = pin(&host, &[]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(
        ended.json().get("pins").unwrap().as_array().unwrap().contains(&bench.pin("other.pem")),
        "{}",
        ended.stdout
    );
}

#[test]
fn pins_are_enforced_only_as_the_service_sees_the_server() {
    let bench = Bench::new();
    let host = intercepted(bench.path(), &["other"], ONE_LOOK, &["own"]).to_string();
    assert_eq!(bench.add(&host, &["--mode", "report", "--force"]).code, 0);
    let before = bench.service.version();
    let enforce = |host: &str, more: &[&str]| {
        let pin = ["api", "pin", host, "--mode", "enforce", "--ca", &bench.file("ca.pem"), "--yes"];
        bench.service.data.run(&[&pin[..], more].concat())
    };
    let host = intercepted(bench.path(), &["other"], ONE_LOOK, &["own"]).to_string();
    let ended = enforce(&host, &[]);
    assert_eq!(ended.code, 1, "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains("intercepts"), "{}", ended.stderr);
    assert_eq!(bench.service.version(), before, "nothing was published");

    let host = intercepted(bench.path(), &["other"], 2 * ONE_LOOK, &["other"]).to_string();
    let ended = enforce(&host, &[]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
}

#[test]
fn a_server_out_of_the_services_reach_is_said_so_and_pinned() {
    let bench = Bench::new();
    let host = intercepted(bench.path(), &["own"], ONE_LOOK, &[]).to_string();
    let ended = bench.add(&host, &[]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(ended.json().pointer("/service/same").unwrap(), &Value::Null);
    assert!(ended.json().pointer("/service/why").unwrap().as_str().unwrap().contains(&host), "{}", ended.stdout);
}

#[test]
fn a_token_that_only_reads_checks_without_the_service_looking() {
    let bench = Bench::new();
    let host = intercepted(bench.path(), &["own"], 0, &["own"]).to_string();
    assert_eq!(bench.add(&host, &[]).code, 0);
    let made = bench.service.make_token("read");
    let url = format!("http://{}", bench.service.operator);
    let ended = bench.service.data.run(&[
        "--operator-url",
        &url,
        "--operator-token",
        &made,
        "api",
        "check",
        &host,
        "--ca",
        &bench.file("ca.pem"),
    ]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let why = ended.json().pointer("/0/service/why").unwrap().as_str().unwrap().to_owned();
    assert!(why.contains("publish"), "{why}");
}
