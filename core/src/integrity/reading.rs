//! Small files, read whole and within limits; and what a search through several of them amounts to.

use std::io::{self, Read as _, SeekFrom};
use std::path::Path;

use bonafide_protocol::measurement::Traces;

use crate::port::{FileReader, Files};

/// The memory of the process, as a file.
pub(super) const MEMORY: &str = "/proc/self/mem";

/// The whole file; longer ones than `limit` are an error, not a part.
pub(super) fn read(files: &dyn Files, path: &str, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    files.open(Path::new(path))?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= limit) {
        Ok(bytes)
    } else {
        Err(io::ErrorKind::FileTooLarge.into())
    }
}

/// The same as text; what is no UTF-8 is replaced.
pub(super) fn read_text(files: &dyn Files, path: &str, limit: u64) -> io::Result<String> {
    read(files, path, limit).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Reads at this place of an open file.
pub(super) fn read_at<const N: usize>(file: &mut dyn FileReader, place: u64) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.seek(SeekFrom::Start(place))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// A path's last part: what comes before may name the user.
pub(super) fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// Words that hold an agent's name by chance.
const CHANCE: &[&str] = &["friday"];

/// Whether a file's name holds one of these, which are in lower case. An app may be called after a day of the week.
pub(super) fn holds_any(name: &str, known: &[&str]) -> bool {
    let name = without_chance(&name.to_ascii_lowercase());
    known.iter().any(|known| name.contains(known))
}

/// The name with a stroke in the place of each such word.
pub(super) fn without_chance(name: &str) -> String {
    CHANCE.iter().fold(name.to_owned(), |name, word| name.replace(word, "/"))
}

/// Traces from several places, some of which could not be looked at.
#[derive(Default)]
pub(super) struct Search {
    traces: Vec<String>,
    unknown: Option<String>,
}

impl Search {
    pub(super) fn found(&mut self, trace: impl Into<String>) {
        self.traces.push(trace.into());
    }

    pub(super) fn unknown(&mut self, place: &str, error: &io::Error) {
        self.unknown.get_or_insert_with(|| format!("cannot read {place}: {}", error.kind()));
    }

    /// A file that is there is a trace. One that may not be looked at tells nothing.
    pub(super) fn file(&mut self, files: &dyn Files, path: &str, trace: &str) {
        if files.open(Path::new(path)).is_ok() {
            self.found(trace);
        }
    }

    /// What was found, wherever; or why nothing can be said: a place that was not looked at is no pass.
    pub(super) fn into_fact(self) -> Traces {
        match self.unknown {
            Some(why) if self.traces.is_empty() => Traces::Unknown(why),
            _ => Traces::found(self.traces),
        }
    }
}
