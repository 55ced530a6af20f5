//! Newer documents, and every way in which they may not be.

use std::time::Duration;

use super::support::{Act, LONG, World};
use bonafide_core::protocol::config::Mode;
use bonafide_core::protocol::key::Ed25519Key;
use bonafide_core::protocol::message::Documents;
use bonafide_core::protocol::pin::{Pin, PinList};
use bonafide_core::protocol::status::Status;
use bonafide_core::protocol::verdict::PinVerdict;

const CONFIG: &str = "GET /v1/config";

fn body(roots: Vec<String>, config: Option<String>) -> Act {
    Act::Body(serde_json::to_vec(&Documents { roots, config }).unwrap())
}

#[tokio::test]
async fn documents_that_are_not_trusted_change_nothing() {
    let world = World::new().await;
    let old = world.service.account().config_jws.clone();
    world.service.account().publish(|_| {});
    let core = world.start_settled().await;
    let stranger = Ed25519Key::generate().unwrap();
    let cases = {
        let account = world.service.account();
        let config = |change: &dyn Fn(&mut bonafide_core::protocol::config::Config), key: &Ed25519Key| {
            let mut config = account.config.clone();
            change(&mut config);
            Some(config.sign(key))
        };
        let newer = |config: &mut bonafide_core::protocol::config::Config| config.version += 1;
        let own = &account.config_key;
        let long = {
            let documents = Documents { roots: vec![], config: config(&newer, own) };
            Act::Body([vec![b' '; 10_000_000], serde_json::to_vec(&documents).unwrap()].concat())
        };
        let gap = {
            // Root 3 is signed by a key that only root 2, which is left out, would name.
            vec![account.root(3).sign(&stranger)]
        };
        [
            ("older", body(vec![], Some(old))),
            ("same version, other bytes", body(vec![], config(&|config| config.refresh_seconds = 60, own))),
            ("key not listed", body(vec![], config(&newer, &stranger))),
            ("signed by the root key", body(vec![], config(&newer, &account.root_key))),
            (
                "foreign account",
                body(
                    vec![],
                    config(
                        &|config| {
                            newer(config);
                            config.account = "evil".into()
                        },
                        own,
                    ),
                ),
            ),
            ("root of a lower epoch", body(vec![account.root(0).sign(&account.root_key)], config(&newer, &stranger))),
            ("root signed by a config key", body(vec![account.root(2).sign(own)], config(&newer, own))),
            ("root without its config", body(vec![account.root(2).sign(&account.root_key)], None)),
            ("a root in between is missing", body(gap, config(&newer, own))),
            (
                "config of an epoch to come",
                body(
                    vec![],
                    config(
                        &|config| {
                            newer(config);
                            config.epoch = 2
                        },
                        own,
                    ),
                ),
            ),
            ("not JSON", Act::Body(b"<html>".to_vec())),
            ("empty", Act::Body(Vec::new())),
            ("10 MB long, and good otherwise", long),
        ]
    };
    for (name, act) in cases {
        world.service.script(CONFIG, act);
        let failure = core.refresh_config(LONG).await.unwrap_err();
        let no_documents = ["not JSON", "empty", "10 MB long, and good otherwise"].contains(&name);
        let expected = if no_documents { Status::ServiceUnavailable } else { Status::DocumentsRefused };
        assert_eq!(failure.status(), expected, "{name}: {failure}");
        assert_eq!((core.revision(), core.status().version), (1, 1001), "{name}");
        assert!(core.status().config_failure.is_some(), "{name}");
    }
    world.service.account().publish(|_| {});
    assert!(core.refresh_config(LONG).await.unwrap());
    assert!(core.status().config_failure.is_none());
}

#[tokio::test]
async fn a_trickle_ends_at_the_deadline() {
    let world = World::new().await;
    let mut settings = world.settings();
    settings.request_deadline = Duration::from_millis(300);
    world.service.script(CONFIG, Act::Trickle);
    let core = bonafide_core::Core::start(settings, world.ports()).unwrap();
    world.recorder.status(|status| status.config_failure.is_some()).await;
    assert_eq!(core.status().config_failure.unwrap().status(), Status::PoorNetwork);
}

#[tokio::test]
async fn a_newer_config_is_in_force_told_and_stored() {
    let world = World::new().await;
    let embedded = world.settings();
    let core = world.start_settled().await;
    assert!(!core.refresh_config(LONG).await.unwrap());
    world.service.account().publish(|config| config.hosts.clear());
    assert!(core.rules("api.acme.com").listed);
    assert!(core.refresh_config(LONG).await.unwrap());
    world.recorder.revision(2).await;
    assert!(!core.rules("api.acme.com").listed);
    core.shutdown().await;
    let core = bonafide_core::Core::start(embedded, world.ports()).unwrap();
    assert_eq!(core.status().version, 1001);
}

#[tokio::test]
async fn a_thief_s_huge_version_is_beaten_by_the_owner_s_next_root() {
    let world = World::new().await;
    let core = world.start_settled().await;
    let thiefs = {
        let account = world.service.account();
        let mut config = account.config.clone();
        config.version = (1 << 53) - 1;
        config.sign(&account.config_key)
    };
    world.service.script(CONFIG, body(vec![], Some(thiefs)));
    assert!(core.refresh_config(LONG).await.unwrap());
    world.service.account().next_root();
    assert!(core.refresh_config(LONG).await.unwrap());
    assert_eq!((core.status().epoch, core.status().version), (2, 1001));
}

#[tokio::test]
async fn a_lost_service_pin_is_recovered_through_the_public_config_call_and_nothing_else_goes_unpinned() {
    let world = World::new().await;
    let core = world.start_settled().await;
    let pin = world.service.rotate_tls().await;
    // Not published yet: an interceptor with a trusted root looks just like this.
    let failure = core.refresh_config(LONG).await.unwrap_err();
    assert_eq!(failure.status(), Status::ServicePinMismatch);
    assert_eq!(failure.fact("served"), Some(pin.to_string().as_str()));
    let lease = core.token("api.acme.com", None, LONG).await.unwrap();
    assert_eq!((lease.token, lease.status), (None, Some(Status::ServicePinMismatch)));
    for line in ["POST /v1/challenges", "POST /v1/tokens", "POST /v1/reports"] {
        assert_eq!(world.service.count(line), 0, "{line} went over a channel that was not pinned");
    }

    world.service.account().publish(|config| {
        config.service.pins = PinList::new(vec![pin, Pin::from_digest([0xbb; 32])]);
    });
    assert!(core.refresh_config(LONG).await.unwrap());
    world.clock.advance(Duration::from_secs(600));
    let lease = core.token("api.acme.com", None, LONG).await.unwrap();
    assert_eq!((lease.token.as_deref(), lease.status), (Some("token-1"), None));
}

#[tokio::test]
async fn there_is_no_recovery_where_the_certificate_itself_is_not_trusted() {
    let world = World::new().await;
    let core = world.start_settled().await;
    let before = world.service.count(CONFIG);
    world.service.break_tls().await;
    world.service.account().publish(|_| {});
    let failure = core.refresh_config(LONG).await.unwrap_err();
    assert_eq!(failure.status(), Status::ServiceUntrusted, "{failure}");
    assert_eq!(world.service.count(CONFIG), before);
    assert_eq!(core.status().version, 1000);
}

#[tokio::test]
async fn a_thief_who_moves_the_service_away_cannot_hold_back_the_owners_next_root() {
    let world = World::new().await;
    let core = world.start_settled().await;
    let home = world.service.account().config.service.clone();
    // With the config key he names a service of his own, under the highest version, and answers nothing there.
    world.service.account().publish(|config| {
        config.service.url = "https://127.0.0.1:1".into();
        config.version = (1 << 53) - 2;
    });
    assert!(core.refresh_config(LONG).await.unwrap());
    let stolen = core.revision();
    assert!(core.refresh_config(LONG).await.is_err(), "his service does not answer");

    let mut account = world.service.account();
    account.config.service = home;
    account.next_root();
    drop(account);
    let _ = core.refresh_config(LONG).await;
    world.recorder.revision(stolen + 1).await;
    assert_eq!(core.status().epoch, 2);
    assert!(core.refresh_config(LONG).await.is_ok());
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let world = World::new().await;
    let core = world.start_settled().await;
    let before = world.service.count(CONFIG);
    world.service.script(CONFIG, Act::Redirect(format!("https://{}/v1/config", world.service.address())));
    assert_eq!(core.refresh_config(LONG).await.unwrap_err().status(), Status::ServiceUnavailable);
    assert_eq!(world.service.count(CONFIG), before + 1);
}

#[tokio::test]
async fn a_mismatch_heals_with_the_config_that_was_published_before_it() {
    let world = World::new().await;
    let core = world.start_settled().await;
    let made = rcgen::generate_simple_self_signed(["api.acme.com".to_owned()]).unwrap();
    let chain = vec![made.cert.der().to_vec()];
    assert!(matches!(core.recheck_pins("api.acme.com", &chain, LONG).await, PinVerdict::Mismatch(_)));
    let asked = world.service.count(CONFIG);
    let again = core.recheck_pins("API.acme.com.", &chain, LONG).await;
    assert!(matches!(again, PinVerdict::Mismatch(_)));
    assert_eq!(world.service.count(CONFIG), asked, "once in a while for each host, however it is spelt");

    let pin = Pin::of_certificate(made.cert.der()).unwrap();
    world.service.account().publish(|config| {
        let entry = config.hosts.iter_mut().find(|entry| entry.mode == Mode::Enforce).unwrap();
        entry.pins = PinList::new(vec![pin]);
    });
    world.clock.advance(Duration::from_secs(6));
    assert_eq!(core.recheck_pins("api.acme.com", &chain, LONG).await, PinVerdict::Pinned { pin });
    let odd = core.recheck_pins(&"x".repeat(300), &chain, LONG).await;
    assert!(matches!(odd, PinVerdict::Mismatch(_)), "no host, no refresh");
}

#[tokio::test]
async fn many_mismatches_at_once_ask_once() {
    let world = World::new().await;
    let core = world.start_settled().await;
    let before = world.service.count(CONFIG);
    let gate = std::sync::Arc::new(tokio::sync::Notify::new());
    world.service.script(CONFIG, Act::After(gate.clone()));
    let chain = vec![vec![0x30, 0x00]];
    let (first, second) = (core.recheck_pins("api.acme.com", &chain, LONG), async {
        world.service.asked(CONFIG, before + 1).await;
        let second = core.recheck_pins("strict.acme.com", &chain, Duration::ZERO).await;
        gate.notify_one();
        second
    });
    tokio::join!(first, second);
    assert_eq!(world.service.count(CONFIG), before + 1);
}

#[tokio::test]
async fn of_many_calls_that_meet_a_rotation_at_once_none_fails() {
    let world = World::new().await;
    let core = world.start_settled().await;
    let made = rcgen::generate_simple_self_signed(["api.acme.com".to_owned()]).unwrap();
    let (chain, pin) = (vec![made.cert.der().to_vec()], Pin::of_certificate(made.cert.der()).unwrap());
    world.service.account().publish(|config| {
        let entry = config.hosts.iter_mut().find(|entry| entry.mode == Mode::Enforce).unwrap();
        entry.pins = PinList::new(vec![pin]);
    });
    let before = world.service.count(CONFIG);
    let gate = std::sync::Arc::new(tokio::sync::Notify::new());
    world.service.script(CONFIG, Act::After(gate.clone()));
    let later = async {
        world.service.asked(CONFIG, before + 1).await;
        let mut second = std::pin::pin!(core.recheck_pins("api.acme.com", &chain, LONG));
        let waits =
            std::future::poll_fn(|context| std::task::Poll::Ready(second.as_mut().poll(context).is_pending())).await;
        assert!(waits, "the first one's refresh is under way");
        gate.notify_one();
        second.await
    };
    let (first, second) = tokio::join!(core.recheck_pins("api.acme.com", &chain, LONG), later);
    assert_eq!((first, second), (PinVerdict::Pinned { pin }, PinVerdict::Pinned { pin }));
    assert_eq!(world.service.count(CONFIG), before + 1);
}

#[tokio::test]
async fn another_process_s_newer_config_is_adopted() {
    let world = World::new().await;
    let first = world.start_settled().await;
    let embedded = world.settings();
    world.service.account().publish(|_| {});
    let newest = world.service.account().config_jws.clone();
    let second = bonafide_core::Core::start(embedded, world.ports()).unwrap();
    second.refresh_config(LONG).await.unwrap();
    assert_eq!(second.status().version, 1001);
    // The first one's service is gone, but the file is there.
    world.service.script(CONFIG, Act::Close);
    world.service.script(CONFIG, Act::Close);
    let _ = first.refresh_config(LONG).await;
    assert_eq!(first.snapshot().trusted().to_file().config, newest);
}
