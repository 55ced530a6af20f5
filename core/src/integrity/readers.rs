//! For the fuzzers and the property tests: the readers of outside data alone.
#![doc(hidden)]

use std::io::Cursor;

use bonafide_protocol::measurement::{CodeRole, Fact};

use super::maps::Maps;
use super::{image, installed};
use crate::port::Image;

/// The names of the app's packages among these mappings, the core's own code being at `own`.
///
/// # Errors
/// They are not the mappings of a process that the core runs in, or not those of an installed app.
pub fn packages_in(maps: &[u8], own: u64) -> Result<Vec<String>, String> {
    let maps = Maps::parse(maps, own)?;
    let packages = installed::mapped(&maps, own)?;
    Ok(packages.iter().map(|mapping| mapping.name().to_owned()).collect())
}

/// The digest of the code of an image with this memory.
#[must_use]
pub fn image(memory: &[u8]) -> Fact<String> {
    let memory = Box::new(Cursor::new(memory.to_vec()));
    image::measure(Ok(Image { name: String::new(), memory }), CodeRole::Executable).memory
}
