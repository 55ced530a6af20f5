//! Chains of real phones, under Google's own roots: each was made for another challenge, and that is why it is refused.

#[expect(dead_code, clippy::panic, reason = "of another crate's tests, which use the rest")]
#[path = "../../../attestation/tests/common/corpus.rs"]
mod corpus;

use bonafide_protocol::evidence::{Evidence, Octets};

use crate::phone::{Phone, World};

#[tokio::test(flavor = "multi_thread")]
async fn chains_of_real_phones_are_googles_and_not_for_this_request() {
    let world = World::new().await;
    let (status, _) = world.service.operator("DELETE", "/admin/v1/evidence/lists/android-key-roots", None).await;
    assert!(status.is_success());
    let (mut googles, mut expired) = (0, 0);
    for sample in corpus::samples() {
        let chain: Vec<Octets> = sample.chain.into_iter().map(Octets).collect();
        Phone::android().ask(&world, |_| vec![Evidence::AndroidKey { chain }]).await;
        let (findings, reason) = world.judged().await;
        assert_eq!(findings, ["key_level_too_low", "evidence_missing", "evidence_invalid"], "{}", sample.name);
        googles += usize::from(reason.contains("the challenge is") || reason.contains("a key in software"));
        expired += usize::from(reason.contains("was valid until"));
    }
    assert!(googles >= 2, "only {googles} held in all else, {expired} had expired");
}
