//! A rollout: the platform's own service is asked by so many of a thousand installations.

use bonafide_core::protocol::evidence::{EvidenceKind, Rollout};

use super::*;

fn at(per_thousand: u32) -> EvidenceWanted {
    EvidenceWanted {
        after: [("app_attest".to_owned(), 2_700)].into(),
        rollout: Rollout::from_iter([(EvidenceKind::AppAttest, per_thousand)]),
        ..EvidenceWanted::default()
    }
}

#[tokio::test]
async fn who_is_left_out_asks_nobody_not_at_the_first_start_either() {
    let world = World::new().await;
    let provider = Arc::new(ScriptedProvider::default());
    let core = ios(&world, &provider);
    world.service.want_evidence(at(0));
    for order in ["1", "2", "1"] {
        assert!(token(&core, order).await.is_some());
        world.clock.advance(Duration::from_secs(20));
    }
    assert_eq!(provider.asked.lock().unwrap().len(), 0);
    assert_eq!(world.service.count(TOKENS), 2, "no token is renewed for evidence that nobody asks for");

    // After a restart it is known before any challenge.
    core.shutdown().await;
    let core = start(&world, Platform::Ios, |ports| ports.evidence = provider.clone());
    token(&core, "3").await;
    assert_eq!(provider.asked.lock().unwrap().len(), 0);
    assert_eq!(last(&world).1.evidence.len(), 0);
}

#[tokio::test]
async fn a_rollout_that_grows_asks_the_next_time() {
    let world = World::new().await;
    let provider = Arc::new(ScriptedProvider::default());
    let core = ios(&world, &provider);
    world.service.want_evidence(at(0));
    token(&core, "1").await;
    world.service.want_evidence(at(1_000));
    token(&core, "2").await;
    assert_eq!(provider.asked.lock().unwrap().len(), 0, "it is told with this answer");
    token(&core, "3").await;
    assert_eq!(last(&world).1.evidence.len(), 1);
    // And who was asked once goes on by the rate of today.
    world.service.want_evidence(at(0));
    token(&core, "4").await;
    world.clock.advance(Duration::from_secs(2_700));
    token(&core, "5").await;
    assert_eq!(provider.asked.lock().unwrap().len(), 1);
}
