//! Whole packages, as an operator registers them: what they call themselves, who signed them, which code they hold.
//!
//! An installed app is rarely the file that was built: stores sign it anew and split it. What survives that is the code,
//! byte for byte, and so it is taken entry by entry.

mod aab;
mod apk;
mod axml;
mod ipa;
mod macho;
mod property_list;
mod proto;
mod set;
mod v1;

use std::io::{Read, Seek};

use crate::entries::Archive;
use crate::{Error, Result, Sha256, limits};

pub use crate::apk::{Ancestor, Scheme, Signer};
pub use crate::code::CodeKind;

/// The core's library on Android: of it the code as it lies in memory is taken as well.
pub const CORE_LIBRARY: &str = "libbonafide.so";

/// What was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One installable package.
    Apk,
    /// A base with its splits.
    ApkSet,
    /// What is uploaded to a store, that makes APKs of it.
    Aab,
    /// An iOS app.
    Ipa,
}

impl Format {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Apk => "apk",
            Self::ApkSet => "apk-set",
            Self::Aab => "aab",
            Self::Ipa => "ipa",
        }
    }
}

/// A piece of code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code {
    /// The module that it is delivered with: `base`, a feature; on iOS `app`, a framework, an extension's folder
    /// (`PlugIns/Share.appex`), or a framework of it (`PlugIns/Share.appex/Kit`).
    pub module: String,
    /// What it is.
    pub kind: CodeKind,
    /// The file's name, without its folder.
    pub name: String,
    /// As the platform names it; none for dex.
    pub architecture: Option<String>,
    /// SHA-256 of the uncompressed content.
    pub sha256: Sha256,
    /// What the linker named the build by, on iOS.
    pub uuid: Option<[u8; 16]>,
}

/// A package, or several that belong together.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Package {
    /// What was read.
    pub format: Format,
    /// Package name or bundle id.
    pub id: String,
    /// The version that people read; none where the manifest has none or refers to a resource.
    pub version: Option<String>,
    /// The version that machines compare.
    pub build: String,
    /// Who signed. Empty for an AAB, whose signature is the upload key's, and for iOS.
    pub signers: Vec<Signer>,
    /// The signing team on iOS, where the package has a provisioning profile.
    pub team: Option<String>,
    /// The code, in order.
    pub code: Vec<Code>,
    /// The content digest of each installable package, by SHA-256, with the file's name. Empty for an AAB and for iOS:
    /// what is installed is another file.
    pub contents: Vec<(String, Sha256)>,
}

/// Reads one package, or the APKs that make up one.
///
/// # Errors
/// A file is damaged, unsigned, no package, or does not belong to the rest.
pub fn read<R: Read + Seek>(files: Vec<(String, R)>) -> Result<Package> {
    if files.len() > limits::PACKAGES {
        return Err(Error::Limit { what: "packages", found: files.len() as u64, limit: limits::PACKAGES as u64 });
    }
    let alone = files.len() == 1;
    let mut apks = Vec::new();
    for (name, mut file) in files {
        let said = |error: Error| if alone { error } else { error.inside(&name) };
        let mut archive = Archive::open(&mut file).map_err(said)?;
        match kind_of(&archive).ok_or(Error::NoPackage).map_err(said)? {
            Kind::Apk => {
                drop(archive);
                let apk = apk::read(&mut file).map_err(said)?;
                apks.push((name, apk));
            }
            Kind::Aab if alone => return aab::read(&mut archive),
            Kind::Ipa if alone => return ipa::read(&mut archive),
            Kind::Set if alone => return set::read(&mut archive),
            _ => return Err(said(Error::Malformed { what: "only APKs are registered several at once" })),
        }
    }
    set::join(apks, if alone { Format::Apk } else { Format::ApkSet })
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

enum Kind {
    Apk,
    Aab,
    Ipa,
    Set,
}

fn kind_of<R: Read + Seek>(archive: &Archive<R>) -> Option<Kind> {
    let any = |matches: fn(&str) -> bool| archive.items().iter().any(|item| matches(&item.name));
    if archive.has("AndroidManifest.xml") {
        Some(Kind::Apk)
    } else if archive.has(aab::BASE_MANIFEST) {
        Some(Kind::Aab)
    } else if any(|name| ipa::app_of(name).is_some()) {
        Some(Kind::Ipa)
    } else if any(set::is_package) {
        Some(Kind::Set)
    } else {
        None
    }
}

/// For the fuzzers: the readers of manifests alone.
#[doc(hidden)]
pub mod readers {
    use crate::Result;

    /// A binary manifest.
    ///
    /// # Errors
    /// It is none.
    pub fn binary_manifest(bytes: &[u8]) -> Result<String> {
        super::axml::manifest(bytes).map(|manifest| manifest.id)
    }

    /// A bundle's manifest.
    ///
    /// # Errors
    /// It is none.
    pub fn proto_manifest(bytes: &[u8]) -> Result<String> {
        super::proto::manifest(bytes).map(|manifest| manifest.id)
    }

    /// A property list's text of a key.
    ///
    /// # Errors
    /// It is none.
    pub fn property(bytes: &[u8], key: &str) -> Result<Option<String>> {
        super::property_list::PropertyList::read(bytes).map(|list| list.text(key))
    }

    /// How many digests an executable has.
    ///
    /// # Errors
    /// It is none.
    pub fn executable(bytes: &[u8]) -> Result<usize> {
        super::macho::texts("executable", bytes).map(|texts| texts.len())
    }
}
