//! Apple App Attest: attestations, assertions and receipts.
//!
//! An *attestation* proves once that a key was made by the Secure Enclave for an app: [`verify_attestation`]. An
//! *assertion* is a signature by that key over later data: [`verify_assertion`]. A *receipt* comes with an attestation
//! and is exchanged with Apple for later ones, which say how many keys the device has made: [`verify_receipt`].
//!
//! Sources: Apple's "Validating apps that connect to your server"
//! (<https://developer.apple.com/documentation/devicecheck/validating-apps-that-connect-to-your-server>) and "Assessing
//! fraud risk" (<https://developer.apple.com/documentation/devicecheck/assessing-fraud-risk>); the forms inside are
//! those of WebAuthn level 2 (<https://www.w3.org/TR/webauthn-2/>), RFC 8949, RFC 9053, RFC 5280 and RFC 5652.
//!
//! ```
//! use bonafide_attestation::app_attest::{AppId, AttestationExpectation, Environment, Roots, verify_attestation};
//!
//! # let (attestation, key_id, client_data_hash, now) = (&[0u8][..], &[0u8; 32][..], &[0u8; 32][..], 0);
//! let proven = verify_attestation(
//!     attestation,
//!     &AttestationExpectation {
//!         app_id: &AppId::new("6MURL8TA57", "com.acme.app"),
//!         key_id,
//!         client_data_hash,
//!         environments: &[Environment::Production],
//!         roots: &Roots::app_attestation(),
//!         time: now,
//!     },
//! );
//! # assert!(proven.is_err());
//! ```

mod app_id;
mod assertion;
mod attestation;
mod authenticator;
mod chain;
mod encoding;
mod extensions;
mod fields;
mod public_key;
mod receipt;
mod roots;
mod signed_data;
mod unverified;

pub use crate::cbor::{CborError, MAX_DEPTH, MAX_ENTRIES};
pub use app_id::AppId;
pub use assertion::{Assertion, AssertionError, AssertionExpectation, MAX_ASSERTION, verify_assertion};
pub use attestation::{Attestation, AttestationError, AttestationExpectation, MAX_ATTESTATION, verify_attestation};
pub use authenticator::{AuthenticatorDataError, Environment};
pub use chain::{ChainError, MAX_CHAIN};
pub use extensions::{Extensions, MAX_BUNDLE_VERSION, ValidationCategory};
pub use fields::{ReceiptEnvironment, ReceiptType};
pub use public_key::{KeyId, PublicKey, UnusableKey};
pub use receipt::{MAX_RECEIPT, Receipt, ReceiptError, ReceiptExpectation, verify_receipt};
pub use roots::{Roots, RootsError};
pub use unverified::{UnverifiedAssertion, UnverifiedAttestation, read_assertion, read_attestation};
