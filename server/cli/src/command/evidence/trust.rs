//! What the service verifies evidence with, and when it wants evidence anew.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use bonafide_attestation::android_key::MAX_REVOCATION_BYTES;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::input::read_at_most;
use super::play_integrity::{DECRYPTION_KEY, VERIFICATION_KEY, key};
use crate::context::Context;
use crate::exit::{Failure, Outcome};
use crate::out::table::{cell, list};

/// More than any list of roots has.
const MAX_ROOTS_BYTES: u64 = 256 * 1024;

#[derive(Args)]
pub(crate) struct Roots {
    /// Of which evidence.
    kind: RootsOf,
    /// The roots: PEM, or for android-key Google's JSON (https://android.googleapis.com/attestation/root). Left out: the
    /// built-in ones hold again.
    file: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum RootsOf {
    /// Android Key Attestation.
    AndroidKey,
    /// Apple App Attest.
    AppAttest,
    /// The receipts in Apple's attestations.
    Receipt,
}

impl RootsOf {
    fn list(self) -> &'static str {
        match self {
            Self::AndroidKey => "android-key-roots",
            Self::AppAttest => "app-attest-roots",
            Self::Receipt => "receipt-roots",
        }
    }
}

impl Roots {
    pub(super) async fn run(&self, context: &Context) -> Outcome {
        let (operator, list) = (context.operator()?, self.kind.list());
        let parts = ["evidence", "lists", list];
        let Some(file) = &self.file else {
            let answer = operator.delete(&parts, &[]).await?;
            return context.out.result(format!("{list}: the built-in ones hold again"), &answer);
        };
        let content = read_at_most(file, MAX_ROOTS_BYTES)?;
        let answer = operator.put_text(&parts, &[], content).await.map_err(|failure| of(file, failure))?;
        context.out.result(format!("{list}: {} of {}", cell(answer.get("entries")), file.display()), &answer)
    }
}

/// `bonafide evidence revocations`.
pub(super) async fn revocations(context: &Context, file: &Path, force: bool) -> Outcome {
    let content = read_at_most(file, u64::try_from(MAX_REVOCATION_BYTES).unwrap_or(u64::MAX))?;
    let modified = std::fs::metadata(file).and_then(|metadata| metadata.modified());
    let modified = modified.map_err(|error| Failure::io(format!("{} has no date", file.display()), &error))?;
    let fetched_at = modified.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().to_string();
    let operator = context.operator()?;
    let parts = ["evidence", "lists", "revocations"];
    let query = [("fetched_at", fetched_at.as_str()), ("force", if force { "true" } else { "false" })];
    let answer = operator.put_text(&parts, &query, content).await;
    let answer = answer.map_err(|failure| of(file, failure))?;
    let age = cell(answer.get("age"));
    context.out.result(format!("{} revoked certificates, fetched {age} s ago", cell(answer.get("entries"))), &answer)
}

#[derive(Args)]
#[command(
    after_help = "BONAFIDE_PLAY_DECRYPTION_KEY and BONAFIDE_PLAY_VERIFICATION_KEY may hold the keys; the command \
    line never does, since every user of the machine can read it."
)]
pub(crate) struct PlayKeys {
    /// The app's package name.
    package: String,
    /// The file that holds the decryption key, base64.
    #[arg(long, value_name = "FILE")]
    decryption_key: Option<PathBuf>,
    /// The file that holds the verification key, base64.
    #[arg(long, value_name = "FILE")]
    verification_key: Option<PathBuf>,
    /// Takes the keys away.
    #[arg(long, conflicts_with_all = ["decryption_key", "verification_key"])]
    remove: bool,
}

impl PlayKeys {
    pub(super) async fn run(&self, context: &Context) -> Outcome {
        let operator = context.operator()?;
        let parts = ["evidence", "play-integrity", &self.package];
        if self.remove {
            let answer = operator.delete(&parts, &[]).await?;
            return context.out.result(format!("{}: no keys of Play Integrity any more", self.package), &answer);
        }
        let body = json!({
            "decryption_key": key("--decryption-key", self.decryption_key.as_ref(), DECRYPTION_KEY)?,
            "verification_key": key("--verification-key", self.verification_key.as_ref(), VERIFICATION_KEY)?,
        });
        let answer = operator.put(&parts, &[], &body).await?;
        context.out.result(format!("{}: the keys are sealed, and in force", self.package), &answer)
    }
}

/// `bonafide evidence status`.
pub(super) async fn status(context: &Context) -> Outcome {
    let answer = context.operator()?.get(&["evidence"], &[]).await?;
    let columns = [
        ("list", "name"),
        ("built in", "built_in"),
        ("entries", "entries"),
        ("fetched", "fetched_at"),
        ("age, seconds", "age"),
        ("set by", "set_by"),
    ];
    let lists = list(answer.get("lists").unwrap_or(&Value::Null), &columns);
    let packages = cell(answer.get("play_integrity"));
    let packages = if packages.is_empty() { "none".to_owned() } else { packages };
    context.out.result(format!("{lists}\n\nkeys of Play Integrity: {packages}"), &answer)
}

/// `bonafide evidence renew`: a version of the policy that differs in this alone.
pub(super) async fn renew(context: &Context) -> Outcome {
    let operator = context.operator()?;
    let held = operator.get(&["policy"], &[]).await?;
    let now = operator.get(&["account"], &[]).await?.get("server_time").cloned();
    let mut policy = held.get("policy").cloned().unwrap_or_default();
    let members = policy.as_object_mut().ok_or_else(|| Failure::refused("the policy in force cannot be read"))?;
    let evidence = members.entry("evidence").or_insert_with(|| json!({}));
    if let Some(evidence) = evidence.as_object_mut() {
        evidence.insert("since".to_owned(), now.unwrap_or_default());
    }
    let base = cell(held.get("version"));
    let text = policy.to_string().into_bytes();
    let answer = operator.put_text(&["policy"], &[("base", &base)], text).await?;
    let version = cell(answer.get("version"));
    context.out.result(format!("version {version} of the policy asks every device for evidence anew"), &answer)
}

/// What is wrong with a file is said of it.
fn of(file: &Path, failure: Failure) -> Failure {
    if failure.code() == Some("malformed_request") {
        return failure.within(&file.display().to_string()).next("nothing was changed");
    }
    failure
}
