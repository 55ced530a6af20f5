//! The verification of an attestation against its signature checks alone: the goal is 3 times their cost at most.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a benchmark fails by panicking")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use aws_lc_rs::signature::{ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, UnparsedPublicKey};
use bonafide_attestation::app_attest::{AttestationExpectation, Environment, Roots, verify_attestation};
use criterion::{Criterion, criterion_group, criterion_main};
use minicbor::Decoder;
use x509_parser::prelude::{FromDer, X509Certificate};

#[path = "../tests/app_attest/corpus.rs"]
#[expect(dead_code, reason = "the benchmark reads attestations only")]
mod corpus;

use corpus::Entry;

fn verify(criterion: &mut Criterion) {
    let entries = Entry::all("attestation");
    let entry = entries.first().unwrap();
    let (evidence, app_id, roots) = (entry.evidence(), entry.app_id(), Roots::app_attestation());
    let (key_id, client_data_hash) = (entry.key_id(), entry.client_data_hash());
    let expectation = AttestationExpectation {
        app_id: &app_id,
        key_id: &key_id,
        client_data_hash: &client_data_hash,
        environments: &[Environment::Development],
        roots: &roots,
        time: entry.time(),
    };
    assert!(verify_attestation(&evidence, &expectation).is_ok());

    let [leaf, intermediate] = chain(&evidence);
    let (_, leaf) = X509Certificate::from_der(leaf).unwrap();
    let (_, intermediate) = X509Certificate::from_der(intermediate).unwrap();
    let (_, root) = X509Certificate::from_der(roots.as_der().first().unwrap()).unwrap();
    let signatures = || {
        for (algorithm, certificate, issuer) in
            [(&ECDSA_P384_SHA256_ASN1, &leaf, &intermediate), (&ECDSA_P384_SHA384_ASN1, &intermediate, &root)]
        {
            let key = UnparsedPublicKey::new(algorithm, &issuer.public_key().subject_public_key.data);
            key.verify(black_box(certificate.tbs_certificate.as_ref()), &certificate.signature_value.data).unwrap();
        }
    };

    let mut group = criterion.benchmark_group("app_attest");
    group.bench_function("signatures", |bencher| bencher.iter(signatures));
    group.bench_function("attestation", |bencher| {
        bencher.iter(|| verify_attestation(black_box(&evidence), &expectation).unwrap());
    });
    group.finish();
    ratio(signatures, || drop(verify_attestation(black_box(&evidence), &expectation)));
}

/// Prints how many times as long the second takes, both measured in turns: on a busy machine, one after the other would
/// compare the load.
#[expect(clippy::print_stderr, reason = "a benchmark's result")]
fn ratio(alone: impl Fn(), whole: impl Fn()) {
    let time = |work: &dyn Fn()| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    let (alone, whole): (Vec<_>, Vec<_>) = (0..2000).map(|_| (time(&alone), time(&whole))).unzip();
    let median = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default()
    };
    let (alone, whole) = (median(alone), median(whole));
    eprintln!("attestation {whole:?}, its signatures alone {alone:?}: {:.2} times", whole.div_duration_f64(alone));
}

/// The two certificates of an attestation whose form is known.
fn chain(evidence: &[u8]) -> [&[u8]; 2] {
    let mut decoder = Decoder::new(evidence);
    decoder.map().unwrap();
    decoder.skip().unwrap();
    decoder.skip().unwrap();
    decoder.skip().unwrap();
    decoder.map().unwrap();
    decoder.skip().unwrap();
    decoder.array().unwrap();
    [decoder.bytes().unwrap(), decoder.bytes().unwrap()]
}

criterion_group!(benches, verify);
criterion_main!(benches);
