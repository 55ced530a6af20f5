//! "Bad input", the command line's part: a clear error with the next step, its exit code, and nothing lost.

use std::net::{SocketAddr, TcpListener};

use tokio::net::TcpSocket;

use crate::bench::{Data, EC, Service, command, issue, issue_expired, openssl, run, tls_server};

/// An address that nobody listens at, and what keeps others from it.
fn closed() -> (SocketAddr, TcpSocket) {
    let taken = TcpSocket::new_v4().unwrap();
    taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    (taken.local_addr().unwrap(), taken)
}

#[test]
fn an_unreachable_host_is_said_so() {
    let service = Service::start();
    let (closed, _taken) = closed();
    let before = service.version();
    let ended = service.data.run(&["api", "add", &format!("https://{closed}"), "--yes"]);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    let message = ended.error().get("message").unwrap().to_string();
    assert!(message.contains("cannot be reached") && message.contains("refused"), "{message}");
    assert_eq!(service.version(), before, "nothing was published");
    let ended = service.data.run(&["api", "add", "https://no-such-host.invalid", "--yes"]);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
}

#[test]
fn an_invalid_chain_is_refused_with_its_reason() {
    let service = Service::start();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    openssl(
        folder,
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout self.key -out self.pem -subj /CN=localhost -addext subjectAltName=DNS:localhost",
    );
    issue(folder, "foreign", EC, "DNS:localhost", "9");
    issue(folder, "elsewhere", EC, "DNS:other.test", "9");
    issue_expired(folder, "ended");
    let ca = folder.join("ca.pem").display().to_string();
    let before = service.version();
    for (name, trusted, reason) in [
        ("self", false, "self_signed"),
        ("foreign", false, "unknown_issuer"),
        ("elsewhere", true, "wrong_name"),
        ("ended", true, "expired"),
    ] {
        let url = format!("https://localhost:{}", tls_server(folder, &[name]).port());
        let mut arguments = vec!["api", "add", &url, "--yes", "--force"];
        if trusted {
            arguments.extend(["--ca", &ca]);
        }
        let ended = service.data.run(&arguments);
        assert_eq!(ended.code, 1, "{name}: {}", ended.stderr);
        assert_eq!(ended.error().pointer("/facts/reason").unwrap(), reason);
    }
    assert_eq!(service.version(), before, "nothing was published");
}

#[test]
fn without_a_terminal_a_question_is_an_error_and_nothing_is_changed() {
    let service = Service::start();
    let before = service.version();
    let url = format!("https://localhost:{}", service.public.port());
    let (ca, spare) = (service.data.file("tls/ca.pem"), service.data.file("tls/backup.key"));
    let ended = service.data.run(&["api", "add", &url, "--ca", &ca, "--backup-key", &spare]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.error().get("next").unwrap().to_string().contains("--yes"));
    assert_eq!(service.version(), before);
}

#[test]
fn a_port_in_use_is_named() {
    let data = Data::init();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (taken, free, option) in
        [("--listen", "--operator-listen", "--listen"), ("--operator-listen", "--listen", "--operator-listen")]
    {
        let ended = data.run(&["serve", taken, &address, free, "127.0.0.1:0"]);
        assert_eq!(ended.code, 3, "{}", ended.stderr);
        assert!(ended.error().get("message").unwrap().to_string().contains("in use"));
        assert!(ended.error().get("next").unwrap().to_string().contains(option));
    }
    let jwks = data.path().join("operator.json").display().to_string();
    let ended =
        data.run(&["gateway", "--listen", &address, "--account", "acme", "--audience", "acme", "--jwks", &jwks]);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
}

/// Its proxy may send both hosts to one API: then the real one is open to development builds.
#[test]
fn a_gateway_serves_no_development_builds_beside_others() {
    let data = Data::init();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for development in ["dev.acme.com=acme+dev", "dev.acme.com=beta+dev"] {
        let gateway = ["gateway", "--listen", &address, "--account", "acme", "--audience", "api.acme.com=acme"];
        let ended = data.run(&[&gateway[..], &["--audience", development]].concat());
        assert_eq!(ended.code, 2, "{development}: {}", ended.stderr);
        assert!(ended.error().get("message").unwrap().to_string().contains("+dev"), "{}", ended.stderr);
        assert!(ended.error().get("next").unwrap().to_string().contains("bonafide gateway"), "{}", ended.stderr);
    }
}

#[test]
fn a_file_or_folder_without_permission_is_named() {
    let data = Data::init();
    // The kernel's own folder takes files from nobody, root included.
    let ended = run(command().args(["--json", "--data", "/proc/bonafide", "init", "--account", "acme"]).args([
        "--url",
        "https://localhost",
        "--private-ca",
    ]));
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    assert!(ended.error().get("message").unwrap().to_string().contains("/proc/bonafide"));
    let service = Service::start();
    let ended = service.data.run(&["config", "export", "-o", "/proc/bonafide.config"]);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    let ended = data.run(&["init", "--account", "acme", "--url", "https://localhost", "--private-ca"]);
    assert_eq!(ended.code, 1, "an account is never overwritten: {}", ended.stderr);
}

#[test]
fn without_a_service_the_next_step_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("none").display().to_string();
    let ended = run(command().args(["--json", "--data", &data, "api", "list"]));
    assert_eq!(ended.code, 3);
    assert!(ended.error().get("next").unwrap().to_string().contains("bonafide init"));
    let data = Data::init();
    let (closed, _taken) = closed();
    let ended = data.run(&["--operator-url", &format!("http://{closed}"), "api", "list"]);
    assert_eq!(ended.code, 3);
    assert!(ended.error().get("next").unwrap().to_string().contains("bonafide serve"));
}

#[test]
fn a_foreign_operator_token_changes_nothing() {
    let service = Service::start();
    let url = format!("http://{}", service.operator);
    let ended = service.data.run(&["--operator-url", &url, "--operator-token", "guess", "key", "rotate", "token"]);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
}

#[test]
fn what_is_no_command_is_told_in_the_form_that_was_asked_for() {
    let said = |arguments: &[&str]| run(command().args(arguments));
    for wrong in [
        &["--json", "no-such-noun"][..],
        &["api", "add", "--json"],
        &["token", "decode", "--no-such-option", "--json"],
        &["--json"],
    ] {
        let ended = said(wrong);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{wrong:?}");
        let error = ended.error();
        assert_eq!(error["exit"], 2, "{wrong:?}");
        assert!(!error["message"].as_str().unwrap().starts_with("error:"), "{wrong:?} {error}");
        assert_eq!(error["next"], "bonafide --help");
    }
    let human = said(&["no-such-noun"]);
    assert_eq!(human.code, 2);
    assert!(human.stderr.starts_with("error:"), "{}", human.stderr);
    let help = said(&["--json", "api", "--help"]);
    assert_eq!(help.code, 0, "what was asked for is no error");
    assert!(help.stdout.contains("Usage:"), "{}", help.stdout);
    let argument = said(&["token", "decode", "--no-such-option", "--", "--json"]);
    assert!(argument.stderr.starts_with("error:"), "an argument of that text asks for nothing: {}", argument.stderr);
}

#[test]
fn a_certificate_that_devices_would_refuse_makes_no_account() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    issue(folder, "good", EC, "DNS:localhost", "9");
    issue(folder, "elsewhere", EC, "DNS:other.test", "9");
    issue_expired(folder, "ended");
    openssl(folder, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out spare.key");
    std::fs::write(folder.join("no.key"), "no key").unwrap();
    let file = |name: &str| folder.join(name).display().to_string();
    let init = |cert: &str, key: &str| {
        let (data, cert, key, spare) = (file("data"), file(cert), file(key), file("spare.key"));
        let words = ["--json", "--data", &data, "init", "--account", "acme", "--url", "https://localhost:8443"];
        let tls = ["--tls-cert", &cert, "--tls-key", &key, "--service-backup-key", &spare];
        run(command().args([&words[..], &tls].concat()))
    };
    for (cert, key, said) in [
        ("good.pem", "spare.key", "is not the key of"),
        ("good.pem", "no.key", "no PEM private key"),
        ("elsewhere.pem", "elsewhere.key", "it is for other.test, and --url names localhost"),
        ("ended.pem", "ended.key", "expired at 2021-01-01"),
    ] {
        let ended = init(cert, key);
        assert_eq!(ended.code, 1, "{cert} {key} {}", ended.stderr);
        let message = ended.error()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(said), "{message}");
        assert!(!folder.join("data").join("operator.json").exists(), "{cert} {key}: nothing was made");
    }
    assert_eq!(init("good.pem", "good.key").code, 0);
}

#[test]
fn a_host_that_is_down_does_not_hide_the_others() {
    let service = Service::start();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    issue(folder, "leaf", EC, "DNS:localhost,IP:127.0.0.1", "9");
    let port = tls_server(folder, &["leaf"]).port();
    let (ca, spare) = (folder.join("ca.pem").display().to_string(), service.data.file("tls/backup.key"));
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("https://{host}:{port}");
        let ended = service.data.run(&["api", "add", &url, "--ca", &ca, "--backup-key", &spare, "--yes"]);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
    }
    // Without a port it is 443, where nobody of ours listens.
    let ended = service.data.run(&["api", "check", "--ca", &ca]);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    let rows = ended.json();
    let hosts: Vec<&str> = rows.as_array().unwrap().iter().map(|row| row["host"].as_str().unwrap()).collect();
    assert_eq!(hosts, ["127.0.0.1", "localhost"], "{rows}");
    for row in rows.as_array().unwrap() {
        assert_eq!(row["ok"], false);
        assert!(row["not_checked"].as_str().unwrap().contains("cannot be reached"), "{row}");
    }
}
