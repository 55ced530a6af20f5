//! Whatever comes in, nothing panics and nothing made up is accepted.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use std::sync::LazyLock;

use crate::forge::{AT, AssertionForge, Forge, LAST};

static ATTESTATION: LazyLock<(Forge, Vec<u8>)> = LazyLock::new(|| {
    let forge = Forge::new();
    let attestation = forge.parts().encode();
    (forge, attestation)
});

/// One change: bytes cut out of a message and others put in their place.
fn edit() -> impl Strategy<Value = (Index, usize, Vec<u8>)> {
    (any::<Index>(), 0..40_usize, vec(any::<u8>(), 0..40))
}

fn edited(message: &[u8], (at, cut, put): &(Index, usize, Vec<u8>)) -> Vec<u8> {
    let at = at.index(message.len());
    let end = (at + cut).min(message.len());
    [&message[..at], put, &message[end..]].concat()
}

proptest! {
    #[test]
    fn noise_is_no_attestation(noise in vec(any::<u8>(), 0..600)) {
        let (forge, _) = &*ATTESTATION;
        prop_assert!(forge.verify(&noise).is_err());
    }

    /// The receipt is the only part that nothing covers.
    #[test]
    fn edited_attestations_are_refused(edit in edit()) {
        let (forge, attestation) = &*ATTESTATION;
        let edited = edited(attestation, &edit);
        if let Ok(proven) = forge.verify(&edited) {
            let original = forge.verify(attestation).unwrap();
            prop_assert_eq!(proven.public_key, original.public_key);
            prop_assert!(edited == *attestation || proven.receipt != original.receipt);
        }
    }

    #[test]
    fn edited_assertions_are_refused(edit in edit()) {
        let forge = AssertionForge::new();
        let assertion = forge.encode();
        let edited = edited(&assertion, &edit);
        prop_assert!(edited == assertion || forge.verify(&edited).is_err());
    }

    #[test]
    fn a_counter_passes_once_and_only_upwards(counter in any::<u32>(), flags in any::<u8>()) {
        let mut forge = AssertionForge::new();
        forge.counter = counter;
        // Announced extension data would be missing.
        forge.flags = flags & 0x7f | AT;
        let proven = forge.verify(&forge.encode());
        prop_assert_eq!(proven.is_ok(), counter > LAST);
        if let Ok(proven) = proven {
            prop_assert_eq!(proven.counter, counter);
        }
    }
}
