//! A good APK, and the same with one thing changed at a time: each change has its own refusal.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod forge;

use std::io::Cursor;

use bonafide_package::registration::{self, Package};
use bonafide_package::{Error, apk::Scheme};
use forge::{Apk, Attribute, Key, Level, Parts, Signer, Text};

fn read(bytes: Vec<u8>) -> Result<Package, Error> {
    registration::read(vec![("app.apk".to_owned(), Cursor::new(bytes))])
}

/// The refusal, without its facts.
fn refusal(bytes: Vec<u8>) -> String {
    let error = match read(bytes) {
        Ok(package) => panic!("taken: {package:?}"),
        Err(error) => error,
    };
    let shown = format!("{error:?}");
    shown.split([' ', '(']).next().unwrap().to_owned()
}

#[test]
fn the_unforged_one_passes() {
    let package = read(Apk::good().build()).unwrap();
    assert_eq!((package.id.as_str(), package.build.as_str()), ("com.acme.app", "42"));
    assert_eq!(package.version.as_deref(), Some("4.2"));
    let names: Vec<String> = package
        .code
        .iter()
        .map(|one| format!("{} {} {}", one.module, one.architecture.as_deref().unwrap_or("-"), one.name))
        .collect();
    assert_eq!(
        names,
        ["base - classes.dex", "base - classes2.dex", "base arm64-v8a libapp.so", "base x86_64 libapp.so"]
    );
    assert_eq!(package.signers.iter().map(|one| one.scheme).collect::<Vec<_>>(), [Scheme::V2, Scheme::V3]);
}

#[test]
fn a_byte_changed_anywhere_is_found() {
    // By one scheme alone: of two, the rest would still be whole where one is no longer recognised.
    let apk = Apk::signed_by(vec![Signer::v3(&Key::new())]).build();
    // What fills the signing block's last page is nobody's.
    let filler = apk.windows(4).position(|window| window == 0x4272_6577_u32.to_le_bytes()).unwrap();
    let block_end = apk.windows(16).position(|window| window == b"APK Sig Block 42").unwrap() - 8;
    let covered = |at: &usize| !(filler..block_end).contains(at);
    for at in (0..apk.len()).step_by(37).chain(apk.len() - 22..apk.len()).filter(covered) {
        let mut changed = apk.clone();
        changed[at] ^= 1;
        assert!(read(changed).is_err(), "byte {at} of {}", apk.len());
    }
}

#[test]
fn a_truncated_package_is_refused_wherever_it_ends() {
    let apk = Apk::good().build();
    for length in (0..apk.len()).step_by(41).chain(apk.len() - 30..apk.len()) {
        assert_eq!(refusal(apk[..length].to_vec()), "NoEnd", "{length} of {}", apk.len());
    }
}

#[test]
fn what_stands_before_after_or_twice_is_refused() {
    let good = Apk::good();
    let apk = good.build();
    let janus = [b"dex\n035\0 other code ".as_slice(), &apk].concat();
    assert_eq!(refusal(janus), "Prepended");
    assert_eq!(refusal([apk.as_slice(), b"appended"].concat()), "Trailing");

    // The comment that is announced is text, and then it is fine but no longer what was signed.
    let commented = |comment: &[u8]| {
        let mut bytes = apk.clone();
        let at = bytes.len() - 2;
        bytes[at..].copy_from_slice(&(comment.len() as u16).to_le_bytes());
        [bytes.as_slice(), comment].concat()
    };
    assert_eq!(refusal(commented(b"hello")), "ContentMismatch");
    let end = &apk[apk.len() - 22..];
    assert_eq!(refusal(commented(end)), "SeveralEnds");
    assert_eq!(refusal(commented(&[end, b"x"].concat())), "SeveralEnds");
    assert_eq!(refusal(commented(b"announced")[..apk.len() + 3].to_vec()), "Truncated");

    let locator = [b"PK\x06\x07".as_slice(), &[0; 16]].concat();
    let zip64 = [&apk[..apk.len() - 22], &locator, end].concat();
    assert_eq!(refusal(zip64), "Zip64");
    assert_eq!(refusal(b"not a package".to_vec()), "NoEnd");
}

#[test]
fn prepended_bytes_are_found_even_where_every_offset_was_moved() {
    let moved = prepend(&Parts::of(forge::archive(&forge::entries())), b"dex\n035\0");
    assert_eq!(refusal(moved), "Prepended");
}

/// The same archive behind other bytes, with offsets that fit.
fn prepend(parts: &Parts, before: &[u8]) -> Vec<u8> {
    let mut directory = parts.directory.clone();
    for at in entries_of(&directory) {
        let offset = u32::from_le_bytes(directory[at + 42..at + 46].try_into().unwrap());
        directory[at + 42..at + 46].copy_from_slice(&(offset + before.len() as u32).to_le_bytes());
    }
    let entries = [before, &parts.entries].concat();
    Parts { entries, directory, end: parts.end.clone() }.with_block(&[])
}

/// Where each entry of a directory begins.
fn entries_of(directory: &[u8]) -> Vec<usize> {
    let length = |at: usize| usize::from(u16::from_le_bytes([directory[at], directory[at + 1]]));
    let mut starts = Vec::new();
    let mut at = 0;
    while at < directory.len() {
        starts.push(at);
        at += 46 + length(at + 28) + length(at + 30) + length(at + 32);
    }
    starts
}

/// An unsigned archive whose directory was changed.
fn with_directory(change: impl FnOnce(&mut Vec<u8>, &[usize])) -> Vec<u8> {
    let mut parts = Parts::of(forge::archive(&forge::entries()));
    let starts = entries_of(&parts.directory);
    change(&mut parts.directory, &starts);
    parts.with_block(&[])
}

#[test]
fn what_two_readers_would_read_differently_is_refused() {
    assert_eq!(refusal(with_directory(|_, _| {})), "Unsigned", "the unforged directory");
    let copied = |field: std::ops::Range<usize>| {
        move |directory: &mut Vec<u8>, starts: &[usize]| {
            let (from, to) = (starts[1], starts[2]);
            let value = directory[from + field.start..from + field.end].to_vec();
            directory[to + field.start..to + field.end].copy_from_slice(&value);
        }
    };
    assert_eq!(refusal(with_directory(copied(42..46))), "Differs", "two names for one entry");
    assert_eq!(refusal(with_directory(|directory, starts| directory[starts[2] + 46 + 7] = b'3')), "Differs");
    assert_eq!(refusal(with_directory(|directory, starts| directory[starts[6] + 16] ^= 1)), "Differs", "checksum");
    assert_eq!(refusal(with_directory(|directory, starts| directory[starts[1] + 8] |= 1)), "Unreadable", "encrypted");
    assert_eq!(refusal(with_directory(|directory, starts| directory[starts[1] + 10] = 93)), "Unreadable", "zstd");
    assert_eq!(refusal(with_directory(|directory, _| directory.extend([0; 4]))), "Misplaced");

    // Both the directory and the entry itself say the second name: the file is there twice.
    let mut parts = Parts::of(forge::archive(&forge::entries()));
    let found = b"classes2.dex";
    for bytes in [&mut parts.entries, &mut parts.directory] {
        let at = bytes.windows(found.len()).position(|window| window == found).unwrap();
        bytes[at..at + found.len()].copy_from_slice(b"classes3.dex");
    }
    let renamed = |from: &[u8], to: &[u8]| {
        let mut parts = parts.clone();
        for bytes in [&mut parts.entries, &mut parts.directory] {
            let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
            bytes[at..at + from.len()].copy_from_slice(to);
        }
        parts.with_block(&[])
    };
    assert_eq!(refusal(renamed(b"classes3.dex", b"AndroidManif")), "Unsigned", "the unforged name");
    for unsafe_name in
        ["../../x8.dex", "/etc/classes", "C:/lasses.de", "a\\..\\b.dex__", "a/./b//c.dex", "ab\0lass3.dex"]
    {
        let name = unsafe_name.as_bytes();
        assert_eq!(name.len(), 12, "{unsafe_name}");
        assert_eq!(refusal(renamed(b"classes3.dex", name)), "UnsafeName", "{unsafe_name}");
    }
}

#[test]
fn an_entry_that_is_there_twice_or_lies_over_another_is_refused() {
    let mut entries = forge::entries();
    entries.push(("classes9.dex".to_owned(), b"dex\n035\0nine".to_vec()));
    let renamed = |mut parts: Parts| {
        for bytes in [&mut parts.entries, &mut parts.directory] {
            let at = bytes.windows(12).position(|window| window == b"classes9.dex").unwrap();
            bytes[at..at + 12].copy_from_slice(b"classes2.dex");
        }
        parts.with_block(&[])
    };
    assert_eq!(refusal(renamed(Parts::of(forge::archive(&entries)))), "Duplicate");

    // An archive inside of a stored entry, and the directory names its entry too.
    let inner = forge::archive(&[("classes9.dex".to_owned(), vec![1; 300])]);
    let mut entries = forge::entries();
    entries.push(("assets/inner".to_owned(), inner.clone()));
    let mut parts = Parts::of(forge::archive(&entries));
    let at = parts.entries.windows(inner.len()).position(|window| window == inner).unwrap();
    let mut hidden = Parts::of(inner).directory;
    hidden[42..46].copy_from_slice(&(at as u32).to_le_bytes());
    parts.directory.extend(hidden);
    let count = (entries.len() as u16 + 1).to_le_bytes();
    parts.end[8..10].copy_from_slice(&count);
    parts.end[10..12].copy_from_slice(&count);
    let size = (parts.directory.len() as u32).to_le_bytes();
    parts.end[12..16].copy_from_slice(&size);
    assert_eq!(refusal(parts.with_block(&[])), "Overlap");
}

#[test]
fn a_zip_bomb_is_refused_by_what_it_declares_and_by_what_it_becomes() {
    let mut entries = forge::entries();
    entries.push(("res/bomb".to_owned(), vec![0; 32 << 20]));
    let declared = Apk { entries, ..Apk::good() };
    assert_eq!(refusal(declared.build()), "Bomb");

    // It declares the size of an honest file, in both places.
    let mut entries = forge::entries();
    let bomb = vec![0; 2_000_003];
    entries[1].1.clone_from(&bomb);
    let good = Apk { entries, ..Apk::good() };
    read(good.build()).unwrap();
    let mut parts = Parts::of(forge::archive(&good.entries));
    let size = (bomb.len() as u32).to_le_bytes();
    for bytes in [&mut parts.entries, &mut parts.directory] {
        let at = bytes.windows(4).position(|window| window == size).unwrap();
        bytes[at..at + 4].copy_from_slice(&1000_u32.to_le_bytes());
    }
    let block = forge::block(&forge::blocks(&good.signers, &parts));
    let refused = refusal(parts.with_block(&block));
    assert!(["Bomb", "Damaged"].contains(&refused.as_str()), "{refused}");
}

#[test]
fn signing_blocks_are_refused_for_what_is_wrong_with_them() {
    let (key, other) = (Key::new(), Key::new());
    let (v2, v3) = (Signer::v2(&key), Signer::v3(&key));
    let newer = |signer: Signer| signer.with(0xbeef_f00d, 3_u32.to_le_bytes().to_vec());
    let cases: Vec<(&str, Vec<Signer>, &str)> = vec![
        ("no signer", vec![], "Unsigned"),
        ("two signers of v2", vec![v2.clone(), Signer::v2(&other)], "SeveralSigners"),
        ("two signers of v3 for the same devices", vec![v3.clone(), Signer::v3(&other)], "SeveralSigners"),
        ("v2 and v3 of strangers", vec![v2.clone(), Signer::v3(&other)], "SignersDisagree"),
        ("v3 removed", vec![newer(v2.clone())], "Stripped"),
        ("another's key", vec![Signer { public: Some(other.public.clone()), ..v2.clone() }], "KeyMismatch"),
        ("no signature", vec![Signer { signature: Some(vec![0; 70]), ..v2.clone() }], "BadSignature"),
        ("DSA", vec![Signer { algorithm: 0x0301, ..v2.clone() }], "UnsupportedSignature"),
        ("ECDSA with SHA-512", vec![Signer { algorithm: 0x0202, ..v2.clone() }], "UnsupportedSignature"),
        ("API levels upside down", vec![Signer { sdk: (30, 29), ..v3.clone() }], "Malformed"),
    ];
    for (what, signers, expected) in cases {
        assert_eq!(refusal(Apk::signed_by(signers).build()), expected, "{what}");
    }
    for (what, signers) in [
        ("v2", vec![v2.clone()]),
        ("v3 alone", vec![v3.clone()]),
        ("v2 that announces v3", vec![newer(v2.clone()), v3.clone()]),
        ("two signers of v3 one after the other", vec![v3.clone().until(29), Signer { sdk: (30, 40), ..v3.clone() }]),
        ("verity", vec![Signer { algorithm: forge::VERITY, ..v2.clone() }]),
    ] {
        read(Apk::signed_by(signers).build()).unwrap_or_else(|error| panic!("{what}: {error}"));
    }
}

#[test]
fn a_scheme_that_is_there_twice_is_refused() {
    let good = Apk::good();
    let parts = Parts::of(forge::archive(&good.entries));
    let mut pairs = forge::blocks(&good.signers, &parts);
    read(parts.with_block(&forge::block(&pairs))).unwrap();
    pairs.push(pairs[0].clone());
    assert_eq!(refusal(parts.with_block(&forge::block(&pairs))), "SeveralBlocks");
}

#[test]
fn a_rotated_key_has_a_lineage_in_order() {
    let (first, second, third) = (Key::new(), Key::new(), Key::new());
    let chain = Level::chain(&[&first, &second, &third]);
    let rotated_from = |signer: Signer| signer.with(0x559f_8b02, 33_u32.to_le_bytes().to_vec());
    let old = || vec![Signer::v2(&first), rotated_from(Signer::v3(&first).until(32))];
    let with = |levels: &[Level]| [old(), vec![Signer::v31(&third, 33).with_lineage(levels)]].concat();

    let package = read(Apk::signed_by(with(&chain)).build()).unwrap();
    let signer = package.signers.last().unwrap();
    assert_eq!((signer.scheme, signer.min_sdk, signer.certificate), (Scheme::V31, 33, third.sha256()));
    let lineage: Vec<[u8; 32]> = signer.lineage.iter().map(|one| one.certificate).collect();
    assert_eq!(lineage, [first.sha256(), second.sha256(), third.sha256()]);

    let mut unvouched = chain.clone();
    unvouched[1].signed_by = third.clone();
    assert_eq!(refusal(Apk::signed_by(with(&unvouched)).build()), "BrokenLineage");
    let shortened = Level::chain(&[&first, &second]);
    assert_eq!(refusal(Apk::signed_by(with(&shortened)).build()), "BrokenLineage", "it ends elsewhere");
    let twice = Level::chain(&[&first, &third, &first, &third]);
    assert_eq!(refusal(Apk::signed_by(with(&twice)).build()), "BrokenLineage", "a key comes back");
    assert_eq!(refusal(Apk::signed_by(old()).build()), "Stripped", "v3.1 removed");
    let later = [old(), vec![Signer::v31(&third, 34).with_lineage(&chain)]].concat();
    assert_eq!(refusal(Apk::signed_by(later).build()), "Stripped", "v3.1 for other devices than announced");
    let stranger = [old(), vec![Signer::v31(&third, 33)]].concat();
    assert_eq!(refusal(Apk::signed_by(stranger).build()), "SignersDisagree", "no lineage");
}

#[test]
fn a_bundle_is_refused_for_its_manifest() {
    let bundle = |manifest: Vec<u8>| {
        let entry = |name: &str, content: Vec<u8>| (name.to_owned(), content);
        let code = entry("base/dex/classes.dex", b"dex".to_vec());
        read(forge::archive(&[entry("base/manifest/AndroidManifest.xml", manifest), code]))
    };
    let package = Attribute::plain("package", Text("com.acme.app"));
    let manifest = |attributes: &[Attribute<'_>]| forge::proto_manifest(attributes, false);
    let good = manifest(&[package.clone(), Attribute::android("versionCode", 0x0101_021b, 7)]);
    assert_eq!(bundle(good.clone()).unwrap().build, "7");

    let wrong = |manifest: Vec<u8>| matches!(bundle(manifest), Err(Error::Malformed { .. } | Error::Truncated { .. }));
    assert!(wrong(good[..good.len() - 1].to_vec()));
    assert!(wrong(manifest(&[])), "no package name");
    assert!(wrong(manifest(&[Attribute::plain("package", Text("../x"))])));
    assert!(wrong(manifest(&[package.clone(), Attribute::android_text("versionCode", 0x0101_021b, "7a")])));
    assert!(wrong(manifest(&[package, Attribute::plain("split", Text("extra"))])), "the base is no split");
}

#[test]
fn a_jar_signature_alone_is_refused_and_tells_what_was_there() {
    let signed = |said: &str, signers: Vec<Signer>| {
        let mut entries = forge::entries();
        let file = format!("Signature-Version: 1.0\r\n{said}\r\nName: classes.dex\r\n");
        entries.push(("META-INF/CERT.SF".to_owned(), file.into()));
        entries.push(("META-INF/CERT.RSA".to_owned(), vec![0x30, 0x80]));
        Apk { entries, signers }.build()
    };
    let key = Key::new();
    assert_eq!(refusal(signed("", vec![])), "OnlyV1");
    assert_eq!(refusal(signed("X-Android-APK-Signed: 2\r\n", vec![])), "Stripped");
    assert_eq!(refusal(signed("X-Android-APK-Signed: 2, 3\r\n", vec![Signer::v2(&key)])), "Stripped");
    read(signed("X-Android-APK-Signed: 2, 3\r\n", vec![Signer::v2(&key), Signer::v3(&key)])).unwrap();
}
