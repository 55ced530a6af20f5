use std::collections::HashSet;
use std::io::{Read, Seek, SeekFrom};

use super::Layout;
use crate::bytes::Bytes;
use crate::{Error, Result, limits};

const ENTRY: &[u8] = b"PK\x01\x02";
const HEADER: &[u8] = b"PK\x03\x04";
const HEADER_SIZE: usize = 30;
const ENCRYPTED: u16 = 1 | 1 << 6;
/// The local header's sizes are zero: they follow the data.
const SIZES_FOLLOW: u16 = 1 << 3;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// An entry as the central directory has it; the entry itself says the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The name, with its folders.
    pub name: String,
    /// Whether it is compressed.
    pub deflated: bool,
    /// Bytes in the archive.
    pub compressed: u64,
    /// Bytes once inflated.
    pub size: u64,
    /// Where its local header begins.
    pub header: u64,
    /// Where its data begins.
    pub data: u64,
    flags: u16,
    pub(crate) crc: u32,
}

/// The central directory.
#[derive(Clone, Debug)]
pub struct Directory {
    items: Vec<Item>,
}

impl Directory {
    /// Reads the directory and every entry's own header, and compares them.
    ///
    /// `data_end` is where entries have to have ended: the directory, or a signing block before it.
    ///
    /// # Errors
    /// Entries that are there twice, that overlap, whose name would leave its folder, that differ from the directory, or
    /// that declare to become far larger than they are; something before the first.
    pub fn read(file: &mut (impl Read + Seek), layout: &Layout, data_end: u64) -> Result<Self> {
        let size = layout.end - layout.directory;
        if size > limits::DIRECTORY {
            return Err(Error::Limit { what: "bytes of the directory", found: size, limit: limits::DIRECTORY });
        }
        file.seek(SeekFrom::Start(layout.directory))?;
        let mut bytes = Vec::new();
        file.by_ref().take(size).read_to_end(&mut bytes)?;
        let mut rest = Bytes::new(&bytes, "the directory");
        let mut items = Vec::new();
        for _ in 0..layout.entries {
            items.push(item(&mut rest)?);
        }
        if !rest.is_empty() {
            return Err(Error::Malformed { what: "the directory is longer than its entries" });
        }
        let mut names = HashSet::new();
        if let Some(twice) = items.iter().find(|item| !names.insert(item.name.as_str())) {
            return Err(Error::Duplicate { name: twice.name.clone() });
        }
        for item in &mut items {
            compare(file, item)?;
        }
        nothing_before(file, &items)?;
        apart(&items, data_end)?;
        bounded(&items)?;
        Ok(Self { items })
    }

    /// The entries, in the directory's order.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The entry of that name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.name == name)
    }
}

fn item(rest: &mut Bytes<'_>) -> Result<Item> {
    if rest.take(ENTRY.len())? != ENTRY {
        return Err(Error::Malformed { what: "an entry of the directory" });
    }
    rest.take(4)?;
    let (flags, method) = (rest.u16()?, rest.u16()?);
    rest.take(4)?;
    let (crc, compressed, size) = (rest.u32()?, rest.u32()?, rest.u32()?);
    let (name, extra, comment, disk) = (rest.u16()?, rest.u16()?, rest.u16()?, rest.u16()?);
    rest.take(6)?;
    let header = rest.u32()?;
    let name = name_of(rest.take(name.into())?)?;
    rest.take(usize::from(extra) + usize::from(comment))?;
    if [compressed, size, header].contains(&u32::MAX) || disk != 0 {
        return Err(Error::Zip64);
    }
    if flags & ENCRYPTED != 0 || !matches!(method, STORED | DEFLATED) {
        return Err(Error::Unreadable { name, method });
    }
    if method == STORED && compressed != size {
        return Err(Error::Differs { name, field: "a stored entry has two sizes" });
    }
    Ok(Item {
        name,
        deflated: method == DEFLATED,
        compressed: compressed.into(),
        size: size.into(),
        header: header.into(),
        data: 0,
        flags,
        crc,
    })
}

fn name_of(bytes: &[u8]) -> Result<String> {
    let shown = || String::from_utf8_lossy(bytes.get(..bytes.len().min(200)).unwrap_or_default()).into_owned();
    let name = std::str::from_utf8(bytes).map_err(|_| Error::UnsafeName { name: shown() })?;
    // A folder's own entry ends with a slash.
    let parts = name.strip_suffix('/').unwrap_or(name).split('/');
    let sound = |part: &str| !matches!(part, "" | "." | "..");
    let plain = !name.contains(['\\', '\0']) && !name.get(1..).is_some_and(|rest| rest.starts_with(':'));
    if name.len() > limits::NAME || !plain || !parts.into_iter().all(sound) {
        return Err(Error::UnsafeName { name: shown() });
    }
    Ok(name.to_owned())
}

/// The entry's own header says what the directory says.
fn compare(file: &mut (impl Read + Seek), item: &mut Item) -> Result<()> {
    file.seek(SeekFrom::Start(item.header))?;
    let mut bytes = Vec::new();
    file.by_ref().take((HEADER_SIZE + item.name.len()) as u64).read_to_end(&mut bytes)?;
    let mut local = Bytes::new(&bytes, "an entry's header");
    let differs = |field| Err(Error::Differs { name: item.name.clone(), field });
    if local.take(HEADER.len())? != HEADER {
        return differs("no header where the directory has one");
    }
    local.take(2)?;
    let (flags, method) = (local.u16()?, local.u16()?);
    local.take(4)?;
    let (crc, compressed, size) = (local.u32()?, local.u32()?, local.u32()?);
    let (name, extra) = (local.u16()?, local.u16()?);
    if usize::from(name) != item.name.len() || local.take(name.into())? != item.name.as_bytes() {
        return differs("the name");
    }
    if (method == DEFLATED) != item.deflated || !matches!(method, STORED | DEFLATED) {
        return differs("the compression");
    }
    if (flags ^ item.flags) & (ENCRYPTED | SIZES_FOLLOW) != 0 {
        return differs("the flags");
    }
    let said = (u64::from(compressed), u64::from(size), crc);
    let follow = flags & SIZES_FOLLOW != 0 && said == (0, 0, 0);
    if said != (item.compressed, item.size, item.crc) && !follow {
        return differs("size or checksum");
    }
    item.data = item.header + HEADER_SIZE as u64 + u64::from(name) + u64::from(extra);
    Ok(())
}

/// The first entry begins where the file does, or behind headers of nothing: Gradle's plugin fills holes with them.
fn nothing_before(file: &mut (impl Read + Seek), items: &[Item]) -> Result<()> {
    let first = items.iter().map(|item| item.header).min().unwrap_or_default();
    let prepended = || Error::Prepended { bytes: first };
    // A header of nothing and what it can span at most.
    const FILLER: u64 = (HEADER_SIZE + 0xffff) as u64;
    let mut at = 0;
    while at < first {
        file.seek(SeekFrom::Start(at))?;
        let mut bytes = Vec::new();
        file.by_ref().take(FILLER.min(first - at)).read_to_end(&mut bytes)?;
        let mut local = Bytes::new(&bytes, "an entry's header");
        if local.take(HEADER.len()).map_err(|_| prepended())? != HEADER {
            return Err(prepended());
        }
        local.take(14).map_err(|_| prepended())?;
        let sizes = (local.u32()?, local.u32()?, local.u16()?);
        let extra = local.u16()?;
        let filled = local.take(extra.into()).map_err(|_| prepended())?;
        if sizes != (0, 0, 0) || filled.iter().any(|byte| *byte != 0) {
            return Err(prepended());
        }
        at += (HEADER_SIZE + filled.len()) as u64;
    }
    Ok(())
}

/// No entry begins inside of another, none reaches past the entries' part of the file.
fn apart(items: &[Item], data_end: u64) -> Result<()> {
    let mut order: Vec<&Item> = items.iter().collect();
    order.sort_by_key(|item| item.header);
    for pair in order.windows(2) {
        if let [first, second] = pair
            && first.data + first.compressed > second.header
        {
            return Err(Error::Overlap { first: first.name.clone(), second: second.name.clone() });
        }
    }
    match order.last() {
        Some(last) if last.data + last.compressed > data_end => {
            Err(Error::Overlap { first: last.name.clone(), second: "the directory or the signing block".to_owned() })
        }
        _ => Ok(()),
    }
}

/// What the entries declare to become.
fn bounded(items: &[Item]) -> Result<()> {
    let mut total = 0_u64;
    for item in items {
        total += item.size;
        if item.size > limits::RATIO_FROM && item.size / limits::RATIO > item.compressed {
            let (name, compressed, inflated) = (item.name.clone(), item.compressed, item.size);
            return Err(Error::Bomb { name, compressed, inflated });
        }
    }
    if total > limits::INFLATED {
        let compressed = items.iter().map(|item| item.compressed).sum();
        return Err(Error::Bomb { name: "the package".to_owned(), compressed, inflated: total });
    }
    Ok(())
}
