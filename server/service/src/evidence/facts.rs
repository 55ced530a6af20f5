//! What evidence has proven, as it is remembered.

use bonafide_protocol::evidence::EvidenceKind;
use serde::{Deserialize, Serialize};

use crate::appraise::KeyLevel;

/// What a platform attested of an install key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attested {
    pub(crate) kind: EvidenceKind,
    pub(crate) level: KeyLevel,
    /// By the service's clock, Unix seconds.
    pub(crate) proven_at: u64,
    pub(crate) facts: Facts,
    /// The App Attest key; of no other kind.
    pub(crate) app_key: Option<AppKey>,
}

/// An App Attest key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AppKey {
    /// Its uncompressed point in base64url.
    pub(crate) point: String,
    /// Its id in base64url.
    pub(crate) id: String,
    /// That of the last assertion that was taken.
    pub(crate) counter: u32,
}

/// Facts that a judgement may turn on later: what is good enough is policy, and may change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Facts {
    /// The apps that it is about: packages of one user id on Android, one bundle id on iOS.
    pub(crate) apps: Vec<String>,
    /// SHA-256 of the certificates that signed them, lower-case hexadecimal; Android.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) signers: Vec<String>,
    /// The version code of the app that asked when it was attested; Android.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version_code: Option<u64>,
    /// The team that the app is of; App Attest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) team: Option<String>,
    /// SHA-256 of the keys of the roots that it was verified under, lower-case hexadecimal: Google's, or Apple's for the
    /// attestation and for the receipt. What is withdrawn takes along what was attested under it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) roots: Vec<String>,
    /// When the key was attested, Unix seconds; App Attest, where `proven_at` is the time of the last assertion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) attested_at: Option<u64>,
    /// The serial numbers of the chain of a Key Attestation: one of them may be revoked later.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) serials: Vec<String>,
    /// Whether the boot loader is locked, as the hardware says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) locked: Option<bool>,
    /// Whether the device booted what its maker signed, as the hardware says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verified_boot: Option<bool>,
    /// The system's patch level, YYYYMM, as the hardware says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) patch_level: Option<u64>,
    /// A certificate of a factory-provisioned chain had expired.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) expired: bool,
    /// Apple's development environment.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) development: bool,
    /// Google Play's verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) play: Option<Play>,
}

/// What Google Play said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Play {
    /// It distributes this binary.
    pub(crate) recognized: bool,
    /// The device is certified, or better.
    pub(crate) device: bool,
    /// The account did not get the app from it. Not evaluated is not unlicensed.
    pub(crate) unlicensed: bool,
}

impl Attested {
    /// When the platform attested it; an assertion only shows that the key is still there.
    pub(super) fn attested_at(&self) -> u64 {
        self.facts.attested_at.unwrap_or(self.proven_at)
    }
}

impl Facts {
    pub(crate) fn to_json(&self) -> String {
        // Texts and numbers always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_frozen() {
        let facts = Facts {
            apps: vec!["com.acme.app".into()],
            signers: vec!["aa".into()],
            version_code: Some(7),
            team: Some("T".into()),
            roots: vec!["bb".into()],
            attested_at: Some(7),
            serials: vec!["1".into()],
            locked: Some(true),
            verified_boot: Some(false),
            patch_level: Some(202_504),
            expired: true,
            development: true,
            play: Some(Play { recognized: true, device: true, unlicensed: false }),
        };
        let json = r#"{"apps":["com.acme.app"],"signers":["aa"],"version_code":7,"team":"T","roots":["bb"],"attested_at":7,"serials":["1"],"locked":true,"verified_boot":false,"patch_level":202504,"expired":true,"development":true,"play":{"recognized":true,"device":true,"unlicensed":false}}"#;
        assert_eq!(facts.to_json(), json);
        assert_eq!(serde_json::from_str::<Facts>(json).unwrap(), facts);
        assert_eq!(Facts::default().to_json(), r#"{"apps":[]}"#);
    }
}
