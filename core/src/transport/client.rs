//! One request and its reply: HTTP/1.1, capped in size, nothing followed.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bonafide_protocol::config::Service;
use bonafide_protocol::encoding::from_base64;
use bonafide_protocol::message::ErrorResponse;
use bonafide_protocol::pin::Pin;
use bonafide_protocol::status::Status;
use bonafide_protocol::trust::MAX_DOCUMENTS_BYTES;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderMap, RETRY_AFTER};
use hyper::{Method, Response, StatusCode};
use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::time_provider::TimeProvider;
use serde::de::DeserializeOwned;
use url::{Position as Part, Url};

use super::connection::{self, Sender};
use super::error::{Trouble, translate};
use super::verifier::PinnedVerifier;
use super::{Platform, Position};
use crate::Failure;
use crate::port::{Clock, Connectivity};

/// The longest reply that is read.
const MAX_REPLY_BYTES: usize = MAX_DOCUMENTS_BYTES;

/// An idle connection is kept for the request that follows a challenge, and not for long after: radios sleep.
const IDLE_MILLIS: u64 = 20_000;

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
        let url = url(service, self.path, &self.query)?;
        let request = self.into_http(&url)?;
        let (mut response, sender) =
            client.exchange(&url, request).await.map_err(|trouble| translate(trouble, service))?;
        let (status, retry_after) = (response.status(), retry_after(response.headers()));
        let mut body = Vec::new();
        while let Some(frame) = response.body_mut().frame().await {
            let frame = frame.map_err(|error| translate(Trouble::Http(error), service))?;
            // Trailers are of no interest.
            let Ok(chunk) = frame.into_data() else { continue };
            if body.len() + chunk.len() > MAX_REPLY_BYTES {
                return Err(Failure::new(Status::ServiceUnavailable)
                    .with("reason", format_args!("a reply of more than {MAX_REPLY_BYTES} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        client.keep(sender);
        if status.is_success() { Ok(Reply { body }) } else { Err(refusal(status, &body, retry_after)) }
    }

    fn into_http(self, url: &Url) -> Result<hyper::Request<Full<Bytes>>, Failure> {
        let mut request = hyper::Request::builder()
            .method(self.method)
            .uri(&url[Part::BeforePath..Part::AfterQuery])
            .header(HOST, &url[Part::BeforeHost..Part::AfterPort])
            .header(ACCEPT, "*/*");
        let body = self.body.map(|(media_type, body)| {
            request = std::mem::take(&mut request).header(CONTENT_TYPE, media_type);
            Bytes::from(body)
        });
        let request = request.body(Full::new(body.unwrap_or_default()));
        request.map_err(|error| Failure::new(Status::Internal).with("reason", error))
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

/// Calls to one service, over connections that are all made alike. Cheap to clone.
#[derive(Clone)]
pub(super) struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    tls: Arc<ClientConfig>,
    connectivity: Arc<dyn Connectivity>,
    clock: Arc<dyn Clock>,
    /// The connection used last, and since when it idles, milliseconds since boot.
    idle: Mutex<Option<(Sender, u64)>>,
}

impl Client {
    /// The head of the reply, and the connection that the rest comes over.
    async fn exchange(
        &self,
        url: &Url,
        mut request: hyper::Request<Full<Bytes>>,
    ) -> Result<(Response<Incoming>, Sender), Trouble> {
        if let Some(mut sender) = self.idle().await {
            match sender.try_send_request(request).await {
                Ok(response) => return Ok((response, sender)),
                Err(mut error) => match error.take_message() {
                    // The other side had closed it, and nothing was sent.
                    Some(unsent) => request = unsent,
                    None => return Err(Trouble::Http(error.into_error())),
                },
            }
        }
        // Not the environment's proxy but the platform's, if it names one.
        let proxy = self.inner.connectivity.proxy();
        let mut sender = connection::dial(&self.inner.tls, url, proxy.as_deref()).await?;
        let response = sender.send_request(request).await.map_err(Trouble::Http)?;
        Ok((response, sender))
    }

    /// The connection used last, if it may be used again.
    async fn idle(&self) -> Option<Sender> {
        let (mut sender, since) = self.inner.idle.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        if self.inner.clock.boot_millis().saturating_sub(since) >= IDLE_MILLIS {
            return None;
        }
        sender.ready().await.ok().map(|()| sender)
    }

    /// Keeps a connection whose reply has been read, in place of an older one, and closes it when its time is over.
    fn keep(&self, sender: Sender) {
        let since = self.inner.clock.boot_millis();
        *self.inner.idle.lock().unwrap_or_else(PoisonError::into_inner) = Some((sender, since));
        let inner = Arc::downgrade(&self.inner);
        drop(tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(IDLE_MILLIS)).await;
            let Some(inner) = inner.upgrade() else { return };
            let mut idle = inner.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.as_ref().is_some_and(|(_, at)| *at == since) {
                *idle = None;
            }
        }));
    }
}

/// A client for this service: with `pins`, over channels that have to match one of them.
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
        Arc::new(crate::tls::provider()),
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
    Ok(Client {
        inner: Arc::new(Inner {
            tls: Arc::new(tls),
            connectivity: Arc::clone(&platform.connectivity),
            clock: Arc::clone(&platform.clock),
            idle: Mutex::new(None),
        }),
    })
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
