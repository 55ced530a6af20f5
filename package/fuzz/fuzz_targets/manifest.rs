//! Any bytes as a manifest of each kind, a property list, an executable.
#![no_main]

use bonafide_package::registration::readers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = readers::binary_manifest(bytes);
    let _ = readers::proto_manifest(bytes);
    let _ = readers::property(bytes, "CFBundleIdentifier");
    let _ = readers::executable(bytes);
});
