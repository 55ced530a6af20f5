//! `bonafide key`: the keys that the service itself may replace.

use clap::{Subcommand, ValueEnum};
use serde_json::json;

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
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Purpose {
    /// Signs tokens. Gateways fetch the new key by themselves.
    Token,
    /// Authenticates challenges.
    Challenge,
}

impl Key {
    pub(crate) async fn run(&self, context: &Context) -> Outcome {
        let Self::Rotate { purpose, algorithm } = self;
        let name = match purpose {
            Purpose::Token => "token",
            Purpose::Challenge => "challenge",
        };
        let parts = ["keys", name, "rotate"];
        let answer = context.operator()?.post(&parts, &[("algorithm", algorithm)], &json!({})).await?;
        let mut text = format!("the {name} key has been replaced");
        if let Some(secret) = answer.get("secret") {
            text.push_str(&format!("\nsecret for `bonafide gateway --hs256-secret`: {}", cell(Some(secret))));
        }
        context.out.result(text, &answer)
    }
}
