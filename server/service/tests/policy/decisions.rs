//! What a policy decides, and who sees it.

use std::sync::Arc;

use bonafide_gateway::{
    Audiences, ForwardAuth, Gate, GateSettings, HostSource, JwksFile, KeyCache, KeyCacheSettings, Keys, TokenVerifier,
    VerifierSettings, forward_auth,
};
use bonafide_protocol::measurement::{CodeRole, Platform};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::common::{ACCOUNT, Device, START, Service, genuine, parts};
use crate::support::{altered, annotate, jwks, passes, set};

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
