//! The digest of everything but the signing block, as the schemes define it.

use std::io::{Read, Seek, SeekFrom};

use ring::digest::{Context, SHA256, SHA512, digest as hash};

use crate::archive::Layout;
use crate::{Error, Result};

const CHUNK: usize = 1 << 20;
const PAGE: usize = 4096;
/// Where the end record has the directory's offset.
const OFFSET_FIELD: std::ops::Range<usize> = 16..20;
const SALT: [u8; 8] = [0; 8];

/// How the content is digested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ContentAlgorithm {
    /// SHA-256 of the SHA-256 digests of pieces of 1 MiB.
    Sha256,
    /// The same with SHA-512.
    Sha512,
    /// The root of a tree over pages of 4 KiB, as fs-verity has it, and the length.
    Verity,
}

impl ContentAlgorithm {
    pub(super) const ALL: [Self; 3] = [Self::Sha256, Self::Sha512, Self::Verity];
}

/// A digest of the content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ContentDigest {
    /// By which algorithm.
    pub(super) algorithm: ContentAlgorithm,
    /// The digest; after a verity root its length in eight bytes.
    pub(super) value: Vec<u8>,
}

/// One pass over the file for all algorithms.
pub(super) fn digest(
    file: &mut (impl Read + Seek),
    layout: &Layout,
    block: u64,
    algorithms: &[ContentAlgorithm],
) -> Result<Vec<ContentDigest>> {
    let mut record = layout.record.clone();
    // The signing block as if it were not there.
    let offset = u32::try_from(block).map_err(|_| Error::Zip64)?.to_le_bytes();
    record.get_mut(OFFSET_FIELD).ok_or(Error::Truncated { what: "the end record" })?.copy_from_slice(&offset);

    let mut digesters: Vec<Digester> = algorithms.iter().map(|one| Digester::new(*one)).collect();
    let mut buffer = vec![0; CHUNK];
    for (start, end) in [(0, block), (layout.directory, layout.end)] {
        file.seek(SeekFrom::Start(start))?;
        let mut left = end - start;
        while left > 0 {
            let count = usize::try_from(left.min(CHUNK as u64)).unwrap_or(CHUNK);
            let chunk = buffer.get_mut(..count).unwrap_or_default();
            file.read_exact(chunk).map_err(shrunk)?;
            digesters.iter_mut().for_each(|one| one.chunk(chunk));
            left -= count as u64;
        }
    }
    // Its comment is shorter than a chunk.
    digesters.iter_mut().for_each(|one| one.chunk(&record));
    Ok(digesters.into_iter().map(Digester::finish).collect())
}

fn shrunk(error: std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => Error::Truncated { what: "the package, while it was read" },
        _ => error.into(),
    }
}

enum Digester {
    Chunked { algorithm: ContentAlgorithm, count: u32, digests: Vec<u8> },
    Verity(Verity),
}

impl Digester {
    fn new(algorithm: ContentAlgorithm) -> Self {
        match algorithm {
            ContentAlgorithm::Verity => Self::Verity(Verity::default()),
            _ => Self::Chunked { algorithm, count: 0, digests: Vec::new() },
        }
    }

    /// At most a chunk, and less only at the end of a section.
    fn chunk(&mut self, chunk: &[u8]) {
        match self {
            Self::Chunked { algorithm, count, digests } => {
                let mut context = context(*algorithm);
                context.update(&[0xa5]);
                context.update(&length(chunk));
                context.update(chunk);
                digests.extend_from_slice(context.finish().as_ref());
                *count = count.saturating_add(1);
            }
            Self::Verity(tree) => tree.add(chunk),
        }
    }

    fn finish(self) -> ContentDigest {
        match self {
            Self::Chunked { algorithm, count, digests } => {
                let mut context = context(algorithm);
                context.update(&[0x5a]);
                context.update(&count.to_le_bytes());
                context.update(&digests);
                ContentDigest { algorithm, value: context.finish().as_ref().to_vec() }
            }
            Self::Verity(tree) => ContentDigest { algorithm: ContentAlgorithm::Verity, value: tree.finish() },
        }
    }
}

fn context(algorithm: ContentAlgorithm) -> Context {
    Context::new(if algorithm == ContentAlgorithm::Sha512 { &SHA512 } else { &SHA256 })
}

fn length(chunk: &[u8]) -> [u8; 4] {
    u32::try_from(chunk.len()).unwrap_or(u32::MAX).to_le_bytes()
}

/// The tree's lowest level as it grows: 1/128 of the content.
#[derive(Default)]
struct Verity {
    page: Vec<u8>,
    level: Vec<u8>,
    length: u64,
}

impl Verity {
    fn add(&mut self, mut bytes: &[u8]) {
        self.length += bytes.len() as u64;
        while !bytes.is_empty() {
            let (now, rest) = bytes.split_at(bytes.len().min(PAGE - self.page.len()));
            self.page.extend_from_slice(now);
            bytes = rest;
            if self.page.len() == PAGE {
                self.level.extend_from_slice(&salted(&self.page));
                self.page.clear();
            }
        }
    }

    fn finish(mut self) -> Vec<u8> {
        if !self.page.is_empty() {
            self.level.extend_from_slice(&salted(&padded(&self.page)));
        }
        while self.level.len() > PAGE {
            self.level = self.level.chunks(PAGE).flat_map(|page| salted(&padded(page))).collect();
        }
        let mut value = salted(&padded(&self.level));
        value.extend_from_slice(&self.length.to_le_bytes());
        value
    }
}

fn padded(page: &[u8]) -> Vec<u8> {
    let mut padded = page.to_vec();
    padded.resize(PAGE, 0);
    padded
}

fn salted(page: &[u8]) -> Vec<u8> {
    let mut salted = SALT.to_vec();
    salted.extend_from_slice(page);
    hash(&SHA256, &salted).as_ref().to_vec()
}
