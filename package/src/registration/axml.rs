//! Android's binary XML, as far as the first element of a manifest: what the package calls itself.
//!
//! The two libraries that there are (`axmldecoder`, `rusty-axml`) decode whole documents, tell attributes by their name
//! instead of by the resource id that Android goes by, and state no bounds: docs/adr/0010.

use crate::bytes::Bytes;
use crate::{Error, Result, limits};

const XML: u16 = 0x0003;
const STRINGS: u16 = 0x0001;
const RESOURCES: u16 = 0x0180;
const ELEMENT: u16 = 0x0102;
const UTF8: u32 = 1 << 8;
const NONE: u32 = u32::MAX;

const TEXT: u8 = 0x03;
const DECIMAL: u8 = 0x10;
const HEXADECIMAL: u8 = 0x11;

pub(super) const VERSION_CODE: u32 = 0x0101_021b;
pub(super) const VERSION_NAME: u32 = 0x0101_021c;
pub(super) const VERSION_CODE_MAJOR: u32 = 0x0101_0576;
pub(super) const IS_FEATURE_SPLIT: u32 = 0x0101_055b;

/// What a manifest says of its package.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) id: String,
    pub(super) version_name: Option<String>,
    pub(super) version_code: u32,
    pub(super) version_code_major: u32,
    /// The split's name; the base has none.
    pub(super) split: Option<String>,
    /// The feature that a split of languages, densities or architectures belongs to; empty for the base.
    pub(super) config_for: Option<String>,
    pub(super) is_feature: bool,
}

impl Manifest {
    /// The version that machines compare, as Android joins it.
    pub(super) fn build(&self) -> String {
        (u64::from(self.version_code_major) << 32 | u64::from(self.version_code)).to_string()
    }

    /// The module that its code is of.
    pub(super) fn module(&self) -> &str {
        let named = |name: &'_ Option<String>| name.clone().filter(|name| !name.is_empty());
        match (&self.split, &self.config_for) {
            (Some(split), _) if self.is_feature => split,
            (_, Some(feature)) if named(&self.config_for).is_some() => feature,
            _ => super::apk::BASE,
        }
    }

    pub(super) fn checked(self) -> Result<Self> {
        let named = |name: &str| {
            name.len() <= limits::STRING
                && name.split('.').all(|part| {
                    part.starts_with(|first: char| first.is_ascii_alphabetic())
                        && part.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
                })
        };
        if named(&self.id) { Ok(self) } else { Err(Error::Malformed { what: "the package name in the manifest" }) }
    }
}

/// Reads the attributes of a manifest's first element.
pub(super) fn manifest(bytes: &[u8]) -> Result<Manifest> {
    let mut file = Bytes::new(bytes, "the manifest");
    let (kind, mut chunks) = chunk(&mut file)?;
    if kind != XML {
        return Err(Error::Malformed { what: "the manifest is no binary XML" });
    }
    let (mut strings, mut resources) = (None, Vec::new());
    while !chunks.rest().is_empty() {
        let (kind, content) = chunk(&mut chunks.body)?;
        match kind {
            STRINGS if strings.is_none() => strings = Some(Strings::read(content)?),
            RESOURCES => {
                let ids = content.body.rest().chunks_exact(4);
                resources = ids.map(|id| u32::from_le_bytes(id.try_into().unwrap_or_default())).collect();
            }
            ELEMENT => {
                let strings = strings.ok_or(Error::Malformed { what: "the manifest has no strings" })?;
                return element(content.body, &strings, &resources);
            }
            _ => {}
        }
    }
    Err(Error::Malformed { what: "the manifest has no element" })
}

/// A chunk's header beyond the first eight bytes, its body, and the whole.
struct Chunk<'a> {
    header: Bytes<'a>,
    body: Bytes<'a>,
    whole: &'a [u8],
}

impl<'a> Chunk<'a> {
    fn rest(&self) -> &'a [u8] {
        self.body.rest()
    }
}

fn chunk<'a>(bytes: &mut Bytes<'a>) -> Result<(u16, Chunk<'a>)> {
    let mut head = *bytes;
    let (kind, header, size) = (head.u16()?, usize::from(head.u16()?), head.u32()?);
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    if header < 8 || size < header {
        return Err(Error::Malformed { what: "a chunk of the manifest" });
    }
    let whole = bytes.take(size)?;
    let mut parts = Bytes::new(whole, "the manifest");
    let mut header = Bytes::new(parts.take(header)?, "the manifest");
    header.take(8)?;
    Ok((kind, Chunk { header, body: parts, whole }))
}

/// The strings, decoded when they are asked for.
struct Strings<'a> {
    whole: &'a [u8],
    offsets: &'a [u8],
    start: usize,
    utf8: bool,
}

impl<'a> Strings<'a> {
    fn read(chunk: Chunk<'a>) -> Result<Self> {
        let Chunk { mut header, body, whole } = chunk;
        let (count, _styles, flags, start) = (header.u32()?, header.u32()?, header.u32()?, header.u32()?);
        let truncated = Error::Truncated { what: "the manifest's strings" };
        let size = usize::try_from(count).ok().and_then(|count| count.checked_mul(4));
        let Some(offsets) = size.and_then(|size| body.rest().get(..size)) else { return Err(truncated) };
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        Ok(Self { whole, offsets, start, utf8: flags & UTF8 != 0 })
    }

    fn text(&self, index: u32) -> Result<String> {
        let missing = || Error::Malformed { what: "a string that the manifest refers to" };
        let at = usize::try_from(index).ok().and_then(|index| index.checked_mul(4)).ok_or_else(missing)?;
        let offset = self.offsets.get(at..).and_then(|rest| rest.first_chunk::<4>()).ok_or_else(missing)?;
        let offset = usize::try_from(u32::from_le_bytes(*offset)).map_err(|_| missing())?;
        let from = self.start.checked_add(offset).and_then(|from| self.whole.get(from..)).ok_or_else(missing)?;
        let mut bytes = Bytes::new(from, "the manifest's strings");
        let too_long = |found: usize| {
            let limit = limits::STRING;
            if found <= limit {
                Ok(found)
            } else {
                Err(Error::Limit { what: "bytes of a manifest's string", found: found as u64, limit: limit as u64 })
            }
        };
        if self.utf8 {
            short_length(&mut bytes)?;
            let length = too_long(short_length(&mut bytes)?)?;
            return std::str::from_utf8(bytes.take(length)?).map(Into::into).map_err(|_| missing());
        }
        let mut length = usize::from(bytes.u16()?);
        if length & 0x8000 != 0 {
            length = (length & 0x7fff) << 16 | usize::from(bytes.u16()?);
        }
        let raw = bytes.take(too_long(length.saturating_mul(2))?)?;
        let units: Vec<u16> =
            raw.chunks_exact(2).map(|pair| u16::from_le_bytes(pair.try_into().unwrap_or_default())).collect();
        String::from_utf16(&units).map_err(|_| missing())
    }
}

/// One byte, or two if the first says so.
fn short_length(bytes: &mut Bytes<'_>) -> Result<usize> {
    let mut byte = || Ok::<_, Error>(usize::from(bytes.take(1)?.first().copied().unwrap_or_default()));
    let first = byte()?;
    Ok(if first & 0x80 == 0 { first } else { (first & 0x7f) << 8 | byte()? })
}

fn element(body: Bytes<'_>, strings: &Strings<'_>, resources: &[u32]) -> Result<Manifest> {
    let mut fields = body;
    fields.u32()?;
    if strings.text(fields.u32()?)? != "manifest" {
        return Err(Error::Malformed { what: "the manifest's first element is not <manifest>" });
    }
    let (start, size, count) = (fields.u16()?, fields.u16()?, fields.u16()?);
    let mut list = body;
    list.take(start.into())?;
    let mut manifest = Manifest::default();
    for _ in 0..count {
        let mut attribute = Bytes::new(list.take(size.into())?, "an attribute of the manifest");
        let (namespace, name, raw) = (attribute.u32()?, attribute.u32()?, attribute.u32()?);
        attribute.take(3)?;
        let kind = attribute.take(1)?.first().copied().unwrap_or_default();
        let data = attribute.u32()?;
        let text = || match kind {
            TEXT => strings.text(data).map(Some),
            _ if raw != NONE => strings.text(raw).map(Some),
            // A reference to a resource.
            _ => Ok(None),
        };
        let number = || match kind {
            DECIMAL | HEXADECIMAL => Ok(data),
            _ => Err(Error::Malformed { what: "a version code that is no number" }),
        };
        // Android goes by the resource id; attributes of no namespace have none.
        let id = usize::try_from(name).ok().and_then(|name| resources.get(name)).copied().unwrap_or_default();
        match id {
            VERSION_CODE => manifest.version_code = number()?,
            VERSION_CODE_MAJOR => manifest.version_code_major = number()?,
            VERSION_NAME => manifest.version_name = text()?,
            IS_FEATURE_SPLIT => manifest.is_feature = data != 0,
            _ if namespace == NONE => match strings.text(name)?.as_str() {
                "package" => manifest.id = text()?.unwrap_or_default(),
                "split" => manifest.split = text()?,
                "configForSplit" => manifest.config_for = text()?,
                _ => {}
            },
            _ => {}
        }
    }
    manifest.checked()
}
