//! Where code lies in memory, and where the same code lies in its file.

use std::path::{Path, PathBuf};

use object::read::{Object as _, ObjectSection as _, ReadCache};

use super::maps::{Mapping, Maps};
use super::part::Part;
use super::reading::{read, read_at};
use crate::port::{FileReader, Files};

const AUXILIARY: &str = "/proc/self/auxv";
const MAX_AUXILIARY_BYTES: u64 = 64 * 1024;

/// The address of the main executable's entry point, in the auxiliary vector (getauxval(3)).
const AT_ENTRY: usize = 9;

/// No `.text` is longer.
const MAX_TEXT_BYTES: u64 = 512 * 1024 * 1024;

/// The sections of a file that count, opened.
pub(super) type Elf<'a> = object::File<'a, &'a ReadCache<Box<dyn FileReader>>>;

const ELF: [u8; 4] = *b"\x7fELF";

/// So many mappings of a package are looked at for the beginning of a library that is mapped from it.
const MAX_SEARCHED: usize = 256;

/// `.text` in the file and in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text {
    /// Of the file that it was loaded from.
    pub(super) path: PathBuf,
    /// Where it begins in the file.
    pub(super) offset: u64,
    pub(super) size: u64,
    /// Where it begins in memory.
    pub(super) start: u64,
    /// What is to be added to an address of the file for one in memory.
    pub(super) bias: u64,
}

impl Text {
    /// The code that this mapping is part of; `begins` is where in the file the ELF does.
    pub(super) fn of(mapping: &Mapping, elf: &Elf<'_>, begins: u64) -> Result<Self, &'static str> {
        let section = elf.section_by_name(".text").ok_or("the file has no .text")?;
        let (offset, size) = section.file_range().ok_or("the file has no .text")?;
        if size == 0 || size > MAX_TEXT_BYTES {
            return Err("the file's .text has no usable size");
        }
        let offset = begins.checked_add(offset).ok_or("the file has no .text")?;
        // The mapping says where one offset of the file lies; code is loaded in one piece.
        let start = mapping.start.checked_add(offset).and_then(|sum| sum.checked_sub(mapping.offset));
        let start = start.ok_or("the mapping does not fit the file")?;
        Ok(Self { path: mapping.path.clone().into(), offset, size, start, bias: start.wrapping_sub(section.address()) })
    }
}

/// Opens the file that a mapping is of, and hands its sections on, with the place in the file where they begin.
///
/// Android maps libraries straight from the package that they lie in, base or split. The kernel names the package alone;
/// `base.apk!/lib/…` is what the linker calls the library, and never stands among the mappings.
pub(super) fn with_elf<T>(
    files: &dyn Files,
    maps: &Maps,
    mapping: &Mapping,
    look: impl FnOnce(&Elf<'_>, u64) -> Result<T, &'static str>,
) -> Result<T, &'static str> {
    if mapping.is_deleted() {
        return Err("the file was deleted or replaced after it was loaded");
    }
    if !mapping.path.starts_with('/') {
        return Err("the code is not mapped from a file");
    }
    let mut file = files.open(Path::new(&mapping.path)).map_err(|_| "the file cannot be read")?;
    let begins = beginning(&mut *file, maps, mapping).ok_or("the file is no ELF")?;
    let file: Box<dyn FileReader> = if begins == 0 { file } else { Box::new(Part::new(file, begins)) };
    let cache = ReadCache::new(file);
    look(&object::File::parse(&cache).map_err(|_| "the file is no ELF")?, begins)
}

/// Where the ELF that the mapping is of begins in its file: at the file's start, or at the nearest mapping before it
/// that does begin so, since a loader maps the beginning too.
fn beginning(file: &mut dyn FileReader, maps: &Maps, mapping: &Mapping) -> Option<u64> {
    let mut is_elf = |place| read_at(file, place).is_ok_and(|start: [u8; 4]| start == ELF);
    if is_elf(0) {
        return Some(0);
    }
    let of_the_file = |other: &&Mapping| other.is_of_the_file_of(mapping) && other.offset <= mapping.offset;
    let candidates = maps.up_to(mapping).filter(of_the_file).take(MAX_SEARCHED);
    candidates.map(|other| other.offset).find(|place| is_elf(*place))
}

/// The mapping of the main executable's code: of `java` itself, or of Android's `app_process64`.
pub(super) fn executable<'a>(files: &dyn Files, maps: &'a Maps) -> Result<&'a Mapping, &'static str> {
    const WORD: usize = size_of::<usize>();
    let vector = read(files, AUXILIARY, MAX_AUXILIARY_BYTES).map_err(|_| "the auxiliary vector cannot be read")?;
    let words: Vec<usize> =
        vector.chunks_exact(WORD).filter_map(|word| Some(usize::from_ne_bytes(word.try_into().ok()?))).collect();
    let (pairs, _) = words.as_chunks::<2>();
    let entry = pairs.iter().find(|[key, _]| *key == AT_ENTRY).ok_or("the auxiliary vector names no entry point")?;
    maps.at(entry[1] as u64).filter(|mapping| mapping.executable).ok_or("the entry point is in no mapping")
}

/// The code of the C library.
pub(super) fn c_library(maps: &Maps) -> Option<&Mapping> {
    maps.executable().find(|mapping| mapping.stem() == "libc" || mapping.stem().starts_with("ld-musl"))
}

/// The code of the virtual machine.
pub(super) fn virtual_machine(maps: &Maps) -> Option<&Mapping> {
    maps.executable().find(|mapping| matches!(mapping.stem(), "libjvm" | "libart"))
}
