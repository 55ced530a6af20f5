//! A described Android phone, read by the core through its ports, and the package that its app came in.
//!
//! Bonafide's library is this test's own file: its code, its table of calls and the libraries that answer them are the
//! process's real ones, as mapped from a package. All else is said here.

use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bonafide_core::adapter::{FileStorage, StdFiles};
use bonafide_core::integrity::Measurer;
use bonafide_core::port::{FileReader, FileStat, Files, Ports, Processes, Properties};
use bonafide_protocol::measurement::{App, Fact, Measurement, Platform};

use super::forge::{self, Apk, Attribute, Key, Signer, Text};

const FOLDER: &str = "/data/app/~~aa==/com.acme.app-bb==";
const MAPS: &str = "/proc/self/maps";
const MEMORY: &str = "/proc/self/mem";
const LIBRARY: &str = "lib/x86_64/libbonafide.so";

/// Of the package's file.
const INODE: u64 = 77;
const SYSTEM_USER: u32 = 1000;

/// Two more files that are loaded: what app processes run, and the virtual machine. Any ELF will do for them, as long
/// as nobody calls it.
const LOADED: [(&str, u64); 2] =
    [("/system/bin/app_process64", 0x10_0000), ("/apex/com.android.art/lib64/libart.so", 0x100_0000)];

pub(super) fn app() -> App {
    App { platform: Platform::Android, id: "com.acme.app".into(), version: "4.2".into(), build: "42".into() }
}

/// The app as the store delivers it, its library stored and not unpacked.
pub(super) fn apk(key: &Key) -> Vec<u8> {
    let manifest = forge::manifest(&[
        Attribute::plain("package", Text("com.acme.app")),
        Attribute::android("versionCode", 0x0101_021b, 42),
        Attribute::android_text("versionName", 0x0101_021c, "4.2"),
    ]);
    let entries = vec![
        ("AndroidManifest.xml".to_owned(), manifest),
        ("classes.dex".to_owned(), b"dex\n035\0one".to_vec()),
        (LIBRARY.to_owned(), std::fs::read(std::env::current_exe().unwrap()).unwrap()),
    ];
    Apk { entries, signers: vec![Signer::v2(key), Signer::v3(key)] }.build()
}

/// What the core is shown.
#[derive(Clone)]
pub(super) struct Phone {
    pub(super) properties: HashMap<String, String>,
    /// Small files, `/proc` included.
    pub(super) files: HashMap<PathBuf, Vec<u8>>,
    package: Arc<[u8]>,
    loaded: Arc<[u8]>,
    maps: String,
}

impl Phone {
    /// With the app installed and running: nothing is wrong with it.
    pub(super) fn new(package: Vec<u8>) -> Self {
        let begins = package.windows(4).position(|bytes| bytes == b"\x7fELF").unwrap();
        let loaded: Arc<[u8]> = std::fs::read("/bin/true").unwrap().into();
        let [(_, entry), _] = LOADED;
        let vector = [9_usize, usize::try_from(entry).unwrap() + 0x40, 0, 0].map(usize::to_ne_bytes).concat();
        let mounts = "/dev/block/dm-1 / ext4 ro,seclabel 0 0\n/dev/block/dm-9 /data f2fs rw 0 0\n";
        let status = "Name:\tcom.acme.app\nState:\tS (sleeping)\nTracerPid:\t0\nUid:\t10123\n";
        let files: [(&str, &[u8]); 5] = [
            ("/proc/self/auxv", &vector),
            ("/proc/self/environ", b"ANDROID_ROOT=/system\0"),
            ("/proc/self/mounts", mounts.as_bytes()),
            ("/proc/self/task/4711/status", status.as_bytes()),
            ("/proc/4711/comm", b"com.acme.app\n"),
        ];
        let properties = [
            ("ro.build.version.sdk", "34"),
            ("ro.build.tags", "release-keys"),
            ("ro.debuggable", "0"),
            ("ro.secure", "1"),
            ("ro.boot.verifiedbootstate", "green"),
            ("ro.hardware", "qcom"),
            ("ro.product.manufacturer", "Google"),
            ("ro.product.model", "Pixel 10"),
            ("ro.build.characteristics", "nosdcard"),
            ("bonafide.data_dir", "/data/user/0/com.acme.app"),
            ("bonafide.developer_options", "0"),
            ("bonafide.adb", "0"),
        ];
        Self {
            properties: properties.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            files: files.map(|(path, content)| (PathBuf::from(path), content.to_vec())).into(),
            maps: maps(begins, loaded.len()),
            package: package.into(),
            loaded,
        }
    }

    /// What the core sends of it, once the package has been digested.
    pub(super) async fn measurement(&self) -> Measurement {
        let folder = tempfile::tempdir().unwrap();
        let ports = Ports {
            files: Arc::new(self.clone()),
            properties: Arc::new(self.clone()),
            processes: Arc::new(self.clone()),
            ..Ports::desktop(Arc::new(FileStorage::new(folder.path())))
        };
        let measurer = Measurer::new(&ports, &app(), Vec::new(), tokio::runtime::Handle::current());
        loop {
            let measurement = measurer.measurement().await;
            let packages = measurement.packages.as_ref().unwrap();
            if !matches!(&packages.files, Fact::Unknown(why) if why == "still being measured") {
                return measurement;
            }
        }
    }
}

/// This process's own mappings, with its file in a package from `begins` on, and two files more.
fn maps(begins: usize, length: usize) -> String {
    let own = std::env::current_exe().unwrap();
    let own = own.to_str().unwrap();
    let mut maps = String::new();
    for (path, start) in LOADED {
        maps.push_str(&format!("{start:x}-{:x} r-xp 00000000 fd:00 {} {path}\n", start + length as u64, start >> 12));
    }
    for line in std::fs::read_to_string(MAPS).unwrap().lines() {
        match line.strip_suffix(own) {
            Some(line) => {
                let fields: Vec<&str> = line.split_whitespace().collect();
                let [range, permissions, offset, ..] = fields.as_slice() else { unreachable!("{line}") };
                let offset = u64::from_str_radix(offset, 16).unwrap() + begins as u64;
                maps.push_str(&format!("{range} {permissions} {offset:08x} fd:01 {INODE} {FOLDER}/base.apk\n"));
            }
            None => maps.push_str(&format!("{line}\n")),
        }
    }
    maps
}

impl Files for Phone {
    fn open(&self, path: &Path) -> io::Result<Box<dyn FileReader>> {
        let bytes = |bytes: &[u8]| Box::new(Bytes { bytes: bytes.into(), place: 0, inode: 0 });
        if let Some(content) = self.files.get(path) {
            return Ok(bytes(content));
        }
        match path.to_str().unwrap() {
            MAPS => Ok(bytes(self.maps.as_bytes())),
            MEMORY => Ok(Box::new(Memory { real: StdFiles.open(path)?, loaded: Arc::clone(&self.loaded), place: 0 })),
            text if Path::new(text) == Path::new(FOLDER).join("base.apk") => {
                Ok(Box::new(Bytes { bytes: Arc::clone(&self.package), place: 0, inode: INODE }))
            }
            text if LOADED.iter().any(|(path, _)| *path == text) => Ok(bytes(&self.loaded)),
            // The libraries that answer the core's calls.
            text if self.maps.lines().any(|line| line.ends_with(&format!(" {text}"))) => StdFiles.open(path),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let name = |path: &PathBuf| Some(path.strip_prefix(folder).ok()?.iter().next()?.to_str()?.to_owned());
        let names: Vec<String> = self.files.keys().filter_map(name).collect();
        if names.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(names) }
    }
}

impl Properties for Phone {
    fn property(&self, name: &str) -> Option<String> {
        self.properties.get(name).cloned()
    }
}

impl Processes for Phone {
    /// Newer Androids show an app its own processes only.
    fn names(&self) -> io::Result<Vec<String>> {
        Ok(vec!["com.acme.app".to_owned()])
    }

    fn is_traced(&self) -> io::Result<bool> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// A file of the system's.
struct Bytes {
    bytes: Arc<[u8]>,
    place: usize,
    inode: u64,
}

impl Read for Bytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut rest = self.bytes.get(self.place..).unwrap_or_default();
        let count = rest.read(buffer)?;
        self.place += count;
        Ok(count)
    }
}

impl Seek for Bytes {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = sought(self.place as u64, Some(self.bytes.len() as u64), to)?;
        self.place = usize::try_from(place).unwrap();
        Ok(place)
    }
}

impl FileReader for Bytes {
    fn stat(&self) -> io::Result<FileStat> {
        let size = self.bytes.len() as u64;
        Ok(FileStat {
            device: (0xfd, 1),
            inode: self.inode,
            owner: SYSTEM_USER,
            size,
            modified: (1, 0),
            changed: (1, 0),
        })
    }
}

/// The process's own memory, and in it the files that are not really loaded.
struct Memory {
    real: Box<dyn FileReader>,
    loaded: Arc<[u8]>,
    place: u64,
}

impl Read for Memory {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let inside = LOADED.iter().find_map(|(_, start)| {
            self.loaded.get(usize::try_from(self.place.checked_sub(*start)?).ok()?..).filter(|rest| !rest.is_empty())
        });
        let count = match inside {
            Some(mut rest) => rest.read(buffer)?,
            None => {
                self.real.seek(SeekFrom::Start(self.place))?;
                self.real.read(buffer)?
            }
        };
        self.place += count as u64;
        Ok(count)
    }
}

impl Seek for Memory {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.place = sought(self.place, None, to)?;
        Ok(self.place)
    }
}

impl FileReader for Memory {}

fn sought(place: u64, end: Option<u64>, to: SeekFrom) -> io::Result<u64> {
    let place = match to {
        SeekFrom::Start(place) => Some(place),
        SeekFrom::Current(by) => place.checked_add_signed(by),
        SeekFrom::End(by) => end.and_then(|end| end.checked_add_signed(by)),
    };
    place.ok_or_else(|| io::ErrorKind::InvalidInput.into())
}
