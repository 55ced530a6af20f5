//! Assertions: the attested key signed these client data, and has signed more often than before.

use minicbor::Decoder;
use serde::Serialize;
use thiserror::Error;

use super::app_id::AppId;
use super::authenticator::{AuthenticatorDataError, parse_assertion};
use super::encoding::sha256;
use super::extensions::Extensions;
use super::public_key::PublicKey;
use crate::cbor::{CborError, bytes, end, map, skip, text};

/// The longest assertion that is read, in bytes. Real ones have about 150.
pub const MAX_ASSERTION: usize = 4 * 1024;

/// What an assertion has to be about.
#[derive(Clone, Copy, Debug)]
pub struct AssertionExpectation<'a> {
    /// The app.
    pub app_id: &'a AppId,
    /// The key, from its [`Attestation`](super::Attestation).
    pub public_key: &'a PublicKey,
    /// What the app gave to `generateAssertion` as the hash of its client data: 32 bytes, unless it hashes otherwise.
    pub client_data_hash: &'a [u8],
    /// The counter of the key's last accepted assertion; 0 if there was none.
    pub counter: u32,
}

/// What an assertion proves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Assertion {
    /// The counter, to be kept for the next assertion.
    pub counter: u32,
    /// What the system says about the running app.
    pub extensions: Extensions,
}

/// Why an assertion was refused.
#[derive(Clone, Debug, Error, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum AssertionError {
    /// Longer than [`MAX_ASSERTION`].
    #[error("{length} bytes, more than the {MAX_ASSERTION} that are read")]
    TooLong {
        /// The length in bytes.
        length: usize,
    },
    /// The object is broken.
    #[error("assertion object: {0}")]
    Cbor(#[from] CborError),
    /// Signed by another key, or over other data.
    #[error("the signature does not verify")]
    Signature,
    /// The authenticator data is broken, or about another app.
    #[error("authenticator data: {0}")]
    AuthenticatorData(#[from] AuthenticatorDataError),
    /// Seen before, or made by a copy of the key's state.
    #[error("counter {found}, expected more than {last}")]
    Counter {
        /// The counter of the last accepted assertion.
        last: u32,
        /// The counter found.
        found: u32,
    },
}

/// Verifies an assertion object, as `DCAppAttestService.generateAssertion` gives it.
///
/// Checked are: the signature over the SHA-256 of authenticator data and client data hash; the app; that the counter
/// has risen. Two assertions at once can both pass: whoever keeps the counter has to replace it atomically.
pub fn verify_assertion(assertion: &[u8], expectation: &AssertionExpectation<'_>) -> Result<Assertion, AssertionError> {
    if assertion.len() > MAX_ASSERTION {
        return Err(AssertionError::TooLong { length: assertion.len() });
    }
    let (signature, authenticator_data) = parse(assertion)?;
    let nonce = sha256(&[authenticator_data, expectation.client_data_hash]);
    if !expectation.public_key.verifies(&nonce, signature) {
        return Err(AssertionError::Signature);
    }
    let (head, extensions) = parse_assertion(authenticator_data, Some(expectation.app_id))?;
    if head.counter <= expectation.counter {
        return Err(AssertionError::Counter { last: expectation.counter, found: head.counter });
    }
    Ok(Assertion { counter: head.counter, extensions })
}

/// Signature and authenticator data of `{signature, authenticatorData}`. Members with other names are ignored.
pub(super) fn parse(assertion: &[u8]) -> Result<(&[u8], &[u8]), CborError> {
    let (mut signature, mut authenticator_data) = (None, None);
    let mut decoder = Decoder::new(assertion);
    let name = |decoder: &mut Decoder<'_>| text(decoder, "a member's name").map(str::to_owned);
    map(&mut decoder, "the object", name, |name, decoder| {
        match name.as_str() {
            "signature" => signature = Some(bytes(decoder, "signature")?),
            "authenticatorData" => authenticator_data = Some(bytes(decoder, "authenticatorData")?),
            _ => skip(decoder, "the object")?,
        }
        Ok(())
    })?;
    end(&decoder, "the object")?;
    let signature = signature.ok_or(CborError::Missing { member: "signature" })?;
    Ok((signature, authenticator_data.ok_or(CborError::Missing { member: "authenticatorData" })?))
}
