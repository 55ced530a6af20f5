//! What is remembered of evidence, and for how long.

use std::time::Duration;

use bonafide_forge::android_key::der::{boolean, enumerated, integer, octets, sequence, set};
use bonafide_protocol::evidence::Evidence;
use serde_json::json;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;

use crate::common::genuine;
use crate::phone::{IPhone, NOW, Phone, World};

const DAY: u64 = 24 * 3600;

async fn rows(world: &World) -> i64 {
    let options = SqliteConnectOptions::new().filename(world.service.database());
    let mut connection = options.connect().await.unwrap();
    sqlx::query_scalar("SELECT COUNT(*) FROM attested_keys").fetch_one(&mut connection).await.unwrap()
}

/// A chain of a genuine phone, for an app of the attacker's own.
fn of_my_own_app(world: &World, phone: &Phone, challenge: &str) -> Evidence {
    world.chain(&phone.key(), &phone.key_hash(challenge), |description, _| {
        let app = sequence(&[set(&[sequence(&[octets(b"com.evil.app"), integer(7)])]), set(&[octets(&[0xbb; 32])])]);
        description.software.retain(|(tag, _)| *tag != 709);
        description.software.push((709, octets(&app)));
    })
}

/// A chain of a phone whose system its owner has replaced.
fn unlocked(world: &World, phone: &Phone, challenge: &str) -> Evidence {
    world.chain(&phone.key(), &phone.key_hash(challenge), |description, _| {
        let boot = [octets(&[0x11; 32]), boolean(false), enumerated(2), octets(&[0x22; 32])];
        description.hardware(704, sequence(&boot));
    })
}

/// Evidence that can never pass makes no row for each key that a phone makes up.
#[tokio::test(flavor = "multi_thread")]
async fn evidence_of_strangers_is_not_remembered() {
    let world = World::new().await;
    for _ in 0..3 {
        let phone = Phone::android();
        phone.ask(&world, |challenge| vec![of_my_own_app(&world, &phone, challenge)]).await;
        world.assert_found(&["evidence_other_app"], "a decoy").await;
        phone.ask(&world, |challenge| vec![unlocked(&world, &phone, challenge)]).await;
        world.assert_found(&["bootloader_unlocked", "boot_unverified"], "who knows which app it is").await;
    }
    assert_eq!(rows(&world).await, 0);
}

/// It is sent once: what the operator mends later must not lock the phone out until the next time.
#[tokio::test(flavor = "multi_thread")]
async fn evidence_that_may_pass_one_day_is_remembered() {
    let world = World::new().await;
    let mut early = Phone::android();
    early.device.request.app.version = "2.0".into();
    early.enroll(&world).await;
    world.assert_found(&["app_unregistered"], "a day before its build is registered").await;
    world.register(bonafide_protocol::measurement::Platform::Android, json!({ "version": "2.0" })).await;
    early.ask(&world, |_| Vec::new()).await;
    world.assert_passes("registered").await;
    assert_eq!(rows(&world).await, 1);

    let ignored = json!({ "bootloader_unlocked": "ignore", "boot_unverified": "ignore" });
    world.policy(json!({ "findings": ignored })).await;
    let phone = Phone::android();
    phone.ask(&world, |challenge| vec![unlocked(&world, &phone, challenge)]).await;
    phone.ask(&world, |_| Vec::new()).await;
    world.assert_found(&["bootloader_unlocked", "boot_unverified"], "it is let in, and remembered").await;
}

/// A phone that was off for 31 days, and had never changed its key before.
#[tokio::test(flavor = "multi_thread")]
async fn an_installation_outlives_a_month_offline() {
    let mut world = World::new().await;
    let (old, new) = (Phone::android(), Phone::android());
    let first = old.enroll(&world).await;
    world.service.clock.set(NOW + 31 * DAY);
    // The sweep of a start.
    world.service.restart().await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    world.set_list("revocations", r#"{"entries": {}}"#).await;
    let challenge = world.service.challenge().await;
    let chain = world.chain(&new.key(), &new.key_hash(&challenge), |_, _| {});
    let second = new.ask_with(&world, &challenge, vec![chain], Some(old.vouch(&new, &challenge))).await;
    let findings = world.judged().await;
    assert_eq!(second.installation, first.installation, "idle installations go after 90 days, not 30: {findings:?}");
}

/// The service's clock was ahead for a while.
#[tokio::test(flavor = "multi_thread")]
async fn evidence_from_a_clock_that_was_ahead_does_not_count() {
    let world = World::new().await;
    let iphone = IPhone::new();
    world.service.clock.set(NOW + 2 * DAY);
    iphone.enroll(&world).await;
    world.service.clock.set(NOW + 2 * DAY - 300);
    let jwks = world.service.operator("GET", "/.well-known/jwks.json", None).await.1;
    let token = iphone.phone.ask(&world, |_| Vec::new()).await.token;
    assert!(genuine(&jwks, &token), "as far as two nodes may be apart");
    world.service.clock.set(NOW);
    let token = iphone.phone.ask(&world, |_| Vec::new()).await.token;
    assert!(!genuine(&jwks, &token), "nobody knows how old it is");
    let token = iphone.assert(&world, 1).await.token;
    assert!(genuine(&jwks, &token), "an assertion of now");
}
