//! The cryptography of the core's own TLS.

use std::sync::Arc;

use rustls::Error;
use rustls::crypto::{CryptoProvider, KeyProvider, ring};
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::SigningKey;

/// rustls's ring provider, without what signs for a client: the core has no client certificate, and RSA signing alone
/// would be 40 KB of every app.
pub(crate) fn provider() -> CryptoProvider {
    CryptoProvider { key_provider: &NoClientKeys, ..ring::default_provider() }
}

#[derive(Debug)]
struct NoClientKeys;

impl KeyProvider for NoClientKeys {
    fn load_private_key(&self, _: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        Err(Error::General("the core has no client certificates".to_owned()))
    }
}
