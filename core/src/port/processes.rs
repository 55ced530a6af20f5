use std::io;

/// Running processes, as measurement reads them. May block.
pub trait Processes: Send + Sync {
    /// The names of the processes that can be seen.
    fn names(&self) -> io::Result<Vec<String>>;

    /// Whether a debugger is attached to this one, as Darwin's kernel says it (`P_TRACED`). Not asked where `/proc` tells.
    fn is_traced(&self) -> io::Result<bool>;
}
