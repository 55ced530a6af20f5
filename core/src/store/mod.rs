//! What survives the process.

pub(crate) mod frame;
