//! `bonafide key`: the keys that the service itself may replace.

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use crate::context::Context;
use crate::exit::Outcome;
use crate::out::table::{cell, date};

#[derive(Subcommand)]
pub(crate) enum Key {
    /// Replaces a key; what the old one signed stays good until it expires, but with --now. Config keys: `bonafide root rotate`.
    Rotate {
        /// Which one.
        purpose: Purpose,
        /// For token keys; HS256 is for gateways that know no better, and its secret is shown this once.
        #[arg(long, default_value = "ES256", value_parser = ["ES256", "HS256"])]
        algorithm: String,
        /// The old key is in the wrong hands: the new one signs at once, and what the old one signed is refused as soon
        /// as gateways look at the published keys again: at the first token of the new key, ten minutes later at the
        /// latest. Apps ask for a new token within half of its life; until then the API refuses them.
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
        if *now {
            let what = "what they signed is refused from now on: apps that hold such a token are refused until they ask \
                        anew. A gateway with an HS256 secret accepts the stolen one until it is given the new one";
            context.out.confirm(&format!("All {name} keys so far end at once; {what}."), *yes)?;
        }
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
        if let Some(from) = answer.get("signs_from").and_then(Value::as_i64) {
            text.push_str(&format!("; the new one signs from {} on", date(from)));
        }
        if let Some(secret) = answer.get("secret") {
            text.push_str(&format!("\nsecret for `bonafide gateway --hs256-secret`: {}", cell(Some(secret))));
        }
        context.out.result(text, &answer)
    }
}
