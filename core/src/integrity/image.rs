//! Machine code (`__TEXT,__text`) of a loaded Mach-O image. Its file is no help: the store has encrypted it.

use std::io::{self, Read as _, SeekFrom};

use bonafide_package::macho;
use bonafide_protocol::measurement::{Code, CodeRole, Fact};

use super::artifact::digest;
use crate::port::Image;

/// No `__text` is longer.
const MAX_TEXT_BYTES: u64 = 512 * 1024 * 1024;

/// Measures what the platform shows as it lies in memory.
pub(super) fn measure(image: io::Result<Image>, role: CodeRole) -> Code {
    let file = Fact::Unknown("not looked at on this platform".into());
    let unknown = |why: String| Fact::Unknown(why);
    match image {
        Ok(image) => {
            let name = image.name.clone();
            Code { name, role, memory: text(image).map_or_else(unknown, Fact::Known), file }
        }
        Err(error) => Code { name: String::new(), role, memory: unknown(cannot_read(&error)), file },
    }
}

fn text(image: Image) -> Result<String, String> {
    let mut memory = image.memory;
    let mut read = |length: u64| {
        let mut bytes = Vec::new();
        memory.seek(SeekFrom::Start(0)).map_err(|error| cannot_read(&error))?;
        (&mut *memory).take(length).read_to_end(&mut bytes).map_err(|error| cannot_read(&error))?;
        Ok::<_, String>(bytes)
    };
    let said = |error: bonafide_package::Error| error.to_string();
    let length = macho::Image::length(&read(macho::HEADER as u64)?).map_err(said)?;
    let image = macho::Image::parse(&read(length)?).map_err(said)?;
    if image.size == 0 || image.size > MAX_TEXT_BYTES {
        return Err("the image's code has no usable size".into());
    }
    memory.seek(SeekFrom::Start(image.text)).map_err(|error| cannot_read(&error))?;
    match digest(memory, image.size) {
        Ok((digest, length)) if length == image.size => Ok(digest),
        Ok(_) => Err("shorter than the section".into()),
        Err(error) => Err(cannot_read(&error)),
    }
}

fn cannot_read(error: &io::Error) -> String {
    format!("cannot read: {}", error.kind())
}
