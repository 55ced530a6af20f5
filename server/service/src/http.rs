//! What every request passes: measuring, a deadline, the rate limit.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, MatchedPath, Request, State as Shared};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use bonafide_protocol::status::Status;

use crate::reply::Refusal;
use crate::state::State;

/// The longest that any answer takes. Above the deadlines of bodies, database and ledger: it only catches what they miss.
const DEADLINE: Duration = Duration::from_secs(20);

/// Measures the request, bounds its time, and names a route or method that there is not.
pub(crate) async fn measure(Shared(state): Shared<Arc<State>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let response = match tokio::time::timeout(DEADLINE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Refusal::unavailable(1).into_response(),
    };
    if let Some(status) = response.extensions().get::<Status>() {
        state.metrics.count("bonafide_refusals_total", &[("code", status.code())]);
    }
    state.metrics.request(&route, response.status().as_u16(), started.elapsed());
    response
}

/// Where a call comes from.
#[derive(Clone, Copy)]
pub(crate) enum Source {
    /// The other end of the connection.
    Peer,
    /// The last entry of `X-Forwarded-For`, which the proxy in front has set.
    Forwarded,
}

/// Refuses a source that calls too often.
pub(crate) async fn limit(
    Shared((state, source)): Shared<(Arc<State>, Source)>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    let address = match source {
        Source::Peer => peer.ip(),
        Source::Forwarded => forwarded(&request).unwrap_or(peer.ip()),
    };
    match state.limiter.take(address, state.clock.unix_millis()) {
        Ok(()) => next.run(request).await,
        Err(seconds) => Refusal::too_many(seconds).into_response(),
    }
}

fn forwarded(request: &Request) -> Option<IpAddr> {
    // The last header and its last entry: everything before it is the client's own word.
    let value = request.headers().get_all("x-forwarded-for").iter().next_back()?;
    let last = value.to_str().ok()?.rsplit(',').next()?.trim();
    // Some proxies add the port (Azure's does). Unread, all their clients would share one bucket, that of the proxy.
    last.parse().ok().or_else(|| last.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// The answer where there is no such route.
pub(crate) async fn no_route() -> Refusal {
    Refusal::new(Status::NotFound)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_proxys_own_entry_is_the_source_with_or_without_a_port() {
        for (value, expected) in [
            ("192.0.2.7", Some("192.0.2.7")),
            ("10.9.9.9, 192.0.2.7", Some("192.0.2.7")),
            ("192.0.2.7:50123", Some("192.0.2.7")),
            ("[2001:db8::1]:50123", Some("2001:db8::1")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("192.0.2.7, unknown", None),
            ("", None),
        ] {
            let request = Request::builder().header("x-forwarded-for", value).body(axum::body::Body::empty()).unwrap();
            assert_eq!(forwarded(&request), expected.map(|text| text.parse().unwrap()), "{value}");
        }
    }
}
