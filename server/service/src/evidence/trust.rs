//! What evidence is verified with: roots, the revocation list, the operator's keys of Play Integrity.

use std::collections::{BTreeSet, HashMap};

use bonafide_attestation::android_key::{self, MAX_REVOCATION_BYTES, MAX_ROOTS_BYTES, RevocationList};
use bonafide_attestation::{app_attest, play_integrity};
use bonafide_protocol::encoding::to_hex;
use bonafide_protocol::evidence::EvidenceKind;
use serde::{Deserialize, Serialize};

use super::facts::Attested;
use crate::store::evidence::ListRow;

/// The purpose under which the keys of Play Integrity are sealed; the key's id is the package's name.
pub(crate) const PLAY_KEYS: &str = "play_integrity";

/// The lists that an operator can set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListName {
    /// Google's roots of Key Attestation.
    AndroidKeyRoots,
    /// Google's revocation list. None is built in.
    Revocations,
    /// Apple's root of App Attest.
    AppAttestRoots,
    /// Apple's root of receipts.
    ReceiptRoots,
}

impl ListName {
    pub(crate) const ALL: [Self; 4] =
        [Self::AndroidKeyRoots, Self::Revocations, Self::AppAttestRoots, Self::ReceiptRoots];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AndroidKeyRoots => "android-key-roots",
            Self::Revocations => "revocations",
            Self::AppAttestRoots => "app-attest-roots",
            Self::ReceiptRoots => "receipt-roots",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|list| list.name() == name)
    }

    /// The longest that is read, in bytes.
    pub(crate) fn longest(self) -> usize {
        match self {
            Self::Revocations => MAX_REVOCATION_BYTES,
            _ => MAX_ROOTS_BYTES,
        }
    }

    /// What is wrong with a list, for the operator who sets it; otherwise how many entries it has.
    pub(crate) fn check(self, content: &str, fetched_at: u64) -> Result<usize, String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        if content.len() > self.longest() {
            return Err(format!("It has {} bytes; {} are read.", content.len(), self.longest()));
        }
        match self {
            Self::AndroidKeyRoots => {
                android_roots(content).map(|roots| roots.key_digests().len()).map_err(|error| text(&error))
            }
            Self::Revocations => RevocationList::from_json(content.as_bytes(), fetched_at)
                .map(|list| list.len())
                .map_err(|error| text(&error)),
            Self::AppAttestRoots | Self::ReceiptRoots => app_attest::Roots::from_pem(content.as_bytes())
                .map(|roots| roots.as_der().len())
                .map_err(|error| text(&error)),
        }
    }
}

/// The two keys that the Play Console shows, as they are sealed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlayKeys {
    /// Base64, AES-256. Secret.
    pub(crate) decryption_key: String,
    /// Base64 of a SubjectPublicKeyInfo, P-256.
    pub(crate) verification_key: String,
}

impl PlayKeys {
    pub(crate) fn open(&self) -> Result<play_integrity::Keys, play_integrity::KeysError> {
        play_integrity::Keys::from_base64(&self.decryption_key, &self.verification_key)
    }
}

/// Everything that evidence is verified with.
pub(crate) struct Trust {
    pub(super) android_key: GoogleRoots,
    pub(super) revocations: Option<RevocationList>,
    pub(super) app_attest: AppleRoots,
    pub(super) receipt: AppleRoots,
    /// By package.
    pub(super) play: HashMap<String, play_integrity::Keys>,
}

impl Trust {
    /// From the operator's lists, and what is built in where he set none; `play` are the opened keys by package.
    ///
    /// A list that cannot be read, since a later version wrote it, trusts nobody, and is told loudly: everything else
    /// that changed, a revoked token or a forced verdict, has to come into force all the same.
    pub(crate) fn new(lists: &[ListRow], play: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let set = |list: ListName| lists.iter().find(|row| row.name == list.name());
        let android_key = match set(ListName::AndroidKeyRoots) {
            Some(row) => android_roots(&row.content),
            None => android_key::Roots::google(),
        };
        let apple = |list, built_in: fn() -> app_attest::Roots| match set(list) {
            Some(row) => app_attest::Roots::from_pem(row.content.as_bytes()).map_err(|error| unreadable(list, &error)),
            None => Ok(built_in()),
        };
        let revocations = set(ListName::Revocations)
            .map(|row| RevocationList::from_json(row.content.as_bytes(), row.fetched_at))
            .transpose()
            .map_err(|error| unreadable(ListName::Revocations, &error));
        let opened = |(package, secret): (String, Vec<u8>)| {
            let keys = serde_json::from_slice::<PlayKeys>(&secret).ok().and_then(|keys| keys.open().ok());
            if keys.is_none() {
                tracing::error!(
                    package,
                    "the keys of Play Integrity cannot be read: it proves nothing until they are set again"
                );
            }
            Some((package, keys?))
        };
        let android_key = android_key.map_err(|error| unreadable(ListName::AndroidKeyRoots, &error));
        Self {
            // Without the list, what it revokes would pass.
            android_key: GoogleRoots::new(android_key.ok().filter(|_| revocations.is_ok())),
            revocations: revocations.ok().flatten(),
            app_attest: AppleRoots::new(apple(ListName::AppAttestRoots, app_attest::Roots::app_attestation).ok()),
            receipt: AppleRoots::new(apple(ListName::ReceiptRoots, app_attest::Roots::receipt).ok()),
            play: play.into_iter().filter_map(opened).collect(),
        }
    }

    /// Whether the operator set keys of Play Integrity for the app.
    pub(crate) fn reads_play(&self, app: &str) -> bool {
        self.play.contains_key(app)
    }

    /// Whether all roots that it was verified under are still trusted.
    pub(super) fn still_roots(&self, one: &Attested) -> bool {
        let roots = &one.facts.roots;
        match (one.kind, roots.as_slice()) {
            (EvidenceKind::AndroidKey, [root]) => self.android_key.digests.contains(root),
            (EvidenceKind::AppAttest, [root, receipt]) => self.app_attest.has(root) && self.receipt.has(receipt),
            (EvidenceKind::PlayIntegrity, []) => true,
            _ => false,
        }
    }
}

fn unreadable(list: ListName, error: &dyn std::fmt::Display) {
    let list = list.name();
    tracing::error!(list, %error, "the list cannot be read: what it is about is refused until it is set again");
}

/// Google's roots, if they can be read, and the digests of their keys, by which what was verified is remembered.
pub(super) struct GoogleRoots {
    pub(super) roots: Option<android_key::Roots>,
    digests: BTreeSet<String>,
}

impl GoogleRoots {
    fn new(roots: Option<android_key::Roots>) -> Self {
        let digests = roots.iter().flat_map(android_key::Roots::key_digests).map(|digest| to_hex(&digest)).collect();
        Self { roots, digests }
    }
}

/// Apple's roots, each alone, by the digest of its key: what is verified has to be known to be under that one.
pub(super) struct AppleRoots(Vec<(String, app_attest::Roots)>);

impl AppleRoots {
    fn new(roots: Option<app_attest::Roots>) -> Self {
        let alone = |der: &Vec<u8>| {
            // They have been read once already.
            let one = app_attest::Roots::from_der(vec![der.clone()]).ok()?;
            let digest = to_hex(one.key_digests().first()?);
            Some((digest, one))
        };
        Self(roots.iter().flat_map(app_attest::Roots::as_der).filter_map(alone).collect())
    }

    fn has(&self, digest: &str) -> bool {
        self.0.iter().any(|(known, _)| known == digest)
    }

    /// What verifies under one of them, and the digest of that one; or why it does not under the last.
    pub(super) fn under_one<T>(
        &self,
        verify: impl Fn(&app_attest::Roots) -> Result<T, String>,
    ) -> Result<(T, String), String> {
        let mut refused = "no root is trusted".to_owned();
        for (digest, root) in &self.0 {
            match verify(root) {
                Ok(verified) => return Ok((verified, digest.clone())),
                Err(reason) => refused = reason,
            }
        }
        Err(refused)
    }
}

/// Google's JSON, or PEM.
fn android_roots(content: &str) -> Result<android_key::Roots, android_key::RootsError> {
    if content.trim_start().starts_with('[') {
        android_key::Roots::from_json(content.as_bytes())
    } else {
        android_key::Roots::from_pem(content)
    }
}
