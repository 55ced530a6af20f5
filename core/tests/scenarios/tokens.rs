//! Tokens: one flight, one round trip, fresh in the background, never a wait without an end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::support::{Act, KeyScript, LONG, LimitedStorage, ScriptedKey, World};
use bonafide_core::protocol::encoding::{sha256, to_base64};
use bonafide_core::protocol::status::Status;
use bonafide_core::{Core, TokenLease};
use tokio::sync::Notify;

const CHALLENGES: &str = "POST /v1/challenges";
const TOKENS: &str = "POST /v1/tokens";
const HOST: &str = "api.acme.com";

fn text(lease: &TokenLease) -> &str {
    lease.token.as_deref().unwrap()
}

async fn token(core: &Core) -> TokenLease {
    core.token(HOST, None, LONG).await.unwrap()
}

#[tokio::test]
async fn an_outage_lets_requests_go_with_a_status_and_fails_them_where_the_config_says_so() {
    let world = World::new().await;
    let core = world.start_settled().await;
    // The pause after the first refusal is drawn, and may be none: then there is a second one.
    for _ in 0..2 {
        world.service.script(CHALLENGES, Act::Refuse(503, "service_unavailable"));
    }
    let lease = token(&core).await;
    assert_eq!((lease.token, lease.status), (None, Some(Status::ServiceUnavailable)));
    assert_eq!(lease.header, "Bonafide-Token");
    let failure = core.token("strict.acme.com", None, LONG).await.unwrap_err();
    assert_eq!(failure.status(), Status::ServiceUnavailable);
    world.service.unscript(CHALLENGES);

    // Within the backoff nobody is asked, and nothing waits.
    let asked = world.service.count(CHALLENGES);
    let again = core.token(HOST, None, LONG).await.unwrap();
    if world.service.count(CHALLENGES) == asked {
        assert_eq!(again.status, Some(Status::ServiceUnavailable));
    }
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(token(&core).await.status, None);
}

#[tokio::test]
async fn what_the_service_asks_for_is_waited_for() {
    let world = World::new().await;
    let core = world.start_settled().await;
    world.service.script(CHALLENGES, Act::RefuseFor(429, "too_many_requests", 30));
    assert_eq!(token(&core).await.status, Some(Status::TooManyRequests));
    world.clock.advance(Duration::from_secs(29));
    assert_eq!(token(&core).await.status, Some(Status::TooManyRequests));
    assert_eq!(world.service.count(CHALLENGES), 1);
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(token(&core).await.status, None);
}

#[tokio::test]
async fn what_the_service_asks_for_holds_for_every_binding() {
    let world = World::new().await;
    let core = world.start_settled().await;
    world.service.script(CHALLENGES, Act::RefuseFor(429, "too_many_requests", 30));
    for order in ["order-1", "order-2", "order-3"] {
        let lease = core.token(HOST, Some(order.as_bytes()), LONG).await.unwrap();
        assert_eq!((lease.token, lease.status), (None, Some(Status::TooManyRequests)), "{order}");
    }
    assert_eq!(world.service.count(CHALLENGES), 1);
    world.clock.advance(Duration::from_secs(32));
    for order in ["order-2", "order-4"] {
        assert_eq!(core.token(HOST, Some(order.as_bytes()), LONG).await.unwrap().status, None, "{order}");
    }
}

#[tokio::test]
async fn an_expired_token_goes_with_the_reason_and_heals() {
    let world = World::new().await;
    let core = world.start_settled().await;
    assert_eq!(text(&token(&core).await), "token-1");
    world.clock.advance(Duration::from_secs(300));
    world.service.script(TOKENS, Act::Close);
    let lease = token(&core).await;
    assert_eq!((text(&lease), lease.status, lease.valid_for), ("token-1", Some(Status::NoNetwork), Duration::ZERO));
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(text(&token(&core).await), "token-2");
}

#[tokio::test]
async fn a_wait_ends_in_time_and_the_flight_goes_on() {
    let world = World::new().await;
    let core = world.start_settled().await;
    let gate = Arc::new(Notify::new());
    world.service.script(TOKENS, Act::After(gate.clone()));
    let lease = core.token(HOST, None, Duration::ZERO).await.unwrap();
    assert_eq!((lease.token, lease.status), (None, Some(Status::PoorNetwork)));
    world.service.asked(TOKENS, 1).await;
    // Many more join, one of them gives up; one request serves them all.
    let gives_up = tokio::spawn({
        let core = core.clone();
        async move { core.token(HOST, None, LONG).await }
    });
    let waits = tokio::spawn({
        let core = core.clone();
        async move { token(&core).await }
    });
    tokio::task::yield_now().await;
    gives_up.abort();
    gate.notify_one();
    assert_eq!(text(&waits.await.unwrap()), "token-1");
    assert_eq!(world.service.count(TOKENS), 1);
}

#[tokio::test]
async fn a_refresh_is_one_round_trip_in_the_background_from_half_life_on() {
    let world = World::new().await;
    let core = world.start_settled().await;
    let first = token(&core).await;
    assert_eq!((first.fresh_for, first.valid_for), (Duration::from_secs(150), Duration::from_secs(295)));
    world.clock.advance(Duration::from_secs(149));
    assert_eq!(text(&token(&core).await), "token-1");
    assert_eq!(world.service.count(TOKENS), 1);
    world.clock.advance(Duration::from_secs(1));
    let gate = Arc::new(Notify::new());
    world.service.script(TOKENS, Act::After(gate.clone()));
    assert_eq!(text(&token(&core).await), "token-1", "the request does not wait for it");
    world.service.asked(TOKENS, 2).await;
    gate.notify_one();
    while text(&token(&core).await) != "token-2" {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.service.count(CHALLENGES), 1, "the response before brought the challenge");
}

#[tokio::test]
async fn a_challenge_that_is_not_taken_is_replaced_once_and_at_once() {
    let world = World::new().await;
    let core = world.start_settled().await;
    token(&core).await;
    world.clock.advance(Duration::from_secs(296));
    world.service.forget_challenges();
    assert_eq!(text(&token(&core).await), "token-2");
    for code in ["challenge_expired", "challenge_invalid"] {
        world.clock.advance(Duration::from_secs(301));
        world.service.script(TOKENS, Act::Refuse(400, code));
        assert_eq!(token(&core).await.status, None, "{code}");
    }
    world.clock.advance(Duration::from_secs(301));
    world.service.script(TOKENS, Act::Refuse(400, "challenge_invalid"));
    world.service.script(TOKENS, Act::Refuse(400, "challenge_invalid"));
    let asked = world.service.count(TOKENS);
    assert_eq!(token(&core).await.status, Some(Status::ChallengeInvalid));
    assert_eq!(world.service.count(TOKENS), asked + 2);
}

#[tokio::test]
async fn bindings_and_audiences_have_tokens_of_their_own() {
    let world = World::new().await;
    let core = world.start_settled().await;
    let plain = token(&core).await;
    let bound = core.token(HOST, Some(b"user-1"), LONG).await.unwrap();
    let other = core.token(HOST, Some(b"user-2"), LONG).await.unwrap();
    let strict = core.token("strict.acme.com", None, LONG).await.unwrap();
    let again = core.token(HOST, Some(b"user-1"), LONG).await.unwrap();
    assert_eq!(
        [&plain, &bound, &other, &strict, &again].map(text),
        ["token-1", "token-2", "token-3", "token-4", "token-2"]
    );
    let requests = world.service.token_requests();
    let bindings: Vec<_> = requests.iter().map(|request| request.binding.clone()).collect();
    let digest = |data: &[u8]| Some(to_base64(&sha256(data)));
    assert_eq!(bindings, [None, digest(b"user-1"), digest(b"user-2"), None]);
    let audiences: Vec<_> = requests.iter().map(|request| request.audience.as_str()).collect();
    assert_eq!(audiences, ["acme", "acme", "acme", "strict"]);
    let keys: std::collections::HashSet<_> = requests.iter().map(|request| request.session_key.thumbprint()).collect();
    assert_eq!(keys.len(), 4, "each token has a session key of its own");
    assert_eq!(
        bound.session_key.unwrap().public_key().ok(),
        requests.get(1).map(|request| request.session_key.clone())
    );
}

#[tokio::test]
async fn a_wall_clock_that_is_wrong_by_hours_does_not_matter() {
    for seconds in [-6 * 3600, 6 * 3600] {
        let world = World::new().await;
        let core = world.start_settled().await;
        token(&core).await;
        world.clock.set_wall(seconds);
        assert_eq!(text(&token(&core).await), "token-1");
        world.clock.advance(Duration::from_secs(296));
        let lease = token(&core).await;
        assert_eq!((text(&lease), lease.status), ("token-2", None));
    }
}

#[tokio::test]
async fn a_locked_key_is_waited_for_and_a_lost_one_made_anew() {
    let world = World::new().await;
    let key = Arc::new(ScriptedKey::new(KeyScript::Locked));
    let mut ports = world.ports();
    ports.install_key = key.clone();
    let core = Core::start(world.settings(), ports).unwrap();
    // A first start resets whatever key an earlier install may have left.
    assert_eq!(token(&core).await.status, Some(Status::KeyUnavailable));
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(token(&core).await.status, Some(Status::KeyUnavailable));
    assert_eq!((key.made.load(Ordering::SeqCst), key.resets.load(Ordering::SeqCst)), (0, 1));
    key.set(KeyScript::Works);
    world.clock.advance(Duration::from_secs(5));
    assert_eq!(token(&core).await.status, None);
    for lost in [KeyScript::LostOnSign, KeyScript::LostOnLoad] {
        let (made, resets) = (key.made.load(Ordering::SeqCst), key.resets.load(Ordering::SeqCst));
        key.set(lost);
        world.clock.advance(Duration::from_secs(301));
        assert_eq!(token(&core).await.status, None, "{lost:?}");
        assert_eq!(key.made.load(Ordering::SeqCst), made + 1);
        assert_eq!(key.resets.load(Ordering::SeqCst), resets + 1);
    }
}

#[tokio::test]
async fn a_key_that_was_unlocked_is_used_at_once_when_that_is_said() {
    let world = World::new().await;
    let key = Arc::new(ScriptedKey::new(KeyScript::Locked));
    let mut ports = world.ports();
    ports.install_key = key.clone();
    let core = Core::start(world.settings(), ports).unwrap();
    // The pause is drawn, and may be none: until the key is left alone.
    let mut asked = None;
    while asked != Some(key.asked.load(Ordering::SeqCst)) {
        asked = Some(key.asked.load(Ordering::SeqCst));
        assert_eq!(token(&core).await.status, Some(Status::KeyUnavailable));
    }
    key.set(KeyScript::Works);
    assert_eq!(token(&core).await.status, Some(Status::KeyUnavailable), "left alone for a while");
    core.try_again();
    assert_eq!(token(&core).await.status, None);
}

#[tokio::test]
async fn a_disk_that_fills_up_does_not_cost_the_key_again_and_again() {
    let world = World::new().await;
    let key = Arc::new(ScriptedKey::new(KeyScript::Works));
    let (full, read_only) = (AtomicBool::new(false), AtomicBool::new(false));
    let storage = Arc::new(LimitedStorage { files: world.storage(), full, read_only });
    let mut ports = world.ports();
    (ports.install_key, ports.storage) = (key.clone(), storage.clone());
    let core = Core::start(world.settings(), ports).unwrap();
    // After the marker was written, and before it could be that the key is this install's.
    storage.full.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        assert_eq!(token(&core).await.status, None);
        world.clock.advance(Duration::from_secs(301));
    }
    assert_eq!((key.made.load(Ordering::SeqCst), key.resets.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test]
async fn after_too_long_without_contact_protected_hosts_fail_if_the_config_says_so() {
    let world = World::new().await;
    world.service.account().publish(|config| config.stale_after_seconds = Some(3600));
    let core = world.start_settled().await;
    token(&core).await;
    world.service.break_tls().await;
    world.clock.advance(Duration::from_secs(3599));
    assert!(token(&core).await.status.is_some());
    world.clock.advance(Duration::from_secs(2));
    let stale = core.token(HOST, None, LONG).await.unwrap_err();
    assert_eq!(stale.status(), Status::ConfigStale);
    core.shutdown().await;
    // Neither a restart nor a reboot makes it fresh, nor does setting the clock back.
    let core = world.start();
    assert_eq!(core.token(HOST, None, LONG).await.unwrap_err().status(), Status::ConfigStale);
    core.shutdown().await;
    world.clock.set_wall(-100_000);
    let core = world.start();
    assert_eq!(core.token(HOST, None, LONG).await.unwrap_err().status(), Status::ConfigStale);
    core.shutdown().await;
    world.clock.set_wall(100_000);
    world.clock.reboot();
    let core = world.start();
    assert_eq!(core.token(HOST, None, LONG).await.unwrap_err().status(), Status::ConfigStale);
}

#[tokio::test]
async fn a_token_response_brings_the_documents_that_the_device_lacks() {
    let world = World::new().await;
    let core = world.start_settled().await;
    world.service.account().next_root();
    assert_eq!(token(&core).await.status, None);
    assert_eq!((core.status().epoch, core.revision()), (2, 2));
    assert_eq!(core.installation_id().as_deref(), Some("installation-1"));
    core.shutdown().await;
    assert_eq!(world.start().installation_id().as_deref(), Some("installation-1"));
}

#[tokio::test]
async fn replies_that_are_none_are_refused() {
    let world = World::new().await;
    let core = world.start_settled().await;
    let response = |token: &str| {
        serde_json::to_vec(&serde_json::json!({
            "token": token, "expires_in": u64::MAX, "server_time": 0, "next_challenge": "", "arc": "",
            "next_challenge_expires_in": u64::MAX, "installation": "",
        }))
        .unwrap()
    };
    for body in
        [b"{}".to_vec(), response(""), response("a\r\nEvil: 1"), response(&"a".repeat(10_000)), vec![b'['; 900_000]]
    {
        world.clock.advance(Duration::from_secs(600));
        world.service.script(TOKENS, Act::Body(body));
        let lease = token(&core).await;
        assert_eq!((lease.token, lease.status), (None, Some(Status::ServiceUnavailable)));
    }
    world.clock.advance(Duration::from_secs(600));
    world.service.script(TOKENS, Act::Body(response("good")));
    assert_eq!(text(&token(&core).await), "good");
    world.clock.advance(Duration::from_secs(25 * 3600));
    assert_eq!(text(&token(&core).await), "token-1", "no token lives for ever, whatever it says");
}

#[tokio::test]
async fn a_precheck_warms_every_audience_and_a_stopped_core_asks_nobody() {
    let world = World::new().await;
    let core = world.start_settled().await;
    core.precheck(LONG).await.unwrap();
    let audiences: Vec<_> = world.service.token_requests().iter().map(|request| request.audience.clone()).collect();
    assert_eq!(audiences, ["acme", "strict"]);
    core.shutdown().await;
    let asked = world.service.count(TOKENS);
    assert_eq!(text(&core.token(HOST, None, LONG).await.unwrap()), "token-1");
    world.clock.advance(Duration::from_secs(600));
    assert!(core.token(HOST, None, LONG).await.unwrap().status.is_some());
    assert_eq!(world.service.count(TOKENS), asked);
}

/// Kotlin and Swift poll from threads of their own, which know no runtime.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn any_executor_may_poll() {
    let world = World::new().await;
    let core = world.start_settled().await;
    let (sender, answer) = tokio::sync::oneshot::channel();
    #[expect(clippy::disallowed_methods, reason = "a thread that knows no runtime is what is tested")]
    std::thread::spawn(move || {
        let poll = async {
            core.precheck(LONG).await.unwrap();
            core.refresh_config(LONG).await.unwrap();
            core.recheck_pins(HOST, &[vec![0]], LONG).await;
            core.token(HOST, None, Duration::ZERO).await.unwrap()
        };
        drop(sender.send(block_on(poll)));
    });
    assert_eq!(text(&tokio::time::timeout(LONG, answer).await.unwrap().unwrap()), "token-1");
}

/// The smallest executor that there is.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut context = std::task::Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        if let std::task::Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        std::thread::park();
    }
}
