//! A bundle goes to a store, that makes APKs of it and signs them anew: what is installed is still what was registered.
//!
//! bundletool plays the store, with a key of its own; the code is real (dex of a demo, a library of this machine).
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod cache;
#[expect(dead_code, reason = "what is wrong is made with the tools here")]
mod forge;
mod store;

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use bonafide_package::registration::{self, CodeKind, Format, Package};
use bonafide_package::{Error, Sha256};
use store::{build_apks, bundle, entry_of, key, sign};

fn read(paths: &[PathBuf]) -> Result<Package, Error> {
    registration::read(paths.iter().map(|path| (path.display().to_string(), File::open(path).unwrap())).collect())
}

fn digests(package: &Package) -> BTreeSet<Sha256> {
    package.code.iter().map(|one| one.sha256).collect()
}

#[test]
fn what_a_store_makes_of_a_bundle_has_the_code_that_was_registered() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (store_key, store_certificate) = key(folder, "store.jks");
    let bundle = bundle(folder);

    let registered = read(std::slice::from_ref(&bundle)).unwrap();
    assert_eq!(
        (registered.format, registered.id.as_str(), registered.build.as_str()),
        (Format::Aab, "com.acme.app", "42")
    );
    assert_eq!(registered.version.as_deref(), Some("4.2"));
    assert!(registered.signers.is_empty(), "the upload key signs no app");
    assert_eq!(registered.code.len(), 6);

    let set = folder.join("app.apks");
    build_apks(&bundle, &store_key, &set, &[]);
    let delivered = read(std::slice::from_ref(&set)).unwrap();
    assert_eq!(delivered.code, registered.code, "every piece of code, by its module, name and architecture");
    assert!(delivered.signers.iter().all(|one| one.certificate == store_certificate));
    assert_eq!((delivered.id, delivered.build), (registered.id.clone(), registered.build.clone()));

    // What one phone gets: the base and the splits of its architecture.
    cache::run(Command::new("unzip").args(["-q", "-d"]).arg(folder).arg(&set).arg("splits/*"));
    let split = |name: &str| folder.join("splits").join(name);
    let phone = [
        split("base-master.apk"),
        split("base-arm64_v8a.apk"),
        split("extra-master.apk"),
        split("extra-arm64_v8a.apk"),
    ];
    let installed = read(&phone).unwrap();
    assert!(digests(&installed).is_subset(&digests(&registered)));
    let expected: Vec<_> =
        registered.code.iter().filter(|one| one.architecture.as_deref() != Some("x86_64")).cloned().collect();
    assert_eq!(installed.code, expected);

    let universal = folder.join("universal.apks");
    build_apks(&bundle, &store_key, &universal, &["--mode=universal"]);
    let universal = read(&[universal]).unwrap();
    let dex = |package: &Package| {
        package.code.iter().filter(|one| one.kind == CodeKind::Dex).map(|one| one.sha256).collect::<BTreeSet<_>>()
    };
    assert_eq!(dex(&universal), dex(&registered), "under other names, since the feature lies in the base");

    strangers(folder, &phone, &registered);
}

/// The same splits, with one thing wrong.
fn strangers(folder: &Path, phone: &[PathBuf], registered: &Package) {
    let error = read(&phone[1..]).unwrap_err();
    assert!(matches!(error, Error::Missing { .. }), "without the base: {error}");

    let (other_key, other_certificate) = key(folder, "other.jks");
    let resigned = folder.join("resigned.apk");
    let sign = |from: &Path| sign(&other_key, from, &resigned);
    sign(&phone[1]);
    let error = read(&[phone[0].clone(), resigned.clone()]).unwrap_err();
    assert!(matches!(error, Error::SetDiffers { field: "signer", .. }), "one split of another signer: {error}");

    // Signed anew as a whole it is an app again: the code is honest, and the signer tells.
    sign(&phone[0]);
    let package = read(std::slice::from_ref(&resigned)).unwrap();
    assert!(digests(&package).is_subset(&digests(registered)));
    assert!(package.signers.iter().all(|one| one.certificate == other_certificate));

    // Changed and signed anew: the code tells.
    let patched = folder.join("classes.dex");
    let mut dex = entry_of(&phone[0], "classes.dex");
    dex[500] ^= 1;
    std::fs::write(&patched, dex).unwrap();
    let changed = folder.join("changed.apk");
    std::fs::copy(&phone[0], &changed).unwrap();
    cache::run(Command::new("zip").arg("-q").arg(&changed).arg("classes.dex").current_dir(folder));
    sign(&changed);
    assert!(!digests(&read(&[resigned]).unwrap()).is_subset(&digests(registered)));
}

#[test]
fn androids_own_verifier_takes_what_the_tests_forge() {
    let folder = tempfile::tempdir().unwrap();
    let key = forge::Key::new();
    let (first, second) = (forge::Key::new(), forge::Key::new());
    let lineage = forge::Level::chain(&[&first, &second]);
    let verity = forge::Signer { algorithm: forge::VERITY, ..forge::Signer::v2(&key) };
    for (what, least, signers) in [
        ("v2 and v3", "24", vec![forge::Signer::v2(&key), forge::Signer::v3(&key)]),
        ("verity", "28", vec![verity]),
        ("rotated", "24", vec![forge::Signer::v2(&first), forge::Signer::v3(&second).with_lineage(&lineage)]),
    ] {
        let path = folder.path().join("forged.apk");
        std::fs::write(&path, forge::Apk::signed_by(signers).build()).unwrap();
        read(std::slice::from_ref(&path)).unwrap_or_else(|error| panic!("{what}: {error}"));
        let said = cache::run(Command::new("apksigner").args(["verify", "-v", "--min-sdk-version", least]).arg(&path));
        assert!(said.contains("Verifies"), "{what}: {said}");
    }
}

#[test]
fn what_apksigner_signs_by_v1_alone_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = key(folder.path(), "key.jks");
    let sign = |newer: &str| {
        let signed = folder.path().join("signed.apk");
        let mut command = Command::new("apksigner");
        command.args(["sign", "--v2-signing-enabled", newer, "--v3-signing-enabled", newer, "--ks"]).arg(&store);
        command.args(["--ks-pass", "pass:secret", "--out"]).arg(&signed).arg(cache::folder().join("apidemos.apk"));
        cache::run(&mut command);
        read(&[signed])
    };
    assert!(matches!(sign("false"), Err(Error::OnlyV1)));
    sign("true").unwrap();
}

/// A lineage that apksigner made.
#[test]
fn what_apksigner_rotates_is_read_with_its_lineage() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let ((old, old_certificate), (new, new_certificate)) = (key(folder, "old.jks"), key(folder, "new.jks"));
    let lineage = folder.join("lineage");
    let store = |command: &mut Command, option: &str, path: &Path| {
        command.arg(option).arg("--ks").arg(path).args(["--ks-pass", "pass:secret"]);
    };
    let mut command = Command::new("apksigner");
    command.arg("rotate").arg("--out").arg(&lineage);
    store(&mut command, "--old-signer", &old);
    store(&mut command, "--new-signer", &new);
    cache::run(&mut command);
    let signed = folder.join("signed.apk");
    let mut command = Command::new("apksigner");
    command.args(["sign", "--min-sdk-version", "24", "--ks-pass", "pass:secret", "--ks"]).arg(&old);
    store(&mut command, "--next-signer", &new);
    command.arg("--lineage").arg(&lineage).arg("--out").arg(&signed).arg(cache::folder().join("apidemos.apk"));
    cache::run(&mut command);

    let package = read(&[signed]).unwrap();
    let rotated = package.signers.last().unwrap();
    assert_eq!(rotated.certificate, new_certificate);
    let certificates: Vec<Sha256> = rotated.lineage.iter().map(|one| one.certificate).collect();
    assert_eq!(certificates, [old_certificate, new_certificate]);
    assert_eq!(package.signers[0].certificate, old_certificate, "v2, for older devices");
}
