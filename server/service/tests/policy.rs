//! The policy on findings: refusals first, then what it decides, and that a trial foretells it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;

use bonafide_gateway::{
    Audiences, ForwardAuth, Gate, GateSettings, HostSource, JwksFile, KeyCache, KeyCacheSettings, Keys, TokenVerifier,
    VerifierSettings, forward_auth,
};
use bonafide_protocol::key::P256Key;
use bonafide_protocol::measurement::{CodeRole, Fact, Platform};
use common::{ACCOUNT, Device, START, Service, genuine, parts};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

const PATH: &str = "/admin/v1/policy";

fn code(answer: &Value) -> &str {
    answer.get("code").and_then(Value::as_str).unwrap_or_default()
}

fn altered() -> Device {
    let mut device = Device::new();
    device.request.measurement.artifacts.first_mut().unwrap().sha256 = Fact::Known("33".repeat(32));
    device
}

fn unmeasured_core() -> Device {
    let mut device = Device::new();
    device.request.measurement.code.retain(|code| code.role != CodeRole::Core);
    device
}

fn annotate(open: bool) -> Value {
    json!({ "findings": { "app_altered": { "action": "annotate", "open": open } } })
}

async fn set(service: &Service, policy: Value) -> Value {
    let (status, answer) = service.operator("PUT", PATH, Some(policy)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

async fn live(service: &Service) -> Value {
    service.operator("GET", PATH, None).await.1
}

async fn jwks(service: &Service) -> Value {
    service.operator("GET", "/.well-known/jwks.json", None).await.1
}

/// Whether the device gets a token.
async fn passes(service: &Service, device: &Device) -> bool {
    let token = service.pass(device).await.token;
    genuine(&jwks(service).await, &token)
}

async fn token_of(service: &Service, scope: &str) -> String {
    let (_, made) =
        service.operator("POST", "/admin/v1/tokens", Some(json!({ "name": scope, "scopes": [scope] }))).await;
    made.get("token").unwrap().as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_scope_a_policy_is_looked_at_and_tried_but_not_set() {
    let service = Service::ready().await;
    let device = altered();
    let installation = service.pass(&device).await.installation;
    let forced = format!("/admin/v1/installations/{installation}/forced");
    let force = json!({ "verdict": "pass", "seconds": 60, "reason": "a test" });
    for scope in ["read", "publish", "register"] {
        let token = token_of(&service, scope).await;
        for (method, path, body) in [
            ("PUT", PATH, Some(annotate(true))),
            ("PUT", "/admin/v1/policy?dry_run=true", Some(annotate(true))),
            ("PUT", &forced, Some(force.clone())),
            ("DELETE", &forced, None),
        ] {
            let (status, answer) = service.operator_as(&token, method, path, body).await;
            assert_eq!((status.as_u16(), code(&answer)), (403, "forbidden"), "{scope} {method} {path}");
        }
    }
    assert_eq!(live(&service).await.get("version").unwrap(), 0);
    assert!(!passes(&service, &device).await);
    let reader = token_of(&service, "read").await;
    for (method, path, body) in [
        ("GET", PATH, None),
        ("GET", "/admin/v1/policies", None),
        ("GET", "/admin/v1/forced", None),
        ("POST", "/admin/v1/policy/try", Some(annotate(true))),
    ] {
        assert_eq!(service.operator_as(&reader, method, path, body).await.0, StatusCode::OK, "{path}");
    }
    let setter = token_of(&service, "policy").await;
    assert_eq!(service.operator_as(&setter, "PUT", PATH, Some(annotate(true))).await.0, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_with_an_error_changes_nothing() {
    let service = Service::ready().await;
    set(&service, annotate(true)).await;
    let before = live(&service).await;
    for (policy, said) in [
        (json!({ "findings": { "hookng": "reject" } }), "unknown finding"),
        (json!({ "findings": { "app_alterd": "reject" } }), "did you mean \"app_altered\"?"),
        (json!({ "findings": { "app_altered": "alow" } }), "one of reject, annotate, ignore"),
        (
            json!({ "findings": { "app_altered": { "action": "reject", "platforms": { "windows": "ignore" } } } }),
            "one of android, ios, jvm, linux",
        ),
        (json!({ "findings": { "audience_unknown": "ignore" } }), "this finding always rejects"),
        (json!({ "findings": { "format_unsupported": "annotate" } }), "this finding always rejects"),
        (json!({ "findings": { "platform_not_allowed": "ignore" } }), "this finding always rejects"),
        (
            json!({ "findings": { "key_level_too_low": { "action": "reject", "platforms": { "ios": "ignore" } } } }),
            "this finding always rejects",
        ),
        (json!({ "findings": { "evidence_missing": "annotate" } }), "this finding always rejects"),
        (json!([]), "a policy"),
    ] {
        for (method, path) in [("PUT", PATH), ("PUT", "/admin/v1/policy?force=true"), ("POST", "/admin/v1/policy/try")]
        {
            let (status, answer) = service.operator(method, path, Some(policy.clone())).await;
            assert_eq!((status.as_u16(), code(&answer)), (400, "malformed_request"), "{policy}");
            let message = answer.get("message").unwrap().as_str().unwrap();
            assert!(message.contains(said) && message.contains("line 1"), "{message}");
            assert!(!message.contains("SDK"), "{message}");
        }
    }
    let long = json!({ "findings": { "x".repeat(300_000): "reject" } });
    assert_eq!(service.operator("PUT", PATH, Some(long)).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(live(&service).await, before);
    assert_eq!(service.operator("GET", "/admin/v1/policies", None).await.1.as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_operators_at_once_one_sets_the_policy() {
    let service = Service::ready().await;
    set(&service, annotate(true)).await;
    let path = "/admin/v1/policy?base=1";
    let call = || service.operator("PUT", path, Some(annotate(false)));
    let (one, two, three) = tokio::join!(call(), call(), call());
    let mut set = 0;
    for (status, answer) in [one, two, three] {
        if status == StatusCode::OK {
            set += 1;
            assert_eq!(answer.get("version").unwrap(), 2);
        } else {
            assert_eq!((status.as_u16(), code(&answer)), (409, "conflict"), "{answer}");
        }
    }
    assert_eq!(set, 1);
    let (status, answer) = service.operator("PUT", path, Some(annotate(false))).await;
    assert_eq!((status.as_u16(), code(&answer)), (409, "conflict"), "a base that is no more");
    assert_eq!(live(&service).await.get("version").unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn annotated_and_open_a_finding_reaches_the_api_and_else_nobody() {
    let service = Service::ready().await;
    let device = altered();
    assert!(!passes(&service, &device).await, "the default rejects");

    set(&service, annotate(false)).await;
    let closed = service.pass(&device).await.token;
    assert!(genuine(&jwks(&service).await, &closed));
    assert_eq!(parts(&closed).1.get("anno"), None, "annotated, but not open to view");

    set(&service, json!({ "findings": { "app_altered": "ignore" } })).await;
    let ignored = service.pass(&device).await.token;
    assert!(genuine(&jwks(&service).await, &ignored));
    assert_eq!(parts(&ignored).1.get("anno"), None);
    assert_eq!(service.findings().await, ["app_altered"], "the log knows all the same");

    let policy = json!({ "findings": { "app_altered": { "action": "annotate", "open": true },
        "core_unmeasured": { "action": "annotate", "open": true } } });
    set(&service, policy).await;
    let mut both = altered();
    both.request.measurement.code.retain(|code| code.role != CodeRole::Core);
    let open = service.pass(&both).await;
    let file = service.directory.path().join("jwks.json");
    std::fs::write(&file, jwks(&service).await.to_string()).unwrap();
    let live = KeyCache::new(JwksFile::new(file), Arc::new(Start), KeyCacheSettings::default());
    let keys = Keys::Published { live, decoys: None };
    let verifier = TokenVerifier::new(keys, VerifierSettings::new(ACCOUNT), Arc::new(Start));
    let verified = verifier.verify(&open.token, ACCOUNT).await.unwrap();
    assert_eq!(verified.claims.anno, ["app_altered", "core_unmeasured"], "sorted by code");
    // And as the API behind a proxy sees it; of a decoy it sees nothing.
    let gate = Gate::new(verifier, GateSettings::default());
    let audiences = Audiences::One(ACCOUNT.into());
    let gateway = forward_auth(ForwardAuth { gate, audiences, host_source: HostSource::default() });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/verify", listener.local_addr().unwrap());
    let running = tokio::spawn(async move { axum::serve(listener, gateway).await });
    let ask = async |token: &str| service.http.get(&url).header("Bonafide-Token", token).send().await.unwrap();
    let answer = ask(&open.token).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers().get("bonafide-annotations").unwrap(), "app_altered,core_unmeasured");
    let mut retired = both;
    retired.request.app.version = "2.0".into();
    let decoy = service.pass(&retired).await.token;
    assert_eq!(parts(&decoy).1.get("anno").unwrap(), &json!(["core_unmeasured"]));
    let answer = ask(&decoy).await;
    assert_eq!((answer.status(), answer.headers().get("bonafide-annotations")), (StatusCode::UNAUTHORIZED, None));
    running.abort();

    // The code that support decodes holds every finding, whatever the policy makes of it.
    let (_, arc) = service.operator("GET", &format!("/admin/v1/arc/{}", open.arc), None).await;
    assert_eq!(arc.pointer("/findings/0/code").unwrap(), "app_altered");
    assert_eq!(arc.pointer("/findings/1/code").unwrap(), "core_unmeasured");
}

/// The gateway's clock, at the moment at which the service's stands still.
struct Start;

impl bonafide_gateway::Clock for Start {
    fn unix_seconds(&self) -> u64 {
        START
    }

    fn elapsed(&self) -> std::time::Duration {
        std::time::Duration::ZERO
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_for_a_platform_holds_there_only() {
    let service = Service::ready().await;
    let device = altered();
    let on = |platform: &str| {
        json!({ "findings": { "app_altered": { "action": "reject",
            "platforms": { platform: { "action": "annotate", "open": true } } } } })
    };
    set(&service, on("linux")).await;
    let decoy = service.pass(&device).await.token;
    assert!(!genuine(&jwks(&service).await, &decoy));
    assert_eq!(parts(&decoy).1.get("anno"), None);
    set(&service, on("jvm")).await;
    let token = service.pass(&device).await.token;
    assert!(genuine(&jwks(&service).await, &token));
    assert_eq!(parts(&token).1.get("anno").unwrap(), &json!(["app_altered"]));
    // And the other way round: lax in general, strict here.
    let policy = json!({ "findings": { "app_altered": { "action": "ignore", "platforms": { "jvm": "reject" } } } });
    service.operator("PUT", "/admin/v1/policy?force=true", Some(policy)).await;
    assert!(!passes(&service, &device).await);
    // A script that claims to be where the rules are laxer gains nothing by it.
    let mut script = altered();
    script.request.app.platform = Platform::Ios;
    assert!(!passes(&service, &script).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn pass_and_fail_have_one_shape_with_annotations_too() {
    let service = Service::ready().await;
    set(&service, annotate(true)).await;
    let raw = async |device: &Device| {
        let body = device.request(&service.challenge().await);
        let url = format!("http://{}/v1/tokens", service.public());
        let response = service.http.post(url).body(body).send().await.unwrap();
        let headers: Vec<_> = response.headers().iter().map(|(name, value)| (name.clone(), value.len())).collect();
        (headers, response.text().await.unwrap())
    };
    let mut failing = altered();
    failing.request.measurement.code.clear();
    let mut forced_device = altered();
    forced_device.request.session_key = failing.request.session_key.clone();
    let installation = service.pass(&forced_device).await.installation;
    let path = format!("/admin/v1/installations/{installation}/forced");
    let body = json!({ "verdict": "fail", "seconds": 600, "reason": "a test" });
    assert_eq!(service.operator("PUT", &path, Some(body)).await.0, StatusCode::OK);

    let (headers, pass) = raw(&altered()).await;
    let pass: Value = serde_json::from_str(&pass).unwrap();
    let token = |answer: &Value| answer.get("token").unwrap().as_str().unwrap().to_owned();
    assert!(genuine(&jwks(&service).await, &token(&pass)));
    for device in [&failing, &forced_device] {
        let (decoy_headers, decoy) = raw(device).await;
        assert_eq!(decoy_headers, headers);
        assert_eq!(decoy.len(), pass.to_string().len());
        let decoy: Value = serde_json::from_str(&decoy).unwrap();
        assert!(!genuine(&jwks(&service).await, &token(&decoy)));
        assert_eq!(token(&decoy).len(), token(&pass).len());
        assert_eq!(parts(&token(&decoy)).0, parts(&token(&pass)).0);
        assert_eq!(parts(&token(&decoy)).1.get("anno"), parts(&token(&pass)).1.get("anno"));
        let names = |answer: &Value| answer.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&decoy), names(&pass));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_foretells_what_becomes_of_the_same_appraisals() {
    let service = Service::ready().await;
    let now = json!({ "findings": { "core_unmeasured": "ignore" } });
    set(&service, now).await;
    let mut other_version = Device::new();
    other_version.request.app.version = "2.0\u{202e}".into();
    let devices = [Device::new(), altered(), altered(), unmeasured_core(), other_version, Device::new()];
    for device in &devices {
        service.pass(device).await;
    }
    let then = json!({ "findings": { "app_altered": { "action": "annotate", "open": true } } });
    let (status, tried) = service.operator("POST", "/admin/v1/policy/try?last=100", Some(then.clone())).await;
    assert_eq!(status, StatusCode::OK, "{tried}");
    let tried = tried.get("tried").unwrap();
    let tally = json!({ "appraisals": 6, "now": { "passed": 3, "failed": 3 }, "then": { "passed": 4, "failed": 2 },
        "pass_to_fail": 1, "fail_to_pass": 2 });
    for (name, value) in tally.as_object().unwrap() {
        assert_eq!(tried.get(name).unwrap(), value, "{name}");
    }
    assert_eq!(tried.get("installations").unwrap(), &json!({ "pass_to_fail": 1, "fail_to_pass": 2 }));
    let of = |code: &str| {
        let findings = tried.get("findings").unwrap().as_array().unwrap();
        findings.iter().find(|finding| finding.get("code").unwrap() == code).unwrap().clone()
    };
    assert_eq!(of("app_altered").get("now_actions").unwrap(), &json!({ "reject": 2, "annotate": 0, "ignore": 0 }));
    assert_eq!(of("app_altered").get("then_actions").unwrap(), &json!({ "reject": 0, "annotate": 2, "ignore": 0 }));
    assert_eq!(of("core_unmeasured").get("pass_to_fail").unwrap(), 1);
    assert_eq!(tried.pointer("/platforms/0/platform").unwrap(), "jvm");
    assert_eq!(tried.pointer("/platforms/0/fail_to_pass").unwrap(), 2);
    let versions: Vec<&str> = tried
        .get("versions")
        .unwrap()
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one.get("version").unwrap().as_str().unwrap())
        .collect();
    assert_eq!(versions, ["1.0", "2.0\\u{202e}"], "escaped: a device names its version");

    // It locks one out: not without force, and the policy stays as it was.
    let (status, answer) = service.operator("PUT", PATH, Some(then.clone())).await;
    assert_eq!((status.as_u16(), code(&answer)), (409, "conflict"), "{answer}");
    assert!(answer.get("message").unwrap().as_str().unwrap().contains("1 installations that pass would fail"));
    assert_eq!(live(&service).await.get("version").unwrap(), 1);
    let (_, dry) = service.operator("PUT", "/admin/v1/policy?force=true&dry_run=true", Some(then.clone())).await;
    assert_eq!(dry.get("tried").unwrap(), tried);
    assert_eq!(live(&service).await.get("version").unwrap(), 1);

    // The same again under the new policy: what was foretold.
    assert_eq!(service.operator("PUT", "/admin/v1/policy?force=true", Some(then)).await.0, StatusCode::OK);
    let mut passed = 0;
    for device in &devices {
        passed += u64::from(passes(&service, device).await);
    }
    assert_eq!(tried.pointer("/then/passed").unwrap(), passed);
    let (_, list) = service.operator("GET", "/admin/v1/appraisals?limit=6", None).await;
    let logged = list.as_array().unwrap().iter().filter(|row| row.get("passed").unwrap() == true).count();
    assert_eq!(u64::try_from(logged).unwrap(), passed);
    assert!(list.as_array().unwrap().iter().all(|row| row.get("policy").unwrap() == 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_decoys_does_not_hide_whom_a_change_locks_out() {
    let service = Service::ready().await;
    set(&service, json!({ "findings": { "core_unmeasured": "ignore" } })).await;
    service.pass(&unmeasured_core()).await;
    for _ in 0..5 {
        service.pass(&altered()).await;
    }
    let (_, tried) = service.operator("POST", "/admin/v1/policy/try?last=2", Some(json!({ "findings": {} }))).await;
    assert_eq!(tried.pointer("/tried/appraisals").unwrap(), 3);
    assert_eq!(tried.pointer("/tried/installations/pass_to_fail").unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_version_is_kept_and_stands_in_the_audit_log() {
    let mut service = Service::ready().await;
    let first = set(&service, annotate(true)).await;
    assert_eq!(
        first.get("change").unwrap(),
        &json!([{ "finding": "app_altered", "platform": null,
            "before": { "action": "reject", "open": false }, "after": { "action": "annotate", "open": true } }])
    );
    service.clock.advance(60);
    set(&service, json!({ "findings": { "app_altered": { "action": "reject", "platforms": { "jvm": "ignore" } } } }))
        .await;
    let (_, history) = service.operator("GET", "/admin/v1/policies", None).await;
    assert_eq!(history.pointer("/0/version").unwrap(), 2);
    assert_eq!(history.pointer("/0/set_at").unwrap(), START + 60);
    assert_eq!(
        history.pointer("/1").unwrap(),
        &json!({ "version": 1, "set_at": START, "set_by": "init", "policy": annotate(true) })
    );
    let (_, log) = service.operator("GET", "/admin/v1/audit?limit=1", None).await;
    let row = log.pointer("/0").unwrap();
    assert_eq!((row.get("action").unwrap(), row.get("subject").unwrap()), (&json!("policy.set"), &json!("2")));
    assert_eq!(row.get("before").unwrap(), &annotate(true));
    assert_eq!(row.pointer("/after/policy").unwrap(), history.pointer("/0/policy").unwrap());
    assert_eq!(row.pointer("/after/forced").unwrap(), false);

    // After a restart it is in force as before.
    service.restart().await;
    let shown = live(&service).await;
    assert_eq!((shown.get("version").unwrap(), shown.get("set_by").unwrap()), (&json!(2), &json!("init")));
    let finding = shown.get("findings").unwrap().as_array().unwrap();
    let finding = finding.iter().find(|finding| finding.get("code").unwrap() == "app_altered").unwrap();
    assert_eq!(finding.get("platforms").unwrap(), &json!({ "jvm": { "action": "ignore", "open": false } }));
    let audience = shown.pointer("/audiences/0").unwrap();
    assert_eq!(audience.get("audience").unwrap(), ACCOUNT);
    assert_eq!(audience.get("least_key_level").unwrap(), "software");
    assert!(passes(&service, &altered()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_node_follows() {
    let service = Service::ready().await;
    let limit = bonafide_service::RateLimit { per_second: 100_000, burst: 1_000_000 };
    let settings = common::settings(service.directory.path(), service.clock.clone(), limit);
    let other = Service {
        directory: tempfile::tempdir().unwrap(),
        clock: service.clock.clone(),
        running: Some(bonafide_service::serve(settings).await.unwrap()),
        http: service.http.clone(),
        token: service.token.clone(),
    };
    let device = altered();
    let installation = other.pass(&device).await.installation;
    let follows = async |passed: bool| {
        for _ in 0..100 {
            if passes(&other, &device).await == passed {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        unreachable!("the other node has not followed");
    };
    follows(false).await;
    set(&service, annotate(true)).await;
    follows(true).await;
    let path = format!("/admin/v1/installations/{installation}/forced");
    let body = json!({ "verdict": "fail", "seconds": 60, "reason": "a test" });
    assert_eq!(service.operator("PUT", &path, Some(body)).await.0, StatusCode::OK);
    follows(false).await;
    assert_eq!(service.operator("DELETE", &path, None).await.0, StatusCode::OK);
    follows(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_later_version_left_in_the_database_is_safe() {
    let mut service = Service::ready().await;
    service.pass(&altered()).await;
    service.running.take().unwrap().stop().await;
    let mut database = SqliteConnectOptions::new().filename(service.database()).connect().await.unwrap();
    let policy = json!({ "findings": { "moon_phase": "ignore", "app_altered": { "action": "ignore", "until": 9 },
        "core_unmeasured": "ignore" } });
    let later = "INSERT INTO finding_policies VALUES ($1, 7, $2, 0, 'later')";
    sqlx::query(later).bind(ACCOUNT).bind(policy.to_string()).execute(&mut database).await.unwrap();
    let later = "UPDATE appraisals SET findings = 'moon_phase app_altered', passed = 1";
    sqlx::query(later).execute(&mut database).await.unwrap();
    database.close().await.unwrap();
    // Rows are in the order of their time.
    service.clock.advance(1);
    let settings = common::settings(
        service.directory.path(),
        service.clock.clone(),
        bonafide_service::RateLimit { per_second: 100_000, burst: 1_000_000 },
    );
    service.running = Some(bonafide_service::serve(settings).await.unwrap());

    let shown = live(&service).await;
    assert_eq!(shown.get("version").unwrap(), 7);
    assert_eq!(shown.get("unknown").unwrap(), &json!(["moon_phase"]));
    assert_eq!(shown.get("policy").unwrap(), &policy, "shown as it is stored");
    assert!(!passes(&service, &altered()).await, "a rule that is not understood rejects");
    assert!(passes(&service, &unmeasured_core()).await, "and the others hold");
    let (_, list) = service.operator("GET", "/admin/v1/appraisals", None).await;
    let oldest = list.as_array().unwrap().last().unwrap();
    assert_eq!(oldest.pointer("/findings/0/code").unwrap(), "moon_phase");
    assert!(oldest.pointer("/findings/0/explanation").unwrap().as_str().unwrap().contains("unknown"));
    let lax = json!({ "findings": { "app_altered": "ignore", "core_unmeasured": "ignore" } });
    let (_, tried) = service.operator("POST", "/admin/v1/policy/try", Some(lax.clone())).await;
    assert_eq!(tried.pointer("/tried/then/failed").unwrap(), 1, "an unknown finding rejects: {tried}");
    assert_eq!(set(&service, lax).await.get("version").unwrap(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forced_verdict_holds_for_one_installation_until_its_end() {
    let service = Service::ready().await;
    let (good, bad, other) = (Device::new(), altered(), altered());
    let path =
        async |device: &Device| format!("/admin/v1/installations/{}/forced", service.pass(device).await.installation);
    let force = |verdict: &str| json!({ "verdict": verdict, "seconds": 7200, "reason": " a tester's phone " });
    for (path, body) in [
        ("/admin/v1/installations/short/forced", force("pass")),
        (&path(&bad).await, json!({ "verdict": "pass", "seconds": 0, "reason": "x" })),
        (&path(&bad).await, json!({ "verdict": "pass", "seconds": 2_592_001, "reason": "x" })),
        (&path(&bad).await, json!({ "verdict": "pass", "seconds": 60, "reason": " " })),
        (&path(&bad).await, json!({ "verdict": "maybe", "seconds": 60, "reason": "x" })),
        (&path(&bad).await, json!({ "verdict": "pass", "reason": "x" })),
    ] {
        let (status, answer) = service.operator("PUT", path, Some(body.clone())).await;
        assert_eq!((status.as_u16(), code(&answer)), (400, "malformed_request"), "{body}");
    }
    assert_eq!(service.operator("DELETE", &path(&bad).await, None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(service.operator("GET", "/admin/v1/forced", None).await.1, json!([]));
    assert!(passes(&service, &good).await && !passes(&service, &bad).await);

    assert_eq!(service.operator("PUT", &path(&good).await, Some(force("fail"))).await.0, StatusCode::OK);
    assert_eq!(service.operator("PUT", &path(&bad).await, Some(force("pass"))).await.0, StatusCode::OK);
    assert!(!passes(&service, &good).await);
    assert_eq!(service.findings().await, [""; 0]);
    assert!(passes(&service, &bad).await && passes(&service, &bad).await);
    assert!(!passes(&service, &other).await, "that one only");
    let (_, list) = service.operator("GET", "/admin/v1/appraisals", None).await;
    let passed = list.as_array().unwrap().iter().filter(|row| row.get("passed").unwrap() == true).count();
    let forced: Vec<&Value> = list.as_array().unwrap().iter().map(|row| row.get("forced").unwrap()).collect();
    assert_eq!(forced.get(..4).unwrap(), [&Value::Null, &json!("pass"), &json!("pass"), &json!("fail")]);
    let (_, held) = service.operator("GET", "/admin/v1/forced", None).await;
    assert_eq!(held.pointer("/0/reason").unwrap(), "a tester's phone");
    assert_eq!(held.pointer("/0/ends_at").unwrap(), START + 7200);
    // A trial counts a forced verdict as one.
    let lax = json!({ "findings": { "app_altered": "ignore" } });
    let (_, tried) = service.operator("POST", "/admin/v1/policy/try", Some(lax)).await;
    assert_eq!(tried.pointer("/tried/installations").unwrap(), &json!({ "pass_to_fail": 0, "fail_to_pass": 2 }));

    assert_eq!(tried.pointer("/tried/now/passed").unwrap(), passed, "what was recorded");

    // What always rejects does so for a forced pass too.
    let mut elsewhere = altered();
    elsewhere.key = P256Key::from_pkcs8(bad.key.to_pkcs8()).unwrap();
    elsewhere.request.audience = "admin".into();
    assert!(!passes(&service, &elsewhere).await);

    assert_eq!(service.operator("DELETE", &path(&good).await, None).await.0, StatusCode::OK);
    assert!(passes(&service, &good).await);
    service.clock.advance(7200);
    assert!(!passes(&service, &bad).await, "it has ended");
    assert_eq!(service.operator("GET", "/admin/v1/forced", None).await.1, json!([]));
    let (_, log) = service.operator("GET", "/admin/v1/audit?limit=3", None).await;
    let actions: Vec<&Value> = log.as_array().unwrap().iter().map(|row| row.get("action").unwrap()).collect();
    assert_eq!(actions, ["device.clear", "device.force", "device.force"]);
    assert_eq!(log.pointer("/1/after/reason").unwrap(), "a tester's phone");
}
