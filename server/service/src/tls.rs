//! The public listener's certificate: read from files, read again when they change.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum_server::tls_rustls::RustlsConfig;
use bonafide_protocol::encoding::{Sha256, sha256};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::error::ServiceError;

/// How soon a new certificate is served.
const LOOK: Duration = Duration::from_secs(1);

/// The two files.
pub(crate) struct Files {
    cert: PathBuf,
    key: PathBuf,
}

/// What was read last: the same bytes are neither parsed nor complained of twice.
struct Read {
    digest: Sha256,
}

impl Files {
    pub(crate) fn new(cert: PathBuf, key: PathBuf) -> Self {
        Self { cert, key }
    }

    /// Reads the files for the first time.
    pub(crate) fn load(&self) -> Result<RustlsConfig, ServiceError> {
        let (cert, key) = (read(&self.cert)?, read(&self.key)?);
        Ok(RustlsConfig::from_config(self.parse(&cert, &key)?))
    }

    /// Looks at the files for ever. Half a replacement (a certificate whose key is still to come) leaves the old pair
    /// in service; so does one that cannot be read.
    pub(crate) async fn watch(self, served: RustlsConfig) {
        let mut last: Option<Read> = self.digest().map(|digest| Read { digest });
        let mut ticks = tokio::time::interval(LOOK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let digest = self.digest();
            if digest == last.as_ref().map(|read| read.digest) {
                continue;
            }
            last = digest.map(|digest| Read { digest });
            match self.reload() {
                Ok(config) => {
                    served.reload_from_config(config);
                    tracing::info!(cert = %self.cert.display(), "the new certificate is being served");
                }
                Err(error) => tracing::warn!(%error, "the old certificate stays in service"),
            }
        }
    }

    fn reload(&self) -> Result<Arc<ServerConfig>, ServiceError> {
        self.parse(&read(&self.cert)?, &read(&self.key)?)
    }

    fn digest(&self) -> Option<Sha256> {
        let mut both = std::fs::read(&self.cert).ok()?;
        both.extend(sha256(&std::fs::read(&self.key).ok()?));
        Some(sha256(&both))
    }

    fn parse(&self, cert: &[u8], key: &[u8]) -> Result<Arc<ServerConfig>, ServiceError> {
        let refused = |reason: String| ServiceError::Tls { cert: self.cert.clone(), key: self.key.clone(), reason };
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(cert)
            .collect::<Result<_, _>>()
            .map_err(|error| refused(format!("the certificate's file is no PEM: {error}")))?;
        if chain.is_empty() {
            return Err(refused("the certificate's file holds no certificate".to_owned()));
        }
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|error| refused(format!("the key's file holds no private key in PEM: {error}")))?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| refused(error.to_string()))?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|error| refused(error.to_string()))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, ServiceError> {
    std::fs::read(path).map_err(|source| ServiceError::File { doing: "read", path: path.to_owned(), source })
}
