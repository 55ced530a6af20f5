//! What the tests of documents share: an account's keys, and documents made of them.

use bonafide_protocol::config::{Config, HostEntry, Mode, Service, Token, WithoutToken};
use bonafide_protocol::host::HostPattern;
use bonafide_protocol::jwk::KeyList;
use bonafide_protocol::key::Ed25519Key;
use bonafide_protocol::pin::{Pin, PinList};
use bonafide_protocol::root::Root;
use bonafide_protocol::trust::ConfigFile;

/// The account of every document here.
pub(crate) const ACCOUNT: &str = "acme";

/// A key that is the same in every run.
pub(crate) fn key(seed: u8) -> Ed25519Key {
    Ed25519Key::from_seed([seed; 32]).unwrap()
}

/// Root keys count from 10, config keys from 20: epoch 1 has 11 and 21.
pub(crate) fn root(epoch: u8) -> Root {
    Root {
        format: 1,
        crit: vec![],
        account: ACCOUNT.into(),
        epoch: epoch.into(),
        root_keys: KeyList::new(vec![key(10 + epoch).public_key()]),
        config_keys: KeyList::new(vec![key(20 + epoch).public_key()]),
    }
}

/// The signed root of an epoch: the first by itself, each further one by the one before.
pub(crate) fn signed_root(epoch: u8) -> String {
    root(epoch).sign(&key(10 + if epoch == 1 { 1 } else { epoch - 1 }))
}

/// A pin of equal bytes.
pub(crate) fn pin(byte: u8) -> Pin {
    Pin::from_digest([byte; 32])
}

/// An entry with two pins.
pub(crate) fn entry(host: &str) -> HostEntry {
    HostEntry {
        host: HostPattern::parse(host).unwrap(),
        pins: PinList::new(vec![pin(1), pin(2)]),
        mode: Mode::Enforce,
        send_token: true,
        audience: None,
        signing: "off".into(),
        without_token: WithoutToken::Send,
    }
}

/// A config with one host.
pub(crate) fn config(epoch: u8, version: u64) -> Config {
    Config {
        format: 1,
        crit: vec![],
        account: ACCOUNT.into(),
        epoch: epoch.into(),
        version,
        issued_at: 1_790_000_042,
        service: Service {
            url: "https://bonafide.acme.com".into(),
            pins: PinList::new(vec![pin(8), pin(9)]),
            roots: vec![],
        },
        token: Token::default(),
        hosts: vec![entry("api.acme.com")],
        refresh_seconds: 3600,
        stale_after_seconds: None,
    }
}

/// The config, signed with its epoch's config key.
pub(crate) fn signed_config(epoch: u8, version: u64) -> String {
    config(epoch, version).sign(&key(20 + epoch))
}

/// A file of these documents.
pub(crate) fn file(roots: &[String], config: &str) -> Vec<u8> {
    ConfigFile { roots: roots.to_vec(), config: config.into() }.to_bytes()
}

/// What an app of epoch 1 embeds.
pub(crate) fn initial() -> Vec<u8> {
    file(&[signed_root(1)], &signed_config(1, 100))
}
