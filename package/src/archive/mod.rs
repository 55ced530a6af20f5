//! The ZIP container, read strictly: what two readers could understand differently is an error.

mod directory;
mod layout;

pub use directory::{Directory, Item};
pub use layout::Layout;
