//! An Android App Bundle: what a store makes APKs of.

use std::io::{Read, Seek};

use super::apk::{self, Found};
use super::{Format, Package, proto};
use crate::code::CodePath;
use crate::entries::Archive;
use crate::{Error, Result, limits};

pub(super) const BASE_MANIFEST: &str = "base/manifest/AndroidManifest.xml";

pub(super) fn read<R: Read + Seek>(archive: &mut Archive<R>) -> Result<Package> {
    let manifest = proto::manifest(&archive.read(BASE_MANIFEST, limits::MANIFEST)?)?;
    if manifest.split.is_some() {
        return Err(Error::Malformed { what: "the base module has a split name" });
    }
    let code = apk::code(archive, in_module)?;
    Ok(Package {
        format: Format::Aab,
        id: manifest.id.clone(),
        version: manifest.version_name.clone(),
        build: manifest.build(),
        signers: Vec::new(),
        team: None,
        code,
        contents: Vec::new(),
    })
}

/// `MODULE/dex/classes.dex` and `MODULE/lib/ABI/libNAME.so`: the module's folder is gone once it is installed.
fn in_module(path: &str) -> Option<Found<'_>> {
    let (module, rest) = path.split_once('/')?;
    let code = match rest.split_once('/')? {
        ("dex", name) => CodePath::dex(name),
        ("lib", path) => CodePath::library(path),
        _ => None,
    };
    Some((module.to_owned(), code?))
}
