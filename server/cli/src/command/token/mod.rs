//! `bonafide token`.
mod example;
mod verify;

use std::path::PathBuf;

use clap::Subcommand;

use crate::context::Context;
use crate::exit::Outcome;

#[derive(Subcommand)]
pub(crate) enum Token {
    /// Verifies a token as the gateway does, and says why it is refused.
    Verify(verify::Verify),
    /// Shows what a token says. Nothing is verified.
    Decode {
        /// The token; `-` reads it from stdin.
        token: String,
    },
    /// Makes valid and invalid tokens with a throw-away key, and its JWKS, for the tests of an API.
    Example {
        /// The folder to write to.
        #[arg(short, long, default_value = "bonafide-tokens", value_name = "DIR")]
        output: PathBuf,
        /// Whose tokens they claim to be.
        #[arg(long, default_value = "acme")]
        account: String,
        /// For which audience.
        #[arg(long, default_value = "acme")]
        audience: String,
        /// How long the valid ones are good for, in seconds.
        #[arg(long, default_value_t = 86_400)]
        lifetime: u64,
    },
}

impl Token {
    pub(crate) async fn run(&self, context: &Context) -> Outcome {
        match self {
            Self::Verify(command) => command.run(context).await,
            Self::Decode { token } => verify::decode(context, token),
            Self::Example { output, account, audience, lifetime } => {
                example::write_examples(context, output, account, audience, *lifetime)
            }
        }
    }
}
