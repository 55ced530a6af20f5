//! `bonafide evidence verify`: real evidence at its time, and everything that has to be refused.

use std::path::{Path, PathBuf};

use bonafide_protocol::encoding::{from_base64, to_base64, to_base64url};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::bench::{EC, Ended, command, issue, openssl, run};
use crate::play::{Forge, NONCE, NOW, PACKAGE};

/// A chain of a Pixel 9 Pro whose attestation key came over the network and lived for a week, and when it was made.
const PIXEL: &str = "caiman/sdk36/TEE_EC_RKP";
const PIXEL_AT: &str = "1758900680";
/// A chain whose attestation key came from the factory, for good.
const SONY: &str = "sony-xperia10-iii/sdk33/TEE_EC";

fn corpus(name: &str) -> PathBuf {
    let corpora = std::env::var_os("BONAFIDE_CORPORA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora"), PathBuf::from);
    let path = corpora.join(name);
    assert!(
        path.exists(),
        "no corpus at {}: set BONAFIDE_CORPORA to the folder that holds android-key-attestation and app-attest",
        path.display()
    );
    path
}

fn android(name: &str) -> PathBuf {
    corpus("android-key-attestation").join(format!("{name}.pem"))
}

/// What Google's own tools read in a chain.
fn expected(name: &str) -> Value {
    let text = std::fs::read(android(name).with_extension("json")).unwrap();
    let mut expected: Value = serde_json::from_slice(&text).unwrap();
    for list in ["softwareEnforced", "hardwareEnforced"] {
        // A remark that one file alone carries: unordered tags are refused here.
        expected.get_mut(list).unwrap().as_object_mut().unwrap().remove("areTagsOrdered");
    }
    expected
}

fn challenge(name: &str) -> String {
    expected(name).get("attestationChallenge").unwrap().as_str().unwrap().to_owned()
}

fn verify(kind: &str, file: &Path, more: &[&str]) -> Ended {
    run(command().args(["--json", "evidence", "verify", kind]).arg(file).args(more))
}

/// The verdict, its reason's facts, the exit code.
fn judged(ended: &Ended) -> (String, Value, i32) {
    let shown = ended.json();
    let text = |pointer: &str| shown.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    (text("/verdict"), shown.pointer("/reason/error").cloned().unwrap_or_default(), ended.code)
}

fn is_refused(ended: &Ended, fact: &str) {
    let (verdict, error, code) = judged(ended);
    assert_eq!((verdict.as_str(), code), ("refused", 1), "{} {}", ended.stdout, ended.stderr);
    assert!(error.pointer(fact).is_some(), "refused, but as {error}");
    assert_eq!(ended.error().get("exit").unwrap(), 1);
}

fn is_accepted(ended: &Ended) {
    assert_eq!(judged(ended), ("accepted".into(), Value::Null, 0), "{}", ended.stderr);
    assert!(ended.stderr.is_empty(), "{}", ended.stderr);
}

/// The certificates of a chain, DER.
fn chain(name: &str) -> Vec<Vec<u8>> {
    let text = std::fs::read_to_string(android(name)).unwrap();
    let blocks = text.split("-----BEGIN CERTIFICATE-----").skip(1);
    let body = |block: &str| block.split("-----END").next().unwrap().split_whitespace().collect::<String>();
    blocks.map(|block| from_base64(&body(block)).unwrap()).collect()
}

fn pem(chain: &[Vec<u8>]) -> String {
    let block = |der: &Vec<u8>| format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", to_base64(der));
    chain.iter().map(block).collect()
}

fn file(folder: &TempDir, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    path
}

#[test]
fn one_changed_bit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (good, challenge) = (chain(PIXEL), challenge(PIXEL));
    // In the first bytes, within the identifier of the description, anywhere else, and in the signature.
    let description = good[0].windows(4).position(|window| window == [0xd6, 0x79, 0x02, 0x01]).unwrap();
    for (link, place) in [(0, 0), (0, 1), (0, description), (0, 300), (0, good[0].len() - 1), (1, 50), (4, 700)] {
        let mut changed = good.clone();
        changed[link][place] ^= 1;
        let changed = file(&folder, "changed.pem", pem(&changed));
        let ended = verify("android-key", &changed, &["--challenge", &challenge, "--at", PIXEL_AT]);
        let (verdict, _, code) = judged(&ended);
        assert_eq!((verdict.as_str(), code), ("refused", 1), "bit of byte {place} of {link}: {}", ended.stderr);
    }
    let unchanged = file(&folder, "unchanged.pem", pem(&good));
    is_accepted(&verify("android-key", &unchanged, &["--challenge", &challenge, "--at", PIXEL_AT]));
}

#[test]
fn other_expectations_of_a_real_chain_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (pixel, challenge) = (android(PIXEL), challenge(PIXEL));
    let judge = |more: &[&str]| verify("android-key", &pixel, more);
    is_refused(&judge(&["--challenge", "text:another", "--at", PIXEL_AT]), "/Challenge/expected");

    let (right, at) = (["--challenge", &challenge], ["--at", PIXEL_AT]);
    let with = |option: &str, path: &Path| judge(&[&right[..], &at, &[option, path.to_str().unwrap()]].concat());
    // Serial numbers of the list in any case, as Google writes them without leading zeros.
    let listed = file(&folder, "revoked.json", r#"{"entries": {"388266760658996860D": {"status": "REVOKED"}}}"#);
    let ended = with("--revocations", &listed);
    is_refused(&ended, "/Revoked/entry/status");
    assert_eq!(ended.json().pointer("/revocation/state").unwrap(), "revoked");
    let clear = file(&folder, "clear.json", r#"{"entries": {"1234": {"status": "REVOKED"}}}"#);
    let ended = with("--revocations", &clear);
    is_accepted(&ended);
    assert_eq!(ended.json().pointer("/revocation/state").unwrap(), "clear");

    openssl(folder.path(), &format!("req -x509 {EC} -nodes -keyout other.key -out other.pem -subj /CN=Other"));
    is_refused(&with("--roots", &folder.path().join("other.pem")), "/UntrustedRoot/key_digest");
    is_accepted(&with("--roots", &corpus("android-key-attestation/google-roots.json")));
    let own_root = file(&folder, "root.pem", pem(&chain(PIXEL)[4..]));
    is_accepted(&with("--roots", &own_root));

    let late = judge(&[&right[..], &["--at", "2025-10-04T00:00:00Z"]].concat());
    is_refused(&late, "/Certificate/error/Expired");
    assert!(late.error().get("next").unwrap().as_str().unwrap().contains("--at"));
    is_refused(&judge(&[&right[..], &["--at", "2025-01-01T00:00:00Z"]].concat()), "/Certificate/error/NotYetValid");
    is_refused(&judge(&right), "/Certificate/error/Expired");
}

#[test]
fn without_its_challenge_a_chain_is_not_accepted() {
    let ended = verify("android-key", &android(PIXEL), &["--at", PIXEL_AT]);
    assert_eq!(judged(&ended), ("challenge_not_checked".into(), Value::Null, 1));
    let shown = ended.json();
    assert_eq!((&shown["challenge"], &shown["verified"]), (&json!("not_checked"), &json!(true)));
    assert!(ended.error().get("next").unwrap().as_str().unwrap().contains("--challenge"));
    // What is wrong besides comes first.
    is_refused(&verify("android-key", &android("akita/sdk34/TEE_RSA_NONE"), &["--at", "1735000000"]), "");
    let human = run(command().args(["evidence", "verify", "android-key"]).arg(android(PIXEL)).args(["--at", PIXEL_AT]));
    assert!(human.stdout.starts_with("not accepted, for the challenge was not checked"), "{}", human.stdout);
    assert!(human.stdout.contains("NOT CHECKED"));
}

#[test]
fn a_real_chain_is_accepted_at_its_time_with_its_challenge() {
    let challenge = challenge(PIXEL);
    for (form, at) in
        [(challenge.as_str(), PIXEL_AT), ("text:d688d763-6118-4ca6-94b2-e6cd9ed7e4e4", "2025-09-26T15:31:20Z")]
    {
        is_accepted(&verify("android-key", &android(PIXEL), &["--challenge", form, "--at", at]));
    }
    let shown = verify("android-key", &android(PIXEL), &["--challenge", &challenge, "--at", PIXEL_AT]).json();
    for (member, expected) in [
        ("level", json!("TRUSTED_ENVIRONMENT")),
        ("certified_level", json!("TRUSTED_ENVIRONMENT")),
        ("provisioning", json!("REMOTE")),
        ("provisioning_info", json!({"certificates_issued": 64, "manufacturer": "Google"})),
        ("revocation", json!({"state": "not_checked"})),
        ("expired", json!([])),
        ("challenge", json!("checked")),
        ("at", json!(1_758_900_680)),
        ("verified", json!(true)),
        ("reason", Value::Null),
    ] {
        assert_eq!(shown.get(member), Some(&expected), "{member}");
    }
    assert_eq!(shown.pointer("/certificates").unwrap().as_array().unwrap().len(), 5);
    // A factory's chain is good long after its dates, and says so.
    let old =
        verify("android-key", &android(SONY), &["--challenge", &self::challenge(SONY), "--at", "2035-01-01T00:00:00Z"]);
    is_accepted(&old);
    assert_eq!(old.json().get("expired").unwrap(), &json!([1, 2, 3]));
}

#[test]
fn the_json_is_what_googles_tools_write() {
    let mut seen = 0;
    let mut folders = vec![corpus("android-key-attestation")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "pem") {
                seen += 1;
                let name = path.strip_prefix(corpus("android-key-attestation")).unwrap().with_extension("");
                let expected = expected(name.to_str().unwrap());
                // Refused or not, and with its time or without: it is shown.
                assert_eq!(verify("android-key", &path, &[]).json().get("evidence").unwrap(), &expected, "{name:?}");
            }
        }
    }
    assert!(seen >= 13, "the corpus lost chains: {seen}");
}

#[test]
fn what_is_no_evidence_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    issue(folder.path(), "tls", EC, "DNS:localhost", "9");
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let tls = [read("tls.pem"), read("ca.pem")].concat();
    let png = *b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    let junk: [(&str, &[u8]); 6] = [
        ("empty", b""),
        ("png", &png),
        ("key", &read("tls.key")),
        ("tls", &tls),
        ("torn", b"-----BEGIN CERTIFICATE-----\nMIIB\n"),
        ("zeros", &[0; 600_000]),
    ];
    let spki = file(&folder, "spki", Forge::new().verification_key());
    let aes = file(&folder, "aes", Forge::decryption_key());
    let (spki, aes) = (spki.to_str().unwrap(), aes.to_str().unwrap());
    let app = ["--team", "6MURL8TA57", "--bundle", "com.acme.app"];
    let kinds: [(&str, Vec<&str>); 5] = [
        ("android-key", vec!["--challenge", "AAAA"]),
        ("app-attest", [&app[..], &["--key-id", "AAAA", "--challenge", "AAAA"]].concat()),
        (
            "app-attest",
            [&app[..], &["--assertion", "--public-key", spki, "--counter", "0", "--challenge", "AAAA"]].concat(),
        ),
        ("app-attest", [&app[..], &["--receipt", "--public-key", spki]].concat()),
        (
            "play-integrity",
            vec!["--package", PACKAGE, "--nonce", "AAAA", "--decryption-key", aes, "--verification-key", spki],
        ),
    ];
    for (name, content) in junk {
        let path = file(&folder, name, content);
        for (kind, more) in &kinds {
            let ended = verify(kind, &path, more);
            let (verdict, _, code) = judged(&ended);
            assert_eq!((verdict.as_str(), code), ("not_evidence", 2), "{name} as {kind}: {}", ended.stderr);
        }
    }
    // Evidence of another kind is none of this kind.
    let ended = verify("app-attest", &android(PIXEL), &kinds[1].1);
    assert_eq!(judged(&ended).0, "not_evidence");
}

#[test]
fn wrong_usage_gives_no_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let pixel = android(PIXEL);
    let broken = file(&folder, "broken", "{");
    let broken = broken.to_str().unwrap();
    for more in [
        vec!["--at", "yesterday"],
        vec!["--at", "-1"],
        vec!["--challenge", "hex:0"],
        vec!["--roots", broken],
        vec!["--revocations", broken],
    ] {
        let ended = verify("android-key", &pixel, &more);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{more:?}: {}", ended.stderr);
    }
    let ended = verify("android-key", &folder.path().join("missing"), &[]);
    assert_eq!((ended.code, ended.stdout.as_str()), (3, ""), "{}", ended.stderr);
    for more in [
        vec!["--team", "T", "--bundle", "b"],
        vec!["--team", "T", "--bundle", "b", "--assertion", "--public-key", broken],
        vec!["--team", "T", "--bundle", "b", "--assertion", "--public-key", broken, "--counter", "0"],
    ] {
        let ended = verify("app-attest", &pixel, &more);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{more:?}: {}", ended.stderr);
    }
    // A key that was typed where its file belongs is not repeated.
    let secret = Forge::decryption_key();
    let ended = verify("play-integrity", &pixel, &["--package", PACKAGE, "--decryption-key", &secret]);
    assert_eq!((ended.code, ended.stdout.as_str()), (3, ""));
    assert!(!ended.stderr.contains(&secret), "{}", ended.stderr);
}

/// One entry of the corpus of real iPhones.
fn entry(kind: &str) -> Value {
    let text = std::fs::read_to_string(corpus("app-attest/ios-14.4.yaml")).unwrap();
    let entries: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
    entries.into_iter().find(|entry| entry["type"] == kind).unwrap()
}

fn member<'a>(entry: &'a Value, name: &str) -> &'a str {
    entry[name].as_str().unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn real_attestations_are_refused_for_other_questions_and_accepted_for_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let entry = entry("attestation");
    let in_base64 = file(&folder, "base64", member(&entry, "attestationBase64"));
    let raw = from_base64(member(&entry, "attestationBase64")).unwrap();
    let as_it_is = file(&folder, "raw", &raw);
    let right = [
        ("--team", member(&entry, "teamIdentifier")),
        ("--bundle", member(&entry, "bundleIdentifier")),
        ("--key-id", member(&entry, "keyIdBase64")),
        ("--challenge", member(&entry, "clientDataBase64")),
        ("--at", member(&entry, "timestamp")),
    ];
    let judge = |file: &Path, option: &str, value: &str, flags: &[&str]| {
        let words = right.iter().flat_map(|(name, right)| [*name, if *name == option { value } else { right }]);
        verify("app-attest", file, &words.chain(flags.iter().copied()).collect::<Vec<_>>())
    };
    let development = ["--allow-development"];
    for (option, value, fact) in [
        ("--bundle", "com.acme.app", "/AuthenticatorData/RpIdHash/found"),
        ("--challenge", "AAAA", "/Nonce/found"),
        ("--key-id", "AAAA", "/KeyId/found"),
        ("--at", "2021-02-01T00:00:00Z", "/Chain/Expired/not_after"),
    ] {
        let ended = judge(&in_base64, option, value, &development);
        is_refused(&ended, fact);
        let shown = ended.json();
        assert_eq!((&shown["verified"], &shown["evidence"]["counter"]), (&json!(false), &json!(0)), "{option}");
    }
    is_refused(&judge(&in_base64, "", "", &[]), "/Environment/found");
    // Byte 2000 lies in the receipt, which nothing but its own signature protects.
    for place in [0, 30, 2000, raw.len() - 1] {
        let mut changed = raw.clone();
        changed[place] ^= 1;
        let ended = judge(&file(&folder, "changed", &changed), "", "", &development);
        assert_eq!(judged(&ended).0, "refused", "byte {place}: {}", ended.stderr);
    }
    let ended = judge(
        &in_base64,
        "",
        "",
        &["--allow-development", "--roots", corpus("app-attest/apple-app-attestation-root-ca.pem").to_str().unwrap()],
    );
    is_accepted(&ended);
    for file in [&in_base64, &as_it_is] {
        let ended = judge(file, "", "", &development);
        is_accepted(&ended);
        let shown = ended.json();
        assert_eq!(shown["evidence"]["environment"], "development");
        assert_eq!(shown["evidence"]["key_id"], entry["keyIdBase64"]);
        assert_eq!((&shown["form"], &shown["receipt"]["type"]), (&json!("attestation"), &json!("attest")));
    }
    // The hash itself instead of what is hashed; and neither.
    let words: Vec<&str> =
        right.iter().filter(|(name, _)| *name != "--challenge").flat_map(|(name, right)| [*name, right]).collect();
    let hash = member(&entry, "clientDataHashSha256Base64");
    is_accepted(&verify("app-attest", &in_base64, &[&words[..], &development, &["--client-data-hash", hash]].concat()));
    let ended = verify("app-attest", &in_base64, &[&words[..], &development].concat());
    assert_eq!(judged(&ended), ("challenge_not_checked".into(), Value::Null, 1));
    assert_eq!(ended.json()["verified"], false);
}

#[test]
fn an_assertion_holds_once() {
    let folder = tempfile::tempdir().unwrap();
    let entry = entry("assertion");
    let path = file(&folder, "assertion", member(&entry, "assertionBase64"));
    let key = file(&folder, "key.pem", member(&entry, "publicKey"));
    let judge = |counter: &str, challenge: &str, key: &Path| {
        let (team, bundle) = (member(&entry, "teamIdentifier"), member(&entry, "bundleIdentifier"));
        let more = ["--team", team, "--bundle", bundle, "--assertion", "--counter", counter, "--challenge", challenge];
        verify("app-attest", &path, &[&more[..], &["--public-key", key.to_str().unwrap()]].concat())
    };
    let challenge = member(&entry, "clientDataBase64");
    assert_eq!(entry["counter"], 1);
    is_refused(&judge("1", challenge, &key), "/Counter/last");
    is_refused(&judge("7", challenge, &key), "/Counter/last");
    assert_eq!(judged(&judge("0", "AAAA", &key)).1, json!("Signature"));
    let other = file(&folder, "other", Forge::new().verification_key());
    assert_eq!(judged(&judge("0", challenge, &other)).1, json!("Signature"));
    let ended = judge("0", challenge, &key);
    is_accepted(&ended);
    assert_eq!((&ended.json()["evidence"]["counter"], &ended.json()["form"]), (&json!(1), &json!("assertion")));
}

#[test]
fn a_receipt_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let entry = entry("receipt");
    let path = file(&folder, "receipt", member(&entry, "receiptBase64"));
    let key = file(&folder, "key.pem", member(&entry, "publicKey"));
    let other = file(&folder, "other", Forge::new().verification_key());
    let judge = |key: &Path, at: &str| {
        let (team, bundle) = (member(&entry, "teamIdentifier"), member(&entry, "bundleIdentifier"));
        let more = ["--team", team, "--bundle", bundle, "--receipt", "--at", at];
        verify("app-attest", &path, &[&more[..], &["--public-key", key.to_str().unwrap()]].concat())
    };
    is_refused(&judge(&other, member(&entry, "timestamp")), "/PublicKey/found");
    is_refused(&judge(&key, "2021-04-24T00:00:00Z"), "/Expired/expiration_time");
    let ended = judge(&key, member(&entry, "timestamp"));
    is_accepted(&ended);
    assert_eq!((&ended.json()["challenge"], &ended.json()["form"]), (&json!("not_applicable"), &json!("receipt")));
    assert_eq!(ended.json()["evidence"]["app_id"], "6MURL8TA57.de.vincent-haupert.apple-appattest-poc");
}

#[test]
fn a_play_integrity_token_is_opened_with_the_operators_keys() {
    let folder = tempfile::tempdir().unwrap();
    let (forge, stranger) = (Forge::new(), Forge::new());
    let (at, nonce) = (NOW.to_string(), to_base64url(NONCE));
    assert!(nonce.starts_with('-'), "it looks like an option");
    let judge = |forge: &Forge, key: &Forge, more: &[&str]| {
        let token = file(&folder, "token", format!("{}\n", forge.token()));
        let mut command = command();
        command.env("BONAFIDE_PLAY_DECRYPTION_KEY", Forge::decryption_key());
        command.env("BONAFIDE_PLAY_VERIFICATION_KEY", key.verification_key());
        run(command.args(["--json", "evidence", "verify", "play-integrity"]).arg(token).args(more))
    };
    let right = ["--package", PACKAGE, "--nonce", &nonce, "--at", &at];
    let of = |option: &str, value: &str| {
        let mut words = right.map(str::to_owned).to_vec();
        let place = words.iter().position(|word| word == option).unwrap();
        words[place + 1] = value.into();
        judge(&forge, &forge, &words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    is_refused(&of("--nonce", "AAAA"), "/Nonce/found");
    is_refused(&of("--package", "com.other.app"), "/PackageName/found");
    is_refused(&of("--at", &(NOW + 301).to_string()), "/Expired/timestamp");
    is_refused(&of("--at", &(NOW - 60).to_string()), "/NotYetValid/timestamp");
    is_refused(&judge(&forge, &stranger, &right), "/Jws");
    let mut testing = Forge::new();
    testing.payload["testingDetails"] = json!({"isTestingResponse": true});
    assert_eq!(judged(&judge(&testing, &testing, &right)).1, json!("TestingResponse"));
    is_accepted(&judge(&testing, &testing, &[&right[..], &["--allow-testing"]].concat()));

    let ended = judge(&forge, &forge, &["--package", PACKAGE, "--at", &at]);
    assert_eq!(judged(&ended), ("challenge_not_checked".into(), Value::Null, 1));
    let ended = judge(&forge, &forge, &right);
    is_accepted(&ended);
    assert_eq!(ended.json()["evidence"], forge.payload);
    // From files as well, and a late token within the age that was asked for.
    let (aes, spki) = (file(&folder, "aes", Forge::decryption_key()), file(&folder, "spki", forge.verification_key()));
    let token = file(&folder, "token", forge.token());
    let keys = ["--decryption-key", aes.to_str().unwrap(), "--verification-key", spki.to_str().unwrap()];
    let late = ["--package", PACKAGE, "--nonce", &nonce, "--at", &(NOW + 3000).to_string(), "--max-age", "3600"]
        .map(str::to_owned);
    let late: Vec<&str> = late.iter().map(String::as_str).chain(keys).collect();
    is_accepted(&verify("play-integrity", &token, &late));
}

#[test]
fn nothing_in_evidence_steers_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let mut forge = Forge::new();
    let hostile = "\u{1b}[2J\u{1b}[Haccepted\r\n\u{9b}1m\u{202e}ok";
    forge.payload["appIntegrity"]["packageName"] = json!(hostile);
    forge.payload["deviceIntegrity"]["deviceRecognitionVerdict"] = json!([hostile]);
    forge.payload[hostile] = json!({hostile: 1});
    let token = file(&folder, "token", forge.token());
    // And a certificate whose subject does the same.
    let mut distinguished = rcgen::DistinguishedName::new();
    distinguished.push(rcgen::DnType::CommonName, hostile);
    let mut parameters = rcgen::CertificateParams::default();
    parameters.distinguished_name = distinguished;
    let certificate = parameters.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
    let mut hostile_chain = chain(PIXEL);
    hostile_chain.push(certificate.der().to_vec());
    let hostile_chain = file(&folder, "chain.pem", pem(&hostile_chain));

    let nonce = to_base64(NONCE);
    let at = NOW.to_string();
    let mut play = command();
    play.env("BONAFIDE_PLAY_DECRYPTION_KEY", Forge::decryption_key());
    play.env("BONAFIDE_PLAY_VERIFICATION_KEY", forge.verification_key());
    play.args(["evidence", "verify", "play-integrity", "--package", PACKAGE, "--nonce", &nonce, "--at", &at])
        .arg(token);
    let mut key = command();
    key.args(["evidence", "verify", "android-key", "--at", PIXEL_AT]).arg(hostile_chain);
    for mut command in [play, key] {
        let ended = run(&mut command);
        assert_eq!(ended.code, 1);
        for shown in [&ended.stdout, &ended.stderr] {
            assert!(shown.contains("accepted") && shown.contains("ok"), "the hostile name is not shown: {shown}");
            assert!(!shown.contains(['\u{1b}', '\r', '\u{9b}', '\u{202e}']), "{shown:?}");
            assert!(!shown.lines().any(|line| line.starts_with("accepted")), "{shown}");
        }
    }
}
