//! `bonafide app`: which builds are genuine.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use crate::context::Context;
use crate::exit::Outcome;
use crate::measure::Digests;
use crate::out::table::{cell, list, table};

#[derive(Subcommand)]
pub(crate) enum App {
    /// Registers a build: tokens are for registered builds only.
    Register {
        /// The files that the app consists of: its jars.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Where the app runs.
        #[arg(long)]
        platform: PlatformName,
        /// The app's id, as it names itself to Bonafide.
        #[arg(long)]
        id: String,
        /// The version that people read, for instance 1.2.3.
        // Not clap's own --version.
        #[arg(long = "version", id = "app_version")]
        version: String,
        /// The version that machines compare, where the platform has one.
        #[arg(long, default_value = "")]
        build: String,
    },
    /// Lists the registered builds.
    List,
    /// Retires a build: from now on it gets decoys.
    Retire {
        /// The build's id, from `bonafide app list`.
        app_id: String,
        /// Answers the question.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum PlatformName {
    Android,
    Ios,
    Jvm,
    Linux,
}

impl PlatformName {
    pub(crate) fn wire(self) -> &'static str {
        match self {
            Self::Android => "android",
            Self::Ios => "ios",
            Self::Jvm => "jvm",
            Self::Linux => "linux",
        }
    }
}

impl App {
    pub(crate) async fn run(&self, context: &Context) -> Outcome {
        match self {
            Self::Register { files, platform, id, version, build } => {
                let digests = {
                    let _spinner = context.out.spin("measuring");
                    Digests::of(files)?
                };
                let body = json!({
                    "platform": platform.wire(), "id": id, "version": version, "build": build,
                    "artifacts": digests.artifacts, "code": digests.code,
                });
                let answer = context.operator()?.post(&["apps"], &[], &body).await?;
                let rows = |kind: &str, entries: &[Value]| {
                    let row = |entry: &Value| vec![kind.into(), cell(entry.get("name")), cell(entry.get("sha256"))];
                    entries.iter().map(row).collect::<Vec<_>>()
                };
                let measured = [rows("file", &digests.artifacts), rows("code", &digests.code)].concat();
                let text = format!(
                    "{}\n\nregistered {id} {version} as {}\nnext: bonafide config export -o bonafide.config",
                    table(&["what", "name", "sha256"], measured),
                    cell(answer.get("app_id"))
                );
                let machine = json!({
                    "app_id": answer.get("app_id"), "artifacts": digests.artifacts, "code": digests.code
                });
                context.out.result(text, &machine)
            }
            Self::List => {
                let rows = context.operator()?.get(&["apps"], &[]).await?;
                let columns = [
                    ("app_id", "app_id"),
                    ("platform", "platform"),
                    ("id", "id"),
                    ("version", "version"),
                    ("build", "build"),
                    ("registered", "registered_at"),
                    ("retired", "retired_at"),
                ];
                context.out.result(list(&rows, &columns), &rows)
            }
            Self::Retire { app_id, yes } => {
                context.out.confirm(&format!("Retire {app_id}? Everybody who still runs it is refused."), *yes)?;
                let answer = context.operator()?.post(&["apps", app_id, "retire"], &[], &json!({})).await?;
                context.out.result(format!("{app_id} is retired"), &answer)
            }
        }
    }
}
