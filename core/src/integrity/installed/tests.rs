#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bonafide_protocol::encoding::sha256;

use super::*;
use crate::integrity::described::Described;
use crate::integrity::maps::MAPS;

#[path = "../../../../package/tests/forge/mod.rs"]
#[expect(unused_imports, clippy::cast_possible_truncation, reason = "the package's own tests use more of it")]
#[allow(dead_code, clippy::allow_attributes, reason = "no test uses everything, and none expects that")]
mod forge;

const OWN: u64 = 0x1000;
const FOLDER: &str = "/data/app/~~aa==/com.acme.app-bb==";
const SYSTEM: u32 = 1000;

/// A phone: files that belong to somebody, and what is mapped.
#[derive(Clone, Default)]
struct Phone {
    files: HashMap<PathBuf, (Vec<u8>, FileStat)>,
    maps: String,
    /// How many bytes were read of all packages.
    read: Arc<AtomicU64>,
    /// Whether each look at a file finds it changed.
    restless: bool,
}

impl Phone {
    /// With the core's library in the app's folder, as Android unpacks it.
    fn new() -> Self {
        Self::with_library(&format!("{FOLDER}/lib/arm64/libbonafide.so"))
    }

    fn with_library(path: &str) -> Self {
        Self { maps: format!("1000-2000 r-xp 00000000 fd:01 7    {path}\n"), ..Self::default() }
    }

    /// A package that belongs to the system and is mapped.
    fn package(self, path: &str, content: Vec<u8>) -> Self {
        let inode = 100 + self.files.len() as u64;
        self.file(path, content, inode, SYSTEM).mapped(path, inode)
    }

    fn file(mut self, path: &str, content: Vec<u8>, inode: u64, owner: u32) -> Self {
        let size = content.len() as u64;
        let stat = FileStat { device: (0xfd, 1), inode, owner, size, modified: (1, 0), changed: (1, 0) };
        self.files.insert(path.into(), (content, stat));
        self
    }

    fn mapped(mut self, path: &str, inode: u64) -> Self {
        let start = 0x10_0000 + 0x1_0000 * self.maps.lines().count();
        self.maps.push_str(&format!("{start:x}-{:x} r--s 00000000 fd:01 {inode}    {path}\n", start + 0x1000));
        self
    }

    fn stat(&mut self, path: &str) -> &mut FileStat {
        &mut self.files.get_mut(Path::new(path)).unwrap().1
    }

    fn look(&self) -> Packages {
        self.look_with(&Installed::default(), Some("34"))
    }

    fn look_with(&self, installed: &Installed, sdk: Option<&str>) -> Packages {
        let mut properties = Described::new().with(MAPS, &self.maps);
        if let Some(sdk) = sdk {
            properties = properties.property(SDK, sdk);
        }
        let maps = Maps::read(&properties, OWN).unwrap();
        installed.look(self, &properties, &maps, OWN)
    }
}

impl Files for Phone {
    fn open(&self, path: &Path) -> io::Result<Box<dyn FileReader>> {
        let (content, stat) = self.files.get(path).ok_or(io::ErrorKind::NotFound)?;
        let (content, stat) = (Cursor::new(content.clone()), *stat);
        let looks = AtomicU64::new(0);
        Ok(Box::new(Opened { content, stat, read: Arc::clone(&self.read), restless: self.restless, looks }))
    }

    fn list(&self, _folder: &Path) -> io::Result<Vec<String>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

struct Opened {
    content: Cursor<Vec<u8>>,
    stat: FileStat,
    read: Arc<AtomicU64>,
    restless: bool,
    looks: AtomicU64,
}

impl Read for Opened {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.content.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl Seek for Opened {
    fn seek(&mut self, place: SeekFrom) -> io::Result<u64> {
        self.content.seek(place)
    }
}

impl FileReader for Opened {
    fn stat(&self) -> io::Result<FileStat> {
        let look = i64::try_from(self.looks.fetch_add(1, Ordering::Relaxed)).unwrap();
        let changed = if self.restless { (1, look) } else { self.stat.changed };
        Ok(FileStat { changed, ..self.stat })
    }
}

fn base() -> String {
    format!("{FOLDER}/base.apk")
}

fn files(packages: Packages) -> Vec<PackageFile> {
    match packages.files {
        Fact::Known(files) => files,
        Fact::Unknown(why) => panic!("unknown: {why}"),
    }
}

fn why(packages: &Packages) -> &str {
    match &packages.files {
        Fact::Unknown(why) => why,
        Fact::Known(files) => match files.as_slice() {
            [PackageFile { signer: Fact::Unknown(why), content: Fact::Unknown(_), code: Fact::Unknown(_), .. }] => why,
            other => panic!("known: {other:?}"),
        },
    }
}

#[test]
fn an_installed_app_is_known_by_signer_content_and_code() {
    let key = forge::Key::new();
    let signed =
        |entries| forge::Apk { entries, signers: vec![forge::Signer::v2(&key), forge::Signer::v3(&key)] }.build();
    let split = vec![
        ("AndroidManifest.xml".to_owned(), b"any".to_vec()),
        ("lib/arm64-v8a/libextra.so".to_owned(), b"extra".to_vec()),
    ];
    let phone = Phone::new()
        .package(&base(), signed(forge::entries()))
        .package(&format!("{FOLDER}/split_config.arm64_v8a.apk"), signed(split))
        // What others have mapped into the process is not the app's.
        .package("/data/app/~~cc==/com.google.android.webview-dd==/base.apk", signed(forge::entries()))
        .package("/system/framework/framework-res.apk", b"no package".to_vec());
    let packages = phone.look();
    assert_eq!(packages.sdk, Some(34));
    let files = files(packages);
    let [base, split] = files.as_slice() else { panic!("{files:?}") };
    assert_eq!((base.name.as_str(), split.name.as_str()), ("base.apk", "split_config.arm64_v8a.apk"));
    let signer = PackageSigner { scheme: "v3".into(), sha256: to_hex(&key.sha256()), lineage: Vec::new() };
    assert_eq!((&base.signer, &split.signer), (&Fact::Known(signer.clone()), &Fact::Known(signer)));
    assert!(matches!(&base.content, Fact::Known(digest) if digest.len() == 64));
    let code = |file: &PackageFile| match &file.code {
        Fact::Known(code) => code.clone(),
        Fact::Unknown(why) => panic!("{why}"),
    };
    let one = |name: &str, architecture: Option<&str>, content: &[u8]| PackageCode {
        name: name.into(),
        architecture: architecture.map(Into::into),
        sha256: to_hex(&sha256(content)),
    };
    assert_eq!(
        code(base),
        [
            one("classes.dex", None, b"dex\n035\0one"),
            one("classes2.dex", None, b"dex\n035\0two"),
            one("libapp.so", Some("arm64-v8a"), b"\x7fELF arm64"),
            one("libapp.so", Some("x86_64"), b"\x7fELF x86_64"),
        ]
    );
    assert_eq!(code(split), [one("libextra.so", Some("arm64-v8a"), b"extra")]);
}

#[test]
fn the_signer_is_the_one_that_this_android_goes_by() {
    let (first, second) = (forge::Key::new(), forge::Key::new());
    let lineage = forge::Level::chain(&[&first, &second]);
    let rotated = forge::Apk::signed_by(vec![
        forge::Signer::v2(&first),
        forge::Signer::v3(&first).until(32),
        forge::Signer::v31(&second, 33).with_lineage(&lineage),
    ]);
    let phone = Phone::new().package(&base(), rotated.build());
    for (sdk, scheme, key, steps) in [
        (Some("26"), "v2", &first, 0),
        (Some("32"), "v3", &first, 0),
        (Some("33"), "v3.1", &second, 2),
        (Some("34 "), "v3.1", &second, 2),
        (Some("none"), "v3.1", &second, 2),
        (None, "v3.1", &second, 2),
    ] {
        let files = files(phone.look_with(&Installed::default(), sdk));
        let Fact::Known(signer) = &files[0].signer else { panic!("{files:?}") };
        let found = (signer.scheme.as_str(), signer.sha256.clone(), signer.lineage.len());
        assert_eq!(found, (scheme, to_hex(&key.sha256()), steps), "{sdk:?}");
    }
}

#[test]
fn a_package_is_found_where_the_core_is() {
    let apk = || forge::Apk::good().build();
    for (library, package, found) in [
        (format!("{FOLDER}/lib/arm64/libbonafide.so"), base(), true),
        // Mapped straight from a package, the base or a split.
        (base(), base(), true),
        (format!("{FOLDER}/split_config.arm64_v8a.apk"), base(), true),
        ("/system/priv-app/Acme/lib/arm64/libbonafide.so".into(), "/system/priv-app/Acme/Acme.apk".into(), true),
        // From elsewhere: beside another package, in a cache, in an app's own data.
        ("/data/app/~~xx==/com.evil-yy==/lib/arm64/libbonafide.so".into(), base(), false),
        (format!("{FOLDER}/libbonafide.so"), base(), false),
        (format!("{FOLDER}/lib/libbonafide.so"), base(), false),
        ("/memfd:libbonafide.so".into(), base(), false),
        ("/lib/arm64/libbonafide.so".into(), "/base.apk".into(), false),
    ] {
        let phone = Phone::with_library(&library).package(&package, apk());
        let known = matches!(phone.look().files, Fact::Known(files) if files.iter().any(is_known));
        assert_eq!(known, found, "{library} and {package}");
    }
}

#[test]
fn what_is_not_the_mapped_package_is_unknown() {
    let apk = forge::Apk::good().build();
    let good = || Phone::new().package(&base(), apk.clone());
    assert!(is_known(&files(good().look())[0]), "the same unforged");

    let with = |change: fn(&mut FileStat)| {
        let mut phone = good();
        change(phone.stat(&base()));
        phone
    };
    let restless = Phone { restless: true, ..good() };
    let deleted = Phone::new().mapped(&format!("{} (deleted)", base()), 100).file(&base(), apk.clone(), 100, SYSTEM);
    for (phone, reason) in [
        (with(|stat| stat.inode += 1), "another file"),
        (with(|stat| stat.device.1 += 1), "another file"),
        (with(|stat| stat.owner = FIRST_APP), "not installed by the system"),
        (restless, "changed while"),
        (deleted, "deleted or replaced"),
        (Phone::new().mapped(&base(), 100), "cannot read"),
        (Phone::new(), "no package is mapped"),
        (Phone::new().file(&base(), apk.clone(), 100, SYSTEM), "no package is mapped"),
        (
            Phone::with_library("/data/data/com.evil/files/libbonafide.so").package(&base(), apk.clone()),
            "not loaded from",
        ),
    ] {
        let packages = phone.look();
        assert!(why(&packages).contains(reason), "{reason}: {packages:?}");
    }
    let many = (0..=MAX_PACKAGE_FILES)
        .fold(Phone::new(), |phone, number| phone.package(&format!("{FOLDER}/split_{number}.apk"), Vec::new()));
    assert!(why(&many.look()).contains("more packages"));
    assert_eq!(many.read.load(Ordering::Relaxed), 0, "and none was read");
}

type Tamper = fn(&mut Vec<u8>);

#[test]
fn what_is_not_what_was_signed_has_no_signer() {
    let apk = forge::Apk::good();
    let stripped = forge::Apk { signers: Vec::new(), entries: forge::entries() };
    let cases: [(&str, &forge::Apk, Tamper, &str, bool); 6] = [
        // In the resources, which are stored.
        (
            "a byte of the content",
            &apk,
            |bytes| {
                let place = bytes.windows(9).position(|window| window == [7; 9]).unwrap();
                bytes[place] ^= 1;
            },
            "content",
            true,
        ),
        ("no signing block", &stripped, |_| {}, "signing block", true),
        ("bytes before", &apk, |bytes| drop(bytes.splice(0..0, *b"dex\n035\0")), "before", false),
        ("bytes after", &apk, |bytes| bytes.extend_from_slice(b"more"), "follow", false),
        ("cut short", &apk, |bytes| bytes.truncate(bytes.len() - 30), "", false),
        ("nothing", &apk, Vec::clear, "", false),
    ];
    for (what, apk, tamper, reason, code_known) in cases {
        let mut bytes = apk.build();
        tamper(&mut bytes);
        let files = files(Phone::new().package(&base(), bytes).look());
        let Fact::Unknown(why) = &files[0].signer else { panic!("{what}: {files:?}") };
        assert!(why.contains(reason) && why.len() <= MAX_REASON, "{what}: {why}");
        assert!(matches!(files[0].content, Fact::Unknown(_)), "{what}");
        // What can still be read is said: a changed dex shows however it was signed.
        assert_eq!(matches!(files[0].code, Fact::Known(_)), code_known, "{what}");
    }
}

/// As when an app is given another part while it runs: it goes on from packages that are gone.
#[test]
fn a_package_that_is_gone_is_what_it_was() {
    let mut phone = Phone::new().package(&base(), forge::Apk::good().build());
    let installed = Installed::default();
    let first = phone.look_with(&installed, Some("34"));
    phone.files.clear();
    phone.maps = phone.maps.lines().map(|line| format!("{line} (deleted)\n")).collect();
    assert_eq!(phone.look_with(&installed, Some("34")), first);
    assert!(why(&phone.look()).contains("deleted or replaced"), "nobody has seen it");
    phone.maps = phone.maps.replace("fd:01 100 ", "fd:01 101 ");
    assert!(why(&phone.look_with(&installed, Some("34"))).contains("deleted or replaced"), "another file");
}

#[test]
fn a_package_is_read_once_and_again_when_it_changed() {
    let mut phone = Phone::new().package(&base(), forge::Apk::good().build());
    let installed = Installed::default();
    let first = phone.look_with(&installed, Some("34"));
    let once = phone.read.load(Ordering::Relaxed);
    assert!(once > 0);
    assert_eq!(phone.look_with(&installed, Some("34")), first);
    assert_eq!(phone.read.load(Ordering::Relaxed), once, "from memory");

    let other = forge::Apk::good().build();
    let stat = *phone.stat(&base());
    for (what, later) in [
        ("modified", FileStat { modified: (1, 1), ..stat }),
        ("changed", FileStat { changed: (2, 0), ..stat }),
        ("longer", FileStat { size: stat.size + 1, ..stat }),
    ] {
        let before = phone.read.load(Ordering::Relaxed);
        phone.files.insert(base().into(), (other.clone(), later));
        assert_ne!(phone.look_with(&installed, Some("34")), first, "{what}");
        assert!(phone.read.load(Ordering::Relaxed) > before, "{what}");
    }
    // What is not known may be known the next time.
    let unsigned = forge::Apk { signers: Vec::new(), entries: forge::entries() }.build();
    for broken in
        [Phone { restless: true, ..Phone::new().package(&base(), other) }, Phone::new().package(&base(), unsigned)]
    {
        let installed = Installed::default();
        broken.look_with(&installed, None);
        assert!(installed.measured.lock().unwrap().is_empty());
    }
}
