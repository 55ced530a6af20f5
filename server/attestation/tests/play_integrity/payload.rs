//! Forged payloads, and what a true one says.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use bonafide_attestation::play_integrity::{
    ActivityLevel, AppAccessRisk, AppLicensing, AppRecognition, DeviceRecognition, Expectation, PlayIntegrityError,
    PlayProtect, open_token, verify_token,
};
use serde_json::{Value, json};

use crate::forge::{Forge, NONCE, NOW, PACKAGE, base64url, expectation};

/// For whoever looks into a refusal: the payload as it is, but only where Google signed it.
#[test]
fn an_opened_token_shows_the_payload_of_any_request() {
    let mut forge = Forge::new();
    forge.payload["requestDetails"]["nonce"] = json!("b3RoZXI");
    forge.payload["unknown"] = json!([1]);
    assert_eq!(open_token(&forge.token(), &forge.keys()).unwrap(), forge.payload);
    let strangers = Forge::new().keys();
    assert!(matches!(open_token(&forge.token(), &strangers), Err(PlayIntegrityError::Jws(_))));
}

#[test]
fn forged_payloads_are_refused() {
    use PlayIntegrityError as E;
    type Row = (&'static str, fn(&mut Value), fn(&PlayIntegrityError) -> bool);
    const AGE: Duration = Duration::from_secs(300);
    const SKEW: Duration = Duration::from_secs(30);
    let table: &[Row] = &[
        (
            "another nonce",
            |p| p["requestDetails"]["nonce"] = json!(base64url([0xfb, 0xff, 0xfe, 0xfe])),
            |e| matches!(e, E::Nonce { expected, found } if expected == "-__-_w" && found == "-__-_g"),
        ),
        ("a longer nonce", |p| p["requestDetails"]["nonce"] = json!("-__-_wA"), |e| matches!(e, E::Nonce { .. })),
        ("an empty nonce", |p| p["requestDetails"]["nonce"] = json!(""), |e| matches!(e, E::Nonce { .. })),
        (
            "a nonce in the other alphabet",
            |p| p["requestDetails"]["nonce"] = json!(STANDARD.encode(NONCE)),
            |e| matches!(e, E::Nonce { .. }),
        ),
        (
            "a nonce with other last bits",
            |p| p["requestDetails"]["nonce"] = json!("-__-_x"),
            |e| matches!(e, E::Nonce { .. }),
        ),
        (
            "a standard request's hash",
            |p| p["requestDetails"] = json!({"requestPackageName": PACKAGE, "requestHash": base64url(NONCE)}),
            |e| *e == E::Missing { member: "requestDetails.nonce" },
        ),
        (
            "no nonce",
            |p| p["requestDetails"]["nonce"] = json!(null),
            |e| *e == E::Missing { member: "requestDetails.nonce" },
        ),
        ("no request", |p| p["requestDetails"] = json!(null), |e| *e == E::Missing { member: "requestDetails" }),
        (
            "another package",
            |p| p["requestDetails"]["requestPackageName"] = json!("com.acme.apq"),
            |e| matches!(e, E::PackageName { member: "requestDetails.requestPackageName", .. }),
        ),
        (
            "no package",
            |p| p["requestDetails"]["requestPackageName"] = json!(null),
            |e| *e == E::Missing { member: "requestDetails.requestPackageName" },
        ),
        (
            "another package in the app",
            |p| p["appIntegrity"]["packageName"] = json!("com.acme.apq"),
            |e| matches!(e, E::PackageName { member: "appIntegrity.packageName", .. }),
        ),
        (
            "another package in an app that is not recognised",
            |p| p["appIntegrity"] = json!({"appRecognitionVerdict": "UNRECOGNIZED_VERSION", "packageName": "a"}),
            |e| matches!(e, E::PackageName { member: "appIntegrity.packageName", .. }),
        ),
        (
            "a recognised app without a package",
            |p| p["appIntegrity"] = json!({"appRecognitionVerdict": "PLAY_RECOGNIZED"}),
            |e| *e == E::Missing { member: "appIntegrity.packageName" },
        ),
        ("no app", |p| p["appIntegrity"] = json!(null), |e| *e == E::Missing { member: "appIntegrity" }),
        (
            "no verdict on the app",
            |p| p["appIntegrity"]["appRecognitionVerdict"] = json!(null),
            |e| *e == E::Missing { member: "appIntegrity.appRecognitionVerdict" },
        ),
        (
            "no time",
            |p| p["requestDetails"] = json!({"requestPackageName": PACKAGE, "nonce": base64url(NONCE)}),
            |e| *e == E::Missing { member: "requestDetails.timestampMillis" },
        ),
        (
            "an old token",
            |p| p["requestDetails"]["timestampMillis"] = json!((NOW - 300) * 1000 - 1),
            |e| *e == E::Expired { timestamp: (NOW - 300) * 1000 - 1, time: NOW, max_age: AGE },
        ),
        (
            "a token of the future",
            |p| p["requestDetails"]["timestampMillis"] = json!(((NOW + 30) * 1000 + 1).to_string()),
            |e| *e == E::NotYetValid { timestamp: (NOW + 30) * 1000 + 1, time: NOW, max_skew: SKEW },
        ),
        (
            "the first of all times",
            |p| p["requestDetails"]["timestampMillis"] = json!(i64::MIN),
            |e| matches!(e, E::Expired { .. }),
        ),
        (
            "the last of all times",
            |p| p["requestDetails"]["timestampMillis"] = json!(i64::MAX.to_string()),
            |e| matches!(e, E::NotYetValid { .. }),
        ),
        ("a time in words", |p| p["requestDetails"]["timestampMillis"] = json!("now"), |e| *e == E::Payload),
        ("a time with a fraction", |p| p["requestDetails"]["timestampMillis"] = json!(1.5), |e| *e == E::Payload),
        ("a time out of range", |p| p["requestDetails"]["timestampMillis"] = json!(u64::MAX), |e| *e == E::Payload),
        (
            "a testing response",
            |p| p["testingDetails"] = json!({"isTestingResponse": true}),
            |e| *e == E::TestingResponse,
        ),
        (
            "a testing response in words",
            |p| p["testingDetails"] = json!({"isTestingResponse": "true"}),
            |e| *e == E::Payload,
        ),
        (
            "a payload that is a list",
            |p| {
                let members = ["requestDetails", "appIntegrity", "deviceIntegrity", "accountDetails"];
                *p = members.iter().map(|member| p[member].clone()).chain([json!(null), json!(null)]).collect();
            },
            |e| *e == E::Payload,
        ),
        ("an empty payload", |p| *p = json!({}), |e| *e == E::Missing { member: "requestDetails" }),
        (
            "one label in place of a list",
            |p| p["deviceIntegrity"]["deviceRecognitionVerdict"] = json!("MEETS_DEVICE_INTEGRITY"),
            |e| *e == E::Payload,
        ),
    ];
    for (name, forgery, expected) in table {
        let mut forge = Forge::new();
        forgery(&mut forge.payload);
        let refusal = forge.verify(&forge.token()).unwrap_err();
        assert!(expected(&refusal), "{name}: {refusal:?}");
    }
}

#[test]
fn payloads_that_are_no_json_of_ours_are_refused() {
    let mut forge = Forge::new();
    let true_payload = forge.payload.to_string();
    let twice = true_payload.replace(r#""nonce":"#, r#""nonce":"AAAA","nonce":"#);
    let testing = r#"{"testingDetails":{"isTestingResponse":true},"testingDetails":{"isTestingResponse":false},"#;
    let twice_tested = true_payload.replacen('{', testing, 1);
    for payload in ["", "{", "nonce", &format!("{true_payload}{{}}"), &twice, &twice_tested, &"[".repeat(2000)] {
        assert_ne!(payload, true_payload);
        forge.raw_payload = Some(payload.into());
        assert_eq!(forge.verify(&forge.token()), Err(PlayIntegrityError::Payload), "{payload}");
    }
    forge.raw_payload = Some(true_payload);
    assert!(forge.verify(&forge.token()).is_ok());
}

#[test]
fn the_facts_are_those_of_the_payload() {
    let forge = Forge::new();
    let verdict = forge.verify(&forge.token()).unwrap();
    assert_eq!((verdict.timestamp, verdict.is_testing_response), (NOW * 1000 - 1, false));
    assert_eq!(verdict.app.recognition, AppRecognition::PlayRecognized);
    assert_eq!(verdict.app.package_name.as_deref(), Some(PACKAGE));
    assert_eq!(verdict.app.certificate_sha256, ["6a6a1474b5cbbb2b1aa57e0bc3"]);
    assert_eq!(verdict.app.version_code, Some(42));
    let unknown = DeviceRecognition::Other("MEETS_COSMIC_INTEGRITY".into());
    assert_eq!(verdict.device.recognition, [DeviceRecognition::MeetsDeviceIntegrity, unknown]);
    assert_eq!((verdict.device.sdk_version, verdict.device.activity), (Some(33), Some(ActivityLevel::Level2)));
    assert_eq!(verdict.licensing, Some(AppLicensing::Licensed));
    assert_eq!(verdict.environment.play_protect, Some(PlayProtect::NoIssues));
    let risks = vec![AppAccessRisk::KnownInstalled, AppAccessRisk::UnknownCapturing];
    assert_eq!(verdict.environment.app_access_risk, Some(risks));
}

#[test]
fn a_device_that_fulfils_nothing_is_a_fact_and_not_an_error() {
    let mut forge = Forge::new();
    let request = forge.payload["requestDetails"].clone();
    forge.payload = json!({"requestDetails": request, "appIntegrity": {"appRecognitionVerdict": "UNEVALUATED"}});
    for device in [json!({}), json!({"deviceRecognitionVerdict": []})] {
        forge.payload["deviceIntegrity"] = device;
        let verdict = forge.verify(&forge.token()).unwrap();
        assert_eq!((verdict.app.recognition, verdict.app.package_name), (AppRecognition::Unevaluated, None));
        assert_eq!(verdict.device.recognition, []);
        assert_eq!((verdict.licensing, verdict.environment.app_access_risk), (None, None));
    }
}

#[test]
fn testing_responses_pass_only_where_allowed_and_are_marked() {
    let mut forge = Forge::new();
    let allowed = Expectation { allow_testing_response: true, ..expectation() };
    for is_testing_response in [true, false] {
        forge.payload["testingDetails"] = json!({"isTestingResponse": is_testing_response});
        let verdict = verify_token(&forge.token(), &forge.keys(), &allowed).unwrap();
        assert_eq!(verdict.is_testing_response, is_testing_response);
        assert_eq!(forge.verify(&forge.token()).is_err(), is_testing_response);
        assert_eq!(serde_json::to_value(&verdict).unwrap()["is_testing_response"], json!(is_testing_response));
    }
}

#[test]
fn times_at_the_edge_and_nonces_with_padding_pass() {
    let mut forge = Forge::new();
    for timestamp in [(NOW - 300) * 1000, (NOW + 30) * 1000] {
        forge.payload["requestDetails"]["timestampMillis"] = json!(timestamp.to_string());
        assert!(forge.verify(&forge.token()).is_ok(), "{timestamp}");
    }
    forge.payload["requestDetails"]["nonce"] = json!(URL_SAFE.encode(NONCE));
    assert!(forge.verify(&forge.token()).is_ok());
}
