//! What lies inside of an archive: read by name, in bounds, with its digest.
//!
//! The strict [`Directory`] alone decides what is there and where; an entry is inflated from just those bytes.

use std::io::{ErrorKind, Read, Seek, SeekFrom};

use flate2::Crc;
use flate2::read::DeflateDecoder;
use ring::digest::{Context, SHA256};

use crate::archive::{Directory, Item, Layout};
use crate::{Error, Result, Sha256, apk, limits};

/// An archive whose entries can be read.
#[derive(Debug)]
pub struct Archive<R> {
    file: R,
    directory: Directory,
    /// How much has been inflated so far.
    inflated: u64,
}

impl<R: Read + Seek> Archive<R> {
    /// Opens an archive.
    ///
    /// # Errors
    /// See [`Layout::read`] and [`Directory::read`].
    pub fn open(mut file: R) -> Result<Self> {
        let layout = Layout::read(&mut file)?;
        let data_end = apk::block_start(&mut file, &layout)?;
        let directory = Directory::read(&mut file, &layout, data_end)?;
        Ok(Self { file, directory, inflated: 0 })
    }

    /// The entries.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        self.directory.items()
    }

    /// Whether there is an entry of that name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.directory.find(name).is_some()
    }

    /// The content of an entry.
    ///
    /// # Errors
    /// There is none of that name, it is damaged, or larger than `limit`.
    pub fn read(&mut self, name: &str, limit: u64) -> Result<Vec<u8>> {
        let mut content = Vec::new();
        self.inflate(name, limit, |chunk| content.extend_from_slice(chunk))?;
        Ok(content)
    }

    /// SHA-256 of an entry's uncompressed content.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn digest(&mut self, name: &str) -> Result<Sha256> {
        let mut context = Context::new(&SHA256);
        self.inflate(name, limits::ENTRY, |chunk| context.update(chunk))?;
        Ok(context.finish().as_ref().try_into().unwrap_or_default())
    }

    fn inflate(&mut self, name: &str, limit: u64, take: impl FnMut(&[u8])) -> Result<()> {
        let item = self.directory.find(name).ok_or(Error::Missing { what: "an entry" })?;
        if item.size > limit {
            return Err(Error::Limit { what: "bytes of an entry", found: item.size, limit });
        }
        self.file.seek(SeekFrom::Start(item.data))?;
        let data = self.file.by_ref().take(item.compressed);
        let mut content: Box<dyn Read + '_> =
            if item.deflated { Box::new(DeflateDecoder::new(data)) } else { Box::new(data) };
        drain(&mut *content, item, &mut self.inflated, take)
    }
}

/// Hands an entry's content on, which is what the directory says of it: no more, no less, with that checksum.
fn drain(content: &mut dyn Read, item: &Item, inflated: &mut u64, mut take: impl FnMut(&[u8])) -> Result<()> {
    let damaged = || Error::Damaged { name: item.name.clone() };
    let mut chunk = vec![0; 64 << 10];
    let (mut checksum, mut count) = (Crc::new(), 0);
    loop {
        let read = match content.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => return Err(damaged()),
        };
        count += read as u64;
        *inflated += read as u64;
        // The declared size is bounded already, so nothing may become more than that.
        if count > item.size || *inflated > limits::INFLATED {
            return Err(Error::Bomb { name: item.name.clone(), compressed: item.compressed, inflated: count });
        }
        let read = chunk.get(..read).unwrap_or_default();
        checksum.update(read);
        take(read);
    }
    if count == item.size && checksum.sum() == item.crc { Ok(()) } else { Err(damaged()) }
}
