//! A Mach-O image by its header and load commands: the same in the file and in memory.

use object::macho::{MachHeader32, MachHeader64};
use object::read::macho::{LoadCommandVariant, MachHeader, Section as _, Segment};
use object::{Endianness, FileKind};

use crate::{Error, Result};

/// The most bytes of header and load commands. `dyld` itself takes less.
pub const MAX_COMMANDS: u64 = 1 << 20;

/// The shortest start that tells how long the rest is: a header of 64 bits.
pub const HEADER: usize = 32;

/// Where the machine code of one image lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// As the platform names it.
    pub architecture: String,
    /// What the linker named this build of it by (`LC_UUID`).
    pub uuid: Option<[u8; 16]>,
    /// Whether the file's code is encrypted. In memory it is not.
    pub encrypted: bool,
    /// Where `__TEXT,__text` begins in memory, from the image's first byte.
    pub text: u64,
    /// Where it begins in the file, from the image's first byte.
    pub file_text: u64,
    /// Its bytes.
    pub size: u64,
}

impl Image {
    /// How many bytes [`Self::parse`] needs, going by the first [`HEADER`] ones.
    ///
    /// # Errors
    /// No thin Mach-O begins so, or one with more load commands than [`MAX_COMMANDS`].
    pub fn length(start: &[u8]) -> Result<u64> {
        let length = match kind(start)? {
            Kind::Wide => commands::<MachHeader64<Endianness>>(start),
            Kind::Narrow => commands::<MachHeader32<Endianness>>(start),
        }?;
        if length > MAX_COMMANDS {
            return Err(Error::Limit { what: "bytes of load commands", found: length, limit: MAX_COMMANDS });
        }
        Ok(length)
    }

    /// Reads header and load commands; what follows them is not looked at.
    ///
    /// # Errors
    /// No thin Mach-O, a damaged one, or one without `__TEXT,__text`.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        match kind(bytes)? {
            Kind::Wide => parse::<MachHeader64<Endianness>>(bytes),
            Kind::Narrow => parse::<MachHeader32<Endianness>>(bytes),
        }
    }
}

enum Kind {
    Narrow,
    Wide,
}

fn kind(bytes: &[u8]) -> Result<Kind> {
    match FileKind::parse(bytes) {
        Ok(FileKind::MachO64) => Ok(Kind::Wide),
        Ok(FileKind::MachO32) => Ok(Kind::Narrow),
        _ => Err(Error::Malformed { what: "an executable that is no Mach-O" }),
    }
}

fn malformed<T>(_: T) -> Error {
    Error::Malformed { what: "an executable's load commands" }
}

fn commands<H: MachHeader<Endian = Endianness>>(start: &[u8]) -> Result<u64> {
    let header = H::parse(start, 0).map_err(malformed)?;
    let endian = header.endian().map_err(malformed)?;
    Ok(size_of::<H>() as u64 + u64::from(header.sizeofcmds(endian)))
}

fn parse<H: MachHeader<Endian = Endianness>>(bytes: &[u8]) -> Result<Image> {
    let header = H::parse(bytes, 0).map_err(malformed)?;
    let endian = header.endian().map_err(malformed)?;
    let mut all = header.load_commands(endian, bytes, 0).map_err(malformed)?;
    let (mut encrypted, mut uuid, mut text) = (false, None, None);
    while let Some(command) = all.next().map_err(malformed)? {
        match command.variant().map_err(malformed)? {
            LoadCommandVariant::EncryptionInfo32(info) => encrypted |= info.cryptid.get(endian) != 0,
            LoadCommandVariant::EncryptionInfo64(info) => encrypted |= info.cryptid.get(endian) != 0,
            LoadCommandVariant::Uuid(found) => uuid = Some(found.uuid),
            _ => {}
        }
        let Some((segment, sections)) = H::Segment::from_command(command).map_err(malformed)? else { continue };
        if segment.name() != b"__TEXT" {
            continue;
        }
        let base: u64 = segment.vmaddr(endian).into();
        for section in segment.sections(endian, sections).map_err(malformed)? {
            if section.name() == b"__text" {
                let (address, size): (u64, u64) = (section.addr(endian).into(), section.size(endian).into());
                let place = (address.checked_sub(base), u64::from(section.offset(endian)), size);
                // Which of two would run is for the loader to say.
                if text.replace(place).is_some() {
                    return Err(Error::Malformed { what: "an executable that has its code twice" });
                }
            }
        }
    }
    let (Some(text), file_text, size) =
        text.ok_or(Error::Missing { what: "the code of an executable (__TEXT,__text)" })?
    else {
        return Err(malformed(()));
    };
    let architecture = architecture(header.cputype(endian).0, header.cpusubtype(endian).0);
    Ok(Image { architecture, uuid, encrypted, text, file_text, size })
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
