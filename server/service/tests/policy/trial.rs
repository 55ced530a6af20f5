//! A trial foretells what a policy would change.

use reqwest::StatusCode;
use serde_json::json;

use crate::common::{Device, Service};
use crate::support::{PATH, altered, code, live, passes, set, unmeasured_core};

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
