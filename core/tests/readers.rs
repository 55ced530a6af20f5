//! Whatever the kernel or the loader shows is answered: with a value or a reason, never with a panic.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use bonafide_core::integrity::readers;
use bonafide_core::protocol::measurement::Fact;
use proptest::prelude::*;

const OWN: u64 = 0x1000;

const MAPS: &str = "\
1000-2000 r-xp 00004000 fd:05 41                   /data/app/~~aa==/com.acme.app-bb==/lib/arm64/libbonafide.so
10000-11000 r--s 00000000 fd:05 42                 /data/app/~~aa==/com.acme.app-bb==/base.apk
12000-13000 r--s 00001000 fd:05 42                 /data/app/~~aa==/com.acme.app-bb==/base.apk
20000-21000 r--s 00000000 fd:05 43                 /data/app/~~aa==/com.acme.app-bb==/split_config.xhdpi.apk
30000-31000 rw-p 00000000 00:00 0                  [anon:dalvik-main space]
";

/// An arm64 executable of one section, 22 bytes long, right behind its load commands.
fn image() -> Vec<u8> {
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    let name = |text: &str| [text.as_bytes(), &[0; 16][text.len()..]].concat();
    [
        words(&[0xfeed_facf, 0x0100_000c, 0, 2, 1, 152, 0, 0, 0x19, 152]),
        name("__TEXT"),
        words(&[0, 0, 4096, 0, 0, 0, 4096, 0, 5, 5, 1, 0]),
        name("__text"),
        name("__TEXT"),
        words(&[184, 0, 22, 0, 184, 2, 0, 0, 0, 0, 0, 0]),
        b"the app's machine code".to_vec(),
    ]
    .concat()
}

/// A good input with some of its bytes replaced, and cut off.
fn damaged(good: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let length = good.len();
    (proptest::collection::vec((0..length, any::<u8>()), 0..8), 0..length * 4).prop_map(move |(changes, end)| {
        let mut bytes = good.clone();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        bytes.truncate(end);
        bytes
    })
}

#[test]
fn the_undamaged_ones_are_read() {
    assert_eq!(readers::packages_in(MAPS.as_bytes(), OWN).unwrap(), ["base.apk", "split_config.xhdpi.apk"]);
    assert!(matches!(readers::image(&image()), Fact::Known(_)));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

    #[test]
    fn damaged_mappings_are_answered(bytes in damaged(MAPS.into()), own in prop_oneof![Just(OWN), any::<u64>()]) {
        if let Ok(packages) = readers::packages_in(&bytes, own) {
            prop_assert!(!packages.is_empty() && packages.iter().all(|name| !name.contains('/')));
        }
    }

    #[test]
    fn any_text_as_mappings_is_answered(text in "([0-9a-f]{1,17}-[0-9a-f]{0,17} [rwxps-]{0,5} [0-9a-f:]{0,9} \\PC{0,20}\n){0,9}") {
        let _ = readers::packages_in(text.as_bytes(), OWN);
    }

    #[test]
    fn a_damaged_image_is_answered(bytes in damaged(image())) {
        if let Fact::Known(digest) = readers::image(&bytes) {
            prop_assert_eq!(digest.len(), 64);
        }
    }
}
