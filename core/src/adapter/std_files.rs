use std::fs::File;
use std::io;
use std::path::Path;

use crate::port::{FileReader, Files};

/// The process's own file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct StdFiles;

impl Files for StdFiles {
    fn open(&self, path: &Path) -> io::Result<Box<dyn FileReader>> {
        Ok(Box::new(File::open(path)?))
    }
}
