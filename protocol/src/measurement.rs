//! What a device says of the app and of itself. Facts only: the verdict is the server's.

use serde::{Deserialize, Serialize};

/// The app that asks for a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// Where it runs.
    pub platform: Platform,
    /// Package name or bundle id.
    pub id: String,
    /// The version that people read.
    pub version: String,
    /// The version that machines compare; empty where a platform has none.
    #[serde(default)]
    pub build: String,
}

/// Where an app runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Platform {
    /// Android.
    Android,
    /// iOS and iPadOS.
    Ios,
    /// A JVM on a desktop or server.
    Jvm,
    /// A native program on Linux.
    Linux,
}

impl Platform {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Android => "android",
            Self::Ios => "ios",
            Self::Jvm => "jvm",
            Self::Linux => "linux",
        }
    }
}

/// A fact, or why it could not be found. A probe that cannot run is never a pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact<T> {
    /// The value found.
    Known(T),
    /// Why there is none.
    Unknown(String),
}

/// What was measured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measurement {
    /// The files that make up the app (its jars), each with the digest of its bytes.
    #[serde(default)]
    pub artifacts: Vec<Artifact>,
    /// Code in memory, against the file it was loaded from.
    #[serde(default)]
    pub code: Vec<Code>,
}

/// One file of the app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// The file's name, without its folder.
    pub name: String,
    /// SHA-256 of its bytes, lower-case hexadecimal.
    pub sha256: Fact<String>,
}

/// One loaded library or executable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// The file's name, without its folder.
    pub name: String,
    /// SHA-256 of its code (`.text`) as it is in memory, lower-case hexadecimal.
    pub memory: Fact<String>,
    /// SHA-256 of the same section in the file, lower-case hexadecimal.
    pub file: Fact<String>,
}
