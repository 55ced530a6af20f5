//! `bonafide evidence`: what a platform said about a device, read and judged outside of the service.
mod android_key;
mod app_attest;
mod input;
mod play_integrity;
mod report;

use clap::Subcommand;

use crate::context::Context;
use crate::exit::Outcome;

#[derive(Subcommand)]
pub(crate) enum Evidence {
    /// Shows all that evidence says, and the verdict with its reason.
    ///
    /// Exit codes: 0 accepted, 1 refused, 2 not evidence at all (or wrong usage, which prints no verdict), 3 a file
    /// cannot be read. Evidence whose challenge was not compared proves nothing about this request: without
    /// --challenge the best verdict is challenge_not_checked, and the exit code 1.
    #[command(subcommand)]
    Verify(Verify),
}

#[derive(Subcommand)]
pub(crate) enum Verify {
    /// A certificate chain of Android Key Attestation, PEM, the attested key's certificate first.
    AndroidKey(android_key::AndroidKey),
    /// An attestation, an assertion or a receipt of Apple App Attest, as it is or in base64.
    AppAttest(app_attest::AppAttest),
    /// A token of a classic request to Google Play Integrity.
    PlayIntegrity(play_integrity::PlayIntegrity),
}

impl Evidence {
    pub(crate) fn run(&self, context: &Context) -> Outcome {
        let Self::Verify(verify) = self;
        match verify {
            Verify::AndroidKey(command) => command.run(context),
            Verify::AppAttest(command) => command.run(context),
            Verify::PlayIntegrity(command) => command.run(context),
        }
    }
}
