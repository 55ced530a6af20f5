//! The policy on findings from the operator's side: refused, tried, kept from a lock-out, set; and forced verdicts.

use bonafide_protocol::jws::{Header, join, signing_input};
use bonafide_protocol::key::P256Key;
use bonafide_protocol::measurement::{App, Artifact, Code, CodeRole, DeviceFacts, Fact, Measurement, Platform};
use bonafide_protocol::message::{TOKEN_REQUEST_TYPE, TokenRequest};
use serde_json::{Value, json};

use crate::bench::{EC, Ended, Service, command, issue, run, tls_server};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// A service with a build registered, a host that lets desktops in, and a device whose jar was altered.
struct Account {
    service: Service,
    key: P256Key,
}

impl Account {
    fn ready() -> Self {
        // Behind no proxy, but the device below speaks no TLS.
        let service = Service::start_with(&["--plain-http"]);
        let folder = service.data.path();
        for name in ["leaf", "next"] {
            issue(&folder, name, EC, "DNS:localhost", "9");
        }
        let url = format!("https://localhost:{}", tls_server(&folder, &["leaf"]).port());
        let (ca, spare) = (service.data.file("ca.pem"), service.data.file("next.key"));
        let add = ["api", "add", &url, "--ca", &ca, "--backup-key", &spare, "--platform", "jvm"];
        let ended = service.data.run(&[&add[..], &["--least-key-level", "software", "--yes"]].concat());
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let jar = service.data.jar("app.jar");
        let register = ["app", "register", &jar, "--platform", "jvm", "--id", "com.acme", "--version", "1.0"];
        assert_eq!(service.data.run(&register).code, 0);
        Self { service, key: P256Key::generate().unwrap() }
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        self.service.data.run(arguments)
    }

    fn policy(&self, text: &str) -> String {
        let path = self.service.data.file("policy.json");
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The version of the policy in force.
    fn version(&self) -> u64 {
        self.run(&["policy", "show"]).json().get("version").unwrap().as_u64().unwrap()
    }

    /// The device asks for a token; the appraisal that was made of it.
    fn appraise(&self) -> Value {
        let challenge = self.service.post("/v1/challenges", &json!({ "account": "acme" }).to_string());
        let request = TokenRequest {
            challenge: challenge.get("challenge").unwrap().as_str().unwrap().to_owned(),
            account: "acme".into(),
            audience: "acme".into(),
            app: App { platform: Platform::Jvm, id: "com.acme".into(), version: "1.0".into(), build: String::new() },
            sdk_version: "0.1.0".into(),
            formats: vec![1],
            epoch: 1,
            version: 1,
            measurement: Measurement {
                artifacts: vec![Artifact { name: "app.jar".into(), sha256: Fact::Known("33".repeat(32)) }],
                code: [("libbonafide.so", CodeRole::Core, "22"), ("java", CodeRole::Executable, "55")]
                    .map(|(name, role, digest)| Code {
                        name: name.into(),
                        role,
                        memory: Fact::Known(digest.repeat(32)),
                        file: Fact::Known(digest.repeat(32)),
                    })
                    .into(),
                device: Some(DeviceFacts::clean()),
                packages: None,
            },
            evidence: Vec::new(),
            previous: None,
            session_key: P256Key::generate().unwrap().public_key().unwrap(),
            binding: None,
            development: None,
            user: Some("u-1".parse().unwrap()),
            trace: Some(TRACE.parse().unwrap()),
        };
        let header = Header::with_jwk(TOKEN_REQUEST_TYPE, &self.key.public_key().unwrap());
        let input = signing_input(&header, serde_json::to_string(&request).unwrap().as_bytes());
        self.service.post("/v1/tokens", &join(&input, &self.key.sign(input.as_bytes()).unwrap()));
        self.run(&["appraisals", "--limit", "1"]).json().pointer("/0").unwrap().clone()
    }
}

#[test]
fn a_policy_with_an_error_is_refused_with_its_place_and_nothing_is_changed() {
    let account = Account::ready();
    for (text, said) in [
        (
            "{\"findings\": {\n  \"app_alterd\": \"annotate\"\n}}",
            "unknown finding \"app_alterd\"; did you mean \"app_altered\"? at line 2",
        ),
        (
            "{\"findings\": {\n\n  \"app_altered\": {\"action\": \"reject\", \"platforms\": {\"andriod\": \"ignore\"}}\n}}",
            "did you mean \"android\"? at line 3",
        ),
        ("{\"findings\": {\"app_altered\": \"annotated\"}}", "did you mean \"annotate\"?"),
        ("{\"findings\": {\"evidence_missing\": \"ignore\"}}", "this finding always rejects"),
        ("findings: {}", "at line 1"),
        ("\u{feff}", "at line 1"),
    ] {
        let file = account.policy(text);
        for verb in [&["set", "--yes"][..], &["set", "--yes", "--force"], &["try"]] {
            let ended = account.run(&[&["policy"], verb, &[&file]].concat());
            let error = ended.error();
            assert_eq!(ended.code, 1, "{error}");
            let message = error.get("message").unwrap().as_str().unwrap();
            assert!(message.contains(said) && message.contains("policy.json"), "{message}");
        }
    }
    assert_eq!(account.run(&["policy", "set", "/nowhere/policy.json", "--yes"]).code, 3);
    assert_eq!(account.run(&["policy", "try", "x", "--last", "0"]).code, 2);
    assert_eq!(account.version(), 0);
    // Nor by a token that only reads, nor without an answer to the question.
    let file = account.policy("{\"findings\": {\"app_altered\": \"annotate\"}}");
    let reader = account.service.make_token("read");
    let ended = account.run(&["--operator-token", &reader, "policy", "set", &file, "--yes"]);
    assert_eq!(ended.code, 1);
    assert_eq!(account.run(&["--operator-token", &reader, "policy", "try", &file]).code, 0);
    let ended = account.run(&["policy", "set", &file]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert_eq!(account.version(), 0);
}

#[test]
fn a_policy_is_tried_then_set_and_a_lock_out_needs_force() {
    let account = Account::ready();
    assert_eq!(account.appraise().get("passed").unwrap(), false);
    let lax = account.policy("{\"findings\": {\"app_altered\": {\"action\": \"annotate\", \"open\": true}}}");
    let tried = account.run(&["policy", "try", &lax, "--last", "5"]).json();
    assert_eq!(tried.pointer("/tried/fail_to_pass").unwrap(), 1);
    assert_eq!(account.version(), 0);
    let set = account.run(&["policy", "set", &lax, "--yes"]);
    assert_eq!((set.code, set.json().get("version").unwrap()), (0, &json!(1)), "{}", set.stderr);
    let appraisal = account.appraise();
    assert_eq!((appraisal.get("passed").unwrap(), appraisal.get("policy").unwrap()), (&json!(true), &json!(1)));

    let strict = account.policy("{\"findings\": {\"app_altered\": \"reject\"}}");
    let ended = account.run(&["policy", "set", &strict, "--yes"]);
    assert_eq!(ended.code, 4, "{}", ended.stderr);
    assert!(ended.error().get("next").unwrap().to_string().contains("--force"));
    assert_eq!(account.version(), 1);
    assert_eq!(account.run(&["policy", "set", &strict, "--yes", "--force"]).code, 0);
    assert_eq!(account.appraise().get("passed").unwrap(), false);

    // And back to the first version, from the history.
    let first = account.run(&["policy", "show", "--document", "--at", "1"]);
    let file = account.policy(&first.stdout);
    assert_eq!(account.run(&["policy", "set", &file, "--yes"]).code, 0);
    assert_eq!(account.appraise().get("passed").unwrap(), true);
    assert_eq!(account.run(&["policy", "show", "--document"]).stdout, first.stdout);
    assert_eq!(account.run(&["policy", "show", "--document", "--at", "9"]).code, 1);
    let history = account.run(&["policy", "history"]).json();
    let versions: Vec<&Value> = history.as_array().unwrap().iter().map(|row| row.get("version").unwrap()).collect();
    assert_eq!(versions, [3, 2, 1]);
    let audit = account.run(&["audit", "--limit", "1"]).json();
    assert_eq!(audit.pointer("/0/action").unwrap(), "policy.set");

    // For people: the finding, what follows, the audience's own policy.
    let data = account.service.data.path().display().to_string();
    let shown = run(command().args(["--data", &data, "policy", "show"])).stdout;
    for line in ["version 3", "app_altered", "annotate, open", "reject (always)", "software"] {
        assert!(shown.contains(line), "{line} in\n{shown}");
    }
}

#[test]
fn a_verdict_is_forced_on_one_installation_and_cleared() {
    let account = Account::ready();
    let installation = account.appraise().get("installation").unwrap().as_str().unwrap().to_owned();
    let force = |time: &str, more: &[&str]| {
        let words = ["device", "force", &installation, "pass", "--for", time, "--reason", "a test"];
        account.run(&[&words[..], more].concat())
    };
    assert_eq!(force("2h", &[]).code, 2, "asks");
    assert_eq!(force("2 hours", &["--yes"]).code, 2);
    assert_eq!(force("31d", &["--yes"]).code, 2);
    assert_eq!(account.run(&["device", "clear", &installation]).code, 1, "there is none");
    assert_eq!(account.appraise().get("passed").unwrap(), false);
    assert_eq!(force("2h", &["--yes"]).code, 0);
    let appraisal = account.appraise();
    assert_eq!((appraisal.get("passed").unwrap(), appraisal.get("forced").unwrap()), (&json!(true), &json!("pass")));
    let forced = account.run(&["device", "forced"]).json();
    assert_eq!(forced.pointer("/0/installation").unwrap(), &installation);
    for list in [&["device"][..], &["device", "list"], &["device", "--limit", "5"]] {
        assert_eq!(account.run(list).json().pointer("/0/installation").unwrap(), &installation);
    }
    assert_eq!(account.run(&["device", "clear", &installation]).code, 0);
    assert_eq!(account.appraise().get("passed").unwrap(), false);
}

#[test]
fn an_appraisal_is_found_by_its_user_and_its_trace() {
    let account = Account::ready();
    account.appraise();
    for (arguments, found) in [
        (&["appraisals", "--user", "u-1"][..], 1),
        (&["appraisals", "--trace", TRACE], 1),
        (&["appraisals", "--user", "u-2"], 0),
        (&["appraisals", "--user", "u-1", "--trace", "4bf92f3577b34da6a3ce929d0e0e4737"], 0),
        // It failed: there is no installation to be found.
        (&["device", "list", "--user", "u-1"], 0),
    ] {
        assert_eq!(account.run(arguments).json().as_array().unwrap().len(), found, "{arguments:?}");
    }
    let lax = account.policy(r#"{"findings": {"app_altered": "ignore"}}"#);
    assert_eq!(account.run(&["policy", "set", &lax, "--yes"]).code, 0);
    account.appraise();
    for (arguments, found) in [(&["device", "--user", "u-1"][..], 1), (&["device", "list", "--user", "-"], 0)] {
        assert_eq!(account.run(arguments).json().as_array().unwrap().len(), found, "{arguments:?}");
    }
    // Now somebody runs it: retiring it needs more than a yes.
    let apps = account.run(&["app", "list"]).json();
    let app_id = apps[0]["app_id"].as_str().unwrap();
    let refused = account.run(&["app", "retire", app_id, "--yes"]);
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    assert!(refused.error()["message"].as_str().unwrap().contains("1 active installations"), "{}", refused.stderr);
    assert_eq!(account.run(&["app", "retire", app_id, "--force"]).code, 2, "and still asks");
    assert_eq!(account.run(&["app", "retire", app_id, "--force", "--yes"]).code, 0);
}
