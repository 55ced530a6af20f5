//! Evidence made by real iPhones, from the folder that `BONAFIDE_CORPORA` names.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bonafide_attestation::app_attest::{AppId, PublicKey};
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// One entry of a file; which members it has depends on its type.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    timestamp: String,
    team_identifier: String,
    bundle_identifier: String,
    key_id_base64: String,
    public_key: String,
    client_data_hash_sha256_base64: Option<String>,
    attestation_base64: Option<String>,
    assertion_base64: Option<String>,
    receipt_base64: Option<String>,
    pub(crate) counter: Option<u32>,
    pub(crate) properties: Option<Properties>,
}

/// What a receipt says, as the file's author read it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Properties {
    client_hash_base64: String,
    creation_time: String,
    expiration_time: String,
    not_before: Option<String>,
    pub(crate) environment: String,
    pub(crate) risk_metric: Option<u32>,
    pub(crate) token: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

impl Entry {
    /// Every entry of a type: `attestation`, `assertion` or `receipt`.
    pub(crate) fn all(kind: &str) -> Vec<Self> {
        let folder = std::env::var_os("BONAFIDE_CORPORA")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora"), PathBuf::from);
        let folder = folder.join("app-attest");
        let files = std::fs::read_dir(&folder).unwrap_or_else(|error| {
            panic!("no test corpus in {}: {error}. Set BONAFIDE_CORPORA to the folder that holds it", folder.display())
        });
        let mut entries = Vec::new();
        for path in files.map(|file| file.unwrap().path()) {
            if path.extension().is_some_and(|extension| extension == "yaml") {
                let text = std::fs::read_to_string(&path).unwrap();
                let file: Vec<Self> = serde_saphyr::from_multiple(&text).unwrap();
                entries.extend(file.into_iter().filter(|entry| entry.kind == kind));
            }
        }
        assert!(!entries.is_empty(), "no {kind} in {}", folder.display());
        entries
    }

    /// When the evidence was made, in Unix seconds.
    pub(crate) fn time(&self) -> i64 {
        milliseconds(&self.timestamp) / 1000
    }

    pub(crate) fn app_id(&self) -> AppId {
        AppId::new(&self.team_identifier, &self.bundle_identifier)
    }

    pub(crate) fn key_id(&self) -> Vec<u8> {
        bytes(&self.key_id_base64)
    }

    pub(crate) fn public_key(&self) -> PublicKey {
        let base64: String = self.public_key.lines().filter(|line| !line.starts_with('-')).collect();
        PublicKey::from_spki(&bytes(&base64)).unwrap()
    }

    pub(crate) fn client_data_hash(&self) -> Vec<u8> {
        bytes(self.client_data_hash_sha256_base64.as_ref().unwrap())
    }

    pub(crate) fn evidence(&self) -> Vec<u8> {
        let all = [&self.attestation_base64, &self.assertion_base64, &self.receipt_base64];
        bytes(all.into_iter().flatten().next().unwrap())
    }
}

impl Properties {
    pub(crate) fn client_hash(&self) -> Vec<u8> {
        bytes(&self.client_hash_base64)
    }

    pub(crate) fn creation_time(&self) -> i64 {
        milliseconds(&self.creation_time)
    }

    pub(crate) fn expiration_time(&self) -> i64 {
        milliseconds(&self.expiration_time)
    }

    pub(crate) fn not_before(&self) -> Option<i64> {
        self.not_before.as_deref().map(milliseconds)
    }
}

fn bytes(base64: &str) -> Vec<u8> {
    STANDARD.decode(base64).unwrap()
}

fn milliseconds(text: &str) -> i64 {
    let time = OffsetDateTime::parse(text, &Rfc3339).unwrap();
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).unwrap()
}
