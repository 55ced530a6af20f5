use std::io::{Read, Seek, SeekFrom};

use crate::bytes::Bytes;
use crate::{Error, Result};

const END: &[u8] = b"PK\x05\x06";
const END_SIZE: usize = 22;
const LONGEST_COMMENT: usize = 0xffff;
const LOCATOR: &[u8] = b"PK\x06\x07";
const LOCATOR_SIZE: usize = 20;
/// Of an entry in the directory.
const ENTRY: &[u8] = b"PK\x01\x02";

/// Where the parts of an archive lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Where the central directory begins.
    pub directory: u64,
    /// Where the end record begins, and so the directory ends.
    pub end: u64,
    /// How many entries there are.
    pub entries: u16,
    /// The end record with its comment.
    pub(crate) record: Vec<u8>,
}

impl Layout {
    /// Finds the end record and the directory.
    ///
    /// # Errors
    /// No end, more than one, one that does not fit the directory or is followed by something; ZIP64.
    pub fn read(file: &mut (impl Read + Seek)) -> Result<Self> {
        let length = file.seek(SeekFrom::End(0))?;
        let searched = length.min((LONGEST_COMMENT + END_SIZE + LOCATOR_SIZE) as u64);
        file.seek(SeekFrom::Start(length - searched))?;
        let mut tail = Vec::new();
        file.take(searched).read_to_end(&mut tail)?;
        if tail.len() as u64 != searched {
            return Err(Error::Truncated { what: "the archive" });
        }
        let base = length - searched;
        let at = only_end(&tail, base)?;
        let record = tail.get(at..).unwrap_or_default();
        let before = tail.get(..at).unwrap_or_default();
        let located =
            before.len() >= LOCATOR_SIZE && before.get(at - LOCATOR_SIZE..).is_some_and(|b| b.starts_with(LOCATOR));

        let mut fields = Bytes::new(record, "the end record");
        fields.take(END.len())?;
        let (disk, directory_disk, here, entries) = (fields.u16()?, fields.u16()?, fields.u16()?, fields.u16()?);
        let (size, offset) = (u64::from(fields.u32()?), u64::from(fields.u32()?));
        let saturated = entries == u16::MAX || size == u64::from(u32::MAX) || offset == u64::from(u32::MAX);
        if located || saturated || disk != 0 || directory_disk != 0 || here != entries {
            return Err(Error::Zip64);
        }
        let end = base + at as u64;
        if offset + size != end {
            return Err(displaced(file, offset, size, end)?);
        }
        if entries == 0 {
            return Err(Error::Malformed { what: "an archive without entries" });
        }
        Ok(Self { directory: offset, end, entries, record: record.to_vec() })
    }
}

/// Where the one record begins that can be the archive's end.
fn only_end(tail: &[u8], base: u64) -> Result<usize> {
    let comment = |at: usize| {
        let length = tail.get(at + 20..at + END_SIZE)?;
        Some((usize::from(u16::from_le_bytes(length.try_into().ok()?)), tail.len() - at - END_SIZE))
    };
    let records: Vec<(usize, usize, usize)> = tail
        .windows(END.len())
        .enumerate()
        .filter(|(_, window)| *window == END)
        .filter_map(|(at, _)| comment(at).map(|(announced, found)| (at, announced, found)))
        .collect();
    let fits: Vec<usize> = records.iter().filter(|(_, announced, found)| announced == found).map(|one| one.0).collect();
    match (fits.as_slice(), records.last()) {
        ([one], Some((last, ..))) if one == last => Ok(*one),
        // One in the other's comment: some readers take the last, some the one whose comment fits.
        ([first, ..], Some((last, ..))) => {
            let second = if first == last { fits.get(1).unwrap_or(last) } else { last };
            Err(Error::SeveralEnds { first: base + *first as u64, second: base + *second as u64 })
        }
        (_, Some((_, announced, found))) if announced < found => {
            Err(Error::Trailing { announced: *announced as u64, found: *found as u64 })
        }
        (_, Some(_)) => Err(Error::Truncated { what: "the archive's comment" }),
        (_, None) => Err(Error::NoEnd),
    }
}

/// Why the directory does not end where the end record begins.
fn displaced(file: &mut (impl Read + Seek), offset: u64, size: u64, end: u64) -> Result<Error> {
    if let Some(bytes) = end.checked_sub(offset + size) {
        // Everything moved by the same number of bytes: those stand in front.
        file.seek(SeekFrom::Start(offset + bytes))?;
        let mut signature = Vec::new();
        file.take(ENTRY.len() as u64).read_to_end(&mut signature)?;
        if signature == ENTRY {
            return Ok(Error::Prepended { bytes });
        }
    }
    Ok(Error::Misplaced { offset, size, end })
}
