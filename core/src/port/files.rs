use std::io::{self, Read, Seek};
use std::path::Path;

/// A file that can be read at any place.
pub trait FileReader: Read + Seek + Send {}

impl<T: Read + Seek + Send> FileReader for T {}

/// Files as measurement reads them, `/proc` included. May block.
pub trait Files: Send + Sync {
    /// Opens a file for reading.
    fn open(&self, path: &Path) -> io::Result<Box<dyn FileReader>>;

    /// The names of what lies in a folder, in any order.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;
}
