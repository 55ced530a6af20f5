//! What an operator registers of an app's package: who signs it and which code it holds.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::appraise::Digest;

/// The longest lists that are stored.
const MOST_SIGNERS: usize = 64;
const MOST_ENTRIES: usize = 5_000;

/// A certificate that signs the app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signer {
    /// SHA-256 of the certificate, lower-case hexadecimal.
    pub(crate) sha256: String,
    /// `v2`, `v3`, `v3.1`; `store` for one that the package does not have yet.
    pub(crate) scheme: String,
    /// The first API level that it is for.
    #[serde(default)]
    pub(crate) min_sdk: u32,
    /// The last one; left out: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_sdk: Option<u32>,
    /// The certificates that it follows, the oldest first, itself last.
    #[serde(default)]
    pub(crate) lineage: Vec<String>,
}

/// A piece of code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// `base`, a feature; on iOS `app`, a framework, an extension (`PlugIns/Share.appex`), or a framework of one.
    pub(crate) module: String,
    /// `dex`, `native`: the file; `text`: machine code as it lies in memory.
    pub(crate) kind: String,
    /// The file's name, without its folder. For people: digests alone are compared.
    pub(crate) name: String,
    /// As the platform names it; left out for dex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) architecture: Option<String>,
    /// SHA-256, lower-case hexadecimal.
    pub(crate) sha256: String,
    /// What the linker named the build by, on iOS; for people, and for tools that read crash reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) uuid: Option<String>,
}

/// What a package says of itself, beyond its names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Package {
    /// `apk`, `apk-set`, `aab`, `ipa`; empty for other builds.
    pub(crate) format: String,
    /// The signing team on iOS.
    pub(crate) team: String,
    pub(crate) signers: Vec<Signer>,
    pub(crate) entries: Vec<Entry>,
}

impl Package {
    /// The same with its digests as they are stored.
    pub(crate) fn lower(mut self) -> Self {
        let digests = self.signers.iter_mut().flat_map(|one| one.lineage.iter_mut().chain([&mut one.sha256]));
        digests
            .chain(self.entries.iter_mut().map(|one| &mut one.sha256))
            .for_each(|digest| digest.make_ascii_lowercase());
        self
    }

    /// What is wrong with it.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let signers = self.signers.iter().flat_map(|one| one.lineage.iter().chain([&one.sha256]));
        let digests = signers.chain(self.entries.iter().map(|one| &one.sha256));
        if !digests.into_iter().all(|digest| is_sha256(digest)) {
            return Some("`sha256` has 64 hexadecimal digits.");
        }
        if self.signers.len() > MOST_SIGNERS || self.entries.len() > MOST_ENTRIES {
            return Some("A build has at most 64 signers and 5000 entries.");
        }
        let long = |text: &String| text.len() > 200;
        let names = |one: &Entry| {
            [&one.module, &one.kind, &one.name].into_iter().chain(&one.architecture).chain(&one.uuid).any(long)
        };
        if self.entries.iter().any(names)
            || self.signers.iter().any(|one| long(&one.scheme) || one.lineage.len() > MOST_SIGNERS)
        {
            return Some("Names of entries have at most 200 bytes each, and a lineage 64 certificates.");
        }
        if long(&self.format) || long(&self.team) {
            return Some("`format` and `team` have at most 200 bytes each.");
        }
        None
    }
}

/// 64 hexadecimal digits.
pub(crate) fn is_sha256(digest: &str) -> bool {
    digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Digests of files and code as they are stored.
pub(crate) fn lower(digests: Vec<Digest>) -> Vec<Digest> {
    digests.into_iter().map(|one| Digest { sha256: one.sha256.to_ascii_lowercase(), ..one }).collect()
}
