//! `bonafide device dev-key`: what developers' builds prove themselves by.

use clap::Subcommand;
use serde_json::{Value, json};

use super::time::{days_30, days_90};
use crate::context::Context;
use crate::exit::Outcome;
use crate::out::table::{cell, date, list};

#[derive(Subcommand)]
pub(crate) enum DevKey {
    /// Makes a key for a developer or a CI job, and shows it this once.
    Create {
        /// Who asks for it: the log names them with every token made with the key.
        #[arg(long, value_name = "WHO")]
        name: String,
        /// How long it is good for, at most 90 days: 8h, 30d.
        #[arg(long, value_name = "TIME", default_value = "30d", value_parser = days_90)]
        expires: u64,
    },
    /// Lists the keys, without their secrets, the newest first.
    List,
    /// Makes another key for the same one, and ends the old one after a while.
    Rotate {
        /// The old key's id.
        #[arg(allow_hyphen_values = true)]
        key_id: String,
        /// How long the new key is good for, at most 90 days.
        #[arg(long, value_name = "TIME", default_value = "30d", value_parser = days_90)]
        expires: u64,
        /// How long the old one stays good, at most to its own end.
        #[arg(long, value_name = "TIME", default_value = "7d", value_parser = days_30)]
        overlap: u64,
    },
    /// Ends a key now: builds that carry it get decoys from their next token on.
    Revoke {
        /// The key's id.
        #[arg(allow_hyphen_values = true)]
        key_id: String,
        /// Answers the question.
        #[arg(long)]
        yes: bool,
    },
}

impl DevKey {
    pub(crate) async fn run(&self, context: &Context) -> Outcome {
        let operator = context.operator()?;
        match self {
            Self::Create { name, expires } => {
                let body = json!({ "name": name, "seconds": expires });
                let made = operator.post(&["development-keys"], &[], &body).await?;
                context.out.result(shown_once(&made), &made)
            }
            Self::List => {
                let rows = operator.get(&["development-keys"], &[]).await?;
                let columns = [
                    ("key_id", "key_id"),
                    ("name", "name"),
                    ("good", "good"),
                    ("by", "created_by"),
                    ("expires", "expires_at"),
                    ("revoked", "revoked_at"),
                ];
                context.out.result(list(&rows, &columns), &rows)
            }
            Self::Rotate { key_id, expires, overlap } => {
                let body = json!({ "seconds": expires, "overlap_seconds": overlap });
                let made = operator.post(&["development-keys", key_id, "rotate"], &[], &body).await?;
                let old = format!("{key_id} is good until {}", when(&made, "replaced_ends_at"));
                context.out.result(format!("{}\n{old}", shown_once(&made)), &made)
            }
            Self::Revoke { key_id, yes } => {
                let question = format!("Revoke {key_id}? Builds that carry it get decoys from their next token on.");
                context.out.confirm(&question, *yes)?;
                let row = operator.delete(&["development-keys", key_id], &[]).await?;
                context.out.result(format!("{key_id} of {} is revoked", cell(row.get("name"))), &row)
            }
        }
    }
}

/// The key and what to do with it. It goes to stdout, where a script reads it; it stands nowhere else.
fn shown_once(made: &Value) -> String {
    format!(
        "{}\nfor {}, until {}; it is shown this once. Give it to a debug build as `developmentKey` (Android and iOS: \
         StartOptions; a desktop JVM: Settings), never to a release.\nTokens made with it are for AUDIENCE+dev: name that at the gateway of your development API.",
        cell(made.get("key")),
        cell(made.get("name")),
        when(made, "expires_at"),
    )
}

fn when(row: &Value, member: &str) -> String {
    row.get(member).and_then(Value::as_i64).map_or("-".into(), date)
}
