//! The core's own code (`.text`) in memory against the file it was loaded from: an inline hook changes one of them.
//!
//! Memory is read through `/proc/self/mem`, like any other file through the `Files` port: no unsafe code, and a test
//! can describe any process.

use std::io::{Read as _, SeekFrom};
use std::path::{Path, PathBuf};

use bonafide_protocol::measurement::{Code, Fact};
use object::read::{Object as _, ObjectSection as _, ReadCache};

use super::artifact::{digest, name};
use crate::port::Files;

const MAPS: &str = "/proc/self/maps";
const MEMORY: &str = "/proc/self/mem";

/// A process with more mappings than fit in here is not looked at.
const MAX_MAPS_BYTES: u64 = 16 * 1024 * 1024;

/// No `.text` is longer.
const MAX_TEXT_BYTES: u64 = 512 * 1024 * 1024;

/// What is said when the probe itself came to grief.
pub(super) fn unmeasured() -> Code {
    unknown("", "the probe did not end")
}

/// Measures the library, or executable, that this very function is part of.
pub(super) fn measure_own(files: &dyn Files) -> Code {
    let own: fn(&dyn Files) -> Code = measure_own;
    // An address of our own code; only a number is made of it.
    measure_at(files, own as usize as u64)
}

fn measure_at(files: &dyn Files, address: u64) -> Code {
    let mapping = match read_maps(files).and_then(|maps| find(&maps, address)) {
        Ok(mapping) => mapping,
        Err(why) => return unknown("", why),
    };
    let name = name(&mapping.path);
    if name.ends_with(" (deleted)") {
        return unknown(&name, "the file was deleted or replaced after it was loaded");
    }
    let text = match text_section(files, &mapping.path) {
        Ok(text) => text,
        Err(why) => return unknown(&name, why),
    };
    // The mapping says where one offset of the file lies; code is loaded in one piece.
    let memory = mapping
        .start
        .checked_sub(mapping.offset)
        .and_then(|base| base.checked_add(text.offset))
        .map_or(Fact::Unknown("the mapping does not fit the file".into()), |start| {
            digest_at(files, Path::new(MEMORY), start, text.size)
        });
    let file = digest_at(files, &mapping.path, text.offset, text.size);
    Code { name, memory, file }
}

fn unknown(name: &str, why: &str) -> Code {
    Code { name: name.into(), memory: Fact::Unknown(why.into()), file: Fact::Unknown(why.into()) }
}

struct Mapping {
    start: u64,
    offset: u64,
    path: PathBuf,
}

/// Where `.text` lies in the file, in bytes.
struct Text {
    offset: u64,
    size: u64,
}

fn read_maps(files: &dyn Files) -> Result<String, &'static str> {
    let mut bytes = Vec::new();
    files
        .open(Path::new(MAPS))
        .and_then(|file| file.take(MAX_MAPS_BYTES).read_to_end(&mut bytes))
        .map_err(|_| "the process's mappings cannot be read here")?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The mapping of a file around `address` (proc_pid_maps(5)): `START-END PERMS OFFSET DEVICE INODE PATH`.
fn find(maps: &str, address: u64) -> Result<Mapping, &'static str> {
    for line in maps.lines() {
        let Some(mapping) = parse(line, address) else { continue };
        return if mapping.path.is_absolute() { Ok(mapping) } else { Err("the code is not mapped from a file") };
    }
    Err("the code is in no mapping")
}

fn parse(line: &str, address: u64) -> Option<Mapping> {
    let number = |text: &str| u64::from_str_radix(text, 16).ok();
    let (range, rest) = line.split_once(' ')?;
    let (start, end) = range.split_once('-')?;
    let (start, end) = (number(start)?, number(end)?);
    if !(start..end).contains(&address) {
        return None;
    }
    let (_permissions, rest) = rest.split_once(' ')?;
    let (offset, rest) = rest.split_once(' ')?;
    let (_device, rest) = rest.split_once(' ')?;
    let path = rest.split_once(' ').map_or("", |(_inode, path)| path.trim_start());
    Some(Mapping { start, offset: number(offset)?, path: path.into() })
}

fn text_section(files: &dyn Files, path: &Path) -> Result<Text, &'static str> {
    let file = files.open(path).map_err(|_| "the file cannot be read")?;
    let cache = ReadCache::new(file);
    let elf = object::File::parse(&cache).map_err(|_| "the file is no ELF")?;
    let section = elf.section_by_name(".text").ok_or("the file has no .text")?;
    let (offset, size) = section.file_range().ok_or("the file has no .text")?;
    if size == 0 || size > MAX_TEXT_BYTES {
        Err("the file's .text has no usable size")
    } else {
        Ok(Text { offset, size })
    }
}

fn digest_at(files: &dyn Files, path: &Path, offset: u64, size: u64) -> Fact<String> {
    let read = files.open(path).and_then(|mut file| {
        file.seek(SeekFrom::Start(offset))?;
        digest(file, size)
    });
    match read {
        Ok((digest, length)) if length == size => Fact::Known(digest),
        Ok(_) => Fact::Unknown("shorter than the section".into()),
        Err(error) => Fact::Unknown(format!("cannot read: {}", error.kind())),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::adapter::StdFiles;
    use crate::port::FileReader;
    use std::collections::HashMap;
    use std::io::{self, Cursor};

    /// A described process: what is not in the map is the machine's own.
    struct Described(HashMap<PathBuf, Vec<u8>>);

    impl Files for Described {
        fn open(&self, path: &Path) -> io::Result<Box<dyn FileReader>> {
            match self.0.get(path) {
                Some(bytes) => Ok(Box::new(Cursor::new(bytes.clone()))),
                None => Err(io::ErrorKind::NotFound.into()),
            }
        }
    }

    /// A process that has loaded this test's own file at address 0x1000, with `hooked` bytes of its text altered.
    fn process(hooked: usize) -> Described {
        let exe = std::fs::read("/proc/self/exe").unwrap();
        let text = text_section(&StdFiles, Path::new("/proc/self/exe")).unwrap();
        let mut memory = vec![0; 0x1000];
        memory.extend_from_slice(&exe);
        let start = 0x1000 + usize::try_from(text.offset).unwrap();
        memory[start..start + hooked].iter_mut().for_each(|byte| *byte ^= 0xff);
        let maps = format!("1000-{:x} r-xp 00000000 08:01 42    /app/lib bonafide.so\n", 0x1000 + exe.len());
        Described(HashMap::from([
            (MAPS.into(), maps.into_bytes()),
            (MEMORY.into(), memory),
            ("/app/lib bonafide.so".into(), exe),
        ]))
    }

    #[test]
    fn one_hooked_byte_shows() {
        let hooked = measure_at(&process(1), 0x1000);
        assert!(matches!((&hooked.memory, &hooked.file), (Fact::Known(memory), Fact::Known(file)) if memory != file));
        let sound = measure_at(&process(0), 0x1000);
        assert!(matches!((&sound.memory, &sound.file), (Fact::Known(memory), Fact::Known(file)) if memory == file));
        assert_eq!(sound.name, "lib bonafide.so");
    }

    #[test]
    fn what_cannot_be_read_is_unknown_with_its_reason() {
        let mut described = process(0);
        let mut without = |path: &str, maps: Option<&str>| {
            let held = described.0.remove(Path::new(path)).unwrap();
            if let Some(maps) = maps {
                described.0.insert(path.into(), maps.as_bytes().to_vec());
            }
            let code = measure_at(&described, 0x1000);
            described.0.insert(path.into(), held);
            code
        };
        let cases = [
            without(MAPS, None),
            without(MAPS, Some("")),
            without(MAPS, Some("rubbish\n\n- \n1000-2000\n1000-zz r-xp 0 0 0 /x\n")),
            without(MAPS, Some("1000-2000 r-xp 00000000 00:00 0\n")),
            without(MAPS, Some("1000-2000 r-xp 00000000 00:00 0    [anon:code]\n")),
            without(MAPS, Some("1000-2000 r-xp 00000000 08:01 42   /app/lib.so (deleted)\n")),
            without(MEMORY, None),
            without(MEMORY, Some("short")),
        ];
        for code in cases {
            assert!(matches!(&code.memory, Fact::Unknown(why) if !why.is_empty()), "{code:?}");
        }
    }

    #[test]
    fn this_process_is_what_its_file_says() {
        let code = measure_own(&StdFiles);
        assert!(matches!(&code.memory, Fact::Known(_)), "{code:?}");
        assert_eq!(code.memory, code.file);
    }
}
