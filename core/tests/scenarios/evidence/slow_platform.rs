//! Platforms that take their time: StrongBox, Apple's server over a bad network. What they give late is not lost.

use super::*;

/// Asks for tokens until a request has carried evidence.
async fn until_carried(world: &World, core: &Core) -> (PublicKey, TokenRequest) {
    for number in 0..200 {
        token(core, &format!("more {number}")).await;
        if let Some(request) = world.service.signed_requests().pop().filter(|one| !one.1.evidence.is_empty()) {
            return request;
        }
        world.clock.advance(Duration::from_secs(1));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    unreachable!("no request carried evidence")
}

/// What the evidence of an iPhone's request has to carry.
fn hash_of((signer, request): &(PublicKey, TokenRequest)) -> [u8; 32] {
    bound_hash("acme", Platform::Ios, &request.challenge, Some(&signer.thumbprint()))
}

/// What the provider was asked for, in this order.
fn hashes(provider: &ScriptedProvider) -> Vec<[u8; 32]> {
    provider.asked.lock().unwrap().iter().map(|request| request.bound_hash).collect()
}

/// No challenge is sent twice: the service would refuse the second.
fn assert_each_has_its_own_challenge(world: &World) {
    let requests = world.service.signed_requests();
    let challenges: std::collections::HashSet<_> = requests.iter().map(|(_, request)| &request.challenge).collect();
    assert_eq!(challenges.len(), requests.len());
}

/// The time that the service has for its calls is not the platform's to use up.
#[tokio::test]
async fn a_platform_may_take_longer_than_a_call_to_the_service() {
    let world = World::new().await;
    let provider = Arc::new(ScriptedProvider::default());
    let core = ios(&world, &provider);
    let shut = provider.gate.shut();
    tokio::join!(token(&core, "1"), async {
        until(|| !provider.asked.lock().unwrap().is_empty()).await;
        world.clock.advance(world.settings().request_deadline * 2);
        drop(shut);
    });
    assert_eq!(last(&world).1.evidence.len(), 1);
}

#[tokio::test]
async fn evidence_that_comes_late_goes_with_a_later_request() {
    let world = World::new().await;
    let provider = Arc::new(ScriptedProvider::default());
    let core = ios(&world, &provider);
    let shut = provider.gate.shut();
    assert!(token(&core, "1").await.is_some(), "the request goes without");
    assert_eq!(last(&world).1.evidence.len(), 0);
    world.clock.advance(Duration::from_secs(5));
    assert!(token(&core, "2").await.is_some());
    assert_eq!(last(&world).1.evidence.len(), 0, "still without");
    drop(shut);
    until(|| *provider.passed.lock().unwrap() == 1).await;
    let carried = until_carried(&world, &core).await;
    let asked = hashes(&provider);
    assert_eq!(asked, [hash_of(&carried)], "nothing else was asked for");
    assert_each_has_its_own_challenge(&world);
    token(&core, "last").await;
    assert_eq!(last(&world).1.evidence.len(), 0, "sent once");
}

/// The service takes no challenge that is older than five minutes.
#[tokio::test]
async fn evidence_that_comes_too_late_is_asked_for_once_more() {
    let world = World::new().await;
    let provider = Arc::new(ScriptedProvider::default());
    let core = ios(&world, &provider);
    let shut = provider.gate.shut();
    token(&core, "1").await;
    world.clock.advance(Duration::from_secs(300));
    drop(shut);
    until(|| *provider.passed.lock().unwrap() == 1).await;
    let carried = until_carried(&world, &core).await;
    let asked = hashes(&provider);
    assert_eq!((asked.len(), asked.last()), (2, Some(&hash_of(&carried))));
    assert_each_has_its_own_challenge(&world);
}

#[tokio::test]
async fn a_key_that_is_attested_late_takes_over() {
    let world = World::new().await;
    let key = Arc::new(AttestingKey::new());
    let core = android(&world, &key);
    token(&core, "0").await;
    let first = last(&world).0;
    world.clock.advance(Duration::from_secs(120));
    let shut = key.gate.shut();
    assert!(token(&core, "1").await.is_some(), "the request goes by the key in use");
    let (signer, request) = last(&world);
    assert_eq!((&signer, request.evidence.len()), (&first, 0));
    drop(shut);
    // A key that comes while a request is on its way to the key store is one more that has to be made.
    until(|| *key.ended.lock().unwrap() == 2).await;
    let attested = until_carried(&world, &core).await;
    assert_attested(&key, &attested);
    assert_eq!(attested.1.previous.map(|previous| previous.key), Some(first));
    assert_eq!((key.public(), *key.made.lock().unwrap()), (Some(attested.0), 2));
    assert_each_has_its_own_challenge(&world);
}

/// Two makings side by side would be one too many for a key store that has room for one candidate.
#[tokio::test]
async fn no_other_key_is_made_while_one_is_being_made() {
    let world = World::new().await;
    let key = Arc::new(AttestingKey::new());
    let core = android(&world, &key);
    token(&core, "0").await;
    world.clock.advance(Duration::from_secs(120));
    let shut = key.gate.shut();
    token(&core, "1").await;
    world.clock.advance(Duration::from_secs(5));
    assert!(token(&core, "2").await.is_some(), "nor does a request wait for it until its time is over");
    assert_eq!(*key.made.lock().unwrap(), 2);
    drop(shut);
}

/// A key store that makes its first key answers nothing else meanwhile: nobody waits for it, and nothing is asked of it.
#[tokio::test]
async fn a_first_key_that_takes_long_is_told_of_at_once_and_attested_when_it_is_there() {
    let world = World::new().await;
    let key = Arc::new(AttestingKey::new());
    let core = android(&world, &key);
    let shut = key.gate.shut();
    let ask = |order: &'static str| core.token(HOST, Some(order.as_bytes()), LONG);
    assert_eq!(ask("1").await.unwrap().status, Some(Status::KeyUnavailable));
    world.clock.advance(Duration::from_secs(30));
    assert_eq!(ask("2").await.unwrap().status, Some(Status::KeyUnavailable));
    assert_eq!(world.service.signed_requests().len(), 0, "by a key that nobody attests");
    drop(shut);
    let attested = until_carried(&world, &core).await;
    assert_attested(&key, &attested);
    assert_eq!((attested.1.previous, *key.made.lock().unwrap()), (None, 1));
}
