//! Platform evidence: its form on the wire, how it is bound to the install key, and how one install key follows another.

use std::collections::BTreeMap;

use ring::digest::{Context, SHA256};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::encoding::{Sha256, from_base64, from_base64url, to_base64, to_base64url};
use crate::jwk::PublicKey;
use crate::measurement::Platform;

/// The longest part of evidence that is read, in bytes. What the verifiers read is shorter; this bounds what reaches
/// them.
pub const MAX_PART_BYTES: usize = 48 * 1024;

/// The most certificates of a chain that are read.
pub const MAX_CHAIN: usize = 16;

/// The most pieces of evidence in one request.
pub const MAX_PIECES: usize = 4;

const LABEL: &str = "bonafide-evidence-v1";
const ROLLOVER_LABEL: &str = "bonafide-rollover-v1";
const ROLLOUT_LABEL: &str = "bonafide-rollout-v1";

/// What a platform says about an app, a key and itself. `kind` tells which; members that a reader does not know are
/// ignored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Evidence {
    /// Android Key Attestation of the install key.
    AndroidKey {
        /// The chain in DER, the install key's certificate first.
        #[serde(deserialize_with = "chain")]
        chain: Vec<Octets>,
    },
    /// Apple App Attest: an attestation once, assertions from then on.
    AppAttest {
        /// The id of the App Attest key, 32 bytes.
        key_id: Octets,
        /// The attestation object.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attestation: Option<Octets>,
        /// The assertion object.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        assertion: Option<Octets>,
    },
    /// Google Play Integrity, a classic request.
    PlayIntegrity {
        /// The token as Google gave it.
        #[serde(deserialize_with = "token")]
        token: String,
    },
    /// Of a newer device.
    #[serde(other)]
    Other,
}

/// A kind of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum EvidenceKind {
    /// Android Key Attestation.
    AndroidKey,
    /// Apple App Attest.
    AppAttest,
    /// Google Play Integrity.
    PlayIntegrity,
}

impl EvidenceKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[Self::AndroidKey, Self::AppAttest, Self::PlayIntegrity];

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::AndroidKey => "android_key",
            Self::AppAttest => "app_attest",
            Self::PlayIntegrity => "play_integrity",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// The platform that gives it.
    pub fn platform(self) -> Platform {
        match self {
            Self::AndroidKey | Self::PlayIntegrity => Platform::Android,
            Self::AppAttest => Platform::Ios,
        }
    }
}

impl Evidence {
    /// Its kind; `None` for one of a newer device.
    pub fn kind(&self) -> Option<EvidenceKind> {
        match self {
            Self::AndroidKey { .. } => Some(EvidenceKind::AndroidKey),
            Self::AppAttest { .. } => Some(EvidenceKind::AppAttest),
            Self::PlayIntegrity { .. } => Some(EvidenceKind::PlayIntegrity),
            Self::Other => None,
        }
    }
}

/// Bytes, in JSON standard base64. At most [`MAX_PART_BYTES`] are read.
#[derive(Clone, PartialEq, Eq)]
pub struct Octets(pub Vec<u8>);

impl std::fmt::Debug for Octets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} octets", self.0.len())
    }
}

impl Serialize for Octets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&to_base64(&self.0))
    }
}

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = bounded(deserializer, MAX_PART_BYTES / 3 * 4)?;
        from_base64(&text).map(Self).ok_or_else(|| D::Error::custom("not base64"))
    }
}

/// Reads the pieces of one request: at most [`MAX_PIECES`], none of them of one kind twice.
pub(crate) fn pieces<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Evidence>, D::Error> {
    let pieces = Vec::<Evidence>::deserialize(deserializer)?;
    let known: Vec<EvidenceKind> = pieces.iter().filter_map(Evidence::kind).collect();
    let twice = known.iter().enumerate().any(|(place, kind)| known.iter().take(place).any(|earlier| earlier == kind));
    if pieces.len() > MAX_PIECES || twice {
        return Err(D::Error::custom(format!("more than {MAX_PIECES} pieces of evidence, or a kind twice")));
    }
    Ok(pieces)
}

fn chain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Octets>, D::Error> {
    let chain = Vec::<Octets>::deserialize(deserializer)?;
    if chain.len() > MAX_CHAIN {
        return Err(D::Error::custom(format!("a chain of more than {MAX_CHAIN} certificates")));
    }
    Ok(chain)
}

fn token<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    bounded(deserializer, MAX_PART_BYTES)
}

fn bounded<'de, D: Deserializer<'de>>(deserializer: D, most: usize) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.len() > most {
        return Err(D::Error::custom(format!("a piece of evidence of more than {most} characters")));
    }
    Ok(text)
}

/// When evidence is wanted anew. The operator's policy and the platform alone decide it: it is the same whatever became
/// of the evidence that came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceWanted {
    /// By kind, how old evidence may be, in seconds, before a device sends it anew. Kinds of other platforms are not
    /// named.
    #[serde(default)]
    pub after: BTreeMap<String, u64>,
    /// Evidence from before this time, Unix seconds by the service's clock, is to be sent anew as a whole: an App Attest
    /// key is attested anew, too. 0 where nothing of the sort is wanted.
    #[serde(default)]
    pub since: u64,
    /// Who is asked for evidence at all.
    #[serde(default, skip_serializing_if = "Rollout::is_everybody")]
    pub rollout: Rollout,
}

/// How many of a thousand installations ask the platform's own service for evidence, by kind; of a kind that is not
/// named, all.
///
/// Apple wants its servers not to be asked by a whole fleet in one hour. It paces honest devices and nothing else: who is
/// not asked has no evidence, and is appraised like that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rollout(BTreeMap<String, u32>);

impl Rollout {
    /// Everybody is asked for every kind.
    pub fn is_everybody(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the installation with the install key of this thumbprint is asked. Who is asked at one rate is asked at
    /// every higher one.
    pub fn asks(&self, kind: EvidenceKind, thumbprint: &str) -> bool {
        let Some(per_thousand) = self.0.get(kind.name()) else { return true };
        let drawn = length_prefixed([ROLLOUT_LABEL, kind.name(), thumbprint]);
        let drawn = drawn.iter().take(8).fold(0, |number, octet| number << 8 | u64::from(*octet));
        drawn % 1000 < u64::from(*per_thousand)
    }
}

impl FromIterator<(EvidenceKind, u32)> for Rollout {
    fn from_iter<I: IntoIterator<Item = (EvidenceKind, u32)>>(rates: I) -> Self {
        Self(rates.into_iter().map(|(kind, per_thousand)| (kind.name().to_owned(), per_thousand)).collect())
    }
}

/// The hash that platform evidence has to carry: App Attest as client data hash, Play Integrity as nonce, Key
/// Attestation as challenge.
///
/// SHA-256 over label, account, platform, challenge and thumbprint, each preceded by its length in bytes as four
/// octets, big-endian. `thumbprint` is `None` for Key Attestation, where the attested key itself is the install key.
pub fn bound_hash(account: &str, platform: Platform, challenge: &str, thumbprint: Option<&str>) -> Sha256 {
    length_prefixed(
        [Some(LABEL), Some(account), Some(platform.name()), Some(challenge), thumbprint].into_iter().flatten(),
    )
}

/// SHA-256 over the parts, each preceded by its length.
fn length_prefixed<'a>(parts: impl IntoIterator<Item = &'a str>) -> Sha256 {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&length(part));
        context.update(part.as_bytes());
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// What the old install key signs so that the new one takes over its installation: label, account, challenge and the
/// thumbprints of the old and the new key, each preceded by its length in bytes as four octets, big-endian.
///
/// It cannot be taken for a JWS's signing input, which begins with a letter.
pub fn rollover_message(account: &str, challenge: &str, old: &str, new: &str) -> Vec<u8> {
    let mut message = Vec::new();
    for part in [ROLLOVER_LABEL, account, challenge, old, new] {
        message.extend_from_slice(&length(part));
        message.extend_from_slice(part.as_bytes());
    }
    message
}

fn length(part: &str) -> [u8; 4] {
    // No part comes near 4 GiB.
    u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes()
}

/// The install key before this one, and its word that this one follows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Previous {
    /// Its public half.
    pub key: PublicKey,
    /// Its signature over [`rollover_message`], 64 bytes (RFC 7518 section 3.4) in base64url.
    pub signature: String,
}

impl Previous {
    /// From the signature's bytes.
    pub fn new(key: PublicKey, signature: &[u8]) -> Self {
        Self { key, signature: to_base64url(signature) }
    }

    /// Whether a P-256 key signed that the key with the thumbprint `new` follows it, for this account and challenge.
    pub fn vouches_for(&self, account: &str, challenge: &str, new: &str) -> bool {
        let message = rollover_message(account, challenge, &self.key.thumbprint(), new);
        let signature = from_base64url(&self.signature);
        matches!(self.key, PublicKey::P256 { .. })
            && signature.is_some_and(|signature| self.key.verifies(&message, &signature))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::key::P256Key;

    fn read(value: Value) -> Result<Evidence, serde_json::Error> {
        serde_json::from_value(value)
    }

    #[test]
    fn a_rollout_asks_so_many_of_a_thousand_and_always_the_same() {
        const KEY: &str = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
        // Drawn by another program: another device of the same key would draw the same.
        for (kind, drawn) in [(EvidenceKind::AppAttest, 801), (EvidenceKind::PlayIntegrity, 838)] {
            let asks = |per_thousand| Rollout::from_iter([(kind, per_thousand)]).asks(kind, KEY);
            assert_eq!((asks(drawn), asks(drawn + 1)), (false, true));
            assert_eq!((asks(0), asks(1000)), (false, true));
            assert!(Rollout::default().asks(kind, KEY));
        }
        let tenth = Rollout::from_iter([(EvidenceKind::AppAttest, 100)]);
        let asked = (0..10_000).filter(|key| tenth.asks(EvidenceKind::AppAttest, &key.to_string())).count();
        assert!((800..1_200).contains(&asked), "{asked} of 10000");
        assert!(tenth.asks(EvidenceKind::PlayIntegrity, "0"), "not named");
    }

    #[test]
    fn the_form_is_frozen() {
        let octets = |text: &str| Octets(text.into());
        for (evidence, form) in [
            (
                Evidence::AndroidKey { chain: vec![octets("leaf"), octets("root")] },
                json!({ "kind": "android_key", "chain": ["bGVhZg==", "cm9vdA=="] }),
            ),
            (
                Evidence::AppAttest { key_id: octets("id"), attestation: Some(octets("a")), assertion: None },
                json!({ "kind": "app_attest", "key_id": "aWQ=", "attestation": "YQ==" }),
            ),
            (
                Evidence::PlayIntegrity { token: "a.b.c.d.e".into() },
                json!({ "kind": "play_integrity", "token": "a.b.c.d.e" }),
            ),
        ] {
            assert_eq!(serde_json::to_value(&evidence).unwrap(), form);
            assert_eq!(read(form).unwrap(), evidence);
            let kind = evidence.kind().unwrap();
            assert_eq!(EvidenceKind::from_name(kind.name()), Some(kind));
        }
    }

    #[test]
    fn what_is_new_is_read_over_and_what_is_broken_or_endless_is_not() {
        let newer = json!({ "kind": "moon_phase", "chain": 7, "token": [] });
        assert_eq!(read(newer).unwrap(), Evidence::Other);
        let more = json!({ "kind": "play_integrity", "token": "t", "later": 1 });
        assert_eq!(read(more).unwrap(), Evidence::PlayIntegrity { token: "t".into() });
        for broken in [
            json!("android_key"),
            json!({ "chain": [] }),
            json!({ "kind": "android_key" }),
            json!({ "kind": "android_key", "chain": ["not base64!"] }),
            json!({ "kind": "android_key", "chain": vec!["YQ=="; MAX_CHAIN + 1] }),
            json!({ "kind": "app_attest", "attestation": "YQ==" }),
            json!({ "kind": "app_attest", "key_id": to_base64(&vec![0; MAX_PART_BYTES + 1]) }),
            json!({ "kind": "play_integrity", "token": "t".repeat(MAX_PART_BYTES + 1) }),
        ] {
            assert!(read(broken.clone()).is_err(), "{broken}");
        }
        assert!(read(json!({ "kind": "app_attest", "key_id": to_base64(&vec![0; MAX_PART_BYTES]) })).is_ok());
    }

    #[test]
    fn one_kind_comes_once_and_few_pieces_in_all() {
        let play = json!({ "kind": "play_integrity", "token": "t" });
        let newer = json!({ "kind": "later" });
        let read = |list: Value| pieces(list);
        assert!(read(json!([play, play])).is_err());
        assert!(read(json!([newer, newer, newer, newer, newer])).is_err());
        assert_eq!(read(json!([newer, play, newer])).unwrap().len(), 3);
    }

    #[test]
    fn a_word_for_the_next_key_is_for_it_alone_and_for_one_challenge() {
        let (old, new) = (P256Key::generate().unwrap(), "new");
        let key = old.public_key().unwrap();
        let sign = |message: &[u8]| Previous::new(key.clone(), &old.sign(message).unwrap());
        let good = sign(&rollover_message("acme", "c", &key.thumbprint(), new));
        assert!(good.vouches_for("acme", "c", new));
        assert!(!good.vouches_for("acme", "c", "other"));
        assert!(!good.vouches_for("acme", "d", new));
        assert!(!good.vouches_for("acmec", "", new), "the same letters, cut elsewhere");
        let stranger = P256Key::generate().unwrap().public_key().unwrap();
        assert!(!Previous { key: stranger, ..good.clone() }.vouches_for("acme", "c", new));
        assert!(!Previous { signature: String::new(), ..good }.vouches_for("acme", "c", new));
    }
}
