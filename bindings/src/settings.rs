//! What a start is given, as it crosses.

use std::path::PathBuf;
use std::time::Duration;

use bonafide_core::Settings;
use bonafide_core::protocol::measurement::{App, Platform};
use tokio::runtime::Handle;

/// What a start is given.
#[derive(Clone, uniffi::Record)]
pub struct NativeSettings {
    /// The bytes of the initial config.
    pub initial_config: Vec<u8>,
    /// The folder of the core's records; made if it is not there. Never in a backup.
    pub storage: String,
    /// Where the app runs.
    pub platform: NativePlatform,
    /// Package name or bundle id.
    pub app_id: String,
    /// The version that people read.
    pub app_version: String,
    /// The version that machines compare; empty where there is none.
    pub app_build: String,
    /// The files that make up the app.
    pub artifacts: Vec<String>,
    /// The SDK's version.
    pub sdk_version: String,
    /// The development key of a developer's build.
    pub development_key: Option<String>,
    /// How long one background call to the service may take, milliseconds.
    pub request_deadline_ms: u64,
}

/// Where an app runs. Complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum NativePlatform {
    /// Android.
    Android,
    /// iOS and iPadOS.
    Ios,
    /// A JVM on a desktop or server.
    Jvm,
    /// Linux, where the Swift facade is tested.
    Linux,
}

impl NativeSettings {
    pub(crate) fn into_settings(self, runtime: Handle) -> Settings {
        Settings {
            initial_config: self.initial_config,
            app: App {
                platform: self.platform.into(),
                id: self.app_id,
                version: self.app_version,
                build: self.app_build,
            },
            artifacts: self.artifacts.into_iter().map(PathBuf::from).collect(),
            sdk_version: self.sdk_version,
            development_key: self.development_key,
            request_deadline: Duration::from_millis(self.request_deadline_ms),
            runtime,
        }
    }
}

impl From<NativePlatform> for Platform {
    fn from(platform: NativePlatform) -> Self {
        match platform {
            NativePlatform::Android => Self::Android,
            NativePlatform::Ios => Self::Ios,
            NativePlatform::Jvm => Self::Jvm,
            NativePlatform::Linux => Self::Linux,
        }
    }
}
