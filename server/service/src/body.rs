//! Request bodies: bounded in size and in time.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_LENGTH;
use bonafide_protocol::status::Status;
use serde::de::DeserializeOwned;

use crate::reply::Refusal;

/// How long a body may take to arrive. A phone on a bad network needs a few seconds for 128 KiB.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is read of a body that is too long, only to be thrown away. A server that answers and closes while bytes are
/// still coming resets the connection, and the client may never see the answer (RFC 9112 section 9.6).
const DRAINED: usize = 4 * 1024 * 1024;

/// Reads a whole body of at most `limit` bytes.
async fn read(request: Request, limit: usize) -> Result<Vec<u8>, Refusal> {
    let claimed = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<u64>().ok());
    let too_large = || Refusal::with(Status::RequestTooLarge, format!("The limit is {limit} bytes."));
    let most = limit.saturating_add(DRAINED);
    if claimed.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > most)) {
        return Err(too_large());
    }
    let collected = tokio::time::timeout(PATIENCE, collect(request.into_body(), limit, most)).await;
    match collected.map_err(|_| Refusal::too_slow())? {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(too_large()),
        // The client went away: nobody reads this answer.
        Err(_) => Err(Refusal::with(Status::MalformedRequest, "The body ended early.")),
    }
}

/// The body's bytes; `None` if they are more than `limit`. Stops after `most`, and never holds more than `limit`.
async fn collect(mut body: Body, limit: usize, most: usize) -> Result<Option<Vec<u8>>, axum::Error> {
    let mut bytes = Vec::new();
    let mut length: usize = 0;
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        // What is no data is a trailer, which nobody reads.
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        length = length.saturating_add(data.len());
        if length > most {
            return Ok(None);
        }
        if length <= limit {
            bytes.extend_from_slice(&data);
        }
    }
    Ok((length <= limit).then_some(bytes))
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
        let mut endless = Request::new(Body::new(Trickle));
        endless.headers_mut().insert(CONTENT_LENGTH, u64::MAX.into());
        assert_eq!(read(endless, 100).await.unwrap_err().status, Status::RequestTooLarge, "not waited for");
        assert_eq!(read(body(DRAINED + 101), 100).await.unwrap_err().status, Status::RequestTooLarge);
    }
}
