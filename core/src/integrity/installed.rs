//! The packages that the app was installed as: who signed them, and which code they hold.
//!
//! They are those that the process has really mapped from the folder that its own code was loaded from, whatever
//! Android's package manager says. The core reads them itself.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use bonafide_package::Error;
use bonafide_package::apk::Signatures;
use bonafide_package::code::CodePath;
use bonafide_package::entries::Archive;
use bonafide_protocol::encoding::to_hex;
use bonafide_protocol::measurement::Fact;
use bonafide_protocol::packages::{MAX_PACKAGE_FILES, PackageCode, PackageFile, PackageSigner, Packages};

use super::maps::{Mapping, Maps};
use crate::port::{FileReader, FileStat, Files, Properties};

const SDK: &str = "ro.build.version.sdk";
const EXTENSION: &str = ".apk";

/// Newer than any: the newest signer.
const ANY_SDK: u32 = i32::MAX as u32;

/// The most code in one package, inflated. Android's own limits are lower.
const MAX_CODE_BYTES: u64 = 2 << 30;

/// The first user id that Android gives to an app. Installed packages belong to the system: an app that has a genuine
/// package among its own data, to show it, cannot give it away.
const FIRST_APP: u32 = 10_000;

/// The longest reason that is sent.
const MAX_REASON: usize = 120;

/// Reads packages, each once as long as it stays the same.
#[derive(Default)]
pub(super) struct Installed {
    measured: Mutex<HashMap<FileStat, PackageFile>>,
}

impl Installed {
    /// The packages of the app whose code is at `own`.
    pub(super) fn look(&self, files: &dyn Files, properties: &dyn Properties, maps: &Maps, own: u64) -> Packages {
        let sdk = properties.property(SDK).and_then(|level| level.trim().parse().ok());
        match mapped(maps, own) {
            Ok(packages) => {
                let measured = packages.iter().map(|mapping| self.measure(files, mapping, sdk)).collect();
                Packages::found(sdk, measured, architecture())
            }
            Err(why) => Packages { sdk, ..Packages::unknown(why) },
        }
    }

    fn measure(&self, files: &dyn Files, mapping: &Mapping, sdk: Option<u32>) -> PackageFile {
        let name = mapping.name();
        let unknown = |why: &str| unknown(name, why);
        if mapping.is_deleted() {
            // An app that is given another part while it runs goes on from packages that are gone. What a mapping holds is
            // nobody else's, and what has no name nobody writes to.
            let known = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
            let before = known.iter().find(|(stat, _)| (stat.device, stat.inode) == (mapping.device, mapping.inode));
            return before.map_or_else(
                || unknown("the package was deleted or replaced after it was mapped"),
                |(_, package)| PackageFile { name: name.into(), ..package.clone() },
            );
        }
        let opened = files.open(Path::new(&mapping.path)).and_then(|file| Ok((file.stat()?, file)));
        let (before, mut file) = match opened {
            Ok(opened) => opened,
            Err(error) => return unknown(&format!("cannot read the package: {}", error.kind())),
        };
        // Whoever answers `open` with another file has not mapped that one.
        if (before.device, before.inode) != (mapping.device, mapping.inode) {
            return unknown("another file than the mapped one is at its path");
        }
        if before.owner >= FIRST_APP {
            return unknown("the package was not installed by the system");
        }
        let mut known = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(package) = known.get(&before) {
            return PackageFile { name: name.into(), ..package.clone() };
        }
        let package = read(&mut *file, name, sdk);
        match file.stat() {
            Ok(after) if after == before => {}
            Ok(_) => return unknown("the package changed while it was measured"),
            Err(error) => return unknown(&format!("cannot read the package: {}", error.kind())),
        }
        if is_known(&package) {
            // An update of this process's packages ends it: there are never many.
            if known.len() >= MAX_PACKAGE_FILES {
                known.clear();
            }
            known.insert(before, package.clone());
        }
        package
    }
}

/// The packages in the folder that the core was loaded from, each once.
pub(super) fn mapped(maps: &Maps, own: u64) -> Result<Vec<&Mapping>, &'static str> {
    let own = maps.at(own).ok_or("the core's own code is not mapped")?;
    let folder = folder(own).ok_or("the core was not loaded from an installed package")?;
    let is_package = |mapping: &&Mapping| is_package(mapping) && parent(&mapping.path) == Some(folder);
    let mut packages: Vec<&Mapping> = Vec::new();
    for mapping in maps.iter().filter(is_package) {
        if !packages.iter().any(|other| other.is_of_the_file_of(mapping)) {
            packages.push(mapping);
        }
        if packages.len() > MAX_PACKAGE_FILES {
            return Err("more packages are mapped than an app has");
        }
    }
    if packages.is_empty() { Err("no package is mapped from the app's folder") } else { Ok(packages) }
}

/// The app's folder: the core lies in a package there, or in `lib/ABI` below it.
fn folder(own: &Mapping) -> Option<&str> {
    let parent_of_own = parent(&own.path)?;
    if is_package(own) {
        return Some(parent_of_own);
    }
    let libraries = parent(parent_of_own)?;
    libraries.strip_suffix("/lib").filter(|folder| !folder.is_empty())
}

fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(folder, _)| folder)
}

fn is_package(mapping: &Mapping) -> bool {
    mapping.path.starts_with('/') && mapping.name().ends_with(EXTENSION)
}

fn read(file: &mut dyn FileReader, name: &str, sdk: Option<u32>) -> PackageFile {
    let code = fact(code(file));
    let signed = Signatures::read(&mut &mut *file).and_then(|signatures| {
        let content = signatures.check_content(&mut &mut *file)?;
        Ok((signatures, content))
    });
    let (signer, content) = match signed {
        Ok((signatures, content)) => (fact(signer(&signatures, sdk)), Fact::Known(to_hex(&content))),
        Err(error) => (Fact::Unknown(reason(&error)), Fact::Unknown(reason(&error))),
    };
    PackageFile { name: name.into(), signer, content, code }
}

fn signer(signatures: &Signatures, sdk: Option<u32>) -> Result<PackageSigner, Error> {
    let signer = signatures.signer_for(sdk.unwrap_or(ANY_SDK)).ok_or(Error::NoSigningBlock)?;
    Ok(PackageSigner {
        scheme: signer.scheme.name().into(),
        sha256: to_hex(&signer.certificate),
        lineage: signer.lineage.iter().map(|ancestor| to_hex(&ancestor.certificate)).collect(),
    })
}

fn code(file: &mut dyn FileReader) -> Result<Vec<PackageCode>, Error> {
    let mut archive = Archive::open(&mut *file)?;
    let items = archive.items().iter().filter(|item| CodePath::in_apk(&item.name).is_some());
    let inflated: u64 = items.clone().map(|item| item.size).sum();
    if inflated > MAX_CODE_BYTES {
        return Err(Error::Limit { what: "bytes of code", found: inflated, limit: MAX_CODE_BYTES });
    }
    let paths: Vec<String> = items.map(|item| item.name.clone()).collect();
    let mut all = Vec::new();
    for path in &paths {
        let Some(CodePath { name, architecture, .. }) = CodePath::in_apk(path) else { continue };
        let sha256 = to_hex(&archive.digest(path)?);
        all.push(PackageCode { name: name.into(), architecture: architecture.map(Into::into), sha256 });
    }
    Ok(all)
}

fn fact<T>(result: Result<T, Error>) -> Fact<T> {
    result.map_or_else(|error| Fact::Unknown(reason(&error)), Fact::Known)
}

fn reason(error: &Error) -> String {
    match error {
        Error::Io(error) => format!("cannot read the package: {}", error.kind()),
        other => other.to_string().chars().take(MAX_REASON).collect(),
    }
}

fn unknown(name: &str, why: &str) -> PackageFile {
    let (signer, content, code) = (Fact::Unknown(why.into()), Fact::Unknown(why.into()), Fact::Unknown(why.into()));
    PackageFile { name: name.into(), signer, content, code }
}

fn is_known(package: &PackageFile) -> bool {
    matches!((&package.signer, &package.content, &package.code), (Fact::Known(_), Fact::Known(_), Fact::Known(_)))
}

/// As Android names the architecture of this process.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "aarch64" => "arm64-v8a",
        "arm" => "armeabi-v7a",
        other => other,
    }
}

#[cfg(test)]
mod tests;
