//! Platform evidence: sent when it is due, and never in the way of a token or of a key.

mod processes;
mod rollout;
mod slow_platform;

use std::sync::Arc;
use std::time::Duration;

use super::support::{Act, AttestingKey, Fault, LONG, ScriptedProvider, World};
use bonafide_attestation::android_key::{Expectation, Trust, verify};
use bonafide_core::Core;
use bonafide_core::port::{InstallKey as _, Record, Storage as _};
use bonafide_core::protocol::evidence::{Evidence, EvidenceWanted, bound_hash};
use bonafide_core::protocol::jwk::PublicKey;
use bonafide_core::protocol::measurement::Platform;
use bonafide_core::protocol::message::TokenRequest;
use bonafide_core::protocol::status::Status;
use bonafide_forge::android_key::forge::NOW;
use tokio::sync::Notify;

const HOST: &str = "api.acme.com";
const TOKENS: &str = "POST /v1/tokens";
const CHALLENGES: &str = "POST /v1/challenges";

fn start(world: &World, platform: Platform, change: impl FnOnce(&mut bonafide_core::port::Ports)) -> Core {
    let mut settings = world.settings();
    settings.app.platform = platform;
    let mut ports = world.ports();
    change(&mut ports);
    Core::start(settings, ports).unwrap()
}

fn android(world: &World, key: &Arc<AttestingKey>) -> Core {
    world.service.want_evidence(EvidenceWanted {
        after: [("android_key".to_owned(), 120)].into(),
        since: 0,
        ..EvidenceWanted::default()
    });
    start(world, Platform::Android, |ports| ports.install_key = key.clone())
}

fn ios(world: &World, provider: &Arc<ScriptedProvider>) -> Core {
    world.service.want_evidence(EvidenceWanted {
        after: [("app_attest".to_owned(), 2_700)].into(),
        since: 0,
        ..EvidenceWanted::default()
    });
    start(world, Platform::Ios, |ports| ports.evidence = provider.clone())
}

/// A token of its own for each order: each is asked for.
async fn token(core: &Core, order: &str) -> Option<String> {
    core.token(HOST, Some(order.as_bytes()), LONG).await.unwrap().token
}

fn last(world: &World) -> (PublicKey, TokenRequest) {
    world.service.signed_requests().pop().unwrap()
}

/// The chain of a request proves that its own key was made for its own challenge.
fn assert_attested(key: &AttestingKey, (signer, request): &(PublicKey, TokenRequest)) {
    let [Evidence::AndroidKey { chain }] = request.evidence.as_slice() else { unreachable!("{:?}", request.evidence) };
    let chain: Vec<&[u8]> = chain.iter().map(|der| der.0.as_slice()).collect();
    let challenge = bound_hash("acme", Platform::Android, &request.challenge, None);
    let expectation = Expectation { key: Some(signer), ..Expectation::new(&challenge) };
    verify(&chain, &Trust { roots: &key.roots(), revocation: None }, &expectation, NOW).unwrap();
}

#[tokio::test]
async fn a_key_is_made_for_its_challenge_and_changed_when_that_is_due() {
    let world = World::new().await;
    let key = Arc::new(AttestingKey::new());
    let core = android(&world, &key);
    assert!(token(&core, "1").await.is_some());
    let first = last(&world);
    assert_attested(&key, &first);
    assert_eq!(first.1.previous, None, "there was none before");
    assert_eq!(key.public(), Some(first.0.clone()));

    token(&core, "2").await;
    let (signer, request) = last(&world);
    assert_eq!((&signer, request.evidence.len()), (&first.0, 0), "not due");

    world.clock.advance(Duration::from_secs(120));
    let challenges = world.service.count(CHALLENGES);
    token(&core, "3").await;
    let second = last(&world);
    assert_attested(&key, &second);
    assert_ne!(second.0, first.0);
    let previous = second.1.previous.clone().unwrap();
    assert_eq!(previous.key, first.0);
    assert!(previous.vouches_for("acme", &second.1.challenge, &second.0.thumbprint()));
    assert_eq!(key.public(), Some(second.0.clone()), "it has taken over");
    assert_eq!(world.service.count(CHALLENGES), challenges + 1, "the one that was kept is the old key's alone");
    token(&core, "4").await;
    assert_eq!(last(&world).0, second.0);
    assert_eq!(*key.made.lock().unwrap(), 2);

    // A new process goes on where the old one was.
    core.shutdown().await;
    let core = android(&world, &key);
    token(&core, "5").await;
    let (signer, request) = last(&world);
    assert_eq!((signer, request.evidence.len()), (second.0, 0));
}

#[tokio::test]
async fn a_lost_answer_leaves_the_key_in_use_and_the_next_try_goes_by_it() {
    let world = World::new().await;
    let key = Arc::new(AttestingKey::new());
    let core = android(&world, &key);
    token(&core, "1").await;
    let first = last(&world).0;
    world.clock.advance(Duration::from_secs(120));
    world.service.script(TOKENS, Act::Refuse(503, "service_unavailable"));
    assert_eq!(token(&core, "2").await, None);
    assert_eq!(key.public(), Some(first.clone()));
    assert!(!key.has_candidate());
    world.clock.advance(Duration::from_secs(600));
    assert!(token(&core, "3").await.is_some());
    let second = last(&world);
    assert_attested(&key, &second);
    assert_eq!(second.1.previous.map(|previous| previous.key), Some(first));
    assert_eq!(key.public(), Some(second.0));
}

#[tokio::test]
async fn a_platform_that_fails_costs_neither_a_token_nor_the_key() {
    for fault in [Fault::Make, Fault::SignWithCandidate, Fault::Adopt] {
        let world = World::new().await;
        let key = Arc::new(AttestingKey::new());
        let core = android(&world, &key);
        token(&core, "1").await;
        let first = last(&world).0;
        world.clock.advance(Duration::from_secs(120));
        key.fail_at([fault]);
        assert!(token(&core, "2").await.is_some(), "{fault:?}");
        assert_eq!(key.public(), Some(first.clone()), "{fault:?}");
        key.fail_at([]);
        // What fails is left alone for a moment.
        world.clock.advance(Duration::from_secs(1));
        assert!(token(&core, "3").await.is_some(), "{fault:?}");
        let second = last(&world);
        assert_attested(&key, &second);
        assert_eq!(second.1.previous.map(|previous| previous.key), Some(first), "{fault:?}");
    }
    // And from the start: a key that nobody attests is better than none.
    let world = World::new().await;
    let key = Arc::new(AttestingKey::new());
    key.fail_at([Fault::Make]);
    let core = android(&world, &key);
    assert!(token(&core, "1").await.is_some());
    assert_eq!(last(&world).1.evidence.len(), 0);
}

#[tokio::test]
async fn side_by_side_one_request_attests_a_key_and_all_go_by_it() {
    let world = World::new().await;
    let key = Arc::new(AttestingKey::new());
    let core = android(&world, &key);
    let tokens = futures_of(&core, &["1", "2", "3", "4", "5", "6"]).await;
    assert!(tokens.iter().all(Option::is_some));
    assert_eq!(*key.made.lock().unwrap(), 1);
    let requests = world.service.signed_requests();
    assert_eq!(requests.iter().filter(|(_, request)| !request.evidence.is_empty()).count(), 1);
    assert!(requests.iter().all(|(signer, _)| Some(signer) == key.public().as_ref()));
}

async fn futures_of(core: &Core, orders: &[&str]) -> Vec<Option<String>> {
    let core = &Arc::new(core);
    let mut waiting = Vec::new();
    for order in orders {
        waiting.push(Box::pin(token(core, order)));
    }
    let mut tokens = Vec::new();
    // Each is polled once before any of them is waited for.
    for one in &mut waiting {
        let polled = std::future::poll_fn(|context| std::task::Poll::Ready(one.as_mut().poll(context))).await;
        assert!(polled.is_pending());
    }
    for one in waiting {
        tokens.push(one.await);
    }
    tokens
}

#[tokio::test]
async fn a_provider_is_asked_when_it_is_due_and_anew_when_the_service_knows_of_nothing() {
    let world = World::new().await;
    let provider = Arc::new(ScriptedProvider::default());
    let core = ios(&world, &provider);
    let asked = || provider.asked.lock().unwrap().iter().map(|request| request.anew).collect::<Vec<_>>();
    token(&core, "1").await;
    assert_eq!(asked(), [true]);
    let (signer, request) = last(&world);
    let hash = bound_hash("acme", Platform::Ios, &request.challenge, Some(&signer.thumbprint()));
    assert_eq!(provider.asked.lock().unwrap().first().unwrap().bound_hash, hash);
    assert_eq!(request.evidence.len(), 1);

    token(&core, "2").await;
    assert_eq!(asked(), [true], "not due");
    world.clock.advance(Duration::from_secs(2_700));
    token(&core, "3").await;
    assert_eq!(asked(), [true, false]);

    // What was not answered may never have arrived: an App Attest key is attested to somebody who knows it.
    world.clock.advance(Duration::from_secs(2_700));
    world.service.script(TOKENS, Act::Refuse(503, "service_unavailable"));
    token(&core, "4").await;
    world.clock.advance(Duration::from_secs(600));
    token(&core, "5").await;
    assert_eq!(asked(), [true, false, false, false], "the key is known, whatever became of the assertion");

    // The response after which evidence is wanted anew.
    let since = EvidenceWanted {
        after: [("app_attest".to_owned(), 2_700)].into(),
        since: u64::MAX,
        ..EvidenceWanted::default()
    };
    world.service.want_evidence(since);
    token(&core, "6").await;
    token(&core, "7").await;
    assert_eq!(asked(), [true, false, false, false, true]);
}

/// Overnight the last evidence has expired at the service (2,700 s are three quarters of an hour). Whoever goes without
/// is refused, and its decoy is in use for half its life.
#[tokio::test]
async fn no_request_goes_without_evidence_when_the_last_has_expired() {
    let world = World::new().await;
    let provider = Arc::new(ScriptedProvider::default());
    *provider.takes.lock().unwrap() = Duration::from_millis(300);
    let core = ios(&world, &provider);
    token(&core, "1").await;
    let before = world.service.signed_requests().len();
    world.clock.advance(Duration::from_secs(8 * 3_600));
    futures_of(&core, &["2", "3", "4"]).await;
    let requests = world.service.signed_requests();
    let carried: Vec<usize> = requests.iter().skip(before).map(|(_, request)| request.evidence.len()).collect();
    assert_eq!(carried, [1, 0, 0], "evidence first");
}

#[tokio::test]
async fn an_attestation_that_was_not_answered_is_made_anew() {
    let world = World::new().await;
    let provider = Arc::new(ScriptedProvider::default());
    let core = ios(&world, &provider);
    world.service.script(TOKENS, Act::Refuse(503, "service_unavailable"));
    assert_eq!(token(&core, "1").await, None);
    world.clock.advance(Duration::from_secs(600));
    assert!(token(&core, "2").await.is_some());
    assert!(provider.asked.lock().unwrap().iter().all(|request| request.anew));
    assert_eq!(provider.asked.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn without_its_provider_a_request_goes_all_the_same() {
    let world = World::new().await;
    let provider = Arc::new(ScriptedProvider::default());
    *provider.unavailable.lock().unwrap() = true;
    let core = ios(&world, &provider);
    assert!(token(&core, "1").await.is_some());
    assert_eq!(last(&world).1.evidence.len(), 0);
    *provider.unavailable.lock().unwrap() = false;
    world.clock.advance(Duration::from_secs(1));
    token(&core, "2").await;
    assert_eq!(last(&world).1.evidence.len(), 1, "still due");
}

/// Apple was busy for a moment at the first start, and the service has refused that request: its decoy is not kept.
#[tokio::test]
async fn a_token_that_lacked_the_evidence_that_was_due_is_renewed_soon() {
    let world = World::new().await;
    let provider = Arc::new(ScriptedProvider::default());
    *provider.unavailable.lock().unwrap() = true;
    let core = ios(&world, &provider);
    token(&core, "1").await;
    *provider.unavailable.lock().unwrap() = false;
    world.clock.advance(Duration::from_secs(5));
    token(&core, "1").await;
    until(|| world.service.signed_requests().len() == 2).await;
    let requests = world.service.signed_requests();
    let carried: Vec<usize> = requests.iter().map(|(_, request)| request.evidence.len()).collect();
    assert_eq!(carried, [0, 1], "the decoy is still in use");
}

/// A platform that stays busy is asked ever more seldom, and so is the service.
#[tokio::test]
async fn a_provider_that_stays_away_is_not_asked_with_each_token() {
    let world = World::new().await;
    let provider = Arc::new(ScriptedProvider::default());
    *provider.unavailable.lock().unwrap() = true;
    let core = ios(&world, &provider);
    for number in 0..100 {
        token(&core, &number.to_string()).await;
        world.clock.advance(Duration::from_secs(5));
    }
    let asked = provider.asked.lock().unwrap().len();
    assert!((3..40).contains(&asked), "{asked} times with a hundred tokens");
}

/// App Attest's key is gone: an assertion cannot be had, and the attestation of another key is not put off for 60 days.
#[tokio::test]
async fn a_provider_that_lost_its_key_is_asked_anew() {
    let world = World::new().await;
    let provider = Arc::new(ScriptedProvider::default());
    let core = ios(&world, &provider);
    let asked = || provider.asked.lock().unwrap().iter().map(|request| request.anew).collect::<Vec<_>>();
    token(&core, "1").await;
    *provider.lost.lock().unwrap() = true;
    world.clock.advance(Duration::from_secs(2_700));
    token(&core, "2").await;
    assert_eq!(asked(), [true, false, true]);
    assert_eq!(last(&world).1.evidence.len(), 1);
    // Where that cannot be had at once, it is not forgotten what was lost, with the process neither.
    world.clock.advance(Duration::from_secs(2_700));
    world.service.script(TOKENS, Act::Refuse(503, "service_unavailable"));
    token(&core, "3").await;
    core.shutdown().await;
    let core = ios(&world, &provider);
    token(&core, "4").await;
    assert_eq!(asked(), [true, false, true, false, true, true]);
}

/// A simulator, a phone without Google: nothing is due of it, nobody waits for it, no token is asked for again and again.
#[tokio::test]
async fn a_provider_that_never_gives_is_asked_once() {
    let world = World::new().await;
    let provider = Arc::new(ScriptedProvider::default());
    *provider.unsupported.lock().unwrap() = true;
    let core = ios(&world, &provider);
    for order in ["1", "2", "3", "1", "2", "3"] {
        token(&core, order).await;
        world.clock.advance(Duration::from_secs(20));
    }
    assert_eq!(provider.asked.lock().unwrap().len(), 1);
    assert_eq!(world.service.count(TOKENS), 3);
}

/// The wall clock was a year ahead when evidence was sent, then it was put right and the phone was restarted: by both of
/// its clocks the evidence is young for weeks.
#[tokio::test]
async fn evidence_is_renewed_after_the_clock_was_put_right_and_a_restart() {
    const YEAR: i64 = 365 * 24 * 3_600;
    let world = World::new().await;
    let provider = Arc::new(ScriptedProvider::default());
    world.clock.advance(Duration::from_secs(30 * 24 * 3_600));
    world.clock.set_wall(YEAR);
    let core = ios(&world, &provider);
    token(&core, "1").await;
    world.clock.set_wall(-YEAR);
    core.shutdown().await;
    world.clock.reboot();
    let core = ios(&world, &provider);
    for half_hour in 0..2 {
        world.clock.advance(Duration::from_secs(1_800));
        world.service.advance(Duration::from_secs(1_800));
        token(&core, &half_hour.to_string()).await;
    }
    // An hour by the service's clock, which is not lost with the process either.
    core.shutdown().await;
    world.clock.reboot();
    let core = ios(&world, &provider);
    token(&core, "later").await;
    assert_eq!(last(&world).1.evidence.len(), 1);
    assert_eq!(provider.asked.lock().unwrap().len(), 2);
}

/// The service is slow at the first start. A request that has waited for long enough makes no key of its own.
#[tokio::test]
async fn no_key_is_made_beside_the_first_one_while_that_is_attested() {
    let world = World::new().await;
    let key = Arc::new(AttestingKey::new());
    let core = android(&world, &key);
    let gate = Arc::new(tokio::sync::Notify::new());
    world.service.script(TOKENS, Act::After(gate.clone()));
    let (_, second) = tokio::join!(token(&core, "1"), async {
        world.service.asked(TOKENS, 1).await;
        let second = core.token(HOST, Some(b"2"), LONG).await;
        gate.notify_one();
        second
    });
    assert_eq!(second.unwrap().status, Some(Status::KeyUnavailable));
    let requests = world.service.signed_requests();
    assert!(requests.iter().all(|(signer, _)| Some(signer) == key.public().as_ref()), "another key was in use");
    assert_attested(&key, requests.first().unwrap());
}

async fn until(holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LONG, waiting).await.unwrap();
}
