//! Verification of a token.

use std::time::Duration;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

use super::jwe::{self, JoseError};
use super::jws;
use super::keys::Keys;
use super::labels::AppRecognition;
use super::payload::{self, Payload};
use super::verdict::{AppIntegrity, Verdict};

/// The longest token that is read, in bytes. Real ones have about 1,000.
pub const MAX_TOKEN: usize = 16 * 1024;

/// Apps encode nonces with and without padding.
const NONCE: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a token has to be about.
#[derive(Clone, Copy, Debug)]
pub struct Expectation<'a> {
    /// The app's package name.
    pub package_name: &'a str,
    /// The nonce, decoded: the app gives Google its base64url form.
    pub nonce: &'a [u8],
    /// The time of the check, in Unix seconds.
    pub time: i64,
    /// How old a token may be.
    pub max_age: Duration,
    /// How far ahead of ours Google's clock may be.
    pub max_skew: Duration,
    /// Whether made-up verdicts for test accounts are accepted; they are marked in the [`Verdict`].
    pub allow_testing_response: bool,
}

/// Why a token was refused.
#[derive(Clone, Debug, Error, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum PlayIntegrityError {
    /// Longer than [`MAX_TOKEN`].
    #[error("{length} bytes, more than the {MAX_TOKEN} that are read")]
    TooLong {
        /// The length in bytes.
        length: usize,
    },
    /// The encrypted layer.
    #[error("JWE: {0}")]
    Jwe(#[source] JoseError),
    /// The signed layer.
    #[error("JWS: {0}")]
    Jws(#[source] JoseError),
    /// The signed payload is not JSON of the form that Google documents.
    #[error("the payload cannot be read")]
    Payload,
    /// A member of the payload is not there.
    #[error("{member} is missing")]
    Missing {
        /// The member.
        member: &'static str,
    },
    /// Requested for other data.
    #[error("nonce {found:?}, expected {expected:?}")]
    Nonce {
        /// The expected nonce, in base64url without padding.
        expected: String,
        /// The nonce found.
        found: String,
    },
    /// About another app.
    #[error("{member} is {found:?}, expected {expected:?}")]
    PackageName {
        /// `requestDetails.requestPackageName` or `appIntegrity.packageName`.
        member: &'static str,
        /// The expected package name.
        expected: String,
        /// The package name found.
        found: String,
    },
    /// Too old.
    #[error("made at {timestamp} ms, more than {max_age:?} before {time} s")]
    Expired {
        /// When it was made, in Unix milliseconds.
        timestamp: i64,
        /// The time checked, in Unix seconds.
        time: i64,
        /// How old it may be.
        max_age: Duration,
    },
    /// From the future.
    #[error("made at {timestamp} ms, more than {max_skew:?} after {time} s")]
    NotYetValid {
        /// When it was made, in Unix milliseconds.
        timestamp: i64,
        /// The time checked, in Unix seconds.
        time: i64,
        /// How far ahead Google's clock may be.
        max_skew: Duration,
    },
    /// A made-up verdict for a test account, where none is allowed.
    #[error("a testing response, which is not allowed here")]
    TestingResponse,
}

/// Verifies a token of a classic request.
///
/// Checked are: the encryption with the operator's key, A256KW and A256GCM only; Google's signature, ES256 only; nonce,
/// package name (of the request and, where the app was evaluated, of the app) and age; that the verdict is not made up.
/// Everything else is a fact for the caller's policy, the signing certificates not least: a repackaged app keeps its
/// package name and has `UNRECOGNIZED_VERSION`.
pub fn verify_token(token: &str, keys: &Keys, expectation: &Expectation<'_>) -> Result<Verdict, PlayIntegrityError> {
    judge(open::<Payload>(token, keys)?, expectation)
}

/// Opens a token and hands out what Google signed, as it stands there, for people who look into a refusal. It is
/// Google's word, but about whom, for which request and from when nobody has looked at: decide by [`verify_token`].
pub fn open_token(token: &str, keys: &Keys) -> Result<Value, PlayIntegrityError> {
    open(token, keys)
}

fn open<T: DeserializeOwned>(token: &str, keys: &Keys) -> Result<T, PlayIntegrityError> {
    if token.len() > MAX_TOKEN {
        return Err(PlayIntegrityError::TooLong { length: token.len() });
    }
    let inner = jwe::open(token, &keys.decryption).map_err(PlayIntegrityError::Jwe)?;
    jws::verify(&inner, &keys.verification)
}

fn judge(payload: Payload, expectation: &Expectation<'_>) -> Result<Verdict, PlayIntegrityError> {
    let request = payload.request_details.ok_or(missing("requestDetails"))?;
    nonce(&request, expectation.nonce)?;
    let package_name = request.request_package_name.ok_or(missing("requestDetails.requestPackageName"))?;
    package("requestDetails.requestPackageName", expectation.package_name, &package_name)?;
    let timestamp = request.timestamp_millis.ok_or(missing("requestDetails.timestampMillis"))?;
    age(timestamp, expectation)?;
    let app = app(payload.app_integrity.ok_or(missing("appIntegrity"))?, expectation.package_name)?;
    let is_testing_response = payload.testing_details.is_some_and(|details| details.is_testing_response);
    if is_testing_response && !expectation.allow_testing_response {
        return Err(PlayIntegrityError::TestingResponse);
    }
    Ok(Verdict {
        timestamp,
        is_testing_response,
        app,
        device: payload.device_integrity.map(Into::into).unwrap_or_default(),
        licensing: payload.account_details.and_then(|account| account.app_licensing_verdict),
        environment: payload.environment_details.map(Into::into).unwrap_or_default(),
    })
}

fn missing(member: &'static str) -> PlayIntegrityError {
    PlayIntegrityError::Missing { member }
}

fn nonce(request: &payload::RequestDetails, expected: &[u8]) -> Result<(), PlayIntegrityError> {
    let found = request.nonce.as_ref().ok_or(missing("requestDetails.nonce"))?;
    if NONCE.decode(found).is_ok_and(|nonce| nonce == expected) {
        return Ok(());
    }
    let expected = NONCE.encode(expected).trim_end_matches('=').to_owned();
    Err(PlayIntegrityError::Nonce { expected, found: found.clone() })
}

fn package(member: &'static str, expected: &str, found: &str) -> Result<(), PlayIntegrityError> {
    if found == expected {
        return Ok(());
    }
    Err(PlayIntegrityError::PackageName { member, expected: expected.to_owned(), found: found.to_owned() })
}

fn age(timestamp: i64, expectation: &Expectation<'_>) -> Result<(), PlayIntegrityError> {
    let Expectation { time, max_age, max_skew, .. } = *expectation;
    // In a type that neither a token's time nor ours can overflow.
    let age = i128::from(time) * 1000 - i128::from(timestamp);
    let milliseconds = |duration: Duration| i128::try_from(duration.as_millis()).unwrap_or(i128::MAX);
    if age > milliseconds(max_age) {
        return Err(PlayIntegrityError::Expired { timestamp, time, max_age });
    }
    if -age > milliseconds(max_skew) {
        return Err(PlayIntegrityError::NotYetValid { timestamp, time, max_skew });
    }
    Ok(())
}

fn app(app: payload::AppIntegrity, expected: &str) -> Result<AppIntegrity, PlayIntegrityError> {
    let recognition = app.app_recognition_verdict.ok_or(missing("appIntegrity.appRecognitionVerdict"))?;
    match &app.package_name {
        Some(found) => package("appIntegrity.packageName", expected, found)?,
        // The request's package name may be spoofed, the evaluated app's may not.
        None if recognition == AppRecognition::PlayRecognized => return Err(missing("appIntegrity.packageName")),
        None => {}
    }
    Ok(AppIntegrity {
        recognition,
        package_name: app.package_name,
        certificate_sha256: app.certificate_sha256_digest,
        version_code: app.version_code,
    })
}
