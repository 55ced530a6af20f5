//! The committed description of the operator's API is the running service's own, and so is the list of routes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::Service;
use reqwest::StatusCode;
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn docs_openapi_json_is_what_the_service_says() {
    let service = Service::new().await;
    let (status, said) = service.operator("GET", "/openapi.json", None).await;
    assert_eq!(status, StatusCode::OK);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    if std::env::var_os("BONAFIDE_UPDATE").is_some() {
        std::fs::write(path, format!("{}\n", serde_json::to_string_pretty(&said).unwrap())).unwrap();
    }
    let committed: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(committed, said, "BONAFIDE_UPDATE=1 cargo test -p bonafide-service --test description");
}

/// The page on findings is made of the one list, as the service gives it with the policy.
#[tokio::test(flavor = "multi_thread")]
async fn docs_findings_md_is_what_the_service_says() {
    let service = Service::new().await;
    let (_, policy) = service.operator("GET", "/admin/v1/policy", None).await;
    let mut page = HEAD.to_owned();
    for finding in policy.get("findings").unwrap().as_array().unwrap() {
        let text = |name: &str| finding.get(name).and_then(Value::as_str);
        let steered = text("always_rejects").map_or("yes".to_owned(), |why| format!("no: {why}"));
        let (code, explanation, default) =
            (text("code").unwrap(), text("explanation").unwrap(), text("default").unwrap());
        let excused = text("excused_in_development").map_or("no".to_owned(), |why| format!("yes: {why}"));
        page.push_str(&format!("| `{code}` | {explanation} | `{default}` | {steered} | {excused} |\n"));
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/findings.md");
    if std::env::var_os("BONAFIDE_UPDATE").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap();
    assert_eq!(committed, page, "BONAFIDE_UPDATE=1 cargo test -p bonafide-service --test description");
}

const HEAD: &str = "\
# Findings

What an appraisal can object to. Generated from `protocol/src/finding.rs` by `BONAFIDE_UPDATE=1 cargo test -p \
bonafide-service --test description`; edit the list there.

What follows from a finding is the policy's to say, for all platforms or for one: [policy.md](policy.md). Codes are \
never renamed and never used for something else.

| finding | what it means | without a policy | can a policy change that | does a development key excuse it |
|---|---|---|---|---|
";

#[tokio::test(flavor = "multi_thread")]
async fn every_described_call_is_there_and_guarded() {
    let service = Service::new().await;
    let (_, said) = service.operator("GET", "/openapi.json", None).await;
    let mut guarded = 0;
    for (path, calls) in said.get("paths").unwrap().as_object().unwrap() {
        for (method, call) in calls.as_object().unwrap() {
            let path = path.replace(['{', '}'], "");
            let (status, answer) = service.operator_as("", &method.to_uppercase(), &path, None).await;
            if call.get("security").is_some() {
                guarded += 1;
                assert_eq!(status, StatusCode::UNAUTHORIZED, "{method} {path} {answer}");
            } else {
                assert_eq!(status, StatusCode::OK, "{method} {path} {answer}");
            }
        }
    }
    assert_eq!(guarded, 41);
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_what_happened_and_name_no_path_of_a_client() {
    let service = Service::ready().await;
    service.pass(&common::Device::new()).await;
    let mut altered = common::Device::new();
    altered.request.measurement.artifacts.clear();
    service.pass(&altered).await;
    service.post("/v1/tokens", "rubbish").await;
    service.get("/secret/path").await;
    let (_, page) = service.operator("GET", "/metrics", None).await;
    let page = page.as_str().unwrap();
    for line in [
        "bonafide_challenges_total 2",
        "bonafide_appraisals_total{outcome=\"pass\"} 1",
        "bonafide_appraisals_total{outcome=\"fail\"} 1",
        "bonafide_findings_total{finding=\"app_unmeasured\"} 1",
        "bonafide_refusals_total{code=\"malformed_request\"} 1",
        "bonafide_http_request_duration_seconds_count{route=\"/v1/tokens\",status=\"200\"} 2",
    ] {
        assert!(page.contains(line), "{line} in\n{page}");
    }
    assert!(!page.contains("secret/path"));
}
