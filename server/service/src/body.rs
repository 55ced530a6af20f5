//! Request bodies: bounded in size and in time.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_LENGTH;
use bonafide_protocol::status::Status;
use serde::de::DeserializeOwned;

use crate::reply::Refusal;

/// How long a body may take to arrive. A phone on a bad network needs a few seconds for 128 KiB.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads a whole body of at most `limit` bytes.
async fn read(request: Request, limit: usize) -> Result<Vec<u8>, Refusal> {
    let claimed = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<u64>().ok());
    let too_large = || Refusal::with(Status::RequestTooLarge, format!("The limit is {limit} bytes."));
    if claimed.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > limit)) {
        return Err(too_large());
    }
    let body: Body = request.into_body();
    match tokio::time::timeout(PATIENCE, to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => Ok(bytes.to_vec()),
        Ok(Err(error)) if is_limit(&error) => Err(too_large()),
        // The client went away: nobody reads this answer.
        Ok(Err(_)) => Err(Refusal::with(Status::MalformedRequest, "The body ended early.")),
        Err(_) => Err(Refusal::too_slow()),
    }
}

fn is_limit(error: &axum::Error) -> bool {
    use std::error::Error as _;
    // axum wraps the limiter's error once.
    error.source().is_some_and(|source| source.to_string().contains("length limit"))
}

/// A text body of at most `LIMIT` bytes.
pub(crate) struct Text<const LIMIT: usize>(pub(crate) String);

impl<S: Send + Sync, const LIMIT: usize> FromRequest<S> for Text<LIMIT> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let bytes = read(request, LIMIT).await?;
        String::from_utf8(bytes).map(Self).map_err(|_| Refusal::with(Status::MalformedRequest, "It is not UTF-8."))
    }
}

/// A JSON body of at most `LIMIT` bytes.
pub(crate) struct Json<T, const LIMIT: usize>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned, const LIMIT: usize> FromRequest<S> for Json<T, LIMIT> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let bytes = read(request, LIMIT).await?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| malformed(&error))
    }
}

/// A JSON error in words; serde's own say line and column.
pub(crate) fn malformed(error: &serde_json::Error) -> Refusal {
    Refusal::with(Status::MalformedRequest, format!("The body: {error}."))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use axum::body::{Bytes, HttpBody};
    use axum::response::IntoResponse as _;

    use super::*;

    /// A body that goes on, and never comes to an end.
    struct Trickle;

    impl HttpBody for Trickle {
        type Data = Bytes;
        type Error = std::io::Error;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
            Poll::Pending
        }
    }

    // The clock is tokio's own, which jumps when nothing else is to do.
    #[tokio::test(start_paused = true)]
    async fn a_trickled_body_ends() {
        let request = Request::new(Body::new(Trickle));
        let refusal = read(request, 100).await.unwrap_err();
        assert_eq!(refusal.into_response().status(), axum::http::StatusCode::REQUEST_TIMEOUT);
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_limit_whatever_its_length_claims() {
        let body = |length: usize| Request::new(Body::from(vec![0; length]));
        assert_eq!(read(body(100), 100).await.unwrap().len(), 100);
        assert_eq!(read(body(101), 100).await.unwrap_err().status, Status::RequestTooLarge);
        let mut lying = body(5);
        lying.headers_mut().insert(CONTENT_LENGTH, 101.into());
        assert_eq!(read(lying, 100).await.unwrap_err().status, Status::RequestTooLarge);
    }
}
