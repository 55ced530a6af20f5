//! `bonafide evidence`: what a platform said about a device, read and judged outside of the service; and what the service
//! verifies it with.
mod android_key;
mod app_attest;
mod input;
mod play_integrity;
mod report;
mod trust;

use std::path::PathBuf;

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
    /// Shows what the service verifies evidence with: roots, the revocation list, keys of Play Integrity.
    Status,
    /// Has the service trust these roots in place of those that are built in; without FILE the built-in ones again.
    Roots(trust::Roots),
    /// Gives the service Google's revocation list (https://android.googleapis.com/attestation/status), as old as its
    /// file. In force at once, also for phones that were attested before. To be fetched daily.
    Revocations {
        /// The list, JSON.
        file: PathBuf,
        /// Take it although it has less than half of the entries of the one in force, or none.
        #[arg(long)]
        force: bool,
    },
    /// Gives the service the keys that open the tokens of Play Integrity of an app, or takes them away.
    PlayKeys(trust::PlayKeys),
    /// Asks every device for evidence anew, as if it were the first: after a backup of the service was restored, or
    /// where honest phones were refused for want of a root, a team or a key. What is proven goes on to count.
    Renew,
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
    pub(crate) async fn run(&self, context: &Context) -> Outcome {
        match self {
            Self::Verify(Verify::AndroidKey(command)) => command.run(context),
            Self::Verify(Verify::AppAttest(command)) => command.run(context),
            Self::Verify(Verify::PlayIntegrity(command)) => command.run(context),
            Self::Status => trust::status(context).await,
            Self::Roots(command) => command.run(context).await,
            Self::Revocations { file, force } => trust::revocations(context, file, *force).await,
            Self::PlayKeys(command) => command.run(context).await,
            Self::Renew => trust::renew(context).await,
        }
    }
}
