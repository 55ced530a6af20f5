//! The values inside of a key description: each read strictly from DER, each written as Google's own tools write it.

use bonafide_protocol::encoding::to_base64;
use der::asn1::AnyRef;
use der::{Decode as _, ErrorKind, Reader as _, SliceReader, Tag, Tagged as _};
use serde::{Serialize, Serializer};
use thiserror::Error;

/// Why a value was refused.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum Problem {
    /// Not the canonical DER of the expected type: cut off, another type, a longer form than needed, bytes left over,
    /// or a number beyond 64 bits or below zero.
    #[error("{0}")]
    Encoding(#[serde(serialize_with = "as_text")] ErrorKind),
    /// Text that is not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// An enumeration's value that does not exist.
    #[error("the value {value} does not exist")]
    UnknownValue {
        /// The value.
        value: u64,
    },
    /// A set with an element twice.
    #[error("{value} is in the set twice")]
    DuplicateElement {
        /// The element.
        value: u64,
    },
    /// A tag twice in a list.
    #[error("tag {tag} is there twice")]
    DuplicateTag {
        /// The tag.
        tag: u32,
    },
    /// Tags that do not rise.
    #[error("tag {tag} comes after tag {previous}")]
    TagOrder {
        /// The tag before.
        previous: u32,
        /// The tag.
        tag: u32,
    },
    /// An element of a list that is no explicit context-specific tag.
    #[error("not an explicit context-specific tag")]
    NotTagged,
}

impl From<der::Error> for Problem {
    fn from(error: der::Error) -> Self {
        Self::Encoding(error.kind())
    }
}

fn as_text<S: Serializer>(kind: &ErrorKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(kind)
}

/// What can stand behind a tag.
pub(super) trait Value: Sized {
    fn read(any: AnyRef<'_>) -> Result<Self, Problem>;
}

/// The content of a constructed value of this type.
pub(super) fn inside(any: AnyRef<'_>, tag: Tag) -> Result<SliceReader<'_>, Problem> {
    any.tag().assert_eq(tag)?;
    Ok(SliceReader::new(any.value())?)
}

/// The next element, read as `T`.
pub(super) fn next<T: Value>(reader: &mut SliceReader<'_>) -> Result<T, Problem> {
    T::read(AnyRef::decode(reader)?)
}

/// The small number of an `ENUMERATED`.
pub(super) fn enumerated(any: AnyRef<'_>) -> Result<u64, Problem> {
    any.tag().assert_eq(Tag::Enumerated)?;
    match any.value() {
        [value] if *value < 0x80 => Ok((*value).into()),
        _ => Err(Problem::Encoding(ErrorKind::Length { tag: Tag::Enumerated })),
    }
}

/// An `INTEGER` from 0 to 2^64 - 1. In JSON a string of decimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(pub u64);

impl Value for Number {
    fn read(any: AnyRef<'_>) -> Result<Self, Problem> {
        Ok(Self(any.decode_as::<u64>()?))
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A `SET OF INTEGER` without repetition, in the order found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Numbers(pub Vec<Number>);

impl Value for Numbers {
    fn read(any: AnyRef<'_>) -> Result<Self, Problem> {
        let mut reader = inside(any, Tag::Set)?;
        let mut numbers = Vec::new();
        while !reader.is_finished() {
            let number: Number = next(&mut reader)?;
            if numbers.contains(&number) {
                return Err(Problem::DuplicateElement { value: number.0 });
            }
            numbers.push(number);
        }
        Ok(Self(numbers))
    }
}

/// A `NULL` whose presence is what it says. In JSON `true`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flag;

impl Value for Flag {
    fn read(any: AnyRef<'_>) -> Result<Self, Problem> {
        any.decode_as::<der::asn1::Null>()?;
        Ok(Self)
    }
}

impl Serialize for Flag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(true)
    }
}

/// An `OCTET STRING`. In JSON base64 with padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl Value for Bytes {
    fn read(any: AnyRef<'_>) -> Result<Self, Problem> {
        any.tag().assert_eq(Tag::OctetString)?;
        Ok(Self(any.value().to_vec()))
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&to_base64(&self.0))
    }
}

impl std::fmt::Display for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&to_base64(&self.0))
    }
}

impl Value for String {
    fn read(any: AnyRef<'_>) -> Result<Self, Problem> {
        Self::from_utf8(Bytes::read(any)?.0).map_err(|_| Problem::NotUtf8)
    }
}

impl Value for bool {
    fn read(any: AnyRef<'_>) -> Result<Self, Problem> {
        Ok(any.decode_as::<Self>()?)
    }
}

/// Where a key comes from (KeyMint's `KeyOrigin`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum Origin {
    /// Made by the hardware.
    Generated,
    /// Derived by the hardware.
    Derived,
    /// Brought in from outside.
    Imported,
    /// Reserved by KeyMint.
    Reserved,
    /// Brought in from outside, sealed for the hardware.
    SecurelyImported,
}

impl Value for Origin {
    fn read(any: AnyRef<'_>) -> Result<Self, Problem> {
        Ok(match Number::read(any)?.0 {
            0 => Self::Generated,
            1 => Self::Derived,
            2 => Self::Imported,
            3 => Self::Reserved,
            4 => Self::SecurelyImported,
            value => return Err(Problem::UnknownValue { value }),
        })
    }
}

/// What the boot loader found (Verified Boot).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum VerifiedBootState {
    /// A system signed by the manufacturer.
    Verified,
    /// A system signed by a key that the user set.
    SelfSigned,
    /// Anything: the boot loader is unlocked.
    Unverified,
    /// A system that failed verification.
    Failed,
}

impl Value for VerifiedBootState {
    fn read(any: AnyRef<'_>) -> Result<Self, Problem> {
        Ok(match enumerated(any)? {
            0 => Self::Verified,
            1 => Self::SelfSigned,
            2 => Self::Unverified,
            3 => Self::Failed,
            value => return Err(Problem::UnknownValue { value }),
        })
    }
}

/// How the phone booted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RootOfTrust {
    /// The digest of the key that signed the system; zeros or nothing where there is none.
    pub verified_boot_key: Bytes,
    /// Whether the boot loader is locked.
    pub device_locked: bool,
    /// What the boot loader found.
    pub verified_boot_state: VerifiedBootState,
    /// The digest of all that Verified Boot protects; from attestation version 3 on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified_boot_hash: Option<Bytes>,
}

impl Value for RootOfTrust {
    fn read(any: AnyRef<'_>) -> Result<Self, Problem> {
        let mut reader = inside(any, Tag::Sequence)?;
        let root = Self {
            verified_boot_key: next(&mut reader)?,
            device_locked: next(&mut reader)?,
            verified_boot_state: next(&mut reader)?,
            verified_boot_hash: if reader.is_finished() { None } else { Some(next(&mut reader)?) },
        };
        reader.finish()?;
        Ok(root)
    }
}

/// Which app asked for the key, as the system saw it: an operating system that has been replaced can lie about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApplicationId {
    /// The packages of the app's user id.
    pub packages: Vec<Package>,
    /// The SHA-256 digests of the certificates that signed them.
    pub signatures: Vec<Bytes>,
}

/// A package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version code.
    pub version: Number,
}

impl Value for ApplicationId {
    fn read(any: AnyRef<'_>) -> Result<Self, Problem> {
        any.tag().assert_eq(Tag::OctetString)?;
        let mut reader = inside(AnyRef::from_der(any.value())?, Tag::Sequence)?;
        let id = Self { packages: set(&mut reader)?, signatures: set(&mut reader)? };
        reader.finish()?;
        Ok(id)
    }
}

impl Value for Package {
    fn read(any: AnyRef<'_>) -> Result<Self, Problem> {
        let mut reader = inside(any, Tag::Sequence)?;
        let package = Self { name: next(&mut reader)?, version: next(&mut reader)? };
        reader.finish()?;
        Ok(package)
    }
}

fn set<T: Value>(reader: &mut SliceReader<'_>) -> Result<Vec<T>, Problem> {
    let mut elements = inside(AnyRef::decode(reader)?, Tag::Set)?;
    let mut found = Vec::new();
    while !elements.is_finished() {
        found.push(next(&mut elements)?);
    }
    Ok(found)
}
