//! Where a JWKS comes from.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use thiserror::Error;

use crate::keys::MAX_JWKS_BYTES;

/// How long one fetch may take, connection included.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a JWKS could not be had.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FetchError {
    /// No answer, or none that could be read.
    #[error("{url} cannot be reached: {source}")]
    Http {
        /// Where it was asked for.
        url: String,
        /// What went wrong.
        source: reqwest::Error,
    },
    /// Another answer than 200.
    #[error("{url} answered {status}")]
    Status {
        /// Where it was asked for.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// Longer than is read.
    #[error("more than {MAX_JWKS_BYTES} bytes")]
    TooLong,
    /// The file cannot be read.
    #[error("{path} cannot be read: {source}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: std::io::Error,
    },
}

/// Where a JWKS comes from. Bounds its own time.
#[async_trait]
pub trait KeySource: Send + Sync {
    /// The JWKS as it is published now.
    async fn fetch(&self) -> Result<Vec<u8>, FetchError>;
}

/// A JWKS at a URL: `http://OPERATOR-LISTENER/.well-known/jwks.json?account=…`.
pub struct JwksUrl {
    client: reqwest::Client,
    url: String,
    bearer: Option<String>,
}

impl JwksUrl {
    /// A JWKS that everybody may read. Where the process has no default rustls `CryptoProvider` yet, it gets aws-lc's.
    pub fn new(url: impl Into<String>) -> Result<Self, FetchError> {
        Self::with_bearer(url, None)
    }

    /// A JWKS behind an operator token (decoy keys need scope `read`).
    pub fn with_bearer(url: impl Into<String>, bearer: Option<String>) -> Result<Self, FetchError> {
        let url = url.into();
        // reqwest panics without one. Losing the race to another installer is as good.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = reqwest::Client::builder()
            .timeout(FETCH_TIMEOUT)
            // Keys are taken from where the operator said, and from nowhere else.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|source| FetchError::Http { url: url.clone(), source })?;
        Ok(Self { client, url, bearer })
    }
}

#[async_trait]
impl KeySource for JwksUrl {
    async fn fetch(&self) -> Result<Vec<u8>, FetchError> {
        // The error carries the URL once, in our words.
        let failed = |source: reqwest::Error| FetchError::Http { url: self.url.clone(), source: source.without_url() };
        let mut request = self.client.get(&self.url);
        if let Some(bearer) = &self.bearer {
            request = request.bearer_auth(bearer);
        }
        let mut answer = request.send().await.map_err(failed)?;
        if answer.status() != reqwest::StatusCode::OK {
            return Err(FetchError::Status { url: self.url.clone(), status: answer.status().as_u16() });
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_JWKS_BYTES {
                return Err(FetchError::TooLong);
            }
        }
        Ok(body)
    }
}

/// A JWKS in a file, read again when an unknown key shows up.
pub struct JwksFile {
    path: PathBuf,
}

impl JwksFile {
    /// The JWKS in this file.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }
}

#[async_trait]
impl KeySource for JwksFile {
    async fn fetch(&self) -> Result<Vec<u8>, FetchError> {
        let body =
            tokio::fs::read(&self.path).await.map_err(|source| FetchError::File { path: self.path.clone(), source })?;
        if body.len() > MAX_JWKS_BYTES { Err(FetchError::TooLong) } else { Ok(body) }
    }
}
