use std::sync::Arc;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls_platform_verifier::Verifier;

use crate::port::{ServerTrust, TrustFailure};

/// The platform's own trust decision, or exactly the config's private roots.
#[derive(Clone, Debug)]
pub struct StandardTrust {
    provider: Arc<CryptoProvider>,
}

impl StandardTrust {
    /// With rustls's ring provider, which the core's own TLS uses as well.
    pub fn new() -> Self {
        Self { provider: Arc::new(crate::tls::provider()) }
    }
}

impl Default for StandardTrust {
    fn default() -> Self {
        Self::new()
    }
}

impl ServerTrust for StandardTrust {
    fn verifier(&self, roots: Vec<CertificateDer<'static>>) -> Result<Arc<dyn ServerCertVerifier>, TrustFailure> {
        let provider = Arc::clone(&self.provider);
        if roots.is_empty() {
            let verifier = Verifier::new(provider).map_err(|error| failure(&error))?;
            return Ok(Arc::new(verifier));
        }
        let mut store = RootCertStore::empty();
        for root in roots {
            store.add(root).map_err(|error| failure(&error))?;
        }
        let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider);
        builder.build().map(|verifier| verifier as Arc<dyn ServerCertVerifier>).map_err(|error| failure(&error))
    }
}

fn failure(error: &dyn std::error::Error) -> TrustFailure {
    TrustFailure { why: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_that_is_no_certificate_is_refused() {
        let made = StandardTrust::new().verifier(vec![CertificateDer::from(vec![0x30, 0])]);
        assert!(made.is_err());
    }
}
