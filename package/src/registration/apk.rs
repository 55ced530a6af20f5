//! One APK.

use std::io::{Read, Seek};

use object::{Object as _, ObjectSection as _};

use super::axml::{self, Manifest};
use super::{CORE_LIBRARY, Code, CodeKind, Signer, v1};
use crate::apk::Signatures;
use crate::code::CodePath;
use crate::entries::Archive;
use crate::{Error, Result, Sha256, limits};

const MANIFEST: &str = "AndroidManifest.xml";
/// The module of whatever is no feature's.
pub(super) const BASE: &str = "base";

pub(super) struct Apk {
    pub(super) manifest: Manifest,
    pub(super) signers: Vec<Signer>,
    pub(super) code: Vec<Code>,
    pub(super) content: Sha256,
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
    let code = code(&mut archive, |path| Some((module.clone(), CodePath::in_apk(path)?)))?;
    drop(archive);
    let content = signatures.check_content(file)?;
    Ok(Apk { manifest, signers: signatures.signers().to_vec(), code, content })
}

/// A piece of code whose digest is still to be taken, and its module.
pub(super) type Found<'a> = (String, CodePath<'a>);

/// The digests of all code in an archive; `find` tells code by its name.
pub(super) fn code<R: Read + Seek>(
    archive: &mut Archive<R>,
    find: impl Fn(&str) -> Option<Found<'_>>,
) -> Result<Vec<Code>> {
    let paths: Vec<String> = archive.items().iter().map(|item| item.name.clone()).collect();
    let mut list = Vec::new();
    for path in &paths {
        let Some((module, CodePath { kind, name, architecture })) = find(path) else { continue };
        let code = |kind, sha256| Code {
            module: module.clone(),
            kind,
            name: name.to_owned(),
            architecture: architecture.map(Into::into),
            sha256,
            uuid: None,
        };
        if name == CORE_LIBRARY {
            let library = archive.read(path, limits::ENTRY)?;
            list.extend(elf_text(&library).map(|sha256| code(CodeKind::Text, sha256)));
        }
        list.push(code(kind, archive.digest(path)?));
    }
    list.sort();
    Ok(list)
}

fn elf_text(library: &[u8]) -> Option<Sha256> {
    let section = object::File::parse(library).ok()?;
    let text = section.section_by_name(".text")?;
    Some(super::macho::sha256(text.data().ok()?))
}
