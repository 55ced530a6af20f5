use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use bonafide_protocol::measurement::App;

/// What a start is given.
#[derive(Clone)]
pub struct Settings {
    /// The bytes of the file that `bonafide config export` writes, as the app embeds it.
    pub initial_config: Vec<u8>,
    /// The app that asks for tokens.
    pub app: App,
    /// The files that make up the app (its jars): their digests are measured.
    pub artifacts: Vec<PathBuf>,
    /// The version of the SDK that the app was built with.
    pub sdk_version: String,
    /// The development key of a developer's build, as the operator gave it; never in a release. With one, tokens are good
    /// for development audiences only.
    pub development_key: Option<String>,
    /// How long one call to the service may take in the background; callers bring their own deadline.
    pub request_deadline: Duration,
    /// Where background work and timers run. The runtime needs its I/O and time drivers, and has to be driven.
    pub runtime: tokio::runtime::Handle,
}

impl Settings {
    /// The time that one request of the app may wait for everything together, unless the app says otherwise.
    pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(5);
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("app", &self.app)
            .field("sdk_version", &self.sdk_version)
            .field("development", &self.development_key.is_some())
            .finish_non_exhaustive()
    }
}
