//! Any text as `/proc/self/maps`: the mappings, and which packages of the app are among them.
#![no_main]

use bonafide_core::integrity::readers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = readers::packages_in(bytes, 0x1000);
});
