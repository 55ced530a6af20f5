//! What is remembered of evidence, and for how long.

use bonafide_forge::android_key::der::{boolean, enumerated, integer, octets, sequence, set};
use bonafide_protocol::evidence::Evidence;
use serde_json::json;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;

use crate::phone::{Phone, World};

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
