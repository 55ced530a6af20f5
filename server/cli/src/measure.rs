//! What the service compares with a device's measurement: digests of files, and of the code inside them.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use bonafide_protocol::encoding::{sha256, to_hex};
use object::{Object as _, ObjectSection as _};
use serde_json::{Value, json};

use crate::exit::{Failure, Outcome};

/// The core's library, wherever in the jar it lies.
const CORE_LIBRARY: &str = "libbonafide.so";

/// The largest library that is looked into.
const MAX_LIBRARY_BYTES: u64 = 256 * 1024 * 1024;

/// The digests of one build.
#[derive(Debug, Default)]
pub(crate) struct Digests {
    /// Each file, by name.
    pub(crate) artifacts: Vec<Value>,
    /// `.text` of the core's library, wherever one was found.
    pub(crate) code: Vec<Value>,
}

impl Digests {
    /// Measures files as the device does: the whole file by SHA-256, and the code of the core's library in or as it.
    /// Where `jars`, a JVM has to load them: each is a jar, or the library.
    pub(crate) fn of(paths: &[PathBuf], jars: bool) -> Outcome<Self> {
        let mut digests = Self::default();
        for path in paths {
            let failed = |error: std::io::Error| {
                let failure = Failure::io(format!("{} cannot be read", path.display()), &error);
                if path.is_dir() { failure.next(format!("name its files: {}/*.jar", path.display())) } else { failure }
            };
            let mut file = File::open(path).map_err(failed)?;
            let name = name_of(path);
            digests.artifacts.push(artifact(&name, &mut file).map_err(failed)?);
            file.rewind().map_err(failed)?;
            if name == CORE_LIBRARY {
                digests.add_code(&read_limited(file).map_err(failed)?);
            } else if let Ok(mut archive) = zip::ZipArchive::new(file) {
                let libraries: Vec<String> =
                    archive.file_names().flatten().filter(|entry| is_core_library(entry)).map(Into::into).collect();
                for entry in libraries {
                    let library = archive.by_name(&entry).map_err(|error| {
                        Failure::io(format!("{} in {} cannot be read", entry, path.display()), &error)
                    })?;
                    digests.add_code(&read_limited(library).map_err(failed)?);
                }
            } else if jars {
                let refusal = Failure::refused(format!("{} is no jar: no JVM loads code from it", path.display()));
                return Err(refusal.next("name the jars that the app is run with"));
            }
        }
        Ok(digests)
    }

    fn add_code(&mut self, library: &[u8]) {
        let Some(text) = text_section(library) else { return };
        let entry = json!({"name": CORE_LIBRARY, "sha256": to_hex(&sha256(text))});
        if !self.code.contains(&entry) {
            self.code.push(entry);
        }
    }
}

fn artifact(name: &str, file: &mut File) -> std::io::Result<Value> {
    Ok(json!({"name": name, "sha256": digest_of(file)?}))
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn is_core_library(entry: &str) -> bool {
    entry.rsplit('/').next() == Some(CORE_LIBRARY)
}

fn text_section(library: &[u8]) -> Option<&[u8]> {
    object::File::parse(library).ok()?.section_by_name(".text")?.data().ok()
}

/// In chunks: a package may be larger than the memory.
fn digest_of(file: &mut File) -> std::io::Result<String> {
    let mut context = Context::new(&SHA256);
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let count = file.read(&mut chunk)?;
        if count == 0 {
            return Ok(to_hex(context.finish().as_ref()));
        }
        context.update(chunk.get(..count).unwrap_or_default());
    }
}

fn read_limited(reader: impl Read) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    reader.take(MAX_LIBRARY_BYTES).read_to_end(&mut content)?;
    Ok(content)
}
