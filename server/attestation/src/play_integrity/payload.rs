//! The payload as it stands on the wire. Members that are not named here, `deviceRecall` for one, are ignored.

use serde::{Deserialize, Deserializer};

use super::labels::{ActivityLevel, AppAccessRisk, AppLicensing, AppRecognition, DeviceRecognition, PlayProtect};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payload {
    pub(super) request_details: Option<RequestDetails>,
    pub(super) app_integrity: Option<AppIntegrity>,
    pub(super) device_integrity: Option<DeviceIntegrity>,
    pub(super) account_details: Option<AccountDetails>,
    pub(super) environment_details: Option<EnvironmentDetails>,
    pub(super) testing_details: Option<TestingDetails>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RequestDetails {
    pub(super) request_package_name: Option<String>,
    pub(super) nonce: Option<String>,
    #[serde(default, deserialize_with = "number")]
    pub(super) timestamp_millis: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AppIntegrity {
    pub(super) app_recognition_verdict: Option<AppRecognition>,
    pub(super) package_name: Option<String>,
    #[serde(default)]
    pub(super) certificate_sha256_digest: Vec<String>,
    #[serde(default, deserialize_with = "number")]
    pub(super) version_code: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeviceIntegrity {
    #[serde(default)]
    pub(super) device_recognition_verdict: Vec<DeviceRecognition>,
    pub(super) device_attributes: Option<DeviceAttributes>,
    pub(super) recent_device_activity: Option<RecentDeviceActivity>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeviceAttributes {
    pub(super) sdk_version: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecentDeviceActivity {
    pub(super) device_activity_level: Option<ActivityLevel>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AccountDetails {
    pub(super) app_licensing_verdict: Option<AppLicensing>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EnvironmentDetails {
    pub(super) play_protect_verdict: Option<PlayProtect>,
    pub(super) app_access_risk_verdict: Option<AppAccessRiskVerdict>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AppAccessRiskVerdict {
    pub(super) apps_detected: Option<Vec<AppAccessRisk>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TestingDetails {
    #[serde(default)]
    pub(super) is_testing_response: bool,
}

/// Google writes 64-bit numbers as strings (the JSON form of Protocol Buffers), which may also be plain numbers.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Number(i64),
        Text(String),
    }
    match Form::deserialize(deserializer)? {
        Form::Number(number) => Ok(Some(number)),
        Form::Text(text) => text.parse().map(Some).map_err(serde::de::Error::custom),
    }
}
