//! The tower layer.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::http::{Request, Response, StatusCode};
use tower::{Layer, Service};

use crate::gate::Gate;
use crate::result::{result_headers, strip_result_headers};

/// Protects the services below it: what it refuses gets a bare 401 and never reaches them.
///
/// A request that passes carries the result headers, and, where it was verified, [`crate::Verified`] and
/// [`bonafide_protocol::claims::Claims`] in its extensions. Every response carries the [`crate::Judgement`] in its
/// extensions, which never go out to the client, for a log further out.
#[derive(Clone)]
pub struct BonafideLayer {
    gate: Arc<Gate>,
    audience: Arc<str>,
}

impl BonafideLayer {
    /// A layer for an API with this audience.
    pub fn new(gate: Gate, audience: impl Into<Arc<str>>) -> Self {
        Self { gate: Arc::new(gate), audience: audience.into() }
    }
}

impl<S> Layer<S> for BonafideLayer {
    type Service = BonafideService<S>;

    fn layer(&self, inner: S) -> BonafideService<S> {
        BonafideService { inner, layer: self.clone() }
    }
}

/// A service behind a [`BonafideLayer`].
#[derive(Clone)]
pub struct BonafideService<S> {
    inner: S,
    layer: BonafideLayer,
}

impl<S, RequestBody, ResponseBody> Service<Request<RequestBody>> for BonafideService<S>
where
    S: Service<Request<RequestBody>, Response = Response<ResponseBody>> + Clone + Send + 'static,
    S::Future: Send,
    RequestBody: Send + 'static,
    ResponseBody: Default + Send,
{
    type Response = Response<ResponseBody>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<RequestBody>) -> Self::Future {
        // The service that was polled ready is the one to call; its clone may not be ready.
        let ready = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, ready);
        let BonafideLayer { gate, audience } = self.layer.clone();
        Box::pin(async move {
            // Taken out, so that the request's body, which may not be shared between threads, is not held across.
            let headers = std::mem::take(request.headers_mut());
            let judgement = gate.judge(&headers, &audience).await;
            *request.headers_mut() = headers;
            strip_result_headers(request.headers_mut(), gate.token_header());
            let mut response = if judgement.passes() {
                request.headers_mut().extend(result_headers(&judgement));
                if let Ok(verified) = &judgement.outcome {
                    request.extensions_mut().insert(verified.claims.clone());
                    request.extensions_mut().insert(verified.clone());
                }
                inner.call(request).await?
            } else {
                let mut response = Response::new(ResponseBody::default());
                *response.status_mut() = StatusCode::UNAUTHORIZED;
                response
            };
            response.extensions_mut().insert(judgement);
            Ok(response)
        })
    }
}
