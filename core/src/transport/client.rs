//! One request and its reply: HTTP/1.1, capped in size, nothing followed.

use std::fmt;
use std::net::ToSocketAddrs as _;
use std::sync::Arc;
use std::time::Duration;

use bonafide_protocol::config::Service;
use bonafide_protocol::encoding::from_base64;
use bonafide_protocol::message::ErrorResponse;
use bonafide_protocol::pin::Pin;
use bonafide_protocol::status::Status;
use bonafide_protocol::trust::MAX_DOCUMENTS_BYTES;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, Method, Proxy, StatusCode, Url};
use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::time_provider::TimeProvider;
use serde::de::DeserializeOwned;

use super::error::translate;
use super::verifier::PinnedVerifier;
use super::{Platform, Position};
use crate::Failure;
use crate::port::Clock;

/// The longest reply that is read.
const MAX_REPLY_BYTES: usize = MAX_DOCUMENTS_BYTES;

/// An idle connection is kept for the request that follows a challenge, and not for long after: radios sleep.
const IDLE: Duration = Duration::from_secs(20);

/// A request to the service.
#[derive(Debug)]
pub(crate) struct Request {
    method: Method,
    path: &'static str,
    query: Vec<(&'static str, String)>,
    body: Option<(&'static str, Vec<u8>)>,
}

/// A reply with status 200.
#[derive(Debug)]
pub(crate) struct Reply {
    body: Vec<u8>,
}

impl Request {
    pub(crate) fn challenge(body: Vec<u8>) -> Self {
        Self::post("challenges", "application/json", body)
    }

    pub(crate) fn token(jws: String) -> Self {
        Self::post("tokens", "application/jose", jws.into_bytes())
    }

    pub(crate) fn report(jws: String) -> Self {
        Self::post("reports", "application/jose", jws.into_bytes())
    }

    pub(crate) fn config(position: Position<'_>) -> Self {
        let query = vec![
            ("account", position.account.to_owned()),
            ("epoch", position.epoch.to_string()),
            ("version", position.version.to_string()),
        ];
        Self { method: Method::GET, path: "config", query, body: None }
    }

    fn post(path: &'static str, media_type: &'static str, body: Vec<u8>) -> Self {
        Self { method: Method::POST, path, query: Vec::new(), body: Some((media_type, body)) }
    }

    pub(super) async fn send(self, client: &Client, service: &Service) -> Result<Reply, Failure> {
        let mut request = client.request(self.method, url(service, self.path, &self.query)?);
        if let Some((media_type, body)) = self.body {
            request = request.header(CONTENT_TYPE, media_type).body(body);
        }
        let mut response = request.send().await.map_err(|error| translate(error, service))?;
        let (status, retry_after) = (response.status(), retry_after(response.headers()));
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| translate(error, service))? {
            if body.len() + chunk.len() > MAX_REPLY_BYTES {
                return Err(Failure::new(Status::ServiceUnavailable)
                    .with("reason", format_args!("a reply of more than {MAX_REPLY_BYTES} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        if status.is_success() { Ok(Reply { body }) } else { Err(refusal(status, &body, retry_after)) }
    }
}

impl Reply {
    /// The reply's content.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(|error| {
            // Where, not what: the content may be a token.
            let place = format!("a reply that cannot be read, line {} column {}", error.line(), error.column());
            Failure::new(Status::ServiceUnavailable).with("reason", place)
        })
    }
}

/// A client for this service: with `pins`, over a channel that has to match one of them.
pub(super) fn build(platform: &Platform, service: &Service, pins: Option<Vec<Pin>>) -> Result<Client, Failure> {
    let roots: Option<Vec<_>> = service.roots.iter().map(|root| from_base64(root).map(CertificateDer::from)).collect();
    let roots = roots.ok_or_else(|| {
        Failure::new(Status::ServiceUntrusted).with("reason", "the config's service.roots are not base64")
    })?;
    let inner = platform
        .trust
        .verifier(roots)
        .map_err(|error| Failure::new(Status::ServiceUntrusted).with("reason", &error).because(error))?;
    let verifier: Arc<dyn ServerCertVerifier> = match pins {
        Some(pins) => Arc::new(PinnedVerifier::new(inner, pins)),
        None => inner,
    };
    let internal = |error: &dyn std::error::Error| Failure::new(Status::Internal).with("reason", error);
    let mut tls = ClientConfig::builder_with_details(
        Arc::new(ring::default_provider()),
        Arc::new(DeviceTime(Arc::clone(&platform.clock))),
    )
    .with_safe_default_protocol_versions()
    .map_err(|error| internal(&error))?
    .dangerous()
    .with_custom_certificate_verifier(verifier)
    .with_no_client_auth();
    // A resumed session shows no certificate, so there would be nothing to pin.
    tls.resumption = Resumption::disabled();
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    let connectivity = Arc::clone(&platform.connectivity);
    Client::builder()
        .tls_backend_preconfigured(tls)
        .https_only(true)
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        // Not the environment's proxy but the platform's, if it names one: see port::Connectivity::proxy.
        .no_proxy()
        .proxy(Proxy::custom(move |_| connectivity.proxy()))
        .referer(false)
        .retry(reqwest::retry::never())
        .dns_resolver(OnThisThread)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(1)
        .build()
        .map_err(|error| internal(&error))
}

/// Looks names up on the thread that polls the exchange, which is one that may block. The library's own way takes a
/// second thread of the same pool: as many exchanges as the pool has threads would wait for each other until their time
/// is over.
struct OnThisThread;

impl Resolve for OnThisThread {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let addresses = (name.as_str(), 0).to_socket_addrs()?;
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

/// The wall clock of the port: certificates' dates are judged by it.
struct DeviceTime(Arc<dyn Clock>);

impl fmt::Debug for DeviceTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceTime")
    }
}

impl TimeProvider for DeviceTime {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(self.0.unix_seconds())))
    }
}

fn url(service: &Service, path: &str, query: &[(&'static str, String)]) -> Result<Url, Failure> {
    let base = service.url.trim_end_matches('/');
    let url = format!("{base}/v1/{path}");
    let parsed = if query.is_empty() { Url::parse(&url) } else { Url::parse_with_params(&url, query) };
    parsed.map_err(|error| Failure::new(Status::Internal).with("reason", error))
}

/// The service's own word, if it is one of the statuses that a service says; else what the HTTP status tells.
fn refusal(status: StatusCode, body: &[u8], retry_after: Option<Duration>) -> Failure {
    let said: Option<ErrorResponse> = serde_json::from_slice(body).ok();
    let known = said.and_then(|said| Status::from_code(&said.code)).filter(|status| status.http().is_some());
    let by_number =
        if status == StatusCode::TOO_MANY_REQUESTS { Status::TooManyRequests } else { Status::ServiceUnavailable };
    Failure::new(known.unwrap_or(by_number)).with("http_status", status.as_u16()).retry_after(retry_after)
}

/// Seconds only (RFC 9110 section 10.2.3): a date would have to be compared with a clock that may be wrong.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}
