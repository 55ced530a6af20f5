//! `bonafide evidence verify play-integrity`.

use std::path::PathBuf;
use std::time::Duration;

use bonafide_attestation::play_integrity::{Expectation, Keys, PlayIntegrityError, open_token, verify_token};
use clap::Args;
use serde_json::Value;

use super::input::{Input, from_base64, read_at_most};
use super::report::{Challenge, Report};
use crate::context::Context;
use crate::exit::{Failure, Outcome};

pub(super) const DECRYPTION_KEY: &str = "BONAFIDE_PLAY_DECRYPTION_KEY";
pub(super) const VERIFICATION_KEY: &str = "BONAFIDE_PLAY_VERIFICATION_KEY";

/// How far ahead of ours Google's clock may be.
const MAX_SKEW: Duration = Duration::from_secs(30);

/// More than any key has.
const MAX_KEY_BYTES: u64 = 16 * 1024;

/// How a compact JWE begins: a JSON object in base64url.
const OBJECT: &str = "eyJ";
const JWE_PARTS: usize = 5;

#[derive(Args)]
#[command(after_help = "The two keys are those that Play Console shows. Instead of files, the environment variables \
    BONAFIDE_PLAY_DECRYPTION_KEY and BONAFIDE_PLAY_VERIFICATION_KEY may hold them; the command line never does, since \
    others on the machine can read it.")]
pub(crate) struct PlayIntegrity {
    #[command(flatten)]
    input: Input,
    /// The app's package name.
    #[arg(long)]
    package: String,
    /// How old the token may be at the time of the check, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    max_age: u64,
    /// Accepts made-up verdicts for test accounts too.
    #[arg(long)]
    allow_testing: bool,
    /// The file that holds the decryption key, base64.
    #[arg(long, value_name = "FILE")]
    decryption_key: Option<PathBuf>,
    /// The file that holds the verification key, base64.
    #[arg(long, value_name = "FILE")]
    verification_key: Option<PathBuf>,
}

impl PlayIntegrity {
    pub(super) fn run(&self, context: &Context) -> Outcome {
        let content = self.input.read()?;
        let keys = self.keys()?;
        let report = Report::new("play-integrity", self.input.time()).fact("package", &self.package);
        self.judge(report, &content, &keys).show(context, &self.input.file)
    }

    fn judge(&self, report: Report, content: &[u8], keys: &Keys) -> Report {
        let token = std::str::from_utf8(content).map(str::trim).unwrap_or_default();
        if !token.starts_with(OBJECT) || token.split('.').count() != JWE_PARTS {
            return report.not_evidence("it is no compact JWE, as Play Integrity's tokens are");
        }
        let payload = match open_token(token, keys) {
            Ok(payload) => payload,
            Err(error) => return report.refused(&error),
        };
        // Without a nonce it is held against its own, so that all else is checked.
        let own = payload.pointer("/requestDetails/nonce").and_then(Value::as_str).and_then(from_base64);
        let named = self.input.challenge.as_ref().map(|challenge| challenge.0.clone());
        let challenge = if named.is_some() { Challenge::Checked } else { Challenge::NotChecked };
        let nonce = named.or(own).unwrap_or_default();
        let expectation = Expectation {
            package_name: &self.package,
            nonce: &nonce,
            time: self.input.time(),
            max_age: Duration::from_secs(self.max_age),
            max_skew: MAX_SKEW,
            allow_testing_response: self.allow_testing,
        };
        let report = report.evidence(&payload, true);
        match verify_token(token, keys, &expectation) {
            Ok(_) => report.holds(challenge),
            Err(error) => report.compared(challenge).next(next(&error)).refused(&error),
        }
    }

    fn keys(&self) -> Outcome<Keys> {
        let decryption = key("--decryption-key", self.decryption_key.as_ref(), DECRYPTION_KEY)?;
        let verification = key("--verification-key", self.verification_key.as_ref(), VERIFICATION_KEY)?;
        Keys::from_base64(&decryption, &verification).map_err(|error| {
            Failure::usage(error.to_string())
                .next("copy both keys from Play Console: App integrity, Play Integrity API")
        })
    }
}

/// A key from its file, or else from the environment. The path is not repeated: it may be the key, typed by mistake.
pub(super) fn key(option: &str, file: Option<&PathBuf>, variable: &str) -> Outcome<String> {
    let missing = || Failure::usage(format!("{option} FILE is missing, and {variable} is not set"));
    let Some(path) = file else { return std::env::var(variable).map_err(|_| missing()) };
    let content = read_at_most(path, MAX_KEY_BYTES)
        .map_err(|_| Failure::new(crate::exit::Exit::Unreachable, format!("the file of {option} cannot be read")))?;
    String::from_utf8(content).map_err(|_| Failure::usage(format!("the file of {option} is not text")))
}

fn next(error: &PlayIntegrityError) -> Option<&'static str> {
    match error {
        PlayIntegrityError::Expired { .. } | PlayIntegrityError::NotYetValid { .. } => {
            Some("name the time at which it arrived: --at TIME")
        }
        PlayIntegrityError::TestingResponse => Some("a test account of Play Console: --allow-testing accepts it"),
        PlayIntegrityError::Nonce { .. } => Some("--nonce takes base64; text:… and hex:… are other forms"),
        _ => None,
    }
}
