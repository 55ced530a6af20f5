//! Whatever comes in, nothing panics and nothing made up is accepted.

use std::sync::LazyLock;

use bonafide_attestation::play_integrity::{PlayIntegrityError, verify_token};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::json;

use crate::forge::{Forge, NOW, expectation};

static TOKEN: LazyLock<(Forge, String)> = LazyLock::new(|| {
    let forge = Forge::new();
    let token = forge.token();
    (forge, token)
});

proptest! {
    #[test]
    fn noise_is_no_token(noise in "[A-Za-z0-9._=-]{0,300}|\\PC{0,40}") {
        prop_assert!(TOKEN.0.verify(&noise).is_err());
    }

    #[test]
    fn edited_tokens_are_refused(at in any::<Index>(), cut in 0..30_usize, put in "[A-Za-z0-9_.-]{0,30}") {
        let (forge, token) = &*TOKEN;
        let at = at.index(token.len());
        let end = (at + cut).min(token.len());
        let mut edited = token.clone();
        edited.replace_range(at..end, &put);
        prop_assert!(edited == *token || forge.verify(&edited).is_err());
    }

    /// Whoever holds the keys may write anything, and still gets an answer.
    #[test]
    fn any_payload_gets_an_answer(payload in "\\PC{0,200}") {
        let mut forge = Forge::new();
        forge.raw_payload = Some(payload);
        prop_assert!(forge.verify(&forge.token()).is_err());
    }

    #[test]
    fn a_token_passes_within_its_time_alone(offset in -400_000_i64..400_000) {
        let mut forge = Forge::new();
        forge.payload["requestDetails"]["timestampMillis"] = json!((NOW * 1000 + offset).to_string());
        let found = verify_token(&forge.token(), &forge.keys(), &expectation());
        let refusal = found.as_ref().err();
        if offset < -300_000 {
            let expired = matches!(refusal, Some(PlayIntegrityError::Expired { .. }));
            prop_assert!(expired, "{refusal:?}");
        } else if offset > 30_000 {
            let early = matches!(refusal, Some(PlayIntegrityError::NotYetValid { .. }));
            prop_assert!(early, "{refusal:?}");
        } else {
            prop_assert_eq!(found.unwrap().timestamp, NOW * 1000 + offset);
        }
    }
}
