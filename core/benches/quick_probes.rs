//! What a token request waits for: the quick probes, with the slow ones beside them.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::hint::black_box;
use std::sync::Arc;

use bonafide_core::adapter::FileStorage;
use bonafide_core::integrity::Measurer;
use bonafide_core::port::Ports;
use bonafide_core::protocol::measurement::{App, Platform};
use criterion::{Criterion, criterion_group, criterion_main};

fn quick_probes(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ports = Ports::desktop(Arc::new(FileStorage::new(folder.path())));
    let app = App { platform: Platform::Linux, id: "com.acme.app".into(), version: "1".into(), build: String::new() };
    let measurer = Measurer::new(&ports, &app, Vec::new(), runtime.handle().clone());
    criterion.bench_function("quick_probes", |bench| {
        bench.iter(|| black_box(runtime.block_on(measurer.measurement())));
    });
}

criterion_group!(benches, quick_probes);
criterion_main!(benches);
