//! What holds for any input.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use bonafide_attestation::android_key::{KeyDescription, Roots, Trust, chain_from_pem, examine};
use common::corpus::sample;
use common::description::Description;
use common::forge::{CHALLENGE, Forge, NOW};
use proptest::prelude::*;

/// A change of a byte string: where (as a share of its length), what goes and what comes.
fn change() -> impl Strategy<Value = (f64, usize, Vec<u8>)> {
    (0.0..1.0, 0_usize..4, prop::collection::vec(any::<u8>(), 0..4))
}

fn changed(original: &[u8], (share, gone, new): &(f64, usize, Vec<u8>)) -> Vec<u8> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place in a short text"
    )]
    let from = (original.len() as f64 * share) as usize;
    let mut changed = original.to_vec();
    changed.splice(from..(from + gone).min(original.len()), new.iter().copied());
    changed
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Strict DER: no two texts mean the same.
    #[test]
    fn a_changed_description_is_refused_or_says_something_else(
        changes in prop::collection::vec(change(), 1..3)
    ) {
        let original = Description::healthy(CHALLENGE).to_der();
        let text = changes.iter().fold(original.clone(), |text, change| changed(&text, change));
        prop_assume!(text != original);
        if let Ok(description) = KeyDescription::parse(&text) {
            prop_assert_ne!(description, KeyDescription::parse(&original).unwrap());
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let roots = Roots::google().unwrap();
        let _ = KeyDescription::parse(&bytes);
        let _ = chain_from_pem(&String::from_utf8_lossy(&bytes));
        let chain = [bytes.as_slice(), &bytes, &bytes];
        let outcome = examine(&chain, &Trust { roots: &roots, revocation: None }, NOW);
        prop_assert!(outcome.is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_changed_chain_is_accepted(link in 0_usize..4, change in change()) {
        let mut forge = Forge::remote();
        let roots = forge.roots();
        let mut chain = forge.chain();
        let trust = Trust { roots: &roots, revocation: None };
        prop_assert!(examine(&chain, &trust, NOW).is_ok());
        let original = chain.get(link).unwrap().clone();
        *chain.get_mut(link).unwrap() = changed(&original, &change);
        prop_assume!(chain.get(link) != Some(&original));
        prop_assert!(examine(&chain, &trust, NOW).is_err());
    }

    #[test]
    fn no_other_order_of_a_real_chain_is_accepted(
        order in prop::collection::vec(0_usize..5, 0..7)
    ) {
        prop_assume!(order != [0, 1, 2, 3, 4]);
        let sample = sample("caiman/sdk36/TEE_EC_RKP");
        let chain: Vec<_> = order.iter().map(|place| sample.chain.get(*place).unwrap()).collect();
        let roots = Roots::google().unwrap();
        let outcome = examine(&chain, &Trust { roots: &roots, revocation: None }, sample.made_at());
        prop_assert!(outcome.is_err());
    }
}
