//! What a failed call means.

use std::error::Error;
use std::io;

use bonafide_protocol::config::Service;
use bonafide_protocol::status::Status;
use rustls::{CertificateError, OtherError};
use url::Url;

use super::verifier::ServicePinMismatch;
use crate::Failure;

/// Why an exchange came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// The address cannot be called at all. The config's check has let it pass: a defect.
    #[error("the service's address is no https://HOST")]
    Address,
    /// The platform's proxy did not open the way.
    #[error("the proxy {0}")]
    Proxy(&'static str),
    /// On the way there, TLS included.
    #[error("no connection")]
    Connection(#[source] io::Error),
    /// While request and reply were on their way.
    #[error("the exchange broke off")]
    Http(#[source] hyper::Error),
}

/// Names the failure: an untrusted channel is told from a network that is not there.
pub(super) fn translate(trouble: Trouble, service: &Service) -> Failure {
    let host = Url::parse(&service.url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let failure = |status| Failure::new(status).with("host", host.as_deref().unwrap_or_default());
    match tls_error(&trouble) {
        Some(rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(other)))) => {
            match other.downcast_ref::<ServicePinMismatch>() {
                Some(mismatch) => failure(Status::ServicePinMismatch)
                    .with("served", mismatch.served)
                    .with("expected", mismatch.expected_text())
                    .because(trouble),
                None => failure(Status::ServiceUntrusted).with("reason", other).because(trouble),
            }
        }
        Some(rustls::Error::InvalidCertificate(reason)) => {
            let reason = format!("{reason:?}");
            failure(Status::ServiceUntrusted).with("reason", reason).because(trouble)
        }
        Some(other) => {
            let reason = other.to_string();
            failure(Status::NoNetwork).with("reason", reason).because(trouble)
        }
        None if is_timeout(&trouble) => failure(Status::PoorNetwork).because(trouble),
        None => {
            let status = if matches!(trouble, Trouble::Address) { Status::Internal } else { Status::NoNetwork };
            failure(status).with("reason", innermost(&trouble)).because(trouble)
        }
    }
}

fn is_timeout(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Connection(error) if error.kind() == io::ErrorKind::TimedOut)
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
