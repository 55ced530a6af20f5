use std::io;

use super::FileReader;

/// Loaded executables and libraries, as measurement reads them on iOS: in memory, since the store encrypts their files.
/// May block.
pub trait Images: Send + Sync {
    /// The main executable.
    ///
    /// # Errors
    /// The platform does not show it.
    fn executable(&self) -> io::Result<Image>;

    /// The paths of all of them, the system's too.
    ///
    /// # Errors
    /// The platform does not show it.
    fn paths(&self) -> io::Result<Vec<String>>;

    /// The executable or library whose code is at this address.
    ///
    /// # Errors
    /// There is none, or the platform does not show it.
    fn holding(&self, address: u64) -> io::Result<Image>;
}

/// One of them.
pub struct Image {
    /// The file's name, without its folder.
    pub name: String,
    /// Its memory. Place 0 is its Mach-O header, and every other place as far from it as in memory.
    pub memory: Box<dyn FileReader>,
}
