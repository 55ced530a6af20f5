use std::io::{Cursor, Write as _};

use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

/// An archive: libraries and resources stored, the rest deflated, as in a real package.
pub(crate) fn archive(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        let stored = name.ends_with(".so") || name.ends_with(".arsc") || name.starts_with("assets/");
        let method = if stored { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        writer.start_file(name.clone(), SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The parts of an archive, with no signing block between them.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) entries: Vec<u8>,
    pub(crate) directory: Vec<u8>,
    pub(crate) end: Vec<u8>,
}

impl Parts {
    pub(crate) fn of(archive: Vec<u8>) -> Self {
        let end = archive.len() - 22;
        let directory = u32::from_le_bytes(archive[end + 16..end + 20].try_into().unwrap()) as usize;
        Self {
            entries: archive[..directory].to_vec(),
            directory: archive[directory..end].to_vec(),
            end: archive[end..].to_vec(),
        }
    }

    /// The same with entries that fill whole pages, as trees over pages want it.
    pub(crate) fn aligned(mut self) -> Self {
        self.entries.resize(self.entries.len().next_multiple_of(4096), 0);
        let directory = u32::try_from(self.entries.len()).unwrap();
        self.end[16..20].copy_from_slice(&directory.to_le_bytes());
        self
    }

    pub(crate) fn with_block(&self, block: &[u8]) -> Vec<u8> {
        let mut end = self.end.clone();
        let offset = u32::try_from(self.entries.len() + block.len()).unwrap();
        end[16..20].copy_from_slice(&offset.to_le_bytes());
        [self.entries.as_slice(), block, &self.directory, &end].concat()
    }
}
