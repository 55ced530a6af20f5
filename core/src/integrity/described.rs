//! A described device: what a test says, and nothing of the machine's own.

use std::collections::{HashMap, HashSet};
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};

use crate::port::{FileReader, Files, Image, Images, Processes, Properties};

#[derive(Clone, Default)]
pub(super) struct Described {
    files: HashMap<PathBuf, Vec<u8>>,
    forbidden: HashSet<PathBuf>,
    properties: HashMap<String, String>,
    processes: Option<Vec<String>>,
    traced: Option<bool>,
    images: Option<Vec<String>>,
}

impl Described {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn with(mut self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.files.insert(path.into(), content.as_ref().to_vec());
        self
    }

    pub(super) fn without(mut self, path: &str) -> Self {
        self.files.remove(Path::new(path));
        self
    }

    /// There, but not to be looked at.
    pub(super) fn forbid(mut self, path: &str) -> Self {
        self.forbidden.insert(path.into());
        self
    }

    /// A thread, with the lines of its `status` that count.
    pub(super) fn thread(self, id: u32, name: &str, tracer: u32) -> Self {
        self.with(
            &format!("/proc/self/task/{id}/status"),
            format!("Name:\t{name}\nState:\tS (sleeping)\nTracerPid:\t{tracer}\nUid:\t0\n"),
        )
    }

    pub(super) fn property(mut self, name: &str, value: &str) -> Self {
        self.properties.insert(name.into(), value.into());
        self
    }

    /// As Darwin's kernel says it.
    pub(super) fn traced(mut self, traced: bool) -> Self {
        self.traced = Some(traced);
        self
    }

    /// The paths of what is loaded, as Darwin shows them.
    pub(super) fn images(mut self, paths: &[&str]) -> Self {
        self.images = Some(paths.iter().map(|path| (*path).to_owned()).collect());
        self
    }

    pub(super) fn processes(mut self, names: &[&str]) -> Self {
        self.processes = Some(names.iter().map(|name| (*name).to_owned()).collect());
        self
    }
}

impl Files for Described {
    fn open(&self, path: &Path) -> io::Result<Box<dyn FileReader>> {
        if self.forbidden.contains(path) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        match self.files.get(path) {
            Some(bytes) => Ok(Box::new(Cursor::new(bytes.clone()))),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        if self.forbidden.contains(folder) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let name = |path: &PathBuf| Some(path.strip_prefix(folder).ok()?.iter().next()?.to_string_lossy().into_owned());
        let names: HashSet<String> = self.files.keys().filter_map(name).collect();
        if names.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(names.into_iter().collect()) }
    }
}

impl Properties for Described {
    fn property(&self, name: &str) -> Option<String> {
        self.properties.get(name).cloned()
    }
}

impl Processes for Described {
    fn names(&self) -> io::Result<Vec<String>> {
        self.processes.clone().ok_or_else(|| io::ErrorKind::Unsupported.into())
    }

    fn is_traced(&self) -> io::Result<bool> {
        self.traced.ok_or_else(|| io::ErrorKind::Unsupported.into())
    }
}

impl Images for Described {
    fn executable(&self) -> io::Result<Image> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn paths(&self) -> io::Result<Vec<String>> {
        self.images.clone().ok_or_else(|| io::ErrorKind::Unsupported.into())
    }

    fn holding(&self, _address: u64) -> io::Result<Image> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
