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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::io::Cursor;

    use bonafide_protocol::encoding::{sha256, to_hex};

    use super::*;

    const CODE: &[u8] = b"the app's machine code";

    /// An arm64 executable as it lies in memory: its code a page behind its header. `cryptid` is 1 where the store has
    /// encrypted the file, whatever lies in it.
    fn loaded(code: &[u8], cryptid: u32) -> Vec<u8> {
        let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
        let name = |text: &str| {
            let mut name = text.as_bytes().to_vec();
            name.resize(16, 0);
            name
        };
        let (segment, encryption, size) = (72 + 80, 24, u32::try_from(code.len()).unwrap());
        let base = 0x0001_0000;
        let mut memory = [
            words(&[0xfeed_facf, 0x0100_000c, 0, 2, 2, segment + encryption, 0, 0]),
            words(&[0x19, segment]),
            name("__TEXT"),
            words(&[base, 1, 0x4000, 0, 0, 0, 0x4000, 0, 5, 5, 1, 0]),
            name("__text"),
            name("__TEXT"),
            words(&[base + 0x1000, 1, size, 0, 0x1000, 2, 0, 0, 0x8000_0400, 0, 0, 0]),
            words(&[0x2c, encryption, 0x1000, size, cryptid, 0]),
        ]
        .concat();
        memory.resize(0x1000, 0);
        memory.extend_from_slice(code);
        memory
    }

    fn measured(memory: Vec<u8>) -> Fact<String> {
        let image = Image { name: "Acme".into(), memory: Box::new(Cursor::new(memory)) };
        let code = measure(Ok(image), CodeRole::Executable);
        assert_eq!((code.name.as_str(), code.role), ("Acme", CodeRole::Executable));
        assert!(matches!(code.file, Fact::Unknown(_)), "nothing is claimed of the file");
        code.memory
    }

    #[test]
    fn code_in_memory_is_what_was_registered_although_the_store_encrypted_the_file() {
        // What the operator registers is the digest of `__TEXT,__text` of the export from before the upload.
        let registered = Fact::Known(to_hex(&sha256(CODE)));
        assert_eq!(measured(loaded(CODE, 1)), registered);
        assert_eq!(measured(loaded(CODE, 0)), registered);
        for place in [0, CODE.len() - 1] {
            let mut altered = CODE.to_vec();
            altered.iter_mut().skip(place).take(1).for_each(|byte| *byte ^= 1);
            let memory = measured(loaded(&altered, 1));
            assert!(matches!(memory, Fact::Known(_)) && memory != registered, "{place}");
        }
    }

    #[test]
    fn what_is_no_image_is_unknown() {
        let whole = loaded(CODE, 1);
        let cut = |length: usize| whole.iter().take(length).copied().collect::<Vec<u8>>();
        let endless = || {
            let mut memory = whole.clone();
            memory.splice(20..24, u32::MAX.to_le_bytes());
            memory
        };
        for (what, memory) in [
            ("nothing", Vec::new()),
            ("an ELF", b"\x7fELF and what follows it, which is no Mach-O".to_vec()),
            ("half a header", cut(16)),
            ("half of the load commands", cut(100)),
            ("code that ends early", cut(0x1000 + CODE.len() - 1)),
            ("load commands without end", endless()),
            ("no code", loaded(b"", 0)),
        ] {
            let memory = measured(memory);
            assert!(matches!(&memory, Fact::Unknown(why) if !why.is_empty()), "{what}: {memory:?}");
        }
        let code = measure(Err(io::ErrorKind::Unsupported.into()), CodeRole::Core);
        assert!(matches!(code.memory, Fact::Unknown(_)));
    }
}
