//! Config trust: first what is refused, each for its own reason, then what is accepted.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use bonafide_protocol::config::{CONFIG_TYPE, Config, MAX_VERSION};
use bonafide_protocol::jwk::KeyList;
use bonafide_protocol::jws::{Header, JwsError, join, signing_input};
use bonafide_protocol::pin::PinList;
use bonafide_protocol::root::ROOT_TYPE;
use bonafide_protocol::trust::{Document, DocumentError, TrustError, Trusted, Update};
use common::{config, entry, file, initial, key, root, signed_config, signed_root};
use proptest::prelude::*;
use serde_json::{Value, json};

fn embedded() -> Trusted {
    Trusted::from_initial(&initial()).unwrap()
}

fn newer(update: Result<Update, TrustError>) -> Trusted {
    match update {
        Ok(Update::Newer(trusted)) => *trusted,
        other => panic!("expected something newer, got {other:?}"),
    }
}

/// Signs any JSON as a config of epoch 1: what the operator's own key vouches for, however odd.
fn sign_json(content: &Value) -> String {
    let key = key(21);
    let input = signing_input(&Header::with_kid(CONFIG_TYPE, &key.public_key()), content.to_string().as_bytes());
    let signature = key.sign(input.as_bytes());
    join(&input, &signature)
}

fn changed(change: impl FnOnce(&mut Value)) -> String {
    let mut content = serde_json::to_value(config(1, 101)).unwrap();
    change(&mut content);
    sign_json(&content)
}

#[test]
fn an_initial_config_that_is_none_is_refused_with_its_reason() {
    let refused = |file: &[u8]| Trusted::from_initial(file).unwrap_err();
    assert_eq!(refused(b""), TrustError::Empty);
    assert_eq!(refused(b" \n"), TrustError::Empty);
    let whole = initial();
    assert!(matches!(refused(whole.get(..whole.len() / 2).unwrap()), TrustError::NotConfigFile(_)));
    assert!(matches!(refused(b"\x7fELF"), TrustError::NotConfigFile(_)));
    assert!(matches!(refused(&vec![b'x'; 10 << 20]), TrustError::TooLong { .. }));
    assert_eq!(refused(&file(&[], &signed_config(1, 1))), TrustError::NoRoot);
    let many = vec![signed_root(1); 200];
    assert_eq!(refused(&file(&many, &signed_config(1, 1))), TrustError::TooManyRoots { count: 199 });
}

#[test]
fn an_initial_config_with_a_foreign_signature_is_refused() {
    let foreign = config(1, 100).sign(&key(99));
    assert!(matches!(
        Trusted::from_initial(&file(&[signed_root(1)], &foreign)),
        Err(TrustError::UnlistedKey { document: Document::Config, epoch: 1, .. })
    ));
    // The header names the listed key, the signature is another's.
    let good = signed_config(1, 100);
    let other = signed_config(1, 101);
    let swapped = format!("{}.{}", good.rsplit_once('.').unwrap().0, other.rsplit_once('.').unwrap().1);
    assert_eq!(
        Trusted::from_initial(&file(&[signed_root(1)], &swapped)).unwrap_err(),
        TrustError::Jws { document: Document::Config, error: JwsError::Signature }
    );
    // A first root signed by somebody else.
    assert!(matches!(
        Trusted::from_initial(&file(&[root(1).sign(&key(99))], &good)),
        Err(TrustError::UnlistedKey { document: Document::Root(0), .. })
    ));
    // A root where the config belongs: the key signs both kinds of document, the type tells them apart.
    let mut both = root(1);
    both.config_keys = both.root_keys.clone();
    let root_jws = both.sign(&key(11));
    assert_eq!(
        Trusted::from_initial(&file(std::slice::from_ref(&root_jws), &root_jws)).unwrap_err(),
        TrustError::Jws {
            document: Document::Config,
            error: JwsError::Type { expected: CONFIG_TYPE, found: Some(ROOT_TYPE.into()) }
        }
    );
}

#[test]
fn a_root_key_may_not_sign_configs_nor_a_config_key_roots() {
    let by_root_key = config(1, 101).sign(&key(11));
    assert!(matches!(
        embedded().update(&[], Some(&by_root_key)),
        Err(TrustError::UnlistedKey { document: Document::Config, .. })
    ));
    let by_config_key = root(2).sign(&key(21));
    assert!(matches!(
        embedded().update(&[by_config_key], Some(&signed_config(2, 1))),
        Err(TrustError::UnlistedKey { document: Document::Root(0), .. })
    ));
}

#[test]
fn content_that_cannot_be_is_refused_and_the_reason_names_the_member() {
    let embedded = embedded();
    let refused = |jws: &str| match embedded.update(&[], Some(jws)).unwrap_err() {
        TrustError::Content { document: Document::Config, error } => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&changed(|c| c["format"] = json!(2))), DocumentError::Format { found: 2 });
    assert_eq!(
        refused(&changed(|c| c["crit"] = json!(["hosts", "quorum"]))),
        DocumentError::Critical { name: "quorum".into() }
    );
    let member = |error| match error {
        DocumentError::Invalid { member, .. } | DocumentError::NothingUsable { member } => member,
        other => panic!("{other:?}"),
    };
    for (member_at_fault, change) in [
        ("version", json!({"version": MAX_VERSION + 1})),
        ("service.url", json!({"service": {"url": "http://bonafide.acme.com", "pins": [common::pin(1)]}})),
        ("service.url", json!({"service": {"url": "https://u@acme.com?x", "pins": [common::pin(1)]}})),
        ("service.pins", json!({"service": {"url": "https://bonafide.acme.com", "pins": []}})),
        ("token.header", json!({"token": {"header": "Bad Header"}})),
        ("token.header", json!({"token": {"header": "Host"}})),
        ("token.header", json!({"token": {"header": "bonafide-status"}})),
        ("hosts[api.acme.com]", json!({"hosts": [entry("api.acme.com"), entry("API.acme.com")]})),
        ("hosts[a.com].pins", json!({"hosts": [{"host": "a.com"}]})),
        ("hosts[a.com].pins", json!({"hosts": [{"host": "a.com", "pins": ["sha3/AA"], "mode": "report"}]})),
    ] {
        let jws = changed(|c| c.as_object_mut().unwrap().extend(change.as_object().unwrap().clone()));
        assert_eq!(member(refused(&jws)), member_at_fault);
    }
    for (name, content) in [
        ("no object", json!([])),
        ("a malformed pin", json!({"hosts": [{"host": "a.com", "pins": ["sha256/AA"]}]})),
        ("a malformed host", json!({"hosts": [{"host": "*", "pins": [common::pin(1)]}]})),
        ("a negative version", json!({"version": -1})),
    ] {
        let jws = match content.as_object() {
            Some(change) => changed(|c| c.as_object_mut().unwrap().extend(change.clone())),
            None => sign_json(&content),
        };
        assert!(matches!(refused(&jws), DocumentError::Content { .. }), "{name}");
    }
}

#[test]
fn what_is_older_forked_or_foreign_is_refused() {
    let held = embedded();
    assert_eq!(
        held.update(&[], Some(&signed_config(1, 99))).unwrap_err(),
        TrustError::Rollback { held: (1, 100), offered: (1, 99) }
    );
    let mut other = config(1, 100);
    other.hosts.clear();
    assert_eq!(held.update(&[], Some(&other.sign(&key(21)))).unwrap_err(), TrustError::Fork { held: (1, 100) });
    let mut foreign = config(1, 101);
    foreign.account = "evil".into();
    assert!(matches!(
        held.update(&[], Some(&foreign.sign(&key(21)))),
        Err(TrustError::Account { document: Document::Config, .. })
    ));
    let mut foreign_root = root(2);
    foreign_root.account = "evil".into();
    assert!(matches!(
        held.update(&[foreign_root.sign(&key(11))], Some(&signed_config(2, 101))),
        Err(TrustError::Account { document: Document::Root(0), .. })
    ));
    // Signed by the listed config key, but claiming a later epoch to get above every version.
    assert_eq!(
        held.update(&[], Some(&config(2, 1).sign(&key(21)))).unwrap_err(),
        TrustError::ConfigEpoch { expected: 1, found: 2 }
    );
}

#[test]
fn a_config_of_an_epoch_that_is_over_is_a_rollback() {
    let held = newer(embedded().update(&[signed_root(2)], Some(&signed_config(2, 5))));
    assert_eq!(
        held.update(&[], Some(&signed_config(1, MAX_VERSION))).unwrap_err(),
        TrustError::Rollback { held: (2, 5), offered: (1, MAX_VERSION) }
    );
}

#[test]
fn roots_have_to_form_a_chain() {
    let held = embedded();
    // A root in between is missing, so that nobody vouches for the later one.
    assert!(matches!(
        held.update(&[signed_root(3)], Some(&signed_config(3, 1))),
        Err(TrustError::UnlistedKey { document: Document::Root(0), epoch: 1, .. })
    ));
    // Roots without a config of theirs.
    assert_eq!(held.update(&[signed_root(2)], None).unwrap_err(), TrustError::ConfigMissing { epoch: 2 });
    // Epochs that do not rise: first up to 3, then back to 2, vouched for by the very key that may sign.
    let fallen = root(2).sign(&key(13));
    assert_eq!(
        held.update(&[signed_root(2), signed_root(3), fallen], Some(&signed_config(2, 1))).unwrap_err(),
        TrustError::EpochNotHigher { document: Document::Root(2), held: 3, found: 2 }
    );
    // Keys of unknown kinds only.
    let mut unusable = root(2);
    unusable.config_keys = KeyList::new(vec![]);
    assert!(matches!(
        held.update(&[unusable.sign(&key(11))], Some(&signed_config(2, 1))),
        Err(TrustError::Content { error: DocumentError::NothingUsable { .. }, .. })
    ));
}

#[test]
fn a_refused_update_leaves_what_was_held() {
    let held = embedded();
    assert!(held.update(&[signed_root(2)], Some("rubbish")).is_err());
    assert_eq!(held.position(), (1, 100));
    assert_eq!(held.to_file().to_bytes(), initial());
}

#[test]
fn the_owners_next_root_beats_the_thiefs_highest_version() {
    let thief = newer(embedded().update(&[], Some(&signed_config(1, MAX_VERSION))));
    let owner = newer(thief.update(&[signed_root(2)], Some(&signed_config(2, 1))));
    assert_eq!(owner.position(), (2, 1));
}

#[test]
fn an_update_over_several_roots_is_taken_and_reloads() {
    let embedded = embedded();
    let roots = [signed_root(2), signed_root(3)];
    let held = newer(embedded.update(&roots, Some(&signed_config(3, 7))));
    assert_eq!(held.position(), (3, 7));
    assert_eq!(held.roots().map(|root| root.epoch).collect::<Vec<_>>(), [1, 2, 3]);

    // Stored and loaded again from the embedded root on.
    let reloaded = newer(embedded.with_stored(&held.to_file().to_bytes()));
    assert_eq!(reloaded.config(), held.config());

    // An app update embeds root 2 already: the record's links up to it are skipped, the rest counts.
    let updated_app = file(&[signed_root(1), signed_root(2)], &signed_config(2, 50));
    let updated_app = Trusted::from_initial(&updated_app).unwrap();
    assert_eq!(newer(updated_app.with_stored(&held.to_file().to_bytes())).position(), (3, 7));
    // And an embedded config above the stored one wins.
    let newest_app = file(&[signed_root(1), signed_root(2), signed_root(3)], &signed_config(3, 8));
    assert!(matches!(
        Trusted::from_initial(&newest_app).unwrap().with_stored(&held.to_file().to_bytes()),
        Err(TrustError::Rollback { held: (3, 8), offered: (3, 7) })
    ));
}

#[test]
fn what_is_held_already_is_unchanged() {
    let held = embedded();
    assert!(matches!(held.update(&[], None), Ok(Update::Unchanged)));
    assert!(matches!(held.update(&[signed_root(1)], Some(&signed_config(1, 100))), Ok(Update::Unchanged)));
}

#[test]
fn an_old_app_reads_a_newer_config() {
    let jws = changed(|c| {
        c["weather"] = json!("fine");
        c["hosts"] = json!([{
            "host": "api.acme.com", "mode": "enforce_more", "without_token": "pray", "colour": "red",
            "pins": ["sha512/AAAA", common::pin(1)]
        }]);
    });
    let held = newer(embedded().update(&[], Some(&jws)));
    let entry = held.config().hosts.first().unwrap();
    assert_eq!(entry.mode, bonafide_protocol::config::Mode::Enforce);
    assert_eq!(entry.without_token, bonafide_protocol::config::WithoutToken::Fail);
    assert_eq!((entry.pins.pins().len(), entry.pins.skipped()), (1, 1));
}

#[test]
fn the_service_signs_nothing_that_a_device_would_refuse() {
    let mut bad: Config = config(1, 1);
    bad.service.pins = PinList::default();
    assert!(bad.check().is_err());
    assert_eq!(config(1, 1).check(), Ok(()));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Trusted::from_initial(&bytes);
        let text = String::from_utf8_lossy(&bytes);
        let _ = embedded().update(&[text.to_string()], Some(&text));
    }

    #[test]
    fn no_flipped_bit_passes_unnoticed(place in 0_usize..2000, bit in 0_u8..8) {
        let mut bytes = initial();
        let place = place % bytes.len();
        if let Some(byte) = bytes.get_mut(place) { *byte ^= 1 << bit; }
        // White space for white space is the only change that may pass.
        if let Ok(trusted) = Trusted::from_initial(&bytes) {
            prop_assert_eq!(trusted.to_file().to_bytes(), initial());
        }
    }
}
