//! Any file as a package, whole.
#![no_main]

use std::io::Cursor;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = bonafide_package::registration::read(vec![("fuzzed".to_owned(), Cursor::new(bytes))]);
});
