//! Code (`.text`) in memory against the file it was loaded from: an inline hook changes one of them.
//!
//! Memory is read through `/proc/self/mem`, like any other file through the `Files` port: no unsafe code, and a test
//! can describe any process.

use std::io::SeekFrom;
use std::path::Path;

use bonafide_protocol::measurement::{Code, CodeRole, Fact};

use super::artifact::digest;
use super::loaded::{Text, with_elf};
use super::maps::{Mapping, Maps};
use super::reading::MEMORY;
use crate::port::Files;

/// What is said when the probe itself came to grief.
pub(super) fn unmeasured() -> Code {
    unknown("", CodeRole::Core, "the probe did not end")
}

pub(super) fn unknown(name: &str, role: CodeRole, why: &str) -> Code {
    Code { name: name.into(), role, memory: Fact::Unknown(why.into()), file: Fact::Unknown(why.into()) }
}

/// Measures the library, or executable, that this mapping is of.
pub(super) fn measure(files: &dyn Files, maps: &Maps, mapping: &Mapping, role: CodeRole) -> Code {
    let name = mapping.name();
    match with_elf(files, maps, mapping, |elf, begins| Text::of(mapping, elf, begins)) {
        Ok(text) => Code {
            name: name.into(),
            role,
            memory: digest_at(files, Path::new(MEMORY), text.start, text.size),
            file: digest_at(files, &text.path, text.offset, text.size),
        },
        Err(why) => unknown(name, role, why),
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
