//! What a token proves.

use serde::Serialize;

use super::labels::{ActivityLevel, AppAccessRisk, AppLicensing, AppRecognition, DeviceRecognition, PlayProtect};
use super::payload;

/// The facts of a token that is Google's, for this app and this nonce, and fresh.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Verdict {
    /// When the token was requested, in Unix milliseconds.
    pub timestamp: i64,
    /// Whether Google was told in Play Console to answer this account with a made-up verdict. Such a token proves
    /// nothing about app and device.
    pub is_testing_response: bool,
    /// The app.
    pub app: AppIntegrity,
    /// The device.
    pub device: DeviceIntegrity,
    /// The account's licence. `None` if the token does not say.
    pub licensing: Option<AppLicensing>,
    /// What runs around the app.
    pub environment: EnvironmentDetails,
}

/// The app, as Google Play recognises it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AppIntegrity {
    /// Whether Google Play knows the binary.
    pub recognition: AppRecognition,
    /// The package name, which is the expected one. `None` where the app was not evaluated.
    pub package_name: Option<String>,
    /// SHA-256 of the signing certificates, as Google writes them: base64url without padding.
    pub certificate_sha256: Vec<String>,
    /// The app's version code.
    pub version_code: Option<i64>,
}

/// The device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DeviceIntegrity {
    /// What the device fulfils; empty if nothing.
    pub recognition: Vec<DeviceRecognition>,
    /// The version of the Android SDK, if the console was told to include it.
    pub sdk_version: Option<u32>,
    /// How busy the device is, if the console was told to include it.
    pub activity: Option<ActivityLevel>,
}

/// What runs around the app, if the console was told to include it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct EnvironmentDetails {
    /// What Play Protect found.
    pub play_protect: Option<PlayProtect>,
    /// What other apps could do to this one; `None` if that was not evaluated.
    pub app_access_risk: Option<Vec<AppAccessRisk>>,
}

impl From<payload::DeviceIntegrity> for DeviceIntegrity {
    fn from(device: payload::DeviceIntegrity) -> Self {
        Self {
            recognition: device.device_recognition_verdict,
            sdk_version: device.device_attributes.and_then(|attributes| attributes.sdk_version),
            activity: device.recent_device_activity.and_then(|activity| activity.device_activity_level),
        }
    }
}

impl From<payload::EnvironmentDetails> for EnvironmentDetails {
    fn from(environment: payload::EnvironmentDetails) -> Self {
        Self {
            play_protect: environment.play_protect_verdict,
            app_access_risk: environment.app_access_risk_verdict.and_then(|verdict| verdict.apps_detected),
        }
    }
}
