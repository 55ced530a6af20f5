//! The operator's way from an API to a config, and back from a rotation; lock-outs refused on the way.

use serde_json::Value;

use crate::bench::{EC, Service, issue, openssl, tls_server};

struct Api {
    service: Service,
    folder: tempfile::TempDir,
    host: String,
}

impl Api {
    fn added() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["leaf", "next"] {
            issue(folder.path(), name, EC, "DNS:localhost", "9");
        }
        let host = format!("localhost:{}", tls_server(folder.path(), &["leaf"]).port());
        let api = Self { service: Service::start(), folder, host };
        let (url, ca, spare) = (format!("https://{}", api.host), api.file("ca.pem"), api.file("next.key"));
        let add = ["api", "add", &url, "--ca", &ca, "--backup-key", &spare, "--platform", "jvm"];
        let ended = api.service.data.run(&[&add[..], &["--least-key-level", "software", "--yes"]].concat());
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        api
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn pins(&self) -> Vec<String> {
        let hosts = self.service.data.run(&["api", "list"]).json();
        let pins = hosts.pointer("/0/pins").unwrap().as_array().unwrap();
        pins.iter().map(|pin| pin.as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn an_api_is_added_exported_and_checked() {
    let api = Api::added();
    let data = &api.service.data;
    assert_eq!(api.pins().len(), 2);
    let config = api.file("initial.config");
    assert_eq!(data.run(&["config", "export", "-o", &config]).code, 0);
    for (chain, code, verdict) in [("leaf.pem", 0, "pinned"), ("next.pem", 0, "pinned"), ("ca.pem", 1, "mismatch")] {
        let ended = data.run(&["pin", "check", "--config", &config, "--host", "localhost", &api.file(chain)]);
        assert_eq!((ended.code, ended.json().get("verdict").unwrap().as_str().unwrap()), (code, verdict), "{chain}");
    }
    let ended = data.run(&["pin", "check", "--config", &config, "--host", "other.test", &api.file("ca.pem")]);
    assert_eq!((ended.code, ended.json().get("verdict").unwrap().as_str().unwrap()), (0, "unpinned"));
    assert_eq!(data.run(&["api", "check", &api.host, "--ca", &api.file("ca.pem")]).code, 0);
}

#[test]
fn a_change_that_locks_devices_out_needs_force() {
    let api = Api::added();
    let data = &api.service.data;
    let before = api.pins();
    let leaf = before.first().unwrap();
    let ca = api.file("ca.pem");
    let other = "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let remove = ["api", "pin", &api.host, "--ca", &ca, "--add", other, "--remove", leaf, "--yes"];
    let ended = data.run(&remove);
    assert_eq!(ended.code, 4, "{}", ended.stderr);
    assert!(ended.error().get("next").unwrap().to_string().contains("--force"));
    assert_eq!(api.pins(), before);
    // Not even one that was not seen to be safe: without its CA the chain is not valid, at 443 nobody answers.
    for host in [api.host.as_str(), "localhost"] {
        let ended = data.run(&["api", "pin", host, "--add", other, "--remove", leaf, "--yes"]);
        assert_eq!(ended.code, 4, "{host}: {}", ended.stderr);
        assert_eq!(api.pins(), before);
    }
    // Down to one pin: the service's own refusal is a lock-out too.
    let backup = before.get(1).unwrap();
    let ended = data.run(&["api", "pin", &api.host, "--ca", &ca, "--remove", backup, "--yes"]);
    assert_eq!(ended.code, 4, "{}", ended.stderr);
    assert_eq!(api.pins(), before);

    let ended = data.run(&[&remove[..], &["--force"]].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(data.run(&["api", "check", &api.host, "--ca", &ca]).code, 1, "and the check says so");
}

#[test]
fn the_services_own_pins_are_kept_from_a_lock_out() {
    let service = Service::start();
    let pins = service.data.run(&["service", "show"]).json();
    let pins: Vec<&str> = pins.get("pins").unwrap().as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let ended = service.data.run(&["service", "pin", "--remove", pins.first().unwrap(), "--yes"]);
    assert_eq!(ended.code, 4, "{}", ended.stderr);
    let next = service.data.file("tls/ca.pem");
    assert_eq!(service.data.run(&["service", "pin", "--add-cert", &next, "--yes"]).code, 0);
}

#[test]
fn the_root_is_rotated_with_its_key_elsewhere() {
    let service = Service::start();
    let elsewhere = tempfile::tempdir().unwrap();
    let key = elsewhere.path().join("root.key");
    std::fs::rename(service.data.path().join("root.key"), &key).unwrap();
    let (key, new) = (key.display().to_string(), elsewhere.path().join("new.key").display().to_string());
    let ended = service.data.run(&["root", "rotate", "--root-key", &service.data.file("root.key"), "--yes"]);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    let ended = service.data.run(&["root", "rotate", "--root-key", &key, "--new-root-key", &new, "--yes"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    // The old key signs no further root; the new one does.
    assert_eq!(service.data.run(&["root", "rotate", "--root-key", &key, "--yes"]).code, 1);
    assert_eq!(service.data.run(&["root", "rotate", "--root-key", &new, "--yes"]).code, 0);
    let shown = service.data.run(&["root", "show"]).json();
    assert_eq!(shown.get("root_key_on_this_machine").unwrap(), false);
    assert_eq!(shown.pointer("/roots/2/epoch").unwrap(), 3);
}

#[test]
fn a_root_key_may_be_openssls() {
    let service = Service::start();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    openssl(folder.path(), "genpkey -algorithm ed25519 -out root.pem");
    openssl(folder.path(), "genpkey -algorithm ed25519 -out locked.pem -aes256 -pass pass:x");
    openssl(folder.path(), "genpkey -algorithm X25519 -out x25519.pem");
    openssl(folder.path(), "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.pem");
    openssl(folder.path(), "pkey -in root.pem -pubout -out public.pem");
    let first = service.data.file("root.key");
    let rotate =
        |key: &str, more: &[&str]| service.data.run(&[&["root", "rotate", "--root-key", key, "--yes"], more].concat());
    for (name, said) in [
        ("locked.pem", "is encrypted"),
        ("x25519.pem", "no Ed25519 key"),
        ("ec.pem", "no Ed25519 key"),
        ("public.pem", "no PKCS#8 private key"),
    ] {
        for (key, more) in [(file(name), vec![]), (first.clone(), vec!["--new-root-key".to_owned(), file(name)])] {
            let more: Vec<&str> = more.iter().map(String::as_str).collect();
            let ended = rotate(&key, &more);
            assert_eq!(ended.code, 1, "{name} {}", ended.stderr);
            assert!(ended.error()["message"].as_str().unwrap().contains(said), "{name} {}", ended.stderr);
        }
    }
    assert_eq!(rotate(&file("root.pem"), &[]).code, 1, "a sound key, but not this account's");
    let ended = rotate(&first, &["--new-root-key", &file("root.pem")]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(rotate(&first, &[]).code, 1, "the old one signs no more");
    let ended = rotate(&file("root.pem"), &[]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
}

#[test]
fn token_examples_are_what_they_are_called() {
    let service = Service::start();
    let folder = service.data.file("examples");
    let made = service.data.run(&["token", "example", "-o", &folder, "--account", "acme"]).json();
    let jwks = format!("{folder}/jwks.json");
    for example in made.get("tokens").unwrap().as_array().unwrap() {
        let token = example.get("token").unwrap().as_str().unwrap();
        let ended = service.data.run(&["token", "verify", token, "--account", "acme", "--jwks", &jwks]);
        let verdict = ended.json();
        assert_eq!(verdict.get("good"), example.get("good"), "{example}");
        assert_eq!(verdict.get("reason").unwrap_or(&Value::Null), example.get("reason").unwrap(), "{example}");
        assert_eq!(ended.code, i32::from(example.get("good").unwrap() == false));
    }
}

#[test]
fn a_build_is_registered_by_its_digest_and_retired() {
    let service = Service::start();
    let file = service.data.file("app");
    std::fs::write(&file, "abc").unwrap();
    let register = ["app", "register", &file, "--platform", "linux", "--id", "com.acme", "--version", "1.0"];
    let made = service.data.run(&register).json();
    // FIPS 180-4, the digest of "abc".
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(made.pointer("/artifacts/0/sha256").unwrap(), digest);
    let app_id = made.get("app_id").unwrap().as_str().unwrap();
    assert_eq!(service.data.run(&["app", "retire", app_id]).code, 2, "asks");
    assert_eq!(service.data.run(&["app", "retire", app_id, "--yes"]).code, 0);
    let ended = service.data.run(&["doctor"]);
    assert!(ended.json().as_array().unwrap().len() > 4, "{}", ended.stdout);
}
