//! The forward-auth endpoint: a proxy asks it before it passes a request on.
//!
//! It is no proxy. It sees a request's headers and never its body.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use bonafide_protocol::host::Host;

use crate::audiences::Audiences;
use crate::gate::Gate;
use crate::refusal::{Refusal, shortened};
use crate::result::result_headers;

const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const ORIGINAL_HOST: HeaderName = HeaderName::from_static("x-original-host");
const ORIGINAL_URL: HeaderName = HeaderName::from_static("x-original-url");

/// Where the proxy says which host the client asked for. It matters only for [`Audiences::PerHost`].
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum HostSource {
    /// `X-Forwarded-Host`, `X-Original-Host`, `X-Original-URL`: those that are there have to agree. The proxy has to
    /// overwrite what a client sent in them, as the snippets in docs/gateway.md do.
    #[default]
    Forwarded,
    /// This header and no other; Envoy, for one, passes the client's own `Host`.
    Header(HeaderName),
}

/// The endpoint's settings.
#[derive(Clone)]
pub struct ForwardAuth {
    /// Who judges.
    pub gate: Gate,
    /// By which audience.
    pub audiences: Audiences,
    /// Where the host is said.
    pub host_source: HostSource,
}

/// `/verify`, and all below it, for any method: 200 with the result headers, or a bare 401. `/healthz`: 200.
pub fn forward_auth(settings: ForwardAuth) -> Router {
    Router::new()
        .route("/verify", any(verify))
        // Envoy appends the path of the client's request.
        .route("/verify/", any(verify))
        .route("/verify/{*path}", any(verify))
        .route("/healthz", get(|| async { StatusCode::OK }))
        .with_state(Arc::new(settings))
}

async fn verify(State(settings): State<Arc<ForwardAuth>>, request: Request) -> Response {
    let headers = request.headers();
    let judgement = match audience(&settings, headers) {
        Ok(audience) => settings.gate.judge(headers, audience).await,
        Err(refusal) => settings.gate.refuse(refusal, headers),
    };
    let mut response = if judgement.passes() {
        let mut response = StatusCode::OK.into_response();
        response.headers_mut().extend(result_headers(&judgement));
        response
    } else {
        StatusCode::UNAUTHORIZED.into_response()
    };
    response.extensions_mut().insert(judgement);
    response
}

fn audience<'a>(settings: &'a ForwardAuth, headers: &HeaderMap) -> Result<&'a str, Refusal> {
    match &settings.audiences {
        Audiences::One(audience) => Ok(audience),
        Audiences::PerHost(by_host) => {
            let host = original_host(&settings.host_source, headers).ok_or(Refusal::Host { host: None })?;
            by_host.of(&host).ok_or_else(|| Refusal::Host { host: Some(shortened(&host.to_string())) })
        }
    }
}

/// The one host that the headers name.
fn original_host(source: &HostSource, headers: &HeaderMap) -> Option<Host> {
    let names = match source {
        HostSource::Forwarded => &[FORWARDED_HOST, ORIGINAL_HOST, ORIGINAL_URL][..],
        HostSource::Header(name) => std::slice::from_ref(name),
    };
    let mut hosts = names.iter().flat_map(|name| headers.get_all(name).iter().map(move |value| (name, value))).map(
        |(name, value)| {
            let text = value.to_str().ok()?;
            Host::parse(without_port(if *name == ORIGINAL_URL { authority(text)? } else { text })).ok()
        },
    );
    let first = hosts.next()??;
    hosts.all(|other| other.as_ref() == Some(&first)).then_some(first)
}

fn authority(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    rest.split(['/', '?', '#']).next()
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        // In an IPv6 address the last colon is no port's unless a bracket stands before it.
        Some((host, port))
            if port.bytes().all(|byte| byte.is_ascii_digit()) && (!host.contains(':') || host.ends_with(']')) =>
        {
            host
        }
        _ => authority,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn host(source: &HostSource, headers: &[(&'static str, &'static str)]) -> Option<String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        original_host(source, &map).map(|host| host.to_string())
    }

    #[test]
    fn a_host_that_is_not_named_once_is_none() {
        let forwarded = HostSource::Forwarded;
        for headers in [
            &[][..],
            &[("host", "api.acme.com")],
            &[("x-forwarded-host", "")],
            &[("x-forwarded-host", "a.com, b.com")],
            &[("x-forwarded-host", "a.com"), ("x-forwarded-host", "b.com")],
            &[("x-forwarded-host", "a.com"), ("x-original-url", "https://b.com/")],
            &[("x-forwarded-host", "user@a.com")],
            &[("x-original-url", "/path")],
        ] {
            assert_eq!(host(&forwarded, headers), None, "{headers:?}");
        }
        assert_eq!(host(&HostSource::Header("host".parse().unwrap()), &[("x-forwarded-host", "a.com")]), None);
    }

    #[test]
    fn hosts_are_found_in_any_of_their_places() {
        for (name, value, expected) in [
            ("x-forwarded-host", "API.acme.com:8443", "api.acme.com"),
            ("x-original-host", "api.acme.com", "api.acme.com"),
            ("x-original-url", "https://api.acme.com/login?next=http://x/", "api.acme.com"),
            ("x-forwarded-host", "[2001:db8::1]:443", "2001:db8::1"),
            ("x-forwarded-host", "[2001:db8::1]", "2001:db8::1"),
        ] {
            assert_eq!(host(&HostSource::Forwarded, &[(name, value)]).as_deref(), Some(expected), "{value}");
        }
    }
}
