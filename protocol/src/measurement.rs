//! What a device says of the app and of itself. Facts only: the verdict is the server's.
//!
//! No fact holds a folder: it may name the user.

use serde::{Deserialize, Serialize};

use crate::packages::Packages;

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
    /// The process, and what it runs on. Older devices do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceFacts>,
    /// The packages that the app was installed as, on Android. Older devices and other platforms do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packages: Option<Packages>,
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
    /// Whose code it is; the core's unless it says otherwise.
    #[serde(default, skip_serializing_if = "CodeRole::is_core")]
    pub role: CodeRole,
    /// SHA-256 of its code (`.text`) as it is in memory, lower-case hexadecimal.
    pub memory: Fact<String>,
    /// SHA-256 of the same section in the file, lower-case hexadecimal.
    pub file: Fact<String>,
}

/// Whose code a [`Code`] is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CodeRole {
    /// Bonafide's own.
    #[default]
    Core,
    /// The main executable of the process.
    Executable,
    /// The virtual machine that the app runs on.
    Runtime,
    /// The C library: what the core asks the system through.
    System,
    /// Of a newer device.
    #[serde(other)]
    Other,
}

impl CodeRole {
    /// Whether it is Bonafide's own code.
    pub fn is_core(&self) -> bool {
        *self == Self::Core
    }
}

/// The most traces in one fact.
pub const MAX_TRACES: usize = 16;

/// The longest trace, in bytes; what is longer is cut.
pub const MAX_TRACE_BYTES: usize = 64;

/// What a probe has found: short names, none of them twice. Nothing found is known, and empty.
pub type Traces = Fact<Vec<String>>;

impl Traces {
    /// Within the limits: what is too much is left out, and what is no printable ASCII is replaced.
    pub fn found<S: AsRef<str>>(traces: impl IntoIterator<Item = S>) -> Self {
        let mut kept: Vec<String> = Vec::new();
        for trace in traces {
            let plain = |char: char| if matches!(char, ' '..='~') { char } else { '?' };
            let trace: String = trace.as_ref().chars().map(plain).take(MAX_TRACE_BYTES).collect();
            if kept.len() < MAX_TRACES && !kept.contains(&trace) {
                kept.push(trace);
            }
        }
        Self::Known(kept)
    }

    /// Nothing: the device did not say.
    fn unsaid() -> Self {
        Self::Unknown("not said".into())
    }
}

/// The process, and what it runs on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceFacts {
    /// Debuggers: the programs that trace a thread of the process, and agents of a debugger inside it.
    #[serde(default = "Traces::unsaid")]
    pub debuggers: Traces,
    /// Instrumentation and hooking frameworks among what is mapped.
    #[serde(default = "Traces::unsaid")]
    pub agents: Traces,
    /// Threads that instrumentation runs.
    #[serde(default = "Traces::unsaid")]
    pub agent_threads: Traces,
    /// Instrumentation that listens, or runs, beside the process.
    #[serde(default = "Traces::unsaid")]
    pub agent_servers: Traces,
    /// Libraries that the loader was told to load before all others.
    #[serde(default = "Traces::unsaid")]
    pub preloaded: Traces,
    /// `FUNCTION@LIBRARY`: functions of the system that the core calls, and that another library answers.
    #[serde(default = "Traces::unsaid")]
    pub redirected: Traces,
    /// Files that are mapped to be written and executed at once.
    #[serde(default = "Traces::unsaid")]
    pub writable_code: Traces,
    /// Traces of root.
    #[serde(default = "Traces::unsaid")]
    pub root: Traces,
    /// Traces of an emulator.
    #[serde(default = "Traces::unsaid")]
    pub emulator: Traces,
    /// Traces of an app that runs copies of other apps.
    #[serde(default = "Traces::unsaid")]
    pub cloner: Traces,
    /// What is switched on for developers.
    #[serde(default = "Traces::unsaid")]
    pub developer: Traces,
    /// Whether the platform names a proxy.
    #[serde(default = "Traces::unsaid")]
    pub proxy: Traces,
}

impl DeviceFacts {
    /// One that could not be looked at.
    pub fn unknown(why: &str) -> Self {
        Self::all(&Traces::Unknown(why.to_owned()))
    }

    /// One of which everything is known, and nothing was found.
    pub fn clean() -> Self {
        Self::all(&Traces::Known(Vec::new()))
    }

    fn all(traces: &Traces) -> Self {
        Self {
            debuggers: traces.clone(),
            agents: traces.clone(),
            agent_threads: traces.clone(),
            agent_servers: traces.clone(),
            preloaded: traces.clone(),
            redirected: traces.clone(),
            writable_code: traces.clone(),
            root: traces.clone(),
            emulator: traces.clone(),
            cloner: traces.clone(),
            developer: traces.clone(),
            proxy: traces.clone(),
        }
    }
}
