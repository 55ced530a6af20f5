//! The operator's API, from the caller's side.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::Value;
use url::Url;

use crate::exit::{Failure, Outcome};

/// The most that is read of an answer.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// The way to one service's operator listener.
pub(crate) struct Operator {
    client: reqwest::Client,
    base: Url,
    token: String,
}

impl Operator {
    pub(crate) fn new(url: &str, token: String) -> Outcome<Self> {
        let base = Url::parse(url)
            .ok()
            .filter(|url| !url.cannot_be_a_base())
            .ok_or_else(|| Failure::usage(format!("{url:?} is no URL of an operator listener")))?;
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(60))
            .connect_timeout(Duration::from_secs(10))
            // The bearer token goes where the operator said, and nowhere else: through no proxy, after no redirect.
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| Failure::io("no HTTP client could be made", &error))?;
        Ok(Self { client, base, token })
    }

    /// The operator listener's address.
    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    /// The bearer token.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// A URL below the base; each part becomes one path segment, whatever is in it.
    pub(crate) fn url(&self, parts: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(parts);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    pub(crate) async fn get(&self, parts: &[&str], query: &[(&str, &str)]) -> Outcome<Value> {
        self.call(Method::GET, self.url(&admin(parts), query), None).await
    }

    pub(crate) async fn post(&self, parts: &[&str], query: &[(&str, &str)], body: &Value) -> Outcome<Value> {
        self.call(Method::POST, self.url(&admin(parts), query), Some(body)).await
    }

    pub(crate) async fn put(&self, parts: &[&str], query: &[(&str, &str)], body: &Value) -> Outcome<Value> {
        self.call(Method::PUT, self.url(&admin(parts), query), Some(body)).await.map_err(lock_out)
    }

    /// A file as it is, so that what the service says of a line is said of the file's.
    pub(crate) async fn post_text(&self, parts: &[&str], query: &[(&str, &str)], text: Vec<u8>) -> Outcome<Value> {
        self.call_with(Method::POST, self.url(&admin(parts), query), |request| request.body(text)).await
    }

    /// The same for a change; unlike [`Self::put`] it does not take every conflict for a lock-out.
    pub(crate) async fn put_text(&self, parts: &[&str], query: &[(&str, &str)], text: Vec<u8>) -> Outcome<Value> {
        self.call_with(Method::PUT, self.url(&admin(parts), query), |request| request.body(text)).await
    }

    pub(crate) async fn delete(&self, parts: &[&str], query: &[(&str, &str)]) -> Outcome<Value> {
        self.call(Method::DELETE, self.url(&admin(parts), query), None).await.map_err(lock_out)
    }

    /// The text of a page outside the admin API: `/metrics`, `/readyz`.
    pub(crate) async fn page(&self, parts: &[&str], query: &[(&str, &str)]) -> Outcome<String> {
        let answer = self.send(self.client.get(self.url(parts, query))).await?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| self.unreachable(&error))?;
        if status.is_success() { Ok(text) } else { Err(refusal(status, text.as_bytes())) }
    }

    async fn call(&self, method: Method, url: Url, body: Option<&Value>) -> Outcome<Value> {
        self.call_with(method, url, |request| match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    }

    async fn call_with(
        &self,
        method: Method,
        url: Url,
        fill: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Outcome<Value> {
        let request = self.client.request(method, url).bearer_auth(&self.token);
        let mut answer = self.send(fill(request)).await?;
        let status = answer.status();
        let mut text = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| self.unreachable(&error))? {
            text.extend_from_slice(&chunk);
            if text.len() > MAX_ANSWER_BYTES {
                return Err(Failure::refused("the service's answer is too long"));
            }
        }
        if !status.is_success() {
            return Err(refusal(status, &text));
        }
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&text).map_err(|_| {
            Failure::refused("the answer is not JSON")
                .next("is --operator-url the operator listener? see `bonafide doctor`")
        })
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Outcome<reqwest::Response> {
        request.send().await.map_err(|error| self.unreachable(&error))
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let mut reason = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(deeper) = source {
            reason = deeper.to_string();
            source = deeper.source();
        }
        Failure::io(format!("the service's operator listener at {} cannot be reached", self.base), &reason)
            .next("start it with `bonafide serve`, or name it with --operator-url")
    }
}

fn admin<'a>(parts: &[&'a str]) -> Vec<&'a str> {
    [&["admin", "v1"][..], parts].concat()
}

/// What PUT and DELETE change are pins and hosts: what stands against it is a lock-out.
fn lock_out(failure: Failure) -> Failure {
    if failure.is_conflict() { failure.into_lock_out() } else { failure }
}

/// What the service said no with.
fn refusal(status: StatusCode, body: &[u8]) -> Failure {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let message = match text("message") {
        Some(message) => format!("the service refused: {message}"),
        None => format!("the service answered {status}"),
    };
    let failure = Failure::refused(message).facts(body.clone());
    match status {
        StatusCode::UNAUTHORIZED => failure.next("use the token in DATA/operator.json, or --operator-token"),
        StatusCode::FORBIDDEN => failure.next("use an operator token that has this scope"),
        _ => failure,
    }
}
