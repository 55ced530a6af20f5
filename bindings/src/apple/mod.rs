//! What only Darwin shows: the images that `dyld` has loaded, their memory, and whether a debugger is attached.

mod images;
mod process;

pub(crate) use images::LoadedImages;
pub(crate) use process::OwnProcess;
