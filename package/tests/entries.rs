//! What lies inside of an archive is what its directory says of it, or is not read.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[expect(dead_code, unused_imports, reason = "archives without signatures are enough here")]
mod forge;

use std::io::Cursor;

use bonafide_package::Error;
use bonafide_package::entries::Archive;
use forge::Parts;

const DEFLATED: &str = "classes.dex";
const STORED: &str = "assets/stored";
const LIMIT: u64 = 1 << 20;

fn content(name: &str) -> Vec<u8> {
    name.bytes().cycle().take(3000).collect()
}

fn parts() -> Parts {
    let entries = [DEFLATED, STORED].map(|name| (name.to_owned(), content(name)));
    Parts::of(forge::archive(&entries))
}

fn read(parts: &Parts, name: &str, limit: u64) -> Result<Vec<u8>, Error> {
    Archive::open(Cursor::new(parts.with_block(&[])))?.read(name, limit)
}

/// Where an entry's local header, its data, and its part of the directory begin.
fn places(parts: &Parts, name: &str) -> (usize, usize, usize) {
    let archive = Archive::open(Cursor::new(parts.with_block(&[]))).unwrap();
    let item = archive.items().iter().find(|item| item.name == name).unwrap();
    let named = parts.directory.windows(name.len()).position(|window| window == name.as_bytes()).unwrap();
    (item.header as usize, item.data as usize, named - 46)
}

/// Says another number of an entry, in its header and in the directory.
fn say(parts: &mut Parts, name: &str, at: usize, value: u32) {
    let (header, _, directory) = places(parts, name);
    parts.entries[header + at..header + at + 4].copy_from_slice(&value.to_le_bytes());
    parts.directory[directory + at + 2..directory + at + 6].copy_from_slice(&value.to_le_bytes());
}

const CHECKSUM: usize = 14;
const SIZE: usize = 22;

#[test]
fn the_unforged_one_is_read() {
    for name in [DEFLATED, STORED] {
        assert_eq!(read(&parts(), name, 3000).unwrap(), content(name));
    }
}

#[test]
fn an_entry_with_another_checksum_is_damaged() {
    for name in [DEFLATED, STORED] {
        let mut parts = parts();
        say(&mut parts, name, CHECKSUM, 7);
        assert!(matches!(read(&parts, name, LIMIT), Err(Error::Damaged { name: found }) if found == name), "{name}");
    }
}

#[test]
fn an_entry_with_a_byte_changed_is_damaged() {
    for name in [DEFLATED, STORED] {
        let mut parts = parts();
        let (_, data, _) = places(&parts, name);
        parts.entries[data + 3] ^= 1;
        assert!(matches!(read(&parts, name, LIMIT), Err(Error::Damaged { .. })), "{name}");
    }
}

#[test]
fn an_entry_that_becomes_more_or_less_than_it_says_is_refused() {
    let mut less = parts();
    say(&mut less, DEFLATED, SIZE, 3001);
    assert!(matches!(read(&less, DEFLATED, LIMIT), Err(Error::Damaged { .. })));
    let mut more = parts();
    say(&mut more, DEFLATED, SIZE, 2999);
    assert!(matches!(read(&more, DEFLATED, LIMIT), Err(Error::Bomb { inflated: 3000, .. })));
}

#[test]
fn more_than_asked_for_is_not_read_and_what_is_not_there_is_missing() {
    assert!(matches!(read(&parts(), DEFLATED, 2999), Err(Error::Limit { found: 3000, limit: 2999, .. })));
    assert!(matches!(read(&parts(), "classes2.dex", LIMIT), Err(Error::Missing { .. })));
}
