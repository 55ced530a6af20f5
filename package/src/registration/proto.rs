//! A bundle's manifest: aapt2's protocol buffer, as far as the first element's attributes.
//!
//! Field numbers are those of `Resources.proto`. Three messages and five fields do not pay for generated code, and a
//! generated reader would follow the document into its depth first.

use super::axml::{IS_FEATURE_SPLIT, Manifest, VERSION_CODE, VERSION_CODE_MAJOR, VERSION_NAME};
use crate::{Error, Result, limits};

const NODE_ELEMENT: u64 = 1;
const ELEMENT_NAME: u64 = 3;
const ELEMENT_ATTRIBUTE: u64 = 4;
const ATTRIBUTE_NAMESPACE: u64 = 1;
const ATTRIBUTE_NAME: u64 = 2;
const ATTRIBUTE_VALUE: u64 = 3;
const ATTRIBUTE_RESOURCE: u64 = 5;

/// Reads the attributes of a manifest's first element.
pub(super) fn manifest(bytes: &[u8]) -> Result<Manifest> {
    let mut element: &[u8] = &[];
    for field in Fields(bytes) {
        if let (NODE_ELEMENT, Value::Bytes(found)) = field? {
            element = found;
        }
    }
    let mut name = "";
    let mut manifest = Manifest::default();
    for field in Fields(element) {
        match field? {
            (ELEMENT_NAME, Value::Bytes(found)) => name = text(found)?,
            (ELEMENT_ATTRIBUTE, Value::Bytes(found)) => attribute(found, &mut manifest)?,
            _ => {}
        }
    }
    if name != "manifest" {
        return Err(Error::Malformed { what: "the manifest's first element is not <manifest>" });
    }
    manifest.checked()
}

fn attribute(bytes: &[u8], manifest: &mut Manifest) -> Result<()> {
    let (mut namespace, mut name, mut value, mut resource) = ("", "", "", 0);
    for field in Fields(bytes) {
        match field? {
            (ATTRIBUTE_NAMESPACE, Value::Bytes(found)) => namespace = text(found)?,
            (ATTRIBUTE_NAME, Value::Bytes(found)) => name = text(found)?,
            (ATTRIBUTE_VALUE, Value::Bytes(found)) => value = text(found)?,
            (ATTRIBUTE_RESOURCE, Value::Number(found)) => resource = found,
            _ => {}
        }
    }
    let number = || value.parse().map_err(|_| Error::Malformed { what: "a version code that is no number" });
    // Until a store has compiled it, a version may still refer to a resource.
    let literal = || (!value.starts_with('@')).then(|| value.to_owned());
    match u32::try_from(resource).unwrap_or_default() {
        VERSION_CODE => manifest.version_code = number()?,
        VERSION_CODE_MAJOR => manifest.version_code_major = number()?,
        VERSION_NAME => manifest.version_name = literal(),
        IS_FEATURE_SPLIT => manifest.is_feature = value == "true",
        _ => match (namespace, name) {
            ("", "package") => value.clone_into(&mut manifest.id),
            ("", "split") => manifest.split = Some(value.to_owned()),
            _ => {}
        },
    }
    Ok(())
}

fn text(bytes: &[u8]) -> Result<&str> {
    if bytes.len() > limits::STRING {
        let (found, limit) = (bytes.len() as u64, limits::STRING as u64);
        return Err(Error::Limit { what: "bytes of a manifest's string", found, limit });
    }
    std::str::from_utf8(bytes).map_err(|_| Error::Malformed { what: "a string of the manifest" })
}

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Other,
}

/// The fields of a message, one after the other; ends with the first that is malformed.
struct Fields<'a>(&'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field.ok_or(Error::Truncated { what: "the manifest" }))
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Option<(u64, Value<'a>)> {
        let tag = self.number()?;
        let value = match tag & 7 {
            0 => Value::Number(self.number()?),
            1 => self.skip(8)?,
            2 => {
                let length = usize::try_from(self.number()?).ok()?;
                Value::Bytes(self.take(length)?)
            }
            5 => self.skip(4)?,
            _ => return None,
        };
        Some((tag >> 3, value))
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = *self.take(1)?.first()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn skip(&mut self, count: usize) -> Option<Value<'a>> {
        self.take(count).map(|_| Value::Other)
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }
}
