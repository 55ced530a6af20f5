//! What the service verifies evidence with, from the operator's side.

use serde_json::{Value, json};

use crate::bench::Service;

#[test]
fn lists_and_keys_are_refused_set_shown_and_taken_away() {
    let service = Service::start_with(&["--plain-http"]);
    let run = |arguments: &[&str]| service.data.run(&[&["evidence"], arguments].concat());
    let file = |name: &str, content: &str| {
        let path = service.data.file(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    let (rubbish, empty) = (file("rubbish", "rubbish"), file("empty.json", r#"{"entries": {}}"#));
    assert_eq!(run(&["revocations", "/nowhere/at/all"]).code, 3);
    for arguments in
        [&["revocations", &rubbish][..], &["roots", "android-key", &rubbish], &["roots", "receipt", &rubbish]]
    {
        let ended = run(arguments);
        assert_eq!(ended.code, 1, "{arguments:?}");
        assert!(ended.stderr.contains("nothing was changed"), "{}", ended.stderr);
    }
    assert_eq!(run(&["roots", "moon"]).code, 2);
    assert_eq!(run(&["roots", "android-key"]).code, 1, "the built-in ones hold already");

    assert_eq!(run(&["revocations", &empty]).code, 0);
    let apple = concat!(env!("CARGO_MANIFEST_DIR"), "/../attestation/data/apple-app-attestation-root-ca.pem");
    assert_eq!(run(&["roots", "app-attest", apple]).code, 0);
    let status = run(&["status"]).json();
    let held = |name: &str| {
        let lists = status.get("lists").and_then(Value::as_array).unwrap();
        lists.iter().find(|list| list.get("name") == Some(&json!(name))).unwrap().clone()
    };
    assert_eq!(held("revocations").get("entries"), Some(&json!(0)));
    assert_eq!(held("app-attest-roots").get("built_in"), Some(&json!(false)));
    assert_eq!(held("android-key-roots").get("built_in"), Some(&json!(true)));
    assert_eq!(run(&["roots", "app-attest"]).code, 0);

    // The console's keys: 32 bytes, and a key on P-256 (of the App Attest test corpus).
    let decryption = file("aes", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
    let verification = file(
        "ec",
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZHixl1wNh3V3WAj55Ynla+NGkjr3cwsQsFU0zY/rDePfLmbfwXFrpRTGdF41XUABI8IIe/fAlG3FhYJlNATj1w==",
    );
    let keys = |decryption: &str, verification: &str| {
        run(&["play-keys", "com.acme.app", "--decryption-key", decryption, "--verification-key", verification])
    };
    assert_eq!(keys(&verification, &decryption).code, 1, "each in the other's place");
    assert_eq!(run(&["play-keys", "com.acme.app"]).code, 2, "neither file nor variable");
    assert_eq!(keys(&decryption, &verification).code, 0);
    assert_eq!(run(&["status"]).json().get("play_integrity"), Some(&json!(["com.acme.app"])));
    assert_eq!(run(&["play-keys", "com.acme.app", "--remove"]).code, 0);
    assert_eq!(run(&["play-keys", "com.acme.app", "--remove"]).code, 1);

    let before = service.data.run(&["policy", "show"]).json();
    assert_eq!(before.pointer("/evidence/since"), Some(&json!(0)));
    assert_eq!(run(&["renew"]).code, 0);
    let after = service.data.run(&["policy", "show"]).json();
    assert!(after.pointer("/evidence/since").and_then(Value::as_u64).unwrap() > 1_700_000_000, "{after}");
}
