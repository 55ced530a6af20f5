//! Android Key Attestation on any input: nothing may panic, hang or eat up the memory.
//!
//! The input is a chain, each certificate behind its length as two octets, big-endian; the seeds are the corpus' chains
//! and their key descriptions. Run it with `server/attestation/fuzz/run`.
#![no_main]

use std::sync::LazyLock;

use bonafide_attestation::android_key::{KeyDescription, Roots, Trust, chain_from_pem, examine};
use bonafide_attestation::certificate::Certificate;
use libfuzzer_sys::fuzz_target;

static ROOTS: LazyLock<Roots> = LazyLock::new(|| Roots::google().expect("the embedded roots"));

/// 26 September 2025: the corpus' youngest chains are valid.
const NOW: u64 = 1_758_900_680;

fuzz_target!(|input: &[u8]| {
    let _ = KeyDescription::parse(input);
    let _ = Certificate::parse(input);
    if let Ok(text) = std::str::from_utf8(input) {
        let _ = chain_from_pem(text);
        let _ = Roots::from_json(input);
        let _ = Roots::from_pem(text);
    }
    let mut chain = Vec::new();
    let mut rest = input;
    while let Some((length, behind)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(behind.len());
        let (der, behind) = behind.split_at(length);
        chain.push(der);
        rest = behind;
    }
    let _ = examine(&chain, &Trust { roots: &ROOTS, revocation: None }, NOW);
});
