//! APK, AAB and IPA packages as data: who signed them, what they say of themselves, which code they hold.
//!
//! Pure: nothing is unpacked to disk, nothing is fetched, no clock is read. Packages come in through [`std::io::Read`]
//! and [`std::io::Seek`], and whatever they hold is answered with a value or an [`Error`], never with a panic.
//!
//! - [`apk`]: the APK signing block (v2, v3, v3.1 with its lineage) and the content digest. Small enough for a device.
//! - [`archive`]: the ZIP container, read strictly: one end, no entry twice, none over another.
//! - `entries`, `code` (feature `entries`): digests of what lies inside, bounded.
//! - `macho` (feature `macho`): where the code of an iOS image lies, in its file and in memory.
//! - `registration` (feature `registration`): whole packages: manifest, signers, code.
//!
//! The limits are in [`limits`].

pub mod apk;
pub mod archive;
mod bytes;
#[cfg(feature = "entries")]
pub mod code;
#[cfg(feature = "entries")]
pub mod entries;
mod error;
pub mod limits;
#[cfg(feature = "macho")]
pub mod macho;
#[cfg(feature = "registration")]
pub mod registration;

pub use error::Error;

/// A SHA-256 digest.
pub type Sha256 = [u8; 32];

/// What this crate's functions return.
pub type Result<T> = std::result::Result<T, Error>;
