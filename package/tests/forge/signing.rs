use rcgen::{CertificateParams, KeyPair, PublicKeyData as _};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};

use super::{Parts, V2, V3, V31};

/// A P-256 key with its certificate.
#[derive(Clone)]
pub(crate) struct Key {
    pkcs8: Vec<u8>,
    pub(crate) certificate: Vec<u8>,
    pub(crate) public: Vec<u8>,
}

impl Key {
    pub(crate) fn new() -> Self {
        let pair = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(Vec::new()).unwrap().self_signed(&pair).unwrap();
        Self {
            pkcs8: pair.serialize_der(),
            certificate: certificate.der().to_vec(),
            public: pair.subject_public_key_info(),
        }
    }

    pub(crate) fn sha256(&self) -> [u8; 32] {
        digest(&SHA256, &self.certificate).as_ref().try_into().unwrap()
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &self.pkcs8, &random).unwrap();
        key.sign(&random, message).unwrap().as_ref().to_vec()
    }
}

/// ECDSA with SHA-256 over pieces, and over a tree of pages.
pub(crate) const ECDSA: u32 = 0x0201;
pub(crate) const VERITY: u32 = 0x0423;
const PAGE: usize = 4096;

/// A signer of a scheme; a field a step of what can go wrong.
#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) scheme: u32,
    pub(crate) key: Key,
    pub(crate) algorithm: u32,
    pub(crate) sdk: (u32, u32),
    pub(crate) attributes: Vec<(u32, Vec<u8>)>,
    /// Instead of the key's.
    pub(crate) public: Option<Vec<u8>>,
    pub(crate) signature: Option<Vec<u8>>,
}

impl Signer {
    pub(crate) fn v2(key: &Key) -> Self {
        let (attributes, sdk) = (Vec::new(), (24, i32::MAX as u32));
        Self { scheme: V2, key: key.clone(), algorithm: ECDSA, sdk, attributes, public: None, signature: None }
    }

    pub(crate) fn v3(key: &Key) -> Self {
        Self { scheme: V3, sdk: (28, i32::MAX as u32), ..Self::v2(key) }
    }

    pub(crate) fn v31(key: &Key, from: u32) -> Self {
        Self { scheme: V31, sdk: (from, i32::MAX as u32), ..Self::v2(key) }
    }

    pub(crate) fn until(self, sdk: u32) -> Self {
        Self { sdk: (self.sdk.0, sdk), ..self }
    }

    pub(crate) fn with(mut self, id: u32, value: Vec<u8>) -> Self {
        self.attributes.push((id, value));
        self
    }

    pub(crate) fn with_lineage(self, levels: &[Level]) -> Self {
        self.with(0x3ba0_6f8c, Level::encode(levels))
    }

    fn encode(&self, parts: &Parts) -> Vec<u8> {
        let content = if self.algorithm == VERITY { verity(parts) } else { chunked(parts) };
        let digests = item(&[&self.algorithm.to_le_bytes(), &prefixed(&content)]);
        let sdk = [self.sdk.0.to_le_bytes(), self.sdk.1.to_le_bytes()].concat();
        let sdk = if self.scheme == V2 { Vec::new() } else { sdk };
        let attributes: Vec<u8> =
            self.attributes.iter().flat_map(|(id, value)| item(&[&id.to_le_bytes(), value])).collect();
        let signed =
            [prefixed(&digests), prefixed(&item(&[&self.key.certificate])), sdk.clone(), prefixed(&attributes)]
                .concat();
        let signature = self.signature.clone().unwrap_or_else(|| self.key.sign(&signed));
        let signatures = item(&[&self.algorithm.to_le_bytes(), &prefixed(&signature)]);
        let public = self.public.as_ref().unwrap_or(&self.key.public);
        [prefixed(&signed), sdk, prefixed(&signatures), prefixed(public)].concat()
    }
}

/// A step of a lineage: a certificate, and who vouches for it.
#[derive(Clone)]
pub(crate) struct Level {
    pub(crate) key: Key,
    pub(crate) signed_by: Key,
}

impl Level {
    pub(crate) fn chain(keys: &[&Key]) -> Vec<Self> {
        let parent = |at: usize| keys[at.saturating_sub(1)].clone();
        keys.iter().enumerate().map(|(at, key)| Self { key: (*key).clone(), signed_by: parent(at) }).collect()
    }

    fn encode(levels: &[Self]) -> Vec<u8> {
        let levels: Vec<u8> = levels
            .iter()
            .enumerate()
            .flat_map(|(at, level)| {
                let own = if at == 0 { 0 } else { ECDSA };
                let signed = [prefixed(&level.key.certificate), own.to_le_bytes().to_vec()].concat();
                let signature = if at == 0 { Vec::new() } else { level.signed_by.sign(&signed) };
                item(&[&prefixed(&signed), &7_u32.to_le_bytes(), &ECDSA.to_le_bytes(), &prefixed(&signature)])
            })
            .collect();
        [1_u32.to_le_bytes().to_vec(), levels].concat()
    }
}

/// Each scheme's block.
pub(crate) fn blocks(signers: &[Signer], parts: &Parts) -> Vec<(u32, Vec<u8>)> {
    [V2, V3, V31]
        .into_iter()
        .filter_map(|scheme| {
            let own = signers.iter().filter(|one| one.scheme == scheme);
            let list: Vec<u8> = own.flat_map(|one| prefixed(&one.encode(parts))).collect();
            (!list.is_empty()).then(|| (scheme, prefixed(&list)))
        })
        .collect()
}

/// The signing block around them.
pub(crate) fn block(pairs: &[(u32, Vec<u8>)]) -> Vec<u8> {
    if pairs.is_empty() {
        return Vec::new();
    }
    let mut pairs: Vec<u8> = pairs
        .iter()
        .flat_map(|(id, value)| [&(value.len() as u64 + 4).to_le_bytes()[..], &id.to_le_bytes(), value].concat())
        .collect();
    // Padded to whole pages, as trees over pages want it.
    let filler = PAGE - (pairs.len() + 32 + 12) % PAGE;
    pairs.extend((filler as u64 + 4).to_le_bytes());
    pairs.extend(0x4272_6577_u32.to_le_bytes());
    pairs.resize(pairs.len() + filler, 0);
    let size = (pairs.len() as u64 + 24).to_le_bytes();
    [&size[..], &pairs, &size, b"APK Sig Block 42"].concat()
}

fn prefixed(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_le_bytes()[..], bytes].concat()
}

fn item(parts: &[&[u8]]) -> Vec<u8> {
    prefixed(&parts.concat())
}

fn chunked(parts: &Parts) -> Vec<u8> {
    let sections = [&parts.entries, &parts.directory, &parts.end];
    let chunks: Vec<&[u8]> = sections.into_iter().flat_map(|section| section.chunks(1 << 20)).collect();
    let mut all = vec![0x5a];
    all.extend_from_slice(&(chunks.len() as u32).to_le_bytes());
    for chunk in chunks {
        let piece = [&[0xa5][..], &(chunk.len() as u32).to_le_bytes(), chunk].concat();
        all.extend_from_slice(digest(&SHA256, &piece).as_ref());
    }
    digest(&SHA256, &all).as_ref().to_vec()
}

/// Written another way than the crate does it: level by level over the whole.
fn verity(parts: &Parts) -> Vec<u8> {
    let mut level = [&parts.entries[..], &parts.directory, &parts.end].concat();
    let length = level.len() as u64;
    loop {
        let mut next = Vec::new();
        for page in level.chunks(4096) {
            let mut salted = vec![0; 8 + 4096];
            salted[8..8 + page.len()].copy_from_slice(page);
            next.extend_from_slice(digest(&SHA256, &salted).as_ref());
        }
        let last = next.len() == 32 && level.len() <= 4096 && level.len() % 32 == 0 && length > 4096;
        level = next;
        if last {
            break;
        }
    }
    [level, length.to_le_bytes().to_vec()].concat()
}
