//! What a failed call means.

use std::error::Error;
use std::io;

use bonafide_protocol::config::Service;
use bonafide_protocol::status::Status;
use rustls::{CertificateError, OtherError};

use super::verifier::ServicePinMismatch;
use crate::Failure;

/// Names the failure: an untrusted channel is told from a network that is not there.
pub(super) fn translate(error: reqwest::Error, service: &Service) -> Failure {
    // The URL's query holds nothing secret, but errors are logged: without it.
    let error = error.without_url();
    let host = reqwest::Url::parse(&service.url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let failure = |status| Failure::new(status).with("host", host.as_deref().unwrap_or_default());
    match tls_error(&error) {
        Some(rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(other)))) => {
            match other.downcast_ref::<ServicePinMismatch>() {
                Some(mismatch) => failure(Status::ServicePinMismatch)
                    .with("served", mismatch.served)
                    .with("expected", mismatch.expected_text())
                    .because(error),
                None => failure(Status::ServiceUntrusted).with("reason", other).because(error),
            }
        }
        Some(rustls::Error::InvalidCertificate(reason)) => {
            let reason = format!("{reason:?}");
            failure(Status::ServiceUntrusted).with("reason", reason).because(error)
        }
        Some(other) => {
            let reason = other.to_string();
            failure(Status::NoNetwork).with("reason", reason).because(error)
        }
        None if error.is_timeout() => failure(Status::PoorNetwork).because(error),
        None if error.is_builder() => failure(Status::Internal).with("reason", innermost(&error)).because(error),
        None => failure(Status::NoNetwork).with("reason", innermost(&error)).because(error),
    }
}

/// The TLS error among the causes. `io::Error` hides its content from `source`, hence the second look.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(inside) = inside {
            next = Some(inside);
            continue;
        }
        next = error.source();
    }
    None
}

fn innermost(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text = error.to_string();
        next = error.source();
    }
    text
}
