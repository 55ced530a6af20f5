//! `bonafide app register` on packages: what is shown, stored, and refused.

use serde_json::json;

use crate::bench::{Data, Service};
use crate::cache;

/// A real package from the cache that scripts/fetch-packages fills.
fn package(name: &str) -> String {
    cache::folder().join(name).display().to_string()
}

const SIGNER: &str = "18e8534fed30cbf9959e4073e723e3395a3f92fd6b41756d5fbc788f280c1107";
const STORE: &str = "AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA";

#[test]
fn a_package_is_shown_registered_and_retired() {
    let service = Service::start();
    let apk = package("apidemos.apk");
    let run = |arguments: &[&str]| service.data.run(arguments);
    let shown = run(&["app", "register", &apk, "--dry-run"]);
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    for part in ["io.appium.android.apis", "5.0.0", SIGNER, "classes.dex"] {
        assert!(shown.stdout.contains(part), "{part}: {}", shown.stdout);
    }
    assert_eq!(run(&["app", "list", "--json"]).json(), json!([]), "only shown");

    let made = run(&["app", "register", &apk, "--json"]).json();
    let exact = run(&["app", "register", &apk, "--exact", "--store-signer", STORE, "--json"]).json();
    assert_ne!(made.get("app_id"), exact.get("app_id"), "two builds, side by side");
    assert_eq!(made.get("artifacts").unwrap(), &json!([]));
    assert_eq!(exact.pointer("/artifacts/0/name").unwrap(), "apidemos.apk");
    assert_eq!(exact.pointer("/signers/1").unwrap(), &json!({"sha256": "aa".repeat(32), "scheme": "store"}));

    let app_id = made.get("app_id").unwrap().as_str().unwrap();
    assert_eq!(run(&["app", "retire", app_id, "--yes"]).code, 0);
    let list = run(&["app", "list", "--json"]).json();
    let of =
        |id: &serde_json::Value| list.as_array().unwrap().iter().find(|one| one.get("app_id") == Some(id)).cloned();
    let (made, exact) = (of(&json!(app_id)).unwrap(), of(exact.get("app_id").unwrap()).unwrap());
    assert!(made.get("retired_at").unwrap().is_u64() && exact.get("retired_at").unwrap().is_null());
    assert_eq!(made.pointer("/signers/0/sha256").unwrap(), SIGNER);
    assert_eq!(made.pointer("/entries/0/name").unwrap(), "classes.dex");
}

#[test]
fn what_cannot_be_registered_says_what_to_do() {
    let data = Data::init();
    let (apk, unversioned) = (package("apidemos.apk"), package("uiautomator2-test.apk"));
    let file = |name: &str, content: &[u8]| {
        std::fs::write(data.file(name), content).unwrap();
        data.file(name)
    };
    let whole = std::fs::read(&apk).unwrap();
    let cut = file("cut.apk", whole.get(..100_000).unwrap());
    let after = file("after.apk", &[whole.as_slice(), b"more"].concat());
    let no_package = file("notes.txt", b"hello");
    let cases: [(&[&str], u8, &str, &str); 8] = [
        (&[&cut], 1, "truncated", ""),
        (&[&after], 1, "4 bytes follow", ""),
        (&[&no_package], 1, "no ZIP archive", "--platform jvm"),
        (&["/no/such.apk"], 3, "cannot be read", ""),
        (&[&unversioned], 2, "does not tell its version", "--version"),
        (&[&apk, "--id", "com.other"], 1, "io.appium.android.apis", ""),
        (&[&apk, "--platform", "ios"], 1, "android", ""),
        (&[&apk, &unversioned], 1, "base package", ""),
    ];
    for (arguments, code, message, next) in cases {
        let ended = data.run(&[&["app", "register", "--dry-run"], arguments].concat());
        assert_eq!(i32::from(code), ended.code, "{arguments:?}: {}", ended.stderr);
        if !message.is_empty() && message != "base package" {
            assert!(ended.stderr.contains(message) && ended.stderr.contains(next), "{arguments:?}: {}", ended.stderr);
        }
    }
    assert_eq!(data.run(&["app", "register", &apk, "--signer", "12"]).code, 2);
}
