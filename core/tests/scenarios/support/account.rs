//! An account: its keys, roots and configs.

use bonafide_core::protocol::config::{Config, Service};
use bonafide_core::protocol::jwk::KeyList;
use bonafide_core::protocol::key::Ed25519Key;
use bonafide_core::protocol::message::Documents;
use bonafide_core::protocol::pin::{Pin, PinList};
use bonafide_core::protocol::root::Root;
use bonafide_core::protocol::trust::ConfigFile;

pub struct Account {
    pub root_key: Ed25519Key,
    pub config_key: Ed25519Key,
    pub roots: Vec<String>,
    pub config: Config,
    pub config_jws: String,
}

/// A pin that nobody's key has.
pub fn backup() -> Pin {
    Pin::from_digest([0xbb; 32])
}

impl Account {
    pub fn new(url: &str, pins: Vec<Pin>, ca: &str) -> Self {
        let root_key = Ed25519Key::generate().unwrap();
        let config_key = Ed25519Key::generate().unwrap();
        let config = serde_json::from_value(serde_json::json!({
            "format": 1, "account": "acme", "epoch": 1, "version": 1000, "issued_at": 1000,
            "service": Service { url: url.into(), pins: PinList::new(pins), roots: vec![ca.into()] },
            "hosts": [
                { "host": "api.acme.com", "pins": [Pin::from_digest([1; 32]), backup()], "send_token": true },
                { "host": "strict.acme.com", "pins": [backup()], "send_token": true, "audience": "strict",
                  "without_token": "fail" },
                { "host": "report.acme.com", "pins": [backup()], "mode": "report" },
            ],
        }))
        .unwrap();
        let mut account = Self { root_key, config_key, roots: Vec::new(), config, config_jws: String::new() };
        let root = account.root(1);
        account.roots.push(root.sign(&account.root_key));
        account.sign();
        account
    }

    /// A root of this epoch with the present keys.
    pub fn root(&self, epoch: u64) -> Root {
        Root {
            format: 1,
            crit: Vec::new(),
            account: "acme".into(),
            epoch,
            root_keys: KeyList::new(vec![self.root_key.public_key()]),
            config_keys: KeyList::new(vec![self.config_key.public_key()]),
        }
    }

    fn sign(&mut self) {
        self.config_jws = self.config.sign(&self.config_key);
    }

    /// Publishes a changed config under the next version.
    pub fn publish(&mut self, change: impl FnOnce(&mut Config)) {
        self.config.version += 1;
        change(&mut self.config);
        self.sign();
    }

    /// The owner's next root, with a new config key, and the config anew under it.
    pub fn next_root(&mut self) {
        self.config_key = Ed25519Key::generate().unwrap();
        let root = self.root(self.config.epoch + 1);
        self.config.epoch = root.epoch;
        self.roots.push(root.sign(&self.root_key));
        self.publish(|_| {});
    }

    pub fn initial_config(&self) -> Vec<u8> {
        ConfigFile { roots: self.roots.clone(), config: self.config_jws.clone() }.to_bytes()
    }

    /// What a device at this position lacks.
    pub fn lacking(&self, epoch: u64, version: u64) -> Documents {
        let roots = self.roots.iter().skip(usize::try_from(epoch).unwrap()).cloned().collect();
        let newer = (self.config.epoch, self.config.version) > (epoch, version);
        Documents { roots, config: newer.then(|| self.config_jws.clone()) }
    }
}
