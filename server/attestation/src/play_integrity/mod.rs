//! Google Play Integrity, classic requests, opened with the operator's own keys.
//!
//! A token is a compact JWE (RFC 7516) that holds a compact JWS (RFC 7515). Whoever manages the response encryption
//! keys in Play Console opens it without a call to Google: [`Keys`] are what the console shows. [`verify_token`] checks
//! that the token was made by Google, for this app and this nonce, lately, and hands out its verdicts as facts. What
//! they have to be is policy, and the caller's.
//!
//! Sources: <https://developer.android.com/google/play/integrity/classic> and
//! <https://developer.android.com/google/play/integrity/verdicts>.

mod jwe;
mod jws;
mod keys;
mod labels;
mod payload;
mod token;
mod verdict;

pub use jwe::JoseError;
pub use keys::{Keys, KeysError};
pub use labels::{ActivityLevel, AppAccessRisk, AppLicensing, AppRecognition, DeviceRecognition, PlayProtect};
pub use token::{Expectation, MAX_TOKEN, PlayIntegrityError, open_token, verify_token};
pub use verdict::{AppIntegrity, DeviceIntegrity, EnvironmentDetails, Verdict};
