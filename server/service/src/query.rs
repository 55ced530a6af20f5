//! Query strings and path parameters, refused in our own words.

use axum::extract::{FromRequestParts, Path as AxumPath, Query as AxumQuery};
use axum::http::request::Parts;
use bonafide_protocol::status::Status;
use serde::de::DeserializeOwned;

use crate::reply::Refusal;

/// The query, read into `T`.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let query = AxumQuery::<T>::from_request_parts(parts, state).await;
        query
            .map(|AxumQuery(value)| Self(value))
            .map_err(|error| Refusal::with(Status::MalformedRequest, format!("{}.", error.body_text())))
    }
}

/// The path's parameters, read into `T`.
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let path = AxumPath::<T>::from_request_parts(parts, state).await;
        path.map(|AxumPath(value)| Self(value))
            .map_err(|error| Refusal::with(Status::MalformedRequest, format!("{}.", error.body_text())))
    }
}
