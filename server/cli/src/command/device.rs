//! `bonafide device`: the installations, and verdicts forced on single ones.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::lists::Limit;
use crate::context::Context;
use crate::exit::Outcome;
use crate::out::table::{cell, date, list};

/// The installations, and verdicts forced on single ones; without a verb, the list.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Device {
    #[command(flatten)]
    limit: Limit,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    /// Lists the installations, the one seen last first.
    List(Limit),
    /// Forces a verdict on one installation for a while. A forced pass does not override what always rejects.
    Force {
        /// Its id, from `bonafide appraisals`, `bonafide device` or `bonafide arc`.
        #[arg(allow_hyphen_values = true)]
        installation: String,
        /// The verdict.
        verdict: Verdict,
        /// How long, at most 30 days: 90s, 30m, 2h, 7d.
        #[arg(long = "for", value_name = "TIME", value_parser = seconds)]
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
            None => self.limit.devices(context).await,
            Some(Verb::List(limit)) => limit.devices(context).await,
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

/// A time of one number and one unit.
fn seconds(text: &str) -> Result<u64, String> {
    let units = [("s", 1), ("m", 60), ("h", 60 * 60), ("d", 24 * 60 * 60)];
    units
        .iter()
        .find_map(|(unit, seconds)| text.strip_suffix(unit)?.parse::<u64>().ok()?.checked_mul(*seconds))
        .filter(|seconds| (1..=30 * 24 * 60 * 60).contains(seconds))
        .ok_or_else(|| "expected a number and s, m, h or d, at most 30d: 90s, 30m, 2h, 7d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit_and_an_end() {
        for (text, expected) in [
            ("90s", Some(90)),
            ("30m", Some(1800)),
            ("2h", Some(7200)),
            ("30d", Some(2_592_000)),
            ("31d", None),
            ("0h", None),
            ("2", None),
            ("h", None),
            ("-2h", None),
            ("2 h", None),
            ("99999999999999999999d", None),
            ("18446744073709551615d", None),
        ] {
            assert_eq!(seconds(text).ok(), expected, "{text}");
        }
    }
}
