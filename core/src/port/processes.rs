use std::io;

/// Running processes, as measurement reads them. May block.
pub trait Processes: Send + Sync {
    /// The names of the processes that can be seen.
    fn names(&self) -> io::Result<Vec<String>>;
}
