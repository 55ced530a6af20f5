//! Code (`.text`) in memory against the file it was loaded from: an inline hook changes one of them.
//!
//! Memory is read as `/proc/self/mem`, like any other file through the `Files` port: no unsafe code here, and a test can
//! describe any process.

use std::collections::HashMap;
use std::io::SeekFrom;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

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

/// What the files of measured code said, by the places of the mappings. An app that is given another part while it runs
/// goes on from files that are gone; memory is read anew each time.
#[derive(Default)]
pub(super) struct Seen(Mutex<Known>);

/// By device, inode (nobody else's while it is mapped) and the mapping's beginning.
type Known = HashMap<((u32, u32), u64, u64), (Text, Fact<String>)>;

/// A handful are measured.
const MAX_SEEN: usize = 64;

impl Seen {
    /// Measures the library, or executable, that this mapping is of.
    pub(super) fn measure(&self, files: &dyn Files, maps: &Maps, mapping: &Mapping, role: CodeRole) -> Code {
        let name = mapping.name();
        match self.text(files, maps, mapping) {
            Ok((text, file)) => Code {
                name: name.into(),
                role,
                memory: digest_at(files, Path::new(MEMORY), text.start, text.size),
                file,
            },
            Err(why) => unknown(name, role, why),
        }
    }

    fn seen(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn text(&self, files: &dyn Files, maps: &Maps, mapping: &Mapping) -> Result<(Text, Fact<String>), &'static str> {
        let place = (mapping.device, mapping.inode, mapping.start);
        let before = mapping.is_deleted().then(|| self.seen().get(&place).cloned()).flatten();
        if let Some(before) = before {
            return Ok(before);
        }
        let text = with_elf(files, maps, mapping, |elf, begins| Text::of(mapping, elf, begins))?;
        let file = digest_at(files, &text.path, text.offset, text.size);
        if matches!(file, Fact::Known(_)) {
            let mut seen = self.seen();
            if seen.len() >= MAX_SEEN {
                seen.clear();
            }
            seen.insert(place, (text.clone(), file.clone()));
        }
        Ok((text, file))
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
