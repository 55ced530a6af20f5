//! Any memory as a loaded Mach-O image.
#![no_main]

use bonafide_core::integrity::readers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = readers::image(bytes);
});
