//! `bonafide evidence verify android-key`.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use bonafide_attestation::android_key::{
    AndroidKeyError, AndroidKeyFacts, Expectation, KEY_DESCRIPTION_OID, KeyDescription, MAX_REVOCATION_BYTES,
    MAX_ROOTS_BYTES, PemError, RevocationCheck, RevocationList, Roots, Trust, chain_from_pem, examine,
};
use bonafide_attestation::certificate::{Certificate, CertificateError};
use bonafide_protocol::encoding::sha256;
use clap::Args;
use serde_json::{Value, json};

use super::input::{Input, read_at_most};
use super::report::{Challenge, Report};
use crate::context::Context;
use crate::exit::{Failure, Outcome};

/// What the identifiers of Android's attestation extensions, 1.3.6.1.4.1.11129.2.1, begin with in DER.
const ATTESTATION_ARC: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x01];

#[derive(Args)]
pub(crate) struct AndroidKey {
    #[command(flatten)]
    input: Input,
    /// Roots to trust instead of Google's as of this release: Google's JSON
    /// (https://android.googleapis.com/attestation/root), or PEM.
    #[arg(long, value_name = "FILE")]
    roots: Option<PathBuf>,
    /// Google's revocation list (https://android.googleapis.com/attestation/status); it is as old as the file. Without
    /// one, revocation is not checked.
    #[arg(long, value_name = "FILE")]
    revocations: Option<PathBuf>,
}

impl AndroidKey {
    pub(super) fn run(&self, context: &Context) -> Outcome {
        let content = self.input.read()?;
        let roots = self.roots()?;
        let revocations = self.revocations.as_deref().map(revocations).transpose()?;
        let at = self.input.time();
        let report = Report::new("android-key", at);
        let trust = Trust { roots: &roots, revocation: revocations.as_ref() };
        self.judge(report, &content, &trust, at).show(context, &self.input.file)
    }

    fn judge(&self, report: Report, content: &[u8], trust: &Trust<'_>, at: i64) -> Report {
        let Ok(text) = std::str::from_utf8(content) else {
            return report.not_evidence("it is not text, and so no PEM");
        };
        let chain = match chain_from_pem(text) {
            Err(error @ PemError::TooMany) => return report.refused(&Message(error.to_string())),
            Err(error) => return report.not_evidence(error.to_string()),
            Ok(chain) if chain.is_empty() => return report.not_evidence("it holds no PEM certificate"),
            Ok(chain) => chain,
        };
        if !is_evidence(&chain, trust.roots) {
            return report.not_evidence("no certificate in it says anything about an Android key");
        }
        let report = report.certificates(&chain);
        match examine(&chain, trust, u64::try_from(at).unwrap_or_default()) {
            Err(error) => {
                let revocation = match (&error, trust.revocation) {
                    (AndroidKeyError::Revoked { .. }, _) => json!({"state": "revoked"}),
                    (_, None) => json!({"state": "not_checked"}),
                    (_, Some(_)) => Value::Null,
                };
                let step = next(&error);
                report.fact("revocation", revocation).evidence(&unverified(&chain), false).refused(&error).next(step)
            }
            Ok(facts) => self.hold_against(report, &facts),
        }
    }

    /// The chain is valid; is the key what Bonafide expects of one?
    fn hold_against(&self, report: Report, facts: &AndroidKeyFacts) -> Report {
        let revocation = match facts.revocation {
            RevocationCheck::Clear { fetched_at, age } => {
                json!({"state": "clear", "fetched_at": fetched_at, "age": age})
            }
            _ => json!({"state": "not_checked"}),
        };
        let info = facts
            .provisioning_info
            .as_ref()
            .map(|info| json!({"certificates_issued": info.certificates_issued, "manufacturer": info.manufacturer}));
        let report = report
            .fact("level", facts.level)
            .fact("certified_level", facts.certified_level)
            .fact("provisioning", facts.provisioning)
            .fact("provisioning_info", info)
            .fact("revocation", revocation)
            .fact("expired", &facts.expired)
            .fact("serials", &facts.serials)
            .fact("root_key_digest", &facts.root_key_digest)
            .fact("key", facts.key.as_ref().map(bonafide_protocol::jwk::PublicKey::to_jwk))
            .fact("public_key_info", &facts.public_key_info)
            .evidence(&facts.description, true);
        // Without a challenge the evidence is held against its own, so that all else is checked.
        let own = &facts.description.attestation_challenge.0;
        let named = self.input.challenge.as_ref().map(|challenge| &challenge.0);
        let challenge = if named.is_some() { Challenge::Checked } else { Challenge::NotChecked };
        match Expectation::new(named.unwrap_or(own)).check(facts) {
            Ok(()) => report.holds(challenge),
            Err(error) => report.compared(challenge).next(next(&error)).refused(&error),
        }
    }

    fn roots(&self) -> Outcome<Roots> {
        let Some(path) = &self.roots else {
            return Roots::google().map_err(|error| Failure::refused(error.to_string()));
        };
        let content = read_at_most(path, u64::try_from(MAX_ROOTS_BYTES).unwrap_or(u64::MAX))?;
        let roots = match std::str::from_utf8(&content) {
            Ok(text) if !text.trim_start().starts_with('[') => Roots::from_pem(text),
            _ => Roots::from_json(&content),
        };
        roots.map_err(|error| unusable(path, &error))
    }
}

/// An operator's input that is no good: wrong usage, not a verdict.
fn unusable(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::usage(format!("{}: {error}", path.display()))
}

fn revocations(path: &Path) -> Outcome<RevocationList> {
    let content = read_at_most(path, u64::try_from(MAX_REVOCATION_BYTES).unwrap_or(u64::MAX))?;
    let modified = std::fs::metadata(path).and_then(|metadata| metadata.modified());
    let modified = modified.map_err(|error| Failure::io(format!("{} has no date", path.display()), &error))?;
    let fetched_at = modified.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    RevocationList::from_json(&content, fetched_at).map_err(|error| unusable(path, &error))
}

/// Whether any certificate speaks of an Android key: by an extension, or by being one of the roots. A chain in which
/// somebody changed a bit still is evidence, and refused.
fn is_evidence(chain: &[Vec<u8>], roots: &Roots) -> bool {
    let digests = roots.key_digests();
    chain.iter().any(|der| {
        der.windows(ATTESTATION_ARC.len()).any(|window| window == ATTESTATION_ARC)
            || Certificate::parse(der).is_ok_and(|certificate| digests.contains(&sha256(certificate.public_key().raw)))
    })
}

/// What the first certificate says, whoever made it.
fn unverified(chain: &[Vec<u8>]) -> Option<KeyDescription> {
    let leaf = Certificate::parse(chain.first()?).ok()?;
    KeyDescription::parse(leaf.extension(KEY_DESCRIPTION_OID)?).ok()
}

fn next(error: &AndroidKeyError) -> Option<&'static str> {
    match error {
        AndroidKeyError::Certificate {
            error: CertificateError::Expired { .. } | CertificateError::NotYetValid { .. },
            ..
        } => Some("name the time at which it arrived: --at TIME"),
        AndroidKeyError::UntrustedRoot { .. } => {
            Some("fetch Google's list anew, https://android.googleapis.com/attestation/root, and name it: --roots FILE")
        }
        AndroidKeyError::Challenge { .. } => {
            Some("--challenge takes base64, as it is shown here; text:… and hex:… are other forms")
        }
        _ => None,
    }
}

/// A refusal without facts of its own.
#[derive(serde::Serialize)]
struct Message(String);

impl std::fmt::Display for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
