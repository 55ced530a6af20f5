//! The inner layer: compact JWS (RFC 7515 section 7.1) with ES256.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::de::DeserializeOwned;

use super::jwe::{self, Header, JoseError};
use super::token::PlayIntegrityError;

const ALGORITHM: &str = "ES256";

/// The payload of `text`, if `key` signed it.
pub(super) fn verify<T: DeserializeOwned>(text: &str, key: &DecodingKey) -> Result<T, PlayIntegrityError> {
    let [header, payload, signature] = jwe::split(text).map_err(PlayIntegrityError::Jws)?;
    for (part, text) in [("payload", payload), ("signature", signature)] {
        jwe::decode(part, text).map_err(PlayIntegrityError::Jws)?;
    }
    let header = Header::parse(header).map_err(PlayIntegrityError::Jws)?;
    jwe::expect("alg", ALGORITHM, header.alg).map_err(PlayIntegrityError::Jws)?;

    // The payload has none of the registered claims of a JWT; its time is checked with the rest of it.
    let mut validation = Validation::new(Algorithm::ES256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    decode::<T>(text, key, &validation).map(|token| token.claims).map_err(|error| match error.kind() {
        ErrorKind::Json(_) | ErrorKind::Utf8(_) => PlayIntegrityError::Payload,
        _ => PlayIntegrityError::Jws(JoseError::Signature),
    })
}
