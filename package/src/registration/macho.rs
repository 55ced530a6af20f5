//! Machine code of Mach-O executables, as it lies in memory.

use object::macho;
use object::read::macho::{FatArch as _, LoadCommandVariant, MachHeader, MachOFatFile32, MachOFatFile64, MachOFile};
use object::{Endianness, FileKind, Object as _, ObjectSection as _};
use ring::digest::{SHA256, digest};

use crate::{Error, Result, Sha256, limits};

pub(super) fn sha256(bytes: &[u8]) -> Sha256 {
    digest(&SHA256, bytes).as_ref().try_into().unwrap_or_default()
}

/// The digest of `__TEXT,__text` for each architecture, by the platform's name of it.
pub(super) fn texts(name: &str, bytes: &[u8]) -> Result<Vec<(String, Sha256)>> {
    let slices = slices(bytes).ok_or(Error::Malformed { what: "an executable that is no Mach-O" })?;
    if slices.len() > limits::ARCHITECTURES {
        let (found, limit) = (slices.len() as u64, limits::ARCHITECTURES as u64);
        return Err(Error::Limit { what: "architectures of an executable", found, limit });
    }
    let mut texts: Vec<(String, Sha256)> = Vec::new();
    for slice in slices {
        let (architecture, digest) = match FileKind::parse(slice) {
            Ok(FileKind::MachO64) => text::<macho::MachHeader64<Endianness>>(name, slice)?,
            Ok(FileKind::MachO32) => text::<macho::MachHeader32<Endianness>>(name, slice)?,
            _ => return Err(Error::Malformed { what: "an executable that is no Mach-O" }),
        };
        if texts.iter().any(|(other, _)| *other == architecture) {
            return Err(Error::Malformed { what: "an executable that has an architecture twice" });
        }
        texts.push((architecture, digest));
    }
    Ok(texts)
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

fn text<H: MachHeader<Endian = Endianness>>(name: &str, bytes: &[u8]) -> Result<(String, Sha256)> {
    let malformed = |_| Error::Malformed { what: "an executable's load commands" };
    let file = MachOFile::<H>::parse(bytes).map_err(malformed)?;
    let mut commands = file.macho_load_commands().map_err(malformed)?;
    while let Some(command) = commands.next().map_err(malformed)? {
        let encrypted = match command.variant().map_err(malformed)? {
            LoadCommandVariant::EncryptionInfo32(info) => info.cryptid.get(file.endian()) != 0,
            LoadCommandVariant::EncryptionInfo64(info) => info.cryptid.get(file.endian()) != 0,
            _ => false,
        };
        if encrypted {
            return Err(Error::StoreEncrypted { name: name.to_owned() });
        }
    }
    let header = file.macho_header();
    let architecture = architecture(header.cputype(file.endian()).0, header.cpusubtype(file.endian()).0);
    for section in file.sections() {
        if section.segment_name().ok().flatten() == Some("__TEXT") && section.name() == Ok("__text") {
            return Ok((architecture, sha256(section.data().map_err(malformed)?)));
        }
    }
    Err(Error::Missing { what: "the code of an executable (__TEXT,__text)" })
}

/// The name that the platform has for it.
fn architecture(kind: u32, variant: u32) -> String {
    // The upper bits say how pointers are signed.
    let name = match (kind, variant & 0x00ff_ffff) {
        (0x0100_000c, 0) => "arm64",
        (0x0100_000c, 2) => "arm64e",
        (0x0200_000c, _) => "arm64_32",
        (0x0000_000c, 9) => "armv7",
        (0x0000_000c, 11) => "armv7s",
        (0x0100_0007, _) => "x86_64",
        (0x0000_0007, _) => "i386",
        _ => return format!("{kind:#x}/{variant:#x}"),
    };
    name.to_owned()
}
