//! A store: bundletool with a key of its own makes of a bundle what phones get. The code is real (dex of a demo, a
//! library of this machine).

use std::path::{Path, PathBuf};
use std::process::Command;

use bonafide_package::Sha256;

use crate::cache;
use crate::forge::{self, Attribute, Text};

const VERSION_CODE: u32 = 0x0101_021b;
const VERSION_NAME: u32 = 0x0101_021c;
const IS_FEATURE_SPLIT: u32 = 0x0101_055b;

fn bundletool(arguments: &[&str]) -> String {
    let classes = cache::folder().join("bundletool/*");
    let main = "com.android.tools.build.bundletool.BundleToolMain";
    cache::run(Command::new("java").args(["-Xmx1g", "-cp"]).arg(classes).arg(main).args(arguments))
}

/// A key store with one key, whose certificate it gives back.
pub(crate) fn key(folder: &Path, name: &str) -> (PathBuf, Sha256) {
    let store = folder.join(name);
    let keytool = |arguments: &[&str]| {
        let mut command = Command::new("keytool");
        let secret = ["-storepass", "secret", "-alias", "key", "-J-Djava.security.egd=file:/dev/./urandom"];
        cache::run(command.args(arguments).arg("-keystore").arg(&store).args(secret))
    };
    keytool(&["-genkeypair", "-keyalg", "RSA", "-keysize", "2048", "-dname", "CN=test", "-keypass", "secret"]);
    let file = folder.join(format!("{name}.der"));
    keytool(&["-exportcert", "-file", file.to_str().unwrap()]);
    let certificate = std::fs::read(file).unwrap();
    (store, ring::digest::digest(&ring::digest::SHA256, &certificate).as_ref().try_into().unwrap())
}

pub(crate) fn entry_of(apk: &Path, name: &str) -> Vec<u8> {
    Command::new("unzip").arg("-p").arg(apk).arg(name).output().unwrap().stdout
}

/// A bundle of a base and a feature, with code of both architectures.
pub(crate) fn bundle(folder: &Path) -> PathBuf {
    let dex = entry_of(&cache::folder().join("uiautomator2.apk"), "classes16.dex");
    let small = entry_of(&cache::folder().join("uiautomator2.apk"), "classes15.dex");
    let library = std::fs::read(std::env::current_exe().unwrap()).unwrap()[..100_000].to_vec();
    let manifest = |feature: bool| {
        let mut attributes = vec![
            Attribute::plain("package", Text("com.acme.app")),
            Attribute::android("versionCode", VERSION_CODE, 42),
            Attribute::android_text("versionName", VERSION_NAME, "4.2"),
        ];
        if feature {
            attributes.push(Attribute::plain("split", Text("extra")));
            attributes.push(Attribute::android_text("isFeatureSplit", IS_FEATURE_SPLIT, "true"));
        }
        forge::proto_manifest(&attributes, feature)
    };
    let module = |name: &str, feature: bool, code: &[u8], library: &[u8]| {
        let entry = |name: &str, content: &[u8]| (name.to_owned(), content.to_vec());
        let entries = vec![
            entry("manifest/AndroidManifest.xml", &manifest(feature)),
            entry("dex/classes.dex", code),
            entry(&format!("lib/arm64-v8a/lib{name}.so"), &[library, b"arm64", name.as_bytes()].concat()),
            entry(&format!("lib/x86_64/lib{name}.so"), &[library, b"x86_64", name.as_bytes()].concat()),
        ];
        let path = folder.join(format!("{name}.zip"));
        std::fs::write(&path, forge::archive(&entries)).unwrap();
        path.display().to_string()
    };
    let modules = [module("base", false, &dex, &library), module("extra", true, &small, &library)].join(",");
    let bundle = folder.join("app.aab");
    bundletool(&["build-bundle", &format!("--modules={modules}"), &format!("--output={}", bundle.display())]);
    bundle
}

pub(crate) fn build_apks(bundle: &Path, store: &Path, output: &Path, more: &[&str]) {
    let (bundle, output) = (format!("--bundle={}", bundle.display()), format!("--output={}", output.display()));
    let store = format!("--ks={}", store.display());
    let signing = ["--ks-key-alias=key", "--ks-pass=pass:secret", "--key-pass=pass:secret", "--aapt2=/usr/bin/aapt2"];
    bundletool(&[&["build-apks", &bundle, &output, &store], &signing[..], more].concat());
}

/// Signs a package anew.
pub(crate) fn sign(store: &Path, from: &Path, to: &Path) {
    let mut command = Command::new("apksigner");
    command.args(["sign", "--ks-pass", "pass:secret", "--ks"]).arg(store).arg("--out").arg(to).arg(from);
    cache::run(&mut command);
}
