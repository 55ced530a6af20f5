//! `bonafide app`: which builds are genuine.

mod register;

use clap::{Subcommand, ValueEnum};
use serde_json::json;

use crate::context::Context;
use crate::exit::Outcome;
use crate::out::table::list;

#[derive(Subcommand)]
pub(crate) enum App {
    /// Registers a build: tokens are for registered builds only.
    Register(register::Register),
    /// Lists the registered builds.
    List,
    /// Retires a build: from now on it gets decoys.
    Retire {
        /// The build's id, from `bonafide app list`.
        #[arg(allow_hyphen_values = true)]
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
            Self::Retire { app_id, yes } => {
                context.out.confirm(&format!("Retire {app_id}? Everybody who still runs it is refused."), *yes)?;
                let answer = context.operator()?.post(&["apps", app_id, "retire"], &[], &json!({})).await?;
                context.out.result(format!("{app_id} is retired"), &answer)
            }
        }
    }
}
