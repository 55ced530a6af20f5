//! `bonafide app`: which builds are genuine.

mod register;

use clap::{Subcommand, ValueEnum};
use serde_json::json;

use crate::context::Context;
use crate::exit::{Failure, Outcome};
use crate::out::table::{cell, list};

#[derive(Subcommand)]
pub(crate) enum App {
    /// Registers a build: tokens are for registered builds only.
    Register(register::Register),
    /// Lists the registered builds.
    List,
    /// Retires a build: from now on it gets decoys. Where active installations run its version, it needs --force.
    Retire {
        /// The build's id, from `bonafide app list`.
        #[arg(allow_hyphen_values = true)]
        app_id: String,
        /// Goes on although active installations are locked out.
        #[arg(long)]
        force: bool,
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

/// What stands against retiring a build are those who run it.
fn lock_out(failure: Failure) -> Failure {
    if failure.is_conflict() { failure.into_lock_out().next("--force retires it anyway") } else { failure }
}

impl App {
    pub(crate) async fn run(&self, context: &Context) -> Outcome {
        match self {
            Self::Register(register) => register.run(context).await,
            Self::List => {
                let rows = context.operator()?.get(&["apps"], &[]).await?;
                let columns = [
                    ("app_id", "app_id"),
                    ("platform", "platform"),
                    ("id", "id"),
                    ("version", "version"),
                    ("build", "build"),
                    ("format", "format"),
                    ("registered", "registered_at"),
                    ("retired", "retired_at"),
                ];
                context.out.result(list(&rows, &columns), &rows)
            }
            Self::Retire { app_id, force, yes } => {
                let operator = context.operator()?;
                let parts = ["apps", app_id, "retire"];
                let force = ("force", if *force { "true" } else { "false" });
                let tried = operator.post(&parts, &[force, ("dry_run", "true")], &json!({})).await.map_err(lock_out)?;
                let active = cell(tried.get("active_installations"));
                let question =
                    format!("Retire {app_id}? {active} active installations run its version and are refused.");
                context.out.confirm(&question, *yes)?;
                // Another one may have started to use it meanwhile.
                let answer = operator.post(&parts, &[force], &json!({})).await.map_err(lock_out)?;
                context.out.result(format!("{app_id} is retired"), &answer)
            }
        }
    }
}
