//! Judges what becomes of a valid chain when one thing of it is changed.

use bonafide_attestation::android_key::{AndroidKeyError, AndroidKeyFacts, Expectation, Trust, verify};

use super::forge::{CHALLENGE, Forge, NOW};

pub(crate) type Change = fn(&mut Forge);
pub(crate) type Reason = fn(&AndroidKeyError) -> bool;

/// Judges what becomes of a chain when `change` is applied to its drafts; the roots stay those of the unforged chain.
pub(crate) fn judge(mut forge: Forge, change: Change) -> Result<AndroidKeyFacts, AndroidKeyError> {
    let roots = forge.roots();
    change(&mut forge);
    verify(&forge.chain(), &Trust { roots: &roots, revocation: None }, &Expectation::new(CHALLENGE), NOW)
}

/// Each change has to be refused for its reason, and the unchanged chain to pass.
pub(crate) fn refused(base: fn() -> Forge, cases: &[(&str, Change, Reason)]) {
    assert!(judge(base(), |_| {}).is_ok(), "the unforged chain has to pass");
    for (what, change, reason) in cases {
        match judge(base(), *change) {
            Ok(_) => panic!("{what}: accepted"),
            Err(error) => assert!(reason(&error), "{what}: refused, but as {error:?}"),
        }
    }
}

/// A reason that is about a certificate.
#[macro_export]
macro_rules! link {
    ($link:literal, $error:pat) => {
        |error| matches!(error, AndroidKeyError::Certificate { link: $link, error: $error })
    };
}

/// A reason that is about the key description.
#[macro_export]
macro_rules! described {
    ($part:ident, $field:literal, $problem:pat) => {
        |error| {
            matches!(
                error,
                AndroidKeyError::Description(DescriptionError { part: Part::$part, field: $field, problem: $problem })
            )
        }
    };
}
