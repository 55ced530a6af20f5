//! Whatever comes in is answered: with a value or an error, never with a panic.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[expect(dead_code, unused_imports, reason = "the good ones are enough here")]
mod forge;

use std::io::{Cursor, Read as _};
use std::sync::LazyLock;

use bonafide_package::apk::Signatures;
use bonafide_package::entries::Archive;
use bonafide_package::registration::{self, readers};
use forge::{Apk, Attribute, Text};
use proptest::prelude::*;

static APK: LazyLock<Vec<u8>> = LazyLock::new(|| Apk::good().build());

fn attributes() -> [Attribute<'static>; 2] {
    [Attribute::plain("package", Text("com.acme.app")), Attribute::android("versionCode", 0x0101_021b, 42)]
}

/// A good input with some of its bytes replaced, and cut off.
fn damaged(good: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let length = good.len();
    (proptest::collection::vec((0..length, any::<u8>()), 1..8), 0..length * 4).prop_map(move |(changes, end)| {
        let mut bytes = good.clone();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        bytes.truncate(end.max(1));
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn a_damaged_package_is_answered(bytes in damaged(APK.clone())) {
        let _ = registration::read(vec![("app.apk".to_owned(), Cursor::new(bytes))]);
    }

    #[test]
    fn a_package_that_is_taken_is_wholly_signed(bytes in damaged(APK.clone())) {
        let mut file = Cursor::new(bytes);
        if let Ok(signatures) = Signatures::read(&mut file) {
            let _ = signatures.check_content(&mut file);
            prop_assert!(signatures.block_start() < file.get_ref().len() as u64);
        }
    }

    /// The strict directory reads; a library that is not as strict may find more, and never something else.
    #[test]
    fn what_an_entry_holds_is_what_another_reader_finds(bytes in damaged(APK.clone())) {
        let Ok(mut archive) = Archive::open(Cursor::new(&bytes)) else { return Ok(()) };
        let mut other = zip::ZipArchive::new(Cursor::new(&bytes)).unwrap();
        prop_assert_eq!(other.len(), archive.items().len());
        for item in archive.items().to_vec() {
            let Ok(content) = archive.read(&item.name, 1 << 20) else { continue };
            let mut found = Vec::new();
            let mut entry = other.by_name(&item.name).unwrap();
            prop_assert_eq!((entry.header_start(), entry.data_start()), (item.header, Some(item.data)));
            entry.read_to_end(&mut found).unwrap();
            prop_assert_eq!(content, found, "{}", &item.name);
        }
    }

    #[test]
    fn a_damaged_manifest_is_answered(bytes in damaged(forge::manifest(&attributes()))) {
        let _ = readers::binary_manifest(&bytes);
    }

    #[test]
    fn a_damaged_bundles_manifest_is_answered(bytes in damaged(forge::proto_manifest(&attributes(), true))) {
        let _ = readers::proto_manifest(&bytes);
    }

    #[test]
    fn anything_at_all_is_answered(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = readers::binary_manifest(&bytes);
        let _ = readers::proto_manifest(&bytes);
        let _ = readers::property(&bytes, "key");
        let _ = readers::property(&[b"bplist00", bytes.as_slice()].concat(), "key");
        let _ = readers::executable(&bytes);
        let _ = registration::read(vec![("app".to_owned(), Cursor::new(bytes))]);
    }

    #[test]
    fn what_a_manifest_says_is_read(name in "[a-z]{1,8}(\\.[a-z][a-z_]{0,8}){1,3}", code in any::<u32>()) {
        let attributes =
            [Attribute::plain("package", Text(&name)), Attribute::android("versionCode", 0x0101_021b, code)];
        prop_assert_eq!(&readers::binary_manifest(&forge::manifest(&attributes)).unwrap(), &name);
        prop_assert_eq!(&readers::proto_manifest(&forge::proto_manifest(&attributes, false)).unwrap(), &name);
    }
}
