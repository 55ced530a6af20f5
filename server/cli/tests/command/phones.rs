//! From a bundle to a phone: what the store makes of it is registered, installed, measured by the core, and appraised.
//!
//! bundletool plays the store, apksigner whoever changes what came from it. The phone's folders are described; its
//! packages are real files, and the service is a real process.

use std::fs::File;
use std::io::{self, Cursor};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use bonafide_core::adapter::{FileStorage, StdFiles};
use bonafide_core::integrity::Measurer;
use bonafide_core::port::{FileReader, Files, Ports};
use bonafide_protocol::jws::{Header, join, signing_input};
use bonafide_protocol::key::P256Key;
use bonafide_protocol::measurement::{App, Fact, Measurement, Platform};
use bonafide_protocol::message::{TOKEN_REQUEST_TYPE, TokenRequest};
use serde_json::{Value, json};

use crate::bench::Service;
use crate::cache;
use crate::store::{build_apks, bundle, key, sign};

const MAPS: &str = "/proc/self/maps";
const FOLDER: &str = "/data/app/acme";

/// This process, as if the core's library and these packages were an app's.
struct Phone {
    packages: Vec<PathBuf>,
}

impl Phone {
    fn library() -> PathBuf {
        Path::new(FOLDER).join("lib/x86_64/libbonafide.so")
    }

    fn maps(&self) -> String {
        let own = std::env::current_exe().unwrap();
        let library = Self::library();
        let mut maps = std::fs::read_to_string(MAPS).unwrap().replace(own.to_str().unwrap(), library.to_str().unwrap());
        for (number, package) in self.packages.iter().enumerate() {
            let (stat, start) = (std::fs::metadata(package).unwrap(), 0x1000 * (number + 1));
            let (device, name) = (stat.dev(), package.file_name().unwrap().display().to_string());
            let (major, minor) = (device >> 8 & 0xfff, device & 0xff | device >> 12 & 0xf_ff00);
            let inode = stat.ino();
            maps.push_str(&format!(
                "{start:x}-{:x} r--s 00000000 {major:02x}:{minor:02x} {inode} {FOLDER}/{name}\n",
                start + 0x1000
            ));
        }
        maps
    }

    fn measure(self, data: &Path) -> Measurement {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
        let ports = Ports { files: Arc::new(self), ..Ports::desktop(Arc::new(FileStorage::new(data))) };
        let measurer = Measurer::new(&ports, &app("4.2"), Vec::new(), runtime.handle().clone());
        // The core waits two seconds for the packages; what takes longer is in a later measurement.
        loop {
            let measurement = runtime.block_on(measurer.measurement());
            let packages = measurement.packages.as_ref().unwrap();
            if !matches!(&packages.files, Fact::Unknown(why) if why == "still being measured") {
                return measurement;
            }
        }
    }
}

impl Files for Phone {
    fn open(&self, path: &Path) -> io::Result<Box<dyn FileReader>> {
        if path == Path::new(MAPS) {
            return Ok(Box::new(Cursor::new(self.maps().into_bytes())));
        }
        if path == Self::library() {
            return StdFiles.open(&std::env::current_exe()?);
        }
        let package = path
            .strip_prefix(FOLDER)
            .ok()
            .and_then(|name| self.packages.iter().find(|package| package.file_name() == Some(name.as_os_str())));
        match package {
            Some(package) => Ok(Box::new(File::open(package)?)),
            None => StdFiles.open(path),
        }
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        StdFiles.list(folder)
    }
}

fn app(version: &str) -> App {
    App { platform: Platform::Android, id: "com.acme.app".into(), version: version.into(), build: "42".into() }
}

/// What the appraisal says of the app on a phone with these packages, and in what it differs.
fn appraised(service: &Service, packages: &[&Path], version: &str) -> (Vec<String>, Value) {
    let phone = Phone { packages: packages.iter().map(|path| path.to_path_buf()).collect() };
    let measurement = phone.measure(&service.data.path());
    let challenge = service.post("/v1/challenges", &json!({ "account": "acme" }).to_string());
    let key = P256Key::generate().unwrap();
    let request = TokenRequest {
        challenge: challenge.get("challenge").unwrap().as_str().unwrap().to_owned(),
        account: "acme".into(),
        audience: "acme".into(),
        app: app(version),
        sdk_version: "0.1.0".into(),
        formats: vec![1],
        epoch: 1,
        version: 1,
        measurement,
        evidence: Vec::new(),
        previous: None,
        session_key: P256Key::generate().unwrap().public_key().unwrap(),
        development: None,
        user: None,
        trace: None,
        binding: None,
    };
    let header = Header::with_jwk(TOKEN_REQUEST_TYPE, &key.public_key().unwrap());
    let input = signing_input(&header, serde_json::to_string(&request).unwrap().as_bytes());
    service.post("/v1/tokens", &join(&input, &key.sign(input.as_bytes()).unwrap()));
    let row = service.data.run(&["appraisals", "--limit", "1"]).json().pointer("/0").unwrap().clone();
    let codes = row.get("findings").unwrap().as_array().unwrap().clone();
    let codes =
        codes.iter().filter_map(Value::as_str).filter(|code| code.starts_with("app_") || code.starts_with("core_"));
    (codes.map(Into::into).collect(), row.get("differences").unwrap().clone())
}

fn registered(service: &Service, arguments: &[&str]) {
    let ended = service.data.run(&[&["app", "register"], arguments].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
}

/// Puts files of `folder` into a package, and signs it.
fn repacked(from: &Path, folder: &Path, names: &[&str], key: &Path, to: &Path) {
    let changed = folder.join("changed.apk");
    std::fs::copy(from, &changed).unwrap();
    cache::run(Command::new("zip").arg("-q").arg(&changed).args(names).current_dir(folder));
    sign(key, &changed, to);
}

#[test]
fn what_the_store_delivers_passes_and_what_others_make_of_it_does_not() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    let ((store_key, certificate), (thief_key, _)) = (key(folder, "store.jks"), key(folder, "thief.jks"));
    let bundle = bundle(folder);
    let delivered = folder.join("app.apks");
    build_apks(&bundle, &store_key, &delivered, &[]);
    cache::run(Command::new("unzip").args(["-q", "-d"]).arg(folder).arg(&delivered).arg("splits/*"));
    let split = |name: &str| folder.join("splits").join(name);
    let (base, abi, extra) = (split("base-master.apk"), split("base-x86_64.apk"), split("extra-master.apk"));
    let universal = folder.join("universal.apks");
    build_apks(&bundle, &store_key, &universal, &["--mode=universal"]);
    cache::run(Command::new("unzip").args(["-q", "-d"]).arg(folder).arg(&universal).arg("universal.apk"));

    let service = Service::start_with(&["--plain-http"]);
    let signer: String = certificate.iter().map(|byte| format!("{byte:02x}")).collect();
    registered(&service, &[bundle.to_str().unwrap(), "--signer", &signer]);

    // Changed packages lie in folders of their own: a file's name is what the phone has it under.
    let place = |name: &str| {
        std::fs::create_dir(folder.join(name)).unwrap();
        folder.join(name).join("base-master.apk")
    };
    let resigned = place("resigned");
    sign(&thief_key, &base, &resigned);
    std::fs::write(folder.join("classes7.dex"), b"dex\n035\0the thief's").unwrap();
    let added = place("added");
    repacked(&base, folder, &["classes7.dex"], &thief_key, &added);
    let added_by_store = place("added_by_store");
    repacked(&base, folder, &["classes7.dex"], &store_key, &added_by_store);
    let bytes = std::fs::read(&base).unwrap();
    let written = |name: &str, bytes: &[u8]| {
        let path = place(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let prepended = written("prepended", &[b"dex\n035\0".as_slice(), &bytes].concat());
    let flipped = {
        let mut bytes = bytes.clone();
        *bytes.get_mut(60).unwrap() ^= 1;
        written("flipped", &bytes)
    };
    let v1_alone = place("v1_alone");
    let mut command = Command::new("apksigner");
    command.args(["sign", "--v2-signing-enabled", "false", "--v3-signing-enabled", "false", "--min-sdk-version", "21"]);
    cache::run(
        command.args(["--ks-pass", "pass:secret", "--ks"]).arg(&store_key).arg("--out").arg(&v1_alone).arg(&base),
    );

    for (what, packages, version, expected) in [
        ("signed by another", vec![&resigned, &abi], "4.2", &["app_signer_unknown"][..]),
        ("with classes of another", vec![&added, &abi], "4.2", &["app_altered", "app_signer_unknown"]),
        ("with classes that nobody registered", vec![&added_by_store, &abi], "4.2", &["app_altered"]),
        ("without its base", vec![&abi], "4.2", &["app_altered"]),
        ("with bytes in front", vec![&prepended, &abi], "4.2", &["app_unmeasured"]),
        ("with a byte flipped", vec![&flipped, &abi], "4.2", &["app_unmeasured"]),
        ("without signing block", vec![&v1_alone, &abi], "4.2", &["app_unmeasured"]),
        ("of another version", vec![&base, &abi], "4.1", &["app_unregistered"]),
        ("as it was delivered", vec![&base, &abi], "4.2", &[]),
        ("with the feature", vec![&base, &abi, &extra], "4.2", &[]),
        ("in one package", vec![&folder.join("universal.apk")], "4.2", &[]),
    ] {
        let packages: Vec<&Path> = packages.into_iter().map(PathBuf::as_path).collect();
        let (found, differences) = appraised(&service, &packages, version);
        assert_eq!(found, expected, "{what}: {differences}");
    }
    let (_, differences) = appraised(&service, &[&added, &abi], "4.2");
    assert!(
        differences.as_array().unwrap().iter().any(|one| one.get("name").unwrap() == "classes7.dex"),
        "{differences}"
    );

    let bundle_exact = service.data.run(&["app", "register", bundle.to_str().unwrap(), "--signer", &signer, "--exact"]);
    assert!(bundle_exact.code == 2 && bundle_exact.stderr.contains("--exact"), "{}", bundle_exact.stderr);
    exact(folder, &base, &abi, &store_key);
}

/// The same splits, registered just as they are.
fn exact(folder: &Path, base: &Path, abi: &Path, store_key: &Path) {
    let service = Service::start_with(&["--plain-http"]);
    registered(&service, &[base.to_str().unwrap(), abi.to_str().unwrap(), "--exact"]);
    std::fs::create_dir_all(folder.join("assets")).unwrap();
    std::fs::write(folder.join("assets/x"), b"no code").unwrap();
    std::fs::create_dir(folder.join("assets_added")).unwrap();
    let other = folder.join("assets_added/base-master.apk");
    repacked(base, folder, &["assets/x"], store_key, &other);
    assert_eq!(appraised(&service, &[&other, abi], "4.2").0, ["app_altered"]);
    assert_eq!(appraised(&service, &[base, abi], "4.2").0, [""; 0]);
}
