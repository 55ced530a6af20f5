//! `bonafide key`: the keys that the service itself may replace.

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use crate::context::Context;
use crate::exit::Outcome;
use crate::out::table::cell;

#[derive(Subcommand)]
pub(crate) enum Key {
    /// Replaces a key; what the old one signed stays good until it expires. Config keys: `bonafide root rotate`.
    Rotate {
        /// Which one.
        purpose: Purpose,
        /// For token keys; HS256 is for gateways that know no better, and its secret is shown this once.
        #[arg(long, default_value = "ES256", value_parser = ["ES256", "HS256"])]
        algorithm: String,
        /// The new token key signs at once: the old one is in the wrong hands. Gateways that do not look again for a
        /// key that they do not know refuse everybody until they do.
        #[arg(long)]
        now: bool,
        /// Answers the question.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Purpose {
    /// Signs tokens. The new key is published at once and signs ten minutes later, when every gateway has it.
    Token,
    /// Authenticates challenges.
    Challenge,
}

impl Key {
    pub(crate) async fn run(&self, context: &Context) -> Outcome {
        let Self::Rotate { purpose, algorithm, now, yes } = self;
        let name = match purpose {
            Purpose::Token => "token",
            Purpose::Challenge => "challenge",
        };
        let parts = ["keys", name, "rotate"];
        let operator = context.operator()?;
        if matches!(purpose, Purpose::Token) {
            let account = operator.get(&["account"], &[]).await?;
            let signing = account.get("token_algorithm").and_then(Value::as_str).unwrap_or_default();
            // A gateway accepts one kind only, and one HS256 secret only.
            if signing != algorithm || algorithm == "HS256" {
                let what = "Every gateway that was not given the new key refuses every request once it signs.";
                context.out.confirm(
                    &format!("Tokens are signed by {signing}, then by another {algorithm} key. {what}"),
                    *yes,
                )?;
            }
        }
        let now = if *now { "true" } else { "false" };
        let answer = operator.post(&parts, &[("algorithm", algorithm), ("now", now)], &json!({})).await?;
        let mut text = format!("the {name} key has been replaced");
        if let Some(from) = answer.get("signs_from") {
            text.push_str(&format!("; the new one signs from {} on (Unix seconds)", cell(Some(from))));
        }
        if let Some(secret) = answer.get("secret") {
            text.push_str(&format!("\nsecret for `bonafide gateway --hs256-secret`: {}", cell(Some(secret))));
        }
        context.out.result(text, &answer)
    }
}
