//! A described iPhone, read by the core through its ports, and the package that its app came in.

use std::collections::HashMap;
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bonafide_core::adapter::FileStorage;
use bonafide_core::integrity::Measurer;
use bonafide_core::port::{FileReader, Files, Image, Images, Ports, Processes};
use bonafide_protocol::measurement::{App, Artifact, Fact, Measurement, Platform};

use super::forge;
use crate::common::phones::TEAM;

/// Where iOS installs an app.
const FOLDER: &str = "/private/var/containers/Bundle/Application/0A/Acme.app";

/// An app as it was built: of what its code is made.
#[derive(Clone)]
pub(super) struct Built {
    pub(super) build: &'static str,
    pub(super) app: &'static [u8],
    /// With Bonafide in it, where that is no part of the executable.
    pub(super) framework: &'static [u8],
    /// A share extension, and the framework that it alone has.
    pub(super) share: &'static [u8],
    pub(super) share_framework: &'static [u8],
}

pub(super) const BUILT: Built = Built {
    build: "42",
    app: b"the app's code, Bonafide's among it",
    framework: b"a framework's code",
    share: b"the share extension's code, Bonafide's among it",
    share_framework: b"code of a framework of the share extension",
};

impl Built {
    /// The app, as it calls itself; an extension calls itself the same.
    pub(super) fn app_facts(&self) -> App {
        App { platform: Platform::Ios, id: "com.acme.app".into(), version: "4.2".into(), build: self.build.into() }
    }

    /// The export from before the upload.
    pub(super) fn ipa(&self) -> Vec<u8> {
        let info = |id: &str, executable: &str| {
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?><plist version=\"1.0\"><dict>\
                 <key>CFBundleExecutable</key><string>{executable}</string>\
                 <key>CFBundleIdentifier</key><string>{id}</string>\
                 <key>CFBundleShortVersionString</key><string>4.2</string>\
                 <key>CFBundleVersion</key><string>{}</string></dict></plist>",
                self.build
            )
            .into_bytes()
        };
        let profile = format!(
            "signed <?xml version=\"1.0\"?><plist version=\"1.0\"><dict><key>TeamIdentifier</key>\
             <array><string>{TEAM}</string></array></dict></plist> signature"
        );
        let entries = [
            ("Info.plist", info("com.acme.app", "Acme")),
            ("Acme", macho(self.app, 0)),
            ("embedded.mobileprovision", profile.into_bytes()),
            ("Frameworks/Kit.framework/Info.plist", info("com.acme.kit", "Kit")),
            ("Frameworks/Kit.framework/Kit", macho(self.framework, 0)),
            ("PlugIns/Share.appex/Info.plist", info("com.acme.app.share", "Share")),
            ("PlugIns/Share.appex/Share", macho(self.share, 0)),
            ("PlugIns/Share.appex/Frameworks/Draw.framework/Info.plist", info("com.acme.draw", "Draw")),
            ("PlugIns/Share.appex/Frameworks/Draw.framework/Draw", macho(self.share_framework, 0)),
        ];
        forge::archive(&entries.map(|(name, content)| (format!("Payload/Acme.app/{name}"), content)))
    }

    /// A phone on which the app runs, as the store delivered it.
    pub(super) fn phone(&self) -> IPhone {
        let executable = format!("{FOLDER}/Acme");
        IPhone {
            files: [(PathBuf::from(&executable), macho(b"what the store made of the code", 1))].into(),
            executable: ("Acme".to_owned(), self.app.to_vec()),
            core: ("Acme".to_owned(), self.app.to_vec()),
            images: Some(vec![executable, format!("{FOLDER}/Frameworks/Kit.framework/Kit"), SYSTEM.to_owned()]),
            traced: Some(false),
        }
    }

    /// The same with its share extension running, a process of its own whose first image is the extension's.
    pub(super) fn share(&self) -> IPhone {
        let executable = format!("{FOLDER}/PlugIns/Share.appex/Share");
        IPhone {
            executable: ("Share".to_owned(), self.share.to_vec()),
            core: ("Share".to_owned(), self.share.to_vec()),
            images: Some(vec![executable, SYSTEM.to_owned()]),
            ..self.phone()
        }
    }
}

const SYSTEM: &str = "/usr/lib/libSystem.B.dylib";

/// What the core is shown. Nothing of `/proc` is there, and no property.
#[derive(Clone)]
pub(super) struct IPhone {
    pub(super) files: HashMap<PathBuf, Vec<u8>>,
    /// Name and code of the process's first image.
    pub(super) executable: (String, Vec<u8>),
    /// Of the image that Bonafide's code is in.
    pub(super) core: (String, Vec<u8>),
    /// The paths of all images; `None` where `dyld` shows nothing.
    pub(super) images: Option<Vec<String>>,
    /// Whether a debugger is attached; `None` where the kernel does not say.
    pub(super) traced: Option<bool>,
}

impl IPhone {
    /// What the core sends of it, once the executable has been digested.
    pub(super) async fn measurement(&self, app: &App) -> Measurement {
        let folder = tempfile::tempdir().unwrap();
        let ports = Ports {
            files: Arc::new(self.clone()),
            images: Arc::new(self.clone()),
            processes: Arc::new(self.clone()),
            ..Ports::desktop(Arc::new(FileStorage::new(folder.path())))
        };
        let executable = Path::new(FOLDER).join("Acme");
        let measurer = Measurer::new(&ports, app, vec![executable], tokio::runtime::Handle::current());
        loop {
            let measurement = measurer.measurement().await;
            let late = |file: &Artifact| matches!(&file.sha256, Fact::Unknown(why) if why == "still being measured");
            if !measurement.artifacts.iter().any(late) {
                return measurement;
            }
        }
    }
}

impl Files for IPhone {
    fn open(&self, path: &Path) -> io::Result<Box<dyn FileReader>> {
        let content = self.files.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(Cursor::new(content.clone())))
    }

    fn list(&self, _folder: &Path) -> io::Result<Vec<String>> {
        Err(io::ErrorKind::PermissionDenied.into())
    }
}

impl Images for IPhone {
    fn executable(&self) -> io::Result<Image> {
        self.image(&self.executable)
    }

    fn paths(&self) -> io::Result<Vec<String>> {
        self.images.clone().ok_or_else(|| io::ErrorKind::Unsupported.into())
    }

    fn holding(&self, _address: u64) -> io::Result<Image> {
        self.image(&self.core)
    }
}

impl IPhone {
    fn image(&self, (name, code): &(String, Vec<u8>)) -> io::Result<Image> {
        self.paths()?;
        // The load commands still say that the file is encrypted; in memory the code is itself.
        Ok(Image { name: name.clone(), memory: Box::new(Cursor::new(macho(code, 1))) })
    }
}

impl Processes for IPhone {
    fn names(&self) -> io::Result<Vec<String>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn is_traced(&self) -> io::Result<bool> {
        self.traced.ok_or_else(|| io::ErrorKind::PermissionDenied.into())
    }
}

/// An arm64 image with this code a page behind its header, in the file as in memory. `cryptid` is 1 where the store has
/// encrypted the file.
fn macho(code: &[u8], cryptid: u32) -> Vec<u8> {
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    let name = |text: &str| {
        let mut name = text.as_bytes().to_vec();
        name.resize(16, 0);
        name
    };
    let (segment, encryption, size) = (72 + 80, 24, u32::try_from(code.len()).unwrap());
    let base = 0x0001_0000;
    let mut image = [
        words(&[0xfeed_facf, 0x0100_000c, 0, 2, 2, segment + encryption, 0, 0]),
        words(&[0x19, segment]),
        name("__TEXT"),
        words(&[base, 1, 0x4000, 0, 0, 0, 0x4000, 0, 5, 5, 1, 0]),
        name("__text"),
        name("__TEXT"),
        words(&[base + 0x1000, 1, size, 0, 0x1000, 2, 0, 0, 0x8000_0400, 0, 0, 0]),
        words(&[0x2c, encryption, 0x1000, size, cryptid, 0]),
    ]
    .concat();
    image.resize(0x1000, 0);
    image.extend_from_slice(code);
    image
}
