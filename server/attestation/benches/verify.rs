//! A verification of a real chain against its signature checks alone: the goal is 3 times their cost at most.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::hint::black_box;
use std::path::Path;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
    VerificationAlgorithm,
};
use bonafide_attestation::android_key::{Expectation, Roots, Trust, chain_from_pem, verify};
use criterion::{Criterion, criterion_group, criterion_main};
use x509_parser::parse_x509_certificate;

/// 26 September 2025, when the phone made the key.
const MADE_AT: u64 = 1_758_900_680;
const CHALLENGE: &[u8] = b"d688d763-6118-4ca6-94b2-e6cd9ed7e4e4";

/// A signature check with everything ready for it.
struct Check {
    algorithm: &'static dyn VerificationAlgorithm,
    key: Vec<u8>,
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl Check {
    fn run(&self) {
        UnparsedPublicKey::new(self.algorithm, &self.key).verify(&self.message, &self.signature).unwrap();
    }
}

/// The five checks of a remotely provisioned chain: RSA twice, P-384, P-256 twice.
fn checks(chain: &[Vec<u8>]) -> Vec<Check> {
    let issuers = chain.iter().skip(1).chain(chain.last());
    let algorithm = |key: &[u8]| -> &'static dyn VerificationAlgorithm {
        match key.len() {
            65 => &ECDSA_P256_SHA256_ASN1,
            97 => &ECDSA_P384_SHA384_ASN1,
            _ => &RSA_PKCS1_2048_8192_SHA256,
        }
    };
    let check = |(der, issuer): (&Vec<u8>, &Vec<u8>)| {
        let (_, certificate) = parse_x509_certificate(der).unwrap();
        let (_, issuer) = parse_x509_certificate(issuer).unwrap();
        let key = issuer.public_key().subject_public_key.data.to_vec();
        Check {
            algorithm: algorithm(&key),
            key,
            message: certificate.tbs_certificate.as_ref().to_vec(),
            signature: certificate.signature_value.data.to_vec(),
        }
    };
    chain.iter().zip(issuers).map(check).collect()
}

fn verification(criterion: &mut Criterion) {
    let corpora = std::env::var("BONAFIDE_CORPORA")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpora").into());
    let pem = Path::new(&corpora).join("android-key-attestation/caiman/sdk36/TEE_EC_RKP.pem");
    let chain = chain_from_pem(&std::fs::read_to_string(pem).unwrap()).unwrap();
    let roots = Roots::google().unwrap();
    let trust = Trust { roots: &roots, revocation: None };
    let expectation = Expectation::new(CHALLENGE);
    let checks = checks(&chain);
    assert!(verify(&chain, &trust, &expectation, MADE_AT).is_ok());

    let mut group = criterion.benchmark_group("android_key");
    group.bench_function("signatures", |bencher| bencher.iter(|| checks.iter().for_each(Check::run)));
    group.bench_function("verify", |bencher| {
        bencher.iter(|| verify(black_box(&chain), &trust, &expectation, MADE_AT).unwrap());
    });
    group.finish();
}

criterion_group!(benches, verification);
criterion_main!(benches);
