use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::CertificateDer;
use thiserror::Error;

/// Why no verifier could be made.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("no certificate verifier: {why}")]
pub struct TrustFailure {
    /// The reason.
    pub why: String,
}

/// Who may be the service, before its pins are looked at. Both making and using a verifier may block.
pub trait ServerTrust: Send + Sync {
    /// A verifier that trusts exactly these roots (DER); the platform's own decision when there are none.
    fn verifier(&self, roots: Vec<CertificateDer<'static>>) -> Result<Arc<dyn ServerCertVerifier>, TrustFailure>;
}
