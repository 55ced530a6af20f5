//! From the initial config and what is stored to a core that is usable at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::support::{Account, KeyScript, LONG, LimitedStorage, ScriptedKey, World};
use bonafide_core::protocol::status::Status;
use bonafide_core::protocol::trust::ConfigFile;
use bonafide_core::{Core, StorageState, StoredRecord};

fn start_with(world: &World, initial_config: &[u8]) -> Result<Core, bonafide_core::Failure> {
    let mut settings = world.settings();
    settings.initial_config = initial_config.to_vec();
    Core::start(settings, world.ports())
}

/// A world whose device has stored a newer config than it embeds.
async fn with_stored() -> (World, Vec<u8>) {
    let world = World::new().await;
    let embedded = world.service.account().initial_config();
    let core = world.start_settled().await;
    world.service.account().publish(|config| config.refresh_seconds = 1234);
    assert!(core.refresh_config(LONG).await.unwrap());
    core.shutdown().await;
    (world, embedded)
}

#[tokio::test]
async fn an_initial_config_that_cannot_be_used_is_refused_with_its_reason() {
    let world = World::new().await;
    let good = world.service.account().initial_config();
    let other = Account::new("https://a.example", vec![], "");
    let mixed = |roots: Vec<String>, config: &str| ConfigFile { roots, config: config.into() }.to_bytes();
    let (roots, jws, forged) = {
        let mut account = world.service.account();
        let (roots, jws) = (account.roots.clone(), account.config_jws.clone());
        account.config.account = "evil".into();
        let forged = account.config.sign(&account.config_key);
        account.config.account = "acme".into();
        (roots, jws, forged)
    };
    let (signed, signature) = jws.rsplit_once('.').unwrap();
    let broken = format!(
        "{signed}.{}",
        signature.chars().map(|letter| if letter == 'A' { 'B' } else { 'A' }).collect::<String>()
    );
    let cases = [
        ("empty", Vec::new(), "empty"),
        ("blank", b" \n".to_vec(), "empty"),
        ("truncated", good.get(..good.len() / 2).unwrap().to_vec(), "not a config file"),
        ("another file", b"<html>".to_vec(), "not a config file"),
        ("no root", mixed(Vec::new(), &jws), "no root"),
        ("foreign account", mixed(roots.clone(), &forged), "account"),
        ("unknown key", mixed(roots.clone(), &other.config_jws), "does not list"),
        ("bad signature", mixed(roots, &broken), "config:"),
        ("too long", vec![b' '; 2_000_000].into_iter().chain(*b"x").collect(), "more than"),
    ];
    for (name, initial_config, reason) in cases {
        let failure = start_with(&world, &initial_config).unwrap_err();
        assert_eq!(failure.status(), Status::BadInitialConfig, "{name}");
        assert!(failure.fact("reason").unwrap().contains(reason), "{name}: {failure}");
        assert!(failure.to_string().contains("bonafide config export"), "{name}: {failure}");
    }
    assert!(!world.file("config").exists());
}

#[tokio::test]
async fn formats_and_demands_of_a_later_version_are_refused_by_name() {
    let world = World::new().await;
    for (format, crit, reason) in [(2, vec![], "format 2"), (1, vec!["geofence".to_owned()], "geofence")] {
        let initial_config = {
            let mut account = world.service.account();
            account.publish(|config| {
                config.format = format;
                config.crit = crit;
            });
            account.initial_config()
        };
        let failure = start_with(&world, &initial_config).unwrap_err();
        assert!(failure.fact("reason").unwrap().contains(reason), "{failure}");
    }
}

#[tokio::test]
async fn what_was_stored_is_in_force_at_once() {
    let (world, embedded) = with_stored().await;
    let core = start_with(&world, &embedded).unwrap();
    assert_eq!(core.snapshot().config().refresh_seconds, 1234);
    assert_eq!((core.revision(), core.status().stored_record), (1, StoredRecord::Used));
}

#[tokio::test]
async fn a_damaged_record_is_kept_aside_and_the_initial_config_holds() {
    let (world, embedded) = with_stored().await;
    let good = std::fs::read(world.file("config")).unwrap();
    let flipped = |place: usize| {
        let mut bytes = good.clone();
        *bytes.get_mut(place).unwrap() ^= 4;
        bytes
    };
    let cases = [Vec::new(), good.get(..good.len() - 1).unwrap().to_vec(), vec![0; good.len()], flipped(3)];
    let flips = (0..good.len()).step_by(37).map(flipped);
    for bad in cases.into_iter().chain(flips) {
        std::fs::write(world.file("config"), &bad).unwrap();
        let core = start_with(&world, &embedded).unwrap();
        assert_eq!(core.snapshot().config().version, 1000);
        assert_eq!(core.status().stored_record, StoredRecord::Damaged);
        assert_eq!(std::fs::read(world.file("config.damaged")).unwrap(), bad);
        core.shutdown().await;
    }
}

#[tokio::test]
async fn a_record_of_another_account_or_without_a_chain_is_dropped_and_said_so() {
    let (world, _) = with_stored().await;
    let stranger = Account::new("https://a.example", vec![support_pin()], "");
    let core = start_with(&world, &stranger.initial_config()).unwrap();
    assert_eq!(core.snapshot().config().version, 1000);
    assert!(matches!(core.status().stored_record, StoredRecord::Untrusted { .. }), "{:?}", core.status());
    assert!(!world.file("config").exists());
}

fn support_pin() -> bonafide_core::protocol::pin::Pin {
    bonafide_core::protocol::pin::Pin::from_digest([5; 32])
}

#[tokio::test]
async fn an_app_update_with_a_newer_config_wins_over_what_is_stored() {
    let (world, _) = with_stored().await;
    world.service.account().publish(|config| config.refresh_seconds = 99);
    let core = world.start();
    assert_eq!(core.snapshot().config().refresh_seconds, 99);
    assert_eq!(core.status().stored_record, StoredRecord::Superseded);
}

#[tokio::test]
async fn an_app_update_with_a_newer_root_keeps_what_is_stored_under_it() {
    let world = World::new().await;
    let core = world.start_settled().await;
    world.service.account().next_root();
    let embedded_later = world.service.account().initial_config();
    world.service.account().publish(|config| config.refresh_seconds = 77);
    assert!(core.refresh_config(LONG).await.unwrap());
    core.shutdown().await;
    let core = start_with(&world, &embedded_later).unwrap();
    assert_eq!((core.status().epoch, core.snapshot().config().refresh_seconds), (2, 77));
}

#[tokio::test]
async fn records_from_a_backup_are_discarded_with_their_key() {
    let (world, embedded) = with_stored().await;
    for marker in [None, Some("another device's")] {
        let key = Arc::new(ScriptedKey::new(KeyScript::Works));
        let start = || {
            let (mut settings, mut ports) = (world.settings(), world.ports());
            settings.initial_config = embedded.clone();
            ports.install_key = key.clone();
            Core::start(settings, ports).unwrap()
        };
        match marker {
            None => std::fs::remove_file(world.file("marker")).unwrap(),
            Some(text) => std::fs::write(world.file("marker"), framed(&format!("\"{text}\""))).unwrap(),
        }
        let core = start();
        assert_eq!(core.status().stored_record, StoredRecord::Restored);
        assert_eq!(core.snapshot().config().version, 1000);
        core.precheck(LONG).await.unwrap();
        assert_eq!(key.resets.load(Ordering::SeqCst), 1, "the key goes before it is used");
        // The newer config is in force and stored then, not only the first of it.
        core.refresh_config(LONG).await.unwrap();
        core.shutdown().await;

        // What was made since is this install's own.
        let core = start();
        assert_eq!(core.status().stored_record, StoredRecord::Used);
        core.precheck(LONG).await.unwrap();
        assert_eq!(key.resets.load(Ordering::SeqCst), 1);
        core.shutdown().await;
    }
}

fn framed(body: &str) -> String {
    use bonafide_core::protocol::encoding::{sha256, to_hex};
    format!("bonafide-record-1 {}\n{body}", to_hex(&sha256(body.as_bytes())))
}

#[tokio::test]
async fn a_full_or_read_only_disk_costs_persistence_and_not_protection() {
    for (full, read_only) in [(true, false), (false, true)] {
        let world = World::new().await;
        let storage = Arc::new(LimitedStorage {
            files: world.storage(),
            full: AtomicBool::new(full),
            read_only: AtomicBool::new(read_only),
        });
        let mut ports = world.ports();
        let embedded = world.settings();
        ports.storage = storage.clone();
        ports.install_key = Arc::new(bonafide_core::adapter::SoftwareKey::new(storage.clone()));
        let core = Core::start(embedded, ports).unwrap();
        assert!(matches!(core.status().storage, StorageState::MemoryOnly { .. }));
        core.refresh_config(LONG).await.unwrap();
        world.service.account().publish(|_| {});
        assert!(core.refresh_config(LONG).await.unwrap(), "a newer config is taken all the same");
        assert_eq!(core.snapshot().config().version, 1001);
        let lease = core.token("api.acme.com", None, LONG).await.unwrap();
        assert!(lease.token.is_some() && lease.status.is_none());

        // And when there is room again, what is learnt is kept.
        storage.full.store(false, Ordering::SeqCst);
        storage.read_only.store(false, Ordering::SeqCst);
        world.service.account().publish(|_| {});
        assert!(core.refresh_config(LONG).await.unwrap());
        assert_eq!(core.status().storage, StorageState::Persistent);
        assert!(world.file("config").exists());
    }
}

#[tokio::test]
async fn a_start_asks_nobody() {
    let world = World::new().await;
    let gate = Arc::new(tokio::sync::Notify::new());
    world.service.script("GET /v1/config", super::support::Act::After(gate.clone()));
    let core = world.start();
    assert_eq!(core.revision(), 1);
    assert!(core.rules("api.acme.com").protected);
    assert_eq!(core.token("nobody.example", None, Duration::ZERO).await.unwrap_err().status(), Status::HostNotInConfig);
    gate.notify_one();
}
