//! A property list's outermost dictionary: strings by key.
//!
//! The XML form is read by the `plist` library. The binary form is read here, and no deeper than one level: its values
//! refer to each other, so that a reader that follows them all can be made to run for ever by a few hundred bytes.

use std::collections::HashMap;

use plist::Value;

use crate::{Error, Result, limits};

const BINARY: &[u8] = b"bplist00";
const TRAILER: usize = 32;
/// A dictionary of more keys is no app's.
const KEYS: usize = 4096;
/// How deep an XML list may nest.
const DEPTH: usize = 64;

#[derive(Debug)]
pub(super) struct PropertyList {
    texts: HashMap<String, String>,
}

impl PropertyList {
    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        let texts = if bytes.starts_with(BINARY) { binary(bytes) } else { xml(bytes) };
        texts.map(|texts| Self { texts }).ok_or(Error::Malformed { what: "a property list" })
    }

    /// The string of that key; of a list of strings the first.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.texts.get(key).cloned()
    }

    pub(super) fn needed(&self, key: &str, what: &'static str) -> Result<String> {
        self.text(key).filter(|text| !text.is_empty()).ok_or(Error::Missing { what })
    }
}

fn xml(bytes: &[u8]) -> Option<HashMap<String, String>> {
    if depth(bytes) > DEPTH {
        return None;
    }
    let list = Value::from_reader_xml(bytes).ok()?;
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(list) => list.first()?.as_string().map(Into::into),
        _ => None,
    };
    let short = |text: &String| text.len() <= limits::STRING;
    let entries = list.as_dictionary()?.iter().filter_map(|(key, value)| Some((key.clone(), text(value)?)));
    Some(entries.filter(|(_, text)| short(text)).collect())
}

/// At least how deep it nests: an opening of a container counts, whatever it stands in.
fn depth(bytes: &[u8]) -> usize {
    let (mut now, mut most) = (0_usize, 0);
    for at in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'<').map(|(at, _)| at + 1) {
        let tag = bytes.get(at..).unwrap_or_default();
        if tag.starts_with(b"dict") || tag.starts_with(b"array") {
            now += 1;
            most = most.max(now);
        } else if tag.starts_with(b"/dict") || tag.starts_with(b"/array") {
            now = now.saturating_sub(1);
        }
    }
    most
}

fn binary(bytes: &[u8]) -> Option<HashMap<String, String>> {
    let objects = Objects::read(bytes)?;
    let dictionary = objects.at(objects.top)?;
    let (kind, count, rest) = objects.head(dictionary)?;
    if kind != 0xd0 || count > KEYS {
        return None;
    }
    let mut texts = HashMap::new();
    for index in 0..count {
        let reference = |index: usize| {
            let start = index.checked_mul(objects.reference)?;
            number(rest.get(start..start.checked_add(objects.reference)?)?)
        };
        let key = objects.text(objects.at(reference(index)?)?);
        let value = objects.at(reference(count + index)?)?;
        if let (Some(key), Some(text)) = (key, objects.text(value)) {
            texts.insert(key, text);
        }
    }
    Some(texts)
}

/// The table of objects in a binary list.
struct Objects<'a> {
    bytes: &'a [u8],
    offsets: &'a [u8],
    offset: usize,
    reference: usize,
    top: usize,
}

impl<'a> Objects<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let trailer = bytes.get(bytes.len().checked_sub(TRAILER)?..)?;
        let field = |range: std::ops::Range<usize>| number(trailer.get(range)?);
        let (offset, reference) = (usize::from(*trailer.get(6)?), usize::from(*trailer.get(7)?));
        if !(1..=8).contains(&offset) || !(1..=8).contains(&reference) {
            return None;
        }
        let (count, top, table) = (field(8..16)?, field(16..24)?, field(24..32)?);
        let end = table.checked_add(count.checked_mul(offset)?)?;
        Some(Self { bytes, offsets: bytes.get(table..end)?, offset, reference, top })
    }

    /// The bytes from an object on.
    fn at(&self, index: usize) -> Option<&'a [u8]> {
        let start = index.checked_mul(self.offset)?;
        let offset = number(self.offsets.get(start..start.checked_add(self.offset)?)?)?;
        self.bytes.get(offset..)
    }

    /// An object's kind, its count, and what follows.
    fn head(&self, object: &'a [u8]) -> Option<(u8, usize, &'a [u8])> {
        let (marker, rest) = object.split_first()?;
        let (kind, count) = (marker & 0xf0, usize::from(marker & 0x0f));
        if count != 0x0f {
            return Some((kind, count, rest));
        }
        // The count follows as a number of its own.
        let (marker, rest) = rest.split_first()?;
        let size = 1_usize.checked_shl(u32::from(marker & 0x0f)).filter(|size| *size <= 8)?;
        let (count, rest) = rest.split_at_checked(size)?;
        (marker & 0xf0 == 0x10).then_some((kind, number(count)?, rest))
    }

    fn text(&self, object: &'a [u8]) -> Option<String> {
        let (kind, count, rest) = self.head(object)?;
        if count > limits::STRING {
            return None;
        }
        match kind {
            0x50 => std::str::from_utf8(rest.get(..count)?).ok().map(Into::into),
            0x60 => {
                let units = rest.get(..count.checked_mul(2)?)?.chunks_exact(2);
                let units: Vec<u16> =
                    units.map(|pair| u16::from_be_bytes(pair.try_into().unwrap_or_default())).collect();
                String::from_utf16(&units).ok()
            }
            _ => None,
        }
    }
}

/// Big-endian, of any length up to eight bytes.
fn number(bytes: &[u8]) -> Option<usize> {
    let mut value = 0_u64;
    for byte in bytes {
        value = value << 8 | u64::from(*byte);
    }
    usize::try_from(value).ok().filter(|_| bytes.len() <= 8)
}
