//! Android Key Attestation: what a phone's secure hardware says about a key that it made.
//!
//! The phone presents a chain, the attested key's certificate first, that ends in one of Google's roots. The first
//! certificate carries the *key description*. Sources: Android's page "Verify hardware-backed key pairs with key
//! attestation" (<https://developer.android.com/privacy-and-security/security-key-attestation>) and AOSP's "Key and ID
//! attestation" (<https://source.android.com/docs/security/features/keystore/attestation>).
//!
//! Decisions where those leave room, or where real phones differ from RFC 5280:
//!
//! - **A root is a key, not a certificate.** Phones carry copies of the same root with different dates, one of which
//!   ended in May 2026. Neither a copy's dates nor those in Google's list are held against a chain: a root is withdrawn
//!   by taking it off the list. The copy has to be signed by the root's key all the same.
//! - **The first certificate's dates say nothing.** The phone, or the app, chose them.
//! - **Factory-provisioned chains outlive their dates.** Their keys cannot be replaced, and many ended in May 2026.
//!   What has expired is a fact in [`AndroidKeyFacts::expired`], never a refusal; remotely provisioned keys live for
//!   weeks, and there it is one.
//! - **Only the first certificate may be described.** Otherwise an attested key could sign a description of its own
//!   making. Chains of keys that attest keys (`PURPOSE_ATTEST_KEY`) are refused by the same rule.
//! - Some phones from before 2018 have an attestation certificate without the authority flag. That is borne at that
//!   place of a factory-provisioned chain of exactly four, and nowhere else.

mod authorization;
mod chain;
mod description;
mod error;
mod expectation;
mod facts;
mod pem;
mod provisioning;
mod revocation;
mod roots;
mod value;

pub use authorization::{AuthorizationList, UnknownTag};
pub use chain::{MAX_CERTIFICATES, MIN_CERTIFICATES};
pub use description::{DescriptionError, Enforced, KeyDescription, Part, SecurityLevel};
pub use error::AndroidKeyError;
pub use expectation::{Expectation, PURPOSE_SIGN, PURPOSE_VERIFY};
pub use facts::{AndroidKeyFacts, RevocationCheck};
pub use pem::{MAX_PEM_BYTES, PemError, chain_from_pem};
pub use provisioning::{Provisioning, ProvisioningInfo};
pub use revocation::{MAX_REVOCATION_BYTES, RevocationEntry, RevocationError, RevocationList, RevocationStatus};
pub use roots::{MAX_ROOTS, MAX_ROOTS_BYTES, Roots, RootsError};
pub use value::{
    ApplicationId, Bytes, Flag, Number, Numbers, Origin, Package, Problem, RootOfTrust, VerifiedBootState,
};

/// The extension that carries the key description.
pub const KEY_DESCRIPTION_OID: &str = "1.3.6.1.4.1.11129.2.1.17";

/// The extension that marks the certificate of a remotely provisioned attestation key.
pub const PROVISIONING_INFO_OID: &str = "1.3.6.1.4.1.11129.2.1.30";

/// What chains are judged by, besides the time.
#[derive(Clone, Copy, Debug)]
pub struct Trust<'a> {
    /// The roots that a chain may end in.
    pub roots: &'a Roots,
    /// The revocation list, if one is at hand. How old it may be is the caller's policy: the facts tell its age.
    pub revocation: Option<&'a RevocationList>,
}

/// Verifies `chain` (DER, the attested key's certificate first) at `now` (Unix seconds) and reads what it says, without
/// any expectation of the key.
///
/// At most [`MAX_CERTIFICATES`], each of at most
/// [`MAX_CERTIFICATE_BYTES`](crate::certificate::MAX_CERTIFICATE_BYTES).
pub fn examine<C: AsRef<[u8]>>(chain: &[C], trust: &Trust<'_>, now: u64) -> Result<AndroidKeyFacts, AndroidKeyError> {
    let ders: Vec<&[u8]> = chain.iter().map(AsRef::as_ref).collect();
    facts::gather(&ders, trust, now)
}

/// [`examine`], and then holds the facts against what is expected of the key.
pub fn verify<C: AsRef<[u8]>>(
    chain: &[C],
    trust: &Trust<'_>,
    expectation: &Expectation<'_>,
    now: u64,
) -> Result<AndroidKeyFacts, AndroidKeyError> {
    let facts = examine(chain, trust, now)?;
    expectation.check(&facts)?;
    Ok(facts)
}
