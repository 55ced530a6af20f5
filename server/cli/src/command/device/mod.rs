//! `bonafide device`: the installations, verdicts forced on single ones, and the keys of developers' builds.

mod dev_key;
mod time;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use self::dev_key::DevKey;
use self::time::days_30;
use super::lists::Limit;
use crate::context::Context;
use crate::exit::Outcome;
use crate::out::table::{cell, date, list};

/// The installations, verdicts forced on single ones, keys of developers' builds; without a verb, the list.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Device {
    #[command(flatten)]
    sought: Sought,
    #[command(subcommand)]
    verb: Option<Verb>,
}

/// Which installations are listed.
#[derive(Args)]
struct Sought {
    #[command(flatten)]
    limit: Limit,
    /// Only those whose last request said this of the user (`userProperty` in the app).
    #[arg(long, value_name = "PROPERTY", allow_hyphen_values = true)]
    user: Option<String>,
}

impl Sought {
    async fn list(&self, context: &Context) -> Outcome {
        self.limit.devices(context, self.user.as_deref()).await
    }
}

#[derive(Subcommand)]
enum Verb {
    /// Lists the installations, the one seen last first.
    List(Sought),
    /// Keys that developers' builds prove themselves by, for tokens that no production API takes.
    #[command(subcommand)]
    DevKey(DevKey),
    /// Forces a verdict on one installation for a while. A forced pass does not override what always rejects.
    Force {
        /// Its id, from `bonafide appraisals`, `bonafide device` or `bonafide arc`.
        #[arg(allow_hyphen_values = true)]
        installation: String,
        /// The verdict.
        verdict: Verdict,
        /// How long, at most 30 days: 90s, 30m, 2h, 7d.
        #[arg(long = "for", value_name = "TIME", value_parser = days_30)]
        seconds: u64,
        /// Why; it stands in the audit log.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Answers the question.
        #[arg(long)]
        yes: bool,
    },
    /// Lists the forced verdicts that hold now.
    Forced,
    /// Ends a forced verdict now.
    Clear {
        /// The installation's id.
        #[arg(allow_hyphen_values = true)]
        installation: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Verdict {
    /// A token, whatever was found.
    Pass,
    /// A decoy, even if nothing was found.
    Fail,
}

impl Device {
    pub(crate) async fn run(&self, context: &Context) -> Outcome {
        match &self.verb {
            None => self.sought.list(context).await,
            Some(Verb::List(sought)) => sought.list(context).await,
            Some(Verb::DevKey(verb)) => verb.run(context).await,
            Some(Verb::Force { installation, verdict, seconds, reason, yes }) => {
                let (verdict, what) = match verdict {
                    Verdict::Pass => ("pass", "It gets tokens, whatever is found on it."),
                    Verdict::Fail => ("fail", "It gets decoys, and the API refuses it."),
                };
                context.out.confirm(&format!("Force {verdict} on {installation}? {what}"), *yes)?;
                let body = json!({"verdict": verdict, "seconds": seconds, "reason": reason});
                let parts = ["installations", installation, "forced"];
                let answer = context.operator()?.put(&parts, &[], &body).await?;
                let end = answer.get("ends_at").and_then(serde_json::Value::as_i64).map_or("-".into(), date);
                context.out.result(format!("{verdict} is forced on {installation} until {end}"), &answer)
            }
            Some(Verb::Forced) => {
                let rows = context.operator()?.get(&["forced"], &[]).await?;
                let columns = [
                    ("installation", "installation"),
                    ("verdict", "verdict"),
                    ("ends", "ends_at"),
                    ("by", "set_by"),
                    ("reason", "reason"),
                ];
                context.out.result(list(&rows, &columns), &rows)
            }
            Some(Verb::Clear { installation }) => {
                let answer = context.operator()?.delete(&["installations", installation, "forced"], &[]).await?;
                let text = format!("{} is no longer forced on {installation}", cell(answer.get("verdict")));
                context.out.result(text, &answer)
            }
        }
    }
}
