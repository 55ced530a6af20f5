//! `bonafide evidence verify app-attest`.

use std::path::{Path, PathBuf};

use bonafide_attestation::app_attest::{
    AppId, AssertionExpectation, AttestationError, AttestationExpectation, ChainError, Environment, PublicKey, Receipt,
    ReceiptError, ReceiptExpectation, Roots, read_assertion, read_attestation, verify_assertion, verify_attestation,
    verify_receipt,
};
use bonafide_protocol::encoding::sha256;
use clap::Args;
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Serialize;
use thiserror::Error;

use super::input::{Input, Octets, from_base64, read_at_most};
use super::report::{Challenge, Report};
use crate::context::Context;
use crate::exit::{Failure, Outcome};

const KIND: &str = "app-attest";

/// More than any list of roots or key has.
const MAX_FILE_BYTES: u64 = 256 * 1024;

/// What attestations and assertions name their members.
const ATTESTATION_MARKS: [&[u8]; 3] = [b"apple-appattest", b"attStmt", b"authData"];
const ASSERTION_MARKS: [&[u8]; 2] = [b"authenticatorData", b"signature"];
/// PKCS #7 data and signed data, 1.2.840.113549.1.7.1 and .2, in DER.
const RECEIPT_MARKS: [&[u8]; 2] =
    [&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01], &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02]];

#[derive(Args)]
pub(crate) struct AppAttest {
    #[command(flatten)]
    input: Input,
    /// The client data hash itself, where it is not the SHA-256 of the challenge. Bonafide's is the bound hash.
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true, conflicts_with = "challenge")]
    client_data_hash: Option<Octets>,
    /// The developer's team, for instance 6MURL8TA57.
    #[arg(long)]
    team: String,
    /// The app's bundle id, for instance com.acme.app.
    #[arg(long)]
    bundle: String,
    /// The key's id, base64, as the app presented it. For an attestation.
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true, required_unless_present_any = ["assertion", "receipt"])]
    key_id: Option<Octets>,
    /// Accepts a key of Apple's development environment too.
    #[arg(long)]
    allow_development: bool,
    /// The file is an assertion. It needs a challenge.
    #[arg(long, requires_all = ["public_key", "counter"], conflicts_with = "receipt")]
    assertion: bool,
    /// The file is a receipt. It answers no challenge.
    #[arg(long, requires = "public_key", conflicts_with_all = ["challenge", "client_data_hash"])]
    receipt: bool,
    /// The attested key, PEM, DER or base64. For an assertion or a receipt.
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
    /// The counter of the key's last accepted assertion; 0 if there was none.
    #[arg(long, value_name = "N")]
    counter: Option<u32>,
    /// Roots to trust instead of Apple's, PEM.
    #[arg(long, value_name = "FILE")]
    roots: Option<PathBuf>,
}

/// All of an attestation holds but its receipt.
#[derive(Debug, Error, Serialize)]
#[error("the receipt inside: {receipt}")]
struct ReceiptInside {
    receipt: ReceiptError,
}

impl AppAttest {
    pub(super) fn run(&self, context: &Context) -> Outcome {
        let content = unwrapped(self.input.read()?);
        let app_id = AppId::new(&self.team, &self.bundle);
        let report = Report::new(KIND, self.input.time()).fact("app_id", app_id.as_str());
        let report = match (self.assertion, self.receipt) {
            (true, _) => self.assertion(report, &content, &app_id)?,
            (_, true) => self.receipt(report, &content, &app_id)?,
            _ => self.attestation(report, &content, &app_id)?,
        };
        report.show(context, &self.input.file)
    }

    fn attestation(&self, report: Report, content: &[u8], app_id: &AppId) -> Outcome<Report> {
        let roots = self.roots(Roots::app_attestation)?;
        let report = report.fact("form", "attestation");
        let unverified = read_attestation(content);
        if unverified.is_err() && !has_any(content, &ATTESTATION_MARKS) {
            return Ok(
                report.not_evidence("it is no App Attest attestation; --assertion and --receipt name other forms")
            );
        }
        let report = match &unverified {
            Ok(claims) => report.certificates(&claims.certificates).evidence(claims, false),
            Err(_) => report,
        };
        let hash = self.hash();
        let environments = [Environment::Production, Environment::Development];
        let expectation = AttestationExpectation {
            app_id,
            key_id: self.key_id.as_ref().map_or(&[], |id| &id.0),
            client_data_hash: hash.as_deref().unwrap_or_default(),
            environments: environments.get(..if self.allow_development { 2 } else { 1 }).unwrap_or_default(),
            roots: &roots,
            time: self.input.time(),
        };
        Ok(match (verify_attestation(content, &expectation), &hash) {
            (Ok(proven), Some(_)) => {
                let report = report.compared(Challenge::Checked).evidence(&proven, true);
                match self.receipt_inside(&proven.receipt, app_id, &proven.public_key)? {
                    Ok(receipt) => report.fact("receipt", receipt).holds(Challenge::Checked),
                    Err(error) => report.refused(&ReceiptInside { receipt: error }),
                }
            }
            // The nonce binds it to its challenge; everything before it has been checked, nothing after it.
            (Ok(_) | Err(AttestationError::Nonce { .. }), None) => report.challenge_not_checked(),
            (Err(error), hash) => report.compared(compared(hash.as_ref())).next(next(&error)).refused(&error),
        })
    }

    fn assertion(&self, report: Report, content: &[u8], app_id: &AppId) -> Outcome<Report> {
        let public_key = self.public_key()?;
        let Some(hash) = self.hash() else {
            return Err(Failure::usage(
                "an assertion is a signature over a challenge: none of it can be checked without",
            )
            .next("name --challenge VALUE or --client-data-hash VALUE"));
        };
        let report = report.fact("form", "assertion").fact("key_id", public_key.id());
        let unverified = read_assertion(content);
        if unverified.is_err() && !has_any(content, &ASSERTION_MARKS) {
            return Ok(report.not_evidence("it is no App Attest assertion"));
        }
        let report = match &unverified {
            Ok(claims) => report.evidence(claims, false),
            Err(_) => report,
        };
        let expectation = AssertionExpectation {
            app_id,
            public_key: &public_key,
            client_data_hash: &hash,
            counter: self.counter.unwrap_or_default(),
        };
        Ok(match verify_assertion(content, &expectation) {
            Ok(proven) => report.evidence(&proven, true).holds(Challenge::Checked),
            Err(error) => report.compared(Challenge::Checked).refused(&error),
        })
    }

    fn receipt(&self, report: Report, content: &[u8], app_id: &AppId) -> Outcome<Report> {
        let public_key = self.public_key()?;
        let roots = self.roots(Roots::receipt)?;
        let report = report.fact("form", "receipt").fact("key_id", public_key.id()).compared(Challenge::NotApplicable);
        let expectation =
            ReceiptExpectation { app_id, public_key: &public_key, roots: &roots, time: self.input.time() };
        Ok(match verify_receipt(content, &expectation) {
            Ok(proven) => report.evidence(&proven, true).holds(Challenge::NotApplicable),
            Err(ReceiptError::SignedData | ReceiptError::TooLong { .. }) if !has_any(content, &RECEIPT_MARKS) => {
                report.not_evidence("it is no App Attest receipt")
            }
            Err(error) => report.refused(&error),
        })
    }

    /// The receipt inside an attestation, which Apple signed by itself: nothing else covers it, and an attestation that
    /// somebody changed there is none.
    fn receipt_inside(
        &self,
        receipt: &[u8],
        app_id: &AppId,
        public_key: &PublicKey,
    ) -> Outcome<Result<Receipt, ReceiptError>> {
        let mut roots = Roots::receipt().as_der().to_vec();
        if self.roots.is_some() {
            roots.extend(self.roots(Roots::app_attestation)?.as_der().iter().cloned());
        }
        let roots = Roots::from_der(roots).map_err(|error| Failure::refused(error.to_string()))?;
        let expectation = ReceiptExpectation { app_id, public_key, roots: &roots, time: self.input.time() };
        Ok(verify_receipt(receipt, &expectation))
    }

    fn hash(&self) -> Option<Vec<u8>> {
        let given = self.client_data_hash.as_ref().map(|hash| hash.0.clone());
        given.or_else(|| self.input.challenge.as_ref().map(|challenge| sha256(&challenge.0).to_vec()))
    }

    fn roots(&self, built_in: fn() -> Roots) -> Outcome<Roots> {
        let Some(path) = &self.roots else { return Ok(built_in()) };
        let content = read_at_most(path, MAX_FILE_BYTES)?;
        Roots::from_pem(&content).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
    }

    fn public_key(&self) -> Outcome<PublicKey> {
        // clap requires it where it is used.
        let path = self.public_key.as_deref().unwrap_or(Path::new(""));
        let content = read_at_most(path, MAX_FILE_BYTES)?;
        let content = match SubjectPublicKeyInfoDer::from_pem_slice(&content) {
            Ok(spki) => spki.as_ref().to_vec(),
            Err(_) => unwrapped(content),
        };
        let key = if content.len() == 65 { PublicKey::from_point(&content) } else { PublicKey::from_spki(&content) };
        key.map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
    }
}

fn compared(hash: Option<&Vec<u8>>) -> Challenge {
    hash.map_or(Challenge::NotChecked, |_| Challenge::Checked)
}

/// What base64 holds, where it is base64.
fn unwrapped(content: Vec<u8>) -> Vec<u8> {
    let decoded = std::str::from_utf8(&content).ok().and_then(from_base64);
    decoded.unwrap_or(content)
}

fn has_any(content: &[u8], marks: &[&[u8]]) -> bool {
    marks.iter().any(|mark| content.windows(mark.len()).any(|window| window == *mark))
}

fn next(error: &AttestationError) -> Option<&'static str> {
    match error {
        AttestationError::Chain(ChainError::Expired { .. } | ChainError::NotYetValid { .. }) => {
            Some("a leaf lives three days; name the time at which it arrived: --at TIME")
        }
        AttestationError::Environment { .. } => Some("a development build: --allow-development accepts it"),
        AttestationError::Nonce { .. } => {
            Some("--challenge is hashed with SHA-256; name what is not hashed as --client-data-hash")
        }
        _ => None,
    }
}
