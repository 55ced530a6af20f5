//! What lies inside of an archive: read by name, in bounds, with its digest.
//!
//! The `zip` library inflates; the strict [`Directory`] decides what is there. Where the two differ, nothing is read.

use std::io::{Read, Seek, SeekFrom};

use ring::digest::{Context, SHA256};
use zip::ZipArchive;

use crate::archive::{Directory, Item, Layout};
use crate::{Error, Result, Sha256, apk, limits};

/// An archive whose entries can be read.
#[derive(Debug)]
pub struct Archive<R> {
    zip: ZipArchive<R>,
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
        file.seek(SeekFrom::Start(0))?;
        let zip = ZipArchive::new(file).map_err(|_| Error::Malformed { what: "the archive" })?;
        if zip.len() != directory.items().len() {
            return Err(Error::Malformed { what: "the number of entries" });
        }
        Ok(Self { zip, directory, inflated: 0 })
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

    fn inflate(&mut self, name: &str, limit: u64, mut take: impl FnMut(&[u8])) -> Result<()> {
        let item = self.directory.find(name).ok_or(Error::Missing { what: "an entry" })?.clone();
        let damaged = || Error::Damaged { name: name.to_owned() };
        if item.size > limit {
            return Err(Error::Limit { what: "bytes of an entry", found: item.size, limit });
        }
        let mut entry = self.zip.by_name(name).map_err(|_| damaged())?;
        let same = entry.header_start() == item.header
            && entry.compressed_size() == item.compressed
            && entry.size() == item.size
            && entry.data_start().is_none_or(|start| start == item.data);
        if !same {
            return Err(Error::Differs { name: name.to_owned(), field: "two readers find different entries" });
        }
        let mut chunk = vec![0; 64 << 10];
        let mut count = 0;
        loop {
            // Its checksum is compared at its end.
            let read = entry.read(&mut chunk).map_err(|_| damaged())?;
            if read == 0 {
                break;
            }
            count += read as u64;
            self.inflated += read as u64;
            // The declared size is bounded already, so nothing may become more than that.
            if count > item.size || self.inflated > limits::INFLATED {
                let (name, compressed) = (name.to_owned(), item.compressed);
                return Err(Error::Bomb { name, compressed, inflated: count });
            }
            take(chunk.get(..read).unwrap_or_default());
        }
        if count == item.size { Ok(()) } else { Err(damaged()) }
    }
}
