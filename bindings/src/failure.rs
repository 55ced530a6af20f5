//! Failures as they cross to Kotlin and Swift: code and facts; the facades render the rest from the status table.

use std::collections::HashMap;
use std::error::Error;

use bonafide_core::Failure;
use bonafide_core::protocol::status::Status;

use crate::runtime::Unfinished;

/// A failure. One case: which it is, the code says.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq, uniffi::Error)]
pub enum NativeFailure {
    /// A status of the closed list with its facts.
    #[error("{code}: {facts:?}")]
    Failed {
        /// The stable code.
        code: String,
        /// Facts by name.
        facts: HashMap<String, String>,
        /// How long the service asked to be left alone, milliseconds.
        retry_after_ms: Option<u64>,
    },
}

impl NativeFailure {
    /// A failure of this status with one fact.
    pub(crate) fn new(status: Status, name: &str, value: impl ToString) -> Self {
        let facts = HashMap::from([(name.to_owned(), value.to_string())]);
        Self::Failed { code: status.code().to_owned(), facts, retry_after_ms: None }
    }

    /// A panic was caught.
    pub(crate) fn bug() -> Self {
        Self::new(Status::Internal, "what", "a panic in the core")
    }
}

impl From<Failure> for NativeFailure {
    fn from(failure: Failure) -> Self {
        let mut chain = Vec::new();
        let mut source = failure.source();
        while let Some(error) = source {
            chain.push(error.to_string());
            source = error.source();
        }
        // The whole chain, once, where it crosses.
        tracing::debug!(code = failure.status().code(), facts = ?failure.facts(), ?chain, "a call failed");
        let facts = failure.facts().iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let retry_after_ms = failure.wait().map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        Self::Failed { code: failure.status().code().to_owned(), facts, retry_after_ms }
    }
}

impl From<Unfinished> for NativeFailure {
    fn from(unfinished: Unfinished) -> Self {
        match unfinished {
            Unfinished::Panicked => Self::bug(),
            Unfinished::Stopped => Self::new(Status::NotStarted, "what", "closed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_bug_and_a_stopped_runtime_is_misconfigured() {
        let code = |unfinished| match NativeFailure::from(unfinished) {
            NativeFailure::Failed { code, .. } => code,
        };
        assert_eq!(code(Unfinished::Panicked), "internal_error");
        assert_eq!(code(Unfinished::Stopped), "not_started");
    }

    #[test]
    fn code_and_facts_cross() {
        let failure = Failure::new(Status::BadInitialConfig).with("why", "empty");
        let facts = HashMap::from([("why".to_owned(), "empty".to_owned())]);
        let expected = NativeFailure::Failed { code: "bad_initial_config".to_owned(), facts, retry_after_ms: None };
        assert_eq!(NativeFailure::from(failure), expected);
    }
}
