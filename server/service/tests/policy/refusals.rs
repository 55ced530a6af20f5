//! What is no policy, and who may not set one.

use reqwest::StatusCode;
use serde_json::json;

use crate::common::Service;
use crate::support::{PATH, altered, annotate, code, live, passes, set, token_of};

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
