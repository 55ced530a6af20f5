//! What a JAR signature says of the other schemes: it was made beside them, and whoever removed them could not change it.

use std::io::{Read, Seek};

use super::Scheme;
use crate::entries::Archive;
use crate::{Result, limits};

const ANNOUNCED: &str = "X-Android-APK-Signed:";

/// The schemes beside a JAR signature, the oldest first; nothing where there is no such signature.
pub(super) fn announced<R: Read + Seek>(archive: &mut Archive<R>) -> Result<Option<Vec<Scheme>>> {
    let stem = |name: &str, endings: &[&str]| {
        let (stem, ending) = name.strip_prefix("META-INF/")?.rsplit_once('.')?;
        endings.contains(&ending.to_ascii_uppercase().as_str()).then(|| stem.to_owned())
    };
    let blocks: Vec<String> =
        archive.items().iter().filter_map(|item| stem(&item.name, &["RSA", "DSA", "EC"])).collect();
    let files: Vec<String> = archive
        .items()
        .iter()
        .filter(|item| stem(&item.name, &["SF"]).is_some_and(|stem| blocks.contains(&stem)))
        .map(|item| item.name.clone())
        .collect();
    if files.is_empty() {
        return Ok(None);
    }
    let mut schemes = Vec::new();
    for name in files {
        let file = archive.read(&name, limits::MANIFEST)?;
        let text = String::from_utf8_lossy(&file);
        // Only the first section speaks of the whole.
        let head = text.lines().take_while(|line| !line.is_empty());
        for number in head.filter_map(|line| line.strip_prefix(ANNOUNCED)).flat_map(|list| list.split(',')) {
            match number.trim() {
                "2" => schemes.push(Scheme::V2),
                "3" => schemes.push(Scheme::V3),
                _ => {}
            }
        }
    }
    schemes.sort();
    schemes.dedup();
    Ok(Some(schemes))
}
