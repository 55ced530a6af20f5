//! Any file as an APK: the end record, the signing block, its signers and their lineage, the content digest.
#![no_main]

use std::io::Cursor;

use bonafide_package::apk::Signatures;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut file = Cursor::new(bytes);
    if let Ok(signatures) = Signatures::read(&mut file) {
        let _ = signatures.directory(&mut file);
        let _ = signatures.check_content(&mut file);
    }
});
