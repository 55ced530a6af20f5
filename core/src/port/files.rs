use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::{fstat, major, minor};

/// A file that can be read at any place.
pub trait FileReader: Read + Seek + Send {
    /// What the file system says of the open file, whatever has become of its path.
    ///
    /// # Errors
    /// It says nothing.
    fn stat(&self) -> io::Result<FileStat> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl FileReader for File {
    fn stat(&self) -> io::Result<FileStat> {
        let said = self.metadata()?;
        // The standard library widens the number on Darwin, and `major` wants it as the system has it.
        let device = fstat(self)?.st_dev;
        Ok(FileStat {
            device: (major(device), minor(device)),
            inode: said.ino(),
            owner: said.uid(),
            size: said.size(),
            modified: (said.mtime(), said.mtime_nsec()),
            changed: (said.ctime(), said.ctime_nsec()),
        })
    }
}

/// A file that is in memory only: no file system knows it.
impl FileReader for Cursor<Vec<u8>> {}

/// Which file it is, and in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FileStat {
    /// Major and minor number of the device that it is on.
    pub device: (u32, u32),
    /// Its number there.
    pub inode: u64,
    /// The user that it belongs to.
    pub owner: u32,
    /// Bytes.
    pub size: u64,
    /// When its content was changed: Unix seconds and nanoseconds. Its owner can set it at will.
    pub modified: (i64, i64),
    /// When anything of it was changed, these times included; nobody but the kernel sets it.
    pub changed: (i64, i64),
}

/// Files as measurement reads them, `/proc` included. May block.
pub trait Files: Send + Sync {
    /// Opens a file for reading.
    fn open(&self, path: &Path) -> io::Result<Box<dyn FileReader>>;

    /// The names of what lies in a folder, in any order.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;
}
