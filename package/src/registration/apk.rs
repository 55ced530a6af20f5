//! One APK.

use std::io::{Read, Seek};

use object::{Object as _, ObjectSection as _};

use super::axml::{self, Manifest};
use super::{CORE_LIBRARY, Code, CodeKind, Signer, v1};
use crate::apk::Signatures;
use crate::entries::Archive;
use crate::{Error, Result, Sha256, limits};

const MANIFEST: &str = "AndroidManifest.xml";
/// The module of whatever is no feature's.
pub(super) const BASE: &str = "base";

pub(super) struct Apk {
    pub(super) manifest: Manifest,
    pub(super) signers: Vec<Signer>,
    pub(super) code: Vec<Code>,
}

/// Reads an APK whose content is what was signed.
pub(super) fn read<R: Read + Seek>(file: &mut R) -> Result<Apk> {
    let signatures = Signatures::read(file);
    let mut archive = Archive::open(&mut *file)?;
    let announced = v1::announced(&mut archive)?;
    let signatures = match (signatures, announced) {
        (Err(Error::NoSigningBlock), Some(schemes)) => {
            return Err(schemes.last().map_or(Error::OnlyV1, |scheme| Error::Stripped { scheme: *scheme }));
        }
        (Err(Error::NoSigningBlock), None) => return Err(Error::Unsigned),
        (Ok(signatures), schemes) => {
            let has = |scheme| signatures.signers().iter().any(|signer| signer.scheme == scheme);
            if let Some(scheme) = schemes.into_iter().flatten().find(|scheme| !has(*scheme)) {
                return Err(Error::Stripped { scheme });
            }
            signatures
        }
        (Err(other), _) => return Err(other),
    };
    let manifest = axml::manifest(&archive.read(MANIFEST, limits::MANIFEST)?)?;
    let module = manifest.module().to_owned();
    let code = code(&mut archive, |name| match name.strip_prefix("lib/") {
        Some(rest) => library(&module, rest),
        None => dex(&module, name),
    })?;
    drop(archive);
    signatures.check_content(file)?;
    Ok(Apk { manifest, signers: signatures.signers().to_vec(), code })
}

/// A piece of code whose digest is still to be taken.
pub(super) type Found = (String, CodeKind, String, Option<String>);

/// `classes.dex`, `classes2.dex` …
pub(super) fn dex(module: &str, name: &str) -> Option<Found> {
    let number = name.strip_prefix("classes")?.strip_suffix(".dex")?;
    let counted = number.bytes().all(|byte| byte.is_ascii_digit());
    counted.then(|| (module.to_owned(), CodeKind::Dex, name.to_owned(), None))
}

/// `ABI/libNAME.so`.
pub(super) fn library(module: &str, path: &str) -> Option<Found> {
    let (abi, name) = path.split_once('/')?;
    let native = name.ends_with(".so") && !name.contains('/');
    native.then(|| (module.to_owned(), CodeKind::Native, name.to_owned(), Some(abi.to_owned())))
}

/// The digests of all code in an archive; `find` tells code by its name.
pub(super) fn code<R: Read + Seek>(
    archive: &mut Archive<R>,
    find: impl Fn(&str) -> Option<Found>,
) -> Result<Vec<Code>> {
    let found: Vec<(String, Found)> =
        archive.items().iter().filter_map(|item| Some((item.name.clone(), find(&item.name)?))).collect();
    let mut list = Vec::new();
    for (path, (module, kind, name, architecture)) in found {
        if name == CORE_LIBRARY {
            let library = archive.read(&path, limits::ENTRY)?;
            if let Some(sha256) = elf_text(&library) {
                let (module, name, architecture) = (module.clone(), name.clone(), architecture.clone());
                list.push(Code { module, kind: CodeKind::Text, name, architecture, sha256 });
            }
        }
        let sha256 = archive.digest(&path)?;
        list.push(Code { module, kind, name, architecture, sha256 });
    }
    list.sort();
    Ok(list)
}

fn elf_text(library: &[u8]) -> Option<Sha256> {
    let section = object::File::parse(library).ok()?;
    let text = section.section_by_name(".text")?;
    Some(super::macho::sha256(text.data().ok()?))
}
