//! An iOS app: a real Mach-O of two architectures in a package that is built here, and what is wrong with others.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod cache;
#[expect(dead_code, unused_imports, reason = "only the archive is of use here")]
mod forge;

use std::io::Cursor;
use std::process::Command;

use bonafide_package::Error;
use bonafide_package::registration::{self, CodeKind, Format, Package};

/// As Xcode writes it, but for what is not read.
const INFO: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0"><dict>
<key>CFBundleExecutable</key><string>Acme</string>
<key>CFBundleIdentifier</key><string>com.acme.app</string>
<key>CFBundleShortVersionString</key><string>4.2</string>
<key>CFBundleVersion</key><string>42</string>
<key>UIDeviceFamily</key><array><integer>1</integer></array>
</dict></plist>"#;
const PROFILE: &[u8] = b"\x30\x80 signed <?xml version=\"1.0\"?><plist version=\"1.0\"><dict>\
<key>TeamIdentifier</key><array><string>ABCDE12345</string></array></dict></plist> signature";

/// A thin arm64 executable of one section; `cryptid` is 1 where the store has encrypted it.
fn executable(code: &[u8], cryptid: u32) -> Vec<u8> {
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    let name = |text: &str| [text.as_bytes(), &[0; 16][text.len()..]].concat();
    let (header, segment, encryption) = (32, 72 + 80, 24);
    let offset = header + segment + encryption;
    let size = code.len() as u32;
    [
        words(&[0xfeed_facf, 0x0100_000c, 0, 2, 2, segment + encryption, 0, 0]),
        words(&[0x19, segment]),
        name("__TEXT"),
        words(&[0, 0, size, 0, 0, 0, offset + size, 0, 5, 5, 1, 0]),
        name("__text"),
        name("__TEXT"),
        words(&[0, 0, size, 0, offset, 2, 0, 0, 0x8000_0400, 0, 0, 0]),
        words(&[0x2c, encryption, offset, size, cryptid, 0]),
        code.to_vec(),
    ]
    .concat()
}

fn entries() -> Vec<(String, Vec<u8>)> {
    let app = |name: &str, content: &[u8]| (format!("Payload/Acme.app/{name}"), content.to_vec());
    let kit = INFO.replace("Acme", "Kit");
    vec![
        app("Info.plist", INFO.as_bytes()),
        app("Acme", &executable(b"the app's code", 0)),
        app("embedded.mobileprovision", PROFILE),
        app("Frameworks/Kit.framework/Info.plist", kit.as_bytes()),
        app("Frameworks/Kit.framework/Kit", &executable(b"a framework's code", 0)),
        app("PlugIns/Widget.appex/Info.plist", INFO.replace("Acme", "Widget").as_bytes()),
        app("PlugIns/Widget.appex/Widget", &executable(b"an extension's code", 0)),
        app("PlugIns/Widget.appex/Frameworks/Draw.framework/Info.plist", INFO.replace("Acme", "Draw").as_bytes()),
        app(
            "PlugIns/Widget.appex/Frameworks/Draw.framework/Draw",
            &executable(b"code of the extension's framework", 0),
        ),
        app("Extensions/Intents.appex/Info.plist", b"<plist version=\"1.0\"><dict></dict></plist>"),
        app("Extensions/Intents.appex/Intents", &executable(b"another extension's code", 0)),
        // Neither is an extension that the app runs.
        app("PlugIns/Kit.bundle/Info.plist", INFO.as_bytes()),
        app("PlugIns/Old/Widget.appex/Info.plist", INFO.as_bytes()),
        app("Watch/Acme.app/PlugIns/Widget.appex/Info.plist", INFO.as_bytes()),
        app("PlugIns/Notes.appex", b"a file"),
    ]
}

fn read(entries: &[(String, Vec<u8>)]) -> Result<Package, Error> {
    registration::read(vec![("app.ipa".to_owned(), Cursor::new(forge::archive(entries)))])
}

/// The good one with the content of one entry replaced.
fn with(name: &str, content: &[u8]) -> Result<Package, Error> {
    let mut entries = entries();
    let entry = entries.iter_mut().find(|(path, _)| path.ends_with(name)).unwrap();
    entry.1 = content.to_vec();
    read(&entries)
}

#[test]
fn an_app_is_read_with_its_frameworks_and_extensions() {
    let package = read(&entries()).unwrap();
    assert_eq!((package.format, package.id.as_str(), package.build.as_str()), (Format::Ipa, "com.acme.app", "42"));
    assert_eq!((package.version.as_deref(), package.team.as_deref()), (Some("4.2"), Some("ABCDE12345")));
    let digest = |code: &[u8]| ring::digest::digest(&ring::digest::SHA256, code).as_ref().to_vec();
    let code: Vec<_> = package
        .code
        .iter()
        .map(|one| (one.module.as_str(), one.kind, one.architecture.as_deref(), one.sha256.to_vec()))
        .collect();
    let expected = [
        ("Extensions/Intents.appex", CodeKind::Text, Some("arm64"), digest(b"another extension's code")),
        ("Kit", CodeKind::Text, Some("arm64"), digest(b"a framework's code")),
        ("PlugIns/Widget.appex", CodeKind::Text, Some("arm64"), digest(b"an extension's code")),
        ("PlugIns/Widget.appex/Draw", CodeKind::Text, Some("arm64"), digest(b"code of the extension's framework")),
        ("app", CodeKind::Text, Some("arm64"), digest(b"the app's code")),
    ];
    assert_eq!(code, expected);
}

#[test]
fn a_real_executable_has_a_digest_for_each_architecture() {
    let real = std::fs::read(cache::folder().join("fsevents.node")).unwrap();
    let package = with("Acme.app/Acme", &real).unwrap();
    let architectures: Vec<_> =
        package.code.iter().filter(|one| one.module == "app").filter_map(|one| one.architecture.as_deref()).collect();
    assert_eq!(architectures, ["arm64", "x86_64"]);

    // The same bytes as Python's plain reading of the headers finds.
    let script = "
import hashlib, struct, sys
data = open(sys.argv[1], 'rb').read()
for n in range(struct.unpack_from('>I', data, 4)[0]):
    kind, _, start, size, _ = struct.unpack_from('>5I', data, 8 + 20 * n)
    thin, at = data[start:start + size], 32
    for _ in range(struct.unpack_from('<I', thin, 16)[0]):
        command, length = struct.unpack_from('<2I', thin, at)
        for s in range(struct.unpack_from('<I', thin, at + 64)[0] if command == 0x19 else 0):
            section = at + 72 + 80 * s
            if thin[section:section + 32].replace(b'\\0', b'') == b'__text__TEXT':
                count, offset = struct.unpack_from('<QI', thin, section + 40)
                print(hashlib.sha256(thin[offset:offset + count]).hexdigest())
        at += length";
    let said = cache::run(Command::new("python3").args(["-c", script]).arg(cache::folder().join("fsevents.node")));
    let mut expected: Vec<&str> = said.lines().collect();
    let mut found: Vec<String> = package
        .code
        .iter()
        .filter(|one| one.module == "app")
        .map(|one| one.sha256.iter().map(|byte| format!("{byte:02x}")).collect())
        .collect();
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn what_the_store_has_encrypted_is_recognised() {
    for name in ["Acme.app/Acme", "Kit.framework/Kit", "Widget.appex/Widget", "Draw.framework/Draw"] {
        let error = with(name, &executable(b"ciphertext", 1)).unwrap_err();
        assert!(matches!(&error, Error::StoreEncrypted { name: said } if name.ends_with(said)), "{error}");
    }
}

#[test]
fn damaged_apps_are_refused() {
    let refusal = |name: &str, content: &[u8]| {
        let error = format!("{:?}", with(name, content).unwrap_err());
        error.split([' ', '(']).next().unwrap().to_owned()
    };
    let good = executable(b"the app's code", 0);
    assert_eq!(refusal("Acme.app/Acme", b"\x7fELF"), "Malformed");
    assert_eq!(refusal("Acme.app/Acme", &good[..60]), "Malformed");
    assert_eq!(refusal("Acme.app/Info.plist", b"<plist>"), "Malformed");
    assert_eq!(refusal("Acme.app/Info.plist", INFO.replace("CFBundleVersion", "Other").as_bytes()), "Missing");
    assert_eq!(refusal("Acme.app/Info.plist", INFO.replace(">Acme<", ">Other<").as_bytes()), "Missing");
    assert_eq!(refusal("embedded.mobileprovision", b"no list"), "Malformed");
    assert_eq!(refusal("Widget.appex/Widget", b"\x7fELF"), "Malformed");
    assert_eq!(refusal("Widget.appex/Info.plist", b"<plist>"), "Malformed");
    assert_eq!(refusal("Widget.appex/Info.plist", INFO.as_bytes()), "Missing");
    let nested = INFO.replace("<integer>1</integer>", &"<array>".repeat(100_000));
    assert_eq!(refusal("Acme.app/Info.plist", nested.as_bytes()), "Malformed");
    let mut two = entries();
    two.push(("Payload/Other.app/Info.plist".to_owned(), INFO.into()));
    assert!(matches!(read(&two), Err(Error::Malformed { .. })));
}

#[test]
fn a_binary_list_is_read_as_the_same_in_xml() {
    let script = "
import plistlib, sys
sys.stdout.buffer.write(plistlib.dumps(plistlib.loads(sys.stdin.buffer.read()), fmt=plistlib.FMT_BINARY))";
    let mut child = Command::new("python3");
    child.args(["-c", script]).stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = child.spawn().unwrap();
    let text = INFO.replace("4.2", "4.2 für Größe");
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
    let binary = child.wait_with_output().unwrap().stdout;
    assert!(binary.starts_with(b"bplist00"));
    let package = with("Acme.app/Info.plist", &binary).unwrap();
    assert_eq!((package.id.as_str(), package.version.as_deref()), ("com.acme.app", Some("4.2 für Größe")));
}
