//! A panic below is an answer here.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `work`; a panic becomes the answer of `bug`, and is logged once without its message, which may hold anything.
pub(crate) fn or_bug<T>(work: impl FnOnce() -> T, bug: impl FnOnce() -> T) -> T {
    // The core's state is behind locks and atomics that a panic leaves as they were, and what it leaves half done is
    // not returned.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        tracing::error!("a panic was caught: this is a defect of Bonafide");
        bug()
    })
}

#[cfg(test)]
#[expect(clippy::panic, reason = "what the tests are about")]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_the_bug_answer() {
        assert_eq!(or_bug(|| panic!("on purpose"), || "bug"), "bug");
    }

    #[test]
    fn an_answer_passes() {
        assert_eq!(or_bug(|| "answer", || "bug"), "answer");
    }
}
