//! `bonafide key`: the keys that the service itself may replace.

use clap::{Subcommand, ValueEnum};
use serde_json::json;

use crate::context::Context;
use crate::exit::Outcome;

#[derive(Subcommand)]
pub(crate) enum Key {
    /// Replaces a key; what the old one signed stays good until it expires. Config keys: `bonafide root rotate`.
    Rotate {
        /// Which one.
        purpose: Purpose,
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
        let Self::Rotate { purpose } = self;
        let name = match purpose {
            Purpose::Token => "token",
            Purpose::Challenge => "challenge",
        };
        let answer = context.operator()?.post(&["keys", name, "rotate"], &json!({})).await?;
        context.out.result(format!("the {name} key has been replaced"), &answer)
    }
}
