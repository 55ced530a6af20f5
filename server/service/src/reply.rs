//! Refusals: one closed list of codes, rendered in one place.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bonafide_protocol::message::ErrorResponse;
use bonafide_protocol::status::Status;

use crate::challenge;
use crate::error::ServiceError;
use crate::store::StoreError;

/// A refusal on its way to the client. `detail` is for clients: nothing internal goes into it.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: Status,
    detail: Option<String>,
    retry_after: Option<u64>,
    http: Option<StatusCode>,
    /// The detail is the whole message.
    alone: bool,
}

impl Refusal {
    pub(crate) fn new(status: Status) -> Self {
        Self { status, detail: None, retry_after: None, http: None, alone: false }
    }

    pub(crate) fn with(status: Status, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..Self::new(status) }
    }

    /// What an operator wrote is wrong: he corrects it, and has no SDK to report to anybody.
    pub(crate) fn mistake(detail: impl Into<String>) -> Self {
        Self { alone: true, ..Self::with(Status::MalformedRequest, detail) }
    }

    /// The service cannot serve now; the client may come back after so many seconds.
    pub(crate) fn unavailable(retry_after: u64) -> Self {
        Self { retry_after: Some(retry_after), ..Self::new(Status::ServiceUnavailable) }
    }

    pub(crate) fn too_many(retry_after: u64) -> Self {
        Self { retry_after: Some(retry_after), ..Self::new(Status::TooManyRequests) }
    }

    /// The body did not arrive in time (RFC 9110 section 15.5.9).
    pub(crate) fn too_slow() -> Self {
        Self { http: Some(StatusCode::REQUEST_TIMEOUT), ..Self::new(Status::PoorNetwork) }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let http = self
            .http
            .or_else(|| self.status.http().and_then(|code| StatusCode::from_u16(code).ok()))
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let message = match self.detail {
            Some(detail) if self.alone => detail,
            detail => {
                let detail = detail.map(|detail| format!(" {detail}")).unwrap_or_default();
                format!("{}{detail} {}", self.status.message(), self.status.next_step())
            }
        };
        let mut response = (http, Json(ErrorResponse { code: self.status.code().to_owned(), message })).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        // For the metrics: which refusal it was.
        response.extensions_mut().insert(self.status);
        response
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Duplicate => Self::with(Status::Conflict, "There is one of that name already."),
            error => {
                // The whole chain once, here; the client learns only when to come back.
                tracing::error!(%error, "the database failed");
                Self::unavailable(if matches!(error, StoreError::Busy) { 1 } else { 30 })
            }
        }
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl From<ServiceError> for Refusal {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Store(error) => error.into(),
            error => {
                tracing::error!(%error, "internal error");
                Self::new(Status::Internal)
            }
        }
    }
}

impl From<challenge::Refused> for Refusal {
    fn from(refused: challenge::Refused) -> Self {
        Self::new(match refused {
            challenge::Refused::Invalid => Status::ChallengeInvalid,
            challenge::Refused::Expired => Status::ChallengeExpired,
        })
    }
}

/// What cannot fail but for a fault of ours: no key, no randomness.
pub(crate) fn must<T>(value: Option<T>, what: &'static str) -> Result<T, Refusal> {
    value.ok_or_else(|| {
        tracing::error!(what, "internal error");
        Refusal::new(Status::Internal)
    })
}
