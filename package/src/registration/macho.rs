//! Machine code of Mach-O executables, as it lies in memory.

use object::FileKind;
use object::read::macho::{FatArch as _, MachOFatFile32, MachOFatFile64};
use ring::digest::{SHA256, digest};

use crate::macho::Image;
use crate::{Error, Result, Sha256, limits};

/// One architecture's code.
pub(super) struct Text {
    pub(super) architecture: String,
    pub(super) uuid: Option<[u8; 16]>,
    pub(super) sha256: Sha256,
}

pub(super) fn sha256(bytes: &[u8]) -> Sha256 {
    digest(&SHA256, bytes).as_ref().try_into().unwrap_or_default()
}

/// `__TEXT,__text` of each architecture.
pub(super) fn texts(name: &str, bytes: &[u8]) -> Result<Vec<Text>> {
    let slices = slices(bytes).ok_or(Error::Malformed { what: "an executable that is no Mach-O" })?;
    if slices.len() > limits::ARCHITECTURES {
        let (found, limit) = (slices.len() as u64, limits::ARCHITECTURES as u64);
        return Err(Error::Limit { what: "architectures of an executable", found, limit });
    }
    let mut texts: Vec<Text> = Vec::new();
    for slice in slices {
        let image = Image::parse(slice)?;
        if image.encrypted {
            return Err(Error::StoreEncrypted { name: name.to_owned() });
        }
        if texts.iter().any(|other| other.architecture == image.architecture) {
            return Err(Error::Malformed { what: "an executable that has an architecture twice" });
        }
        let text = within(slice, image.file_text, image.size)
            .ok_or(Error::Truncated { what: "the code of an executable (__TEXT,__text)" })?;
        texts.push(Text { architecture: image.architecture, uuid: image.uuid, sha256: sha256(text) });
    }
    Ok(texts)
}

fn within(bytes: &[u8], start: u64, size: u64) -> Option<&[u8]> {
    let start = usize::try_from(start).ok()?;
    bytes.get(start..start.checked_add(usize::try_from(size).ok()?)?)
}

fn slices(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    match FileKind::parse(bytes).ok()? {
        FileKind::MachOFat32 => {
            let file = MachOFatFile32::parse(bytes).ok()?;
            file.arches().iter().map(|one| one.data(bytes).ok()).collect()
        }
        FileKind::MachOFat64 => {
            let file = MachOFatFile64::parse(bytes).ok()?;
            file.arches().iter().map(|one| one.data(bytes).ok()).collect()
        }
        _ => Some(vec![bytes]),
    }
}
