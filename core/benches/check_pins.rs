//! The pin check of a chain of three certificates: judged anew, and seen before.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::hint::black_box;
use std::sync::Arc;

use bonafide_core::adapter::FileStorage;
use bonafide_core::port::Ports;
use bonafide_core::protocol::config::Config;
use bonafide_core::protocol::encoding::{sha256, to_hex};
use bonafide_core::protocol::jwk::KeyList;
use bonafide_core::protocol::key::Ed25519Key;
use bonafide_core::protocol::measurement::{App, Platform};
use bonafide_core::protocol::pin::Pin;
use bonafide_core::protocol::root::Root;
use bonafide_core::protocol::trust::ConfigFile;
use bonafide_core::{Core, Settings};
use criterion::{Criterion, criterion_group, criterion_main};

fn chain() -> Vec<Vec<u8>> {
    // Public certificates are about three times as long as rcgen's: more names make up for it.
    let names = |name: &str| (0..12).map(|number| format!("{}.{number}.{name}", "x".repeat(60))).collect::<Vec<_>>();
    ["leaf.acme.com", "intermediate.example", "root.example"]
        .map(|name| rcgen::generate_simple_self_signed(names(name)).unwrap().cert.der().to_vec())
        .to_vec()
}

/// Two configs under one root: the embedded one and a newer one.
fn configs(pin: Pin) -> [Vec<u8>; 2] {
    let key = Ed25519Key::generate().unwrap();
    let keys = || KeyList::new(vec![key.public_key()]);
    let root =
        Root { format: 1, crit: Vec::new(), account: "acme".into(), epoch: 1, root_keys: keys(), config_keys: keys() };
    [1, 2].map(|version| {
        let config: Config = serde_json::from_value(serde_json::json!({
            "format": 1, "account": "acme", "epoch": 1, "version": version, "issued_at": 1,
            "service": { "url": "https://127.0.0.1:1", "pins": [pin, Pin::from_digest([0; 32])] },
            "hosts": [{ "host": "api.acme.com", "pins": [Pin::from_digest([0; 32]), pin] }],
        }))
        .unwrap();
        ConfigFile { roots: vec![root.sign(&key)], config: config.sign(&key) }.to_bytes()
    })
}

fn benchmarks(criterion: &mut Criterion) {
    // More chains than are remembered: each comes as new.
    let mut chains: Vec<_> = (0..64).map(|_| chain()).collect();
    let chain = chain();
    for other in &mut chains {
        *other.last_mut().unwrap() = chain.last().unwrap().clone();
    }
    let [initial_config, stored] = configs(Pin::of_certificate(chain.last().unwrap()).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        let settings = Settings {
            initial_config: initial_config.clone(),
            app: App { platform: Platform::Linux, id: "bench".into(), version: "1".into(), build: String::new() },
            artifacts: Vec::new(),
            sdk_version: "0".into(),
            development_key: None,
            request_deadline: Settings::DEFAULT_DEADLINE,
            runtime: runtime.handle().clone(),
        };
        Core::start(settings, Ports::desktop(Arc::new(FileStorage::new(folder.path())))).unwrap()
    };
    // The first start makes the marker; what is stored before it would be another install's.
    drop(start());
    let record = [format!("bonafide-record-1 {}\n", to_hex(&sha256(&stored))).into_bytes(), stored].concat();
    std::fs::write(folder.path().join("config"), record).unwrap();
    let core = start();
    assert_eq!(core.status().version, 2);
    let mut next = 0;
    criterion.bench_function("check_pins/cold", |bencher| {
        bencher.iter(|| {
            next = (next + 1) % chains.len();
            black_box(core.check_pins("api.acme.com", chains.get(next).unwrap()))
        });
    });
    criterion.bench_function("check_pins/seen", |bencher| {
        bencher.iter(|| black_box(core.check_pins("api.acme.com", black_box(&chain))));
    });
    criterion.bench_function("start/stored", |bencher| bencher.iter(|| black_box(start())));
}

criterion_group!(all, benchmarks);
criterion_main!(all);
