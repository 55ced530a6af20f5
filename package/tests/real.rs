//! Real packages from npm, against what Android's own tools read in them.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod cache;
#[expect(dead_code, unused_imports, reason = "only a good one is needed here")]
mod forge;

use std::fs::File;
use std::io::{Cursor, Read as _};
use std::path::Path;
use std::process::Command;

use bonafide_package::apk::{Scheme, Signatures};
use bonafide_package::registration::{self, CodeKind, Package};
use bonafide_package::{Error, Sha256};

/// The certificate of Android's published test key, and the one of the Gradle plugin that built the demos.
const TEST_KEY: &str = "a40da80a59d170caa950cf15c18c454d47a39b26989d8b640ecd745ba71bf5dc";
const DEBUG_KEY: &str = "18e8534fed30cbf9959e4073e723e3395a3f92fd6b41756d5fbc788f280c1107";

fn read(path: &Path) -> Result<Package, Error> {
    registration::read(vec![("app".to_owned(), File::open(path).unwrap())])
}

fn hex(digest: &Sha256) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn real_packages_are_read_as_androids_tools_read_them() {
    for (file, id, version, build, schemes, key, dex) in [
        ("apidemos.apk", "io.appium.android.apis", Some("5.0.0"), "25", &[Scheme::V2][..], DEBUG_KEY, 1),
        (
            "uiautomator2.apk",
            "io.appium.uiautomator2.server",
            Some("10.6.6"),
            "278",
            &[Scheme::V2, Scheme::V3],
            TEST_KEY,
            16,
        ),
        (
            "uiautomator2-test.apk",
            "io.appium.uiautomator2.server.test",
            None,
            "0",
            &[Scheme::V2, Scheme::V3],
            TEST_KEY,
            4,
        ),
    ] {
        let path = cache::folder().join(file);
        let package = read(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!((package.id.as_str(), package.build.as_str()), (id, build));
        assert_eq!(package.version.as_deref(), version);
        assert_eq!(package.signers.iter().map(|one| one.scheme).collect::<Vec<_>>(), schemes);
        assert!(package.signers.iter().all(|one| hex(&one.certificate) == key));
        assert_eq!(package.code.iter().filter(|one| one.kind == CodeKind::Dex).count(), dex);

        let said = cache::run(Command::new("apksigner").args(["verify", "--print-certs"]).arg(&path));
        assert!(said.contains(key), "{said}");
        let said = cache::run(Command::new("aapt").args(["dump", "badging"]).arg(&path));
        assert!(said.starts_with(&format!("package: name='{id}'")), "{said}");
        for code in &package.code {
            let unzip = Command::new("unzip").arg("-p").arg(&path).arg(&code.name).output().unwrap();
            let digest: Sha256 =
                ring::digest::digest(&ring::digest::SHA256, &unzip.stdout).as_ref().try_into().unwrap();
            assert_eq!(hex(&digest), hex(&code.sha256), "{file} {}", code.name);
        }
    }
}

/// Their JAR signatures say that the schemes were there.
#[test]
fn a_real_package_without_its_signing_block_is_refused() {
    for (file, expected) in [("apidemos.apk", "Stripped"), ("uiautomator2.apk", "Stripped")] {
        let mut bytes = Vec::new();
        let mut opened = File::open(cache::folder().join(file)).unwrap();
        let block = Signatures::read(&mut opened).unwrap().block_start();
        std::io::Seek::rewind(&mut opened).unwrap();
        opened.read_to_end(&mut bytes).unwrap();
        let end = bytes.len() - 22;
        let directory = u32::from_le_bytes(bytes[end + 16..end + 20].try_into().unwrap()) as usize;
        bytes[end + 16..end + 20].copy_from_slice(&u32::try_from(block).unwrap().to_le_bytes());
        bytes.drain(usize::try_from(block).unwrap()..directory);
        let error = registration::read(vec![("app".to_owned(), Cursor::new(bytes))]).unwrap_err();
        assert!(format!("{error:?}").starts_with(expected), "{file}: {error}");
    }
}

#[test]
fn a_real_package_with_one_bit_changed_is_refused() {
    let mut bytes = std::fs::read(cache::folder().join("apidemos.apk")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let error = registration::read(vec![("app".to_owned(), Cursor::new(bytes))]).unwrap_err();
    assert!(matches!(error, Error::ContentMismatch { .. } | Error::Damaged { .. }), "{error}");
}

/// A library of this machine in the place of the core's.
#[test]
fn of_the_cores_library_the_code_in_memory_is_taken_as_well() {
    let library = std::fs::read("/bin/true").unwrap();
    let mut entries = forge::entries();
    entries.push(("lib/x86_64/libbonafide.so".to_owned(), library));
    let apk = forge::Apk { entries, ..forge::Apk::good() }.build();
    let package = registration::read(vec![("app".to_owned(), Cursor::new(apk))]).unwrap();
    let texts: Vec<_> = package.code.iter().filter(|one| one.kind == CodeKind::Text).collect();
    assert_eq!(texts.len(), 1, "of no other library");
    assert_eq!((texts[0].name.as_str(), texts[0].architecture.as_deref()), ("libbonafide.so", Some("x86_64")));

    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text");
    cache::run(Command::new("objcopy").args(["-O", "binary", "--only-section=.text", "/bin/true"]).arg(&text));
    let digest = ring::digest::digest(&ring::digest::SHA256, &std::fs::read(text).unwrap());
    assert_eq!(texts[0].sha256.as_slice(), digest.as_ref());
}
