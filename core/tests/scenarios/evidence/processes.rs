//! An app of several processes: they share the key, and room for one candidate.

use super::*;

/// Another process of the app makes a candidate while this one waits for its answer: the key in use stays.
#[tokio::test]
async fn another_processs_candidate_is_not_taken_for_the_own() {
    let world = World::new().await;
    let key = Arc::new(AttestingKey::new());
    let core = android(&world, &key);
    token(&core, "1").await;
    let first = last(&world).0;
    world.clock.advance(Duration::from_secs(120));
    let gate = Arc::new(Notify::new());
    world.service.script(TOKENS, Act::After(gate.clone()));
    let asked = world.service.count(TOKENS);
    let waiting = core.token(HOST, Some(b"2"), LONG);
    let meanwhile = async {
        world.service.asked(TOKENS, asked + 1).await;
        key.make_candidate(&[0; 32]).unwrap();
        gate.notify_one();
    };
    let (lease, ()) = tokio::join!(waiting, meanwhile);
    assert!(lease.unwrap().token.is_some());
    assert_eq!(key.public(), Some(first));
}

/// Two processes of one app whose key is due at the same time: the second waits until the first has its answer, and then
/// goes by the first one's key.
#[tokio::test]
async fn two_processes_change_the_key_once() {
    let world = World::new().await;
    let key = Arc::new(AttestingKey::new());
    let (one, two) = (android(&world, &key), android(&world, &key));
    token(&one, "1").await;
    world.clock.advance(Duration::from_secs(3_600));
    let gate = Arc::new(tokio::sync::Notify::new());
    let asked = world.service.count(TOKENS);
    world.service.script(TOKENS, Act::After(gate.clone()));
    // Past the time in which it would still count.
    world.clock.advance(Duration::from_secs(3_600));
    tokio::join!(token(&one, "2"), async {
        world.service.asked(TOKENS, asked + 1).await;
        tokio::join!(token(&two, "2"), async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            gate.notify_one();
        });
    });
    assert_eq!(*key.made.lock().unwrap(), 2);
    let (signer, request) = last(&world);
    assert_eq!((key.public(), request.evidence.len()), (Some(signer), 0));
}

/// A request by the old key that arrives after another process's new key was seen again is refused: its decoy is not kept.
#[tokio::test]
async fn a_token_by_a_key_that_another_process_has_changed_meanwhile_is_renewed_soon() {
    let world = World::new().await;
    let key = Arc::new(AttestingKey::new());
    // Not as an Android: a host does not know what that measures, for which alone a token would be renewed.
    let process = || start(&world, Platform::Ios, |ports| ports.install_key = key.clone());
    let (one, two) = (process(), process());
    world.service.want_evidence(EvidenceWanted {
        after: [("android_key".to_owned(), 60)].into(),
        since: 0,
        ..EvidenceWanted::default()
    });
    token(&one, "1").await;
    let gate = Arc::new(tokio::sync::Notify::new());
    let asked = world.service.count(TOKENS);
    world.service.script(TOKENS, Act::After(gate.clone()));
    tokio::join!(token(&two, "late"), async {
        world.service.asked(TOKENS, asked + 1).await;
        world.clock.advance(Duration::from_secs(60));
        token(&one, "2").await;
        token(&one, "3").await;
        gate.notify_one();
    });
    assert_ne!(key.public(), Some(last(&world).0));
    token(&two, "late").await;
    until(|| key.public() == Some(last(&world).0)).await;
}

/// Another process that the system has stopped keeps the right to carry evidence for as long as it likes.
#[tokio::test]
async fn a_stopped_process_keeps_nobody_from_attesting_a_key() {
    let world = World::new().await;
    let _stopped = world.storage().try_lock(Record::EvidenceTurn).unwrap().unwrap();
    let (key, provider) = (Arc::new(AttestingKey::new()), Arc::new(ScriptedProvider::default()));
    let (android, ios) = (android(&world, &key), ios(&world, &provider));
    tokio::join!(token(&android, "1"), token(&ios, "1"));
    let requests = world.service.signed_requests();
    assert_eq!(requests.len(), 2);
    for request in requests {
        match request.1.app.platform {
            Platform::Android => assert_attested(&key, &request),
            // No other process of an app attests there: extensions never do.
            _ => assert_eq!(request.1.evidence.len(), 1),
        }
    }
}

/// And when it goes on, it finds another's candidate in the place of its own.
#[tokio::test]
async fn a_candidate_of_another_process_does_not_take_over() {
    let world = World::new().await;
    let key = Arc::new(AttestingKey::new());
    let core = android(&world, &key);
    token(&core, "1").await;
    let first = last(&world).0;
    world.clock.advance(Duration::from_secs(3_600));
    let gate = Arc::new(tokio::sync::Notify::new());
    let asked = world.service.count(TOKENS);
    world.service.script(TOKENS, Act::After(gate.clone()));
    let (token, ()) = tokio::join!(token(&core, "2"), async {
        world.service.asked(TOKENS, asked + 1).await;
        key.make_candidate(&[7; 32]).unwrap();
        gate.notify_one();
    });
    assert!(token.is_some());
    assert_eq!(key.public(), Some(first), "the other's key was answered by nobody");
    assert!(key.has_candidate(), "and is the other's to remove");
}
