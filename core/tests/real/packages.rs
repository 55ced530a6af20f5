//! A real package, really mapped into a process, against what Android's own tool says of it.

use std::path::{Path, PathBuf};
use std::process::Command;

use bonafide_core::protocol::encoding::{sha256, to_hex};
use bonafide_core::protocol::measurement::Fact;
use bonafide_core::protocol::packages::PackageFile;

use super::client::Client;

/// From the cache that scripts/fetch-packages fills.
fn package(name: &str) -> PathBuf {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/fetch-packages");
    let output = Command::new("bash").arg(script).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "scripts/fetch-packages failed, so that nothing is proven here:\n{said}");
    Path::new(String::from_utf8(output.stdout).unwrap().trim()).join(name)
}

fn run(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} (scripts/setup installs it): {error}"));
    assert!(output.status.success(), "{command:?}");
    output.stdout
}

/// What is said of the packages once they have been looked at.
fn looked_at(client: &mut Client) -> Fact<Vec<PackageFile>> {
    loop {
        let files = client.measure().packages.unwrap().files;
        if !matches!(&files, Fact::Unknown(why) if why == "still being measured") {
            return files;
        }
    }
}

fn measured(client: &mut Client) -> Vec<PackageFile> {
    match looked_at(client) {
        Fact::Known(files) => files,
        Fact::Unknown(why) => panic!("unknown: {why}"),
    }
}

#[test]
fn a_mapped_package_is_read_as_androids_tools_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("base.apk");
    std::fs::copy(package("uiautomator2.apk"), &base).unwrap();
    let mut client = Client::installed(folder.path(), &base);
    let files = measured(&mut client);
    let [file] = files.as_slice() else { panic!("{files:?}") };
    let (Fact::Known(signer), Fact::Known(code)) = (&file.signer, &file.code) else { panic!("{file:?}") };
    assert_eq!((file.name.as_str(), signer.scheme.as_str(), code.len()), ("base.apk", "v3", 16));
    let said = run(Command::new("apksigner").args(["verify", "--print-certs"]).arg(&base));
    assert!(String::from_utf8_lossy(&said).contains(&signer.sha256));
    for one in code {
        let content = run(Command::new("unzip").arg("-p").arg(&base).arg(&one.name));
        assert_eq!(one.sha256, to_hex(&sha256(&content)), "{}", one.name);
    }

    // Replaced under the running process: the path leads to another file than the one that is mapped, and that goes on.
    std::fs::copy(package("apidemos.apk"), folder.path().join("next.apk")).unwrap();
    std::fs::rename(folder.path().join("next.apk"), &base).unwrap();
    // The slow probes of the question before have seen the old one.
    for _ in 0..20 {
        assert_eq!(measured(&mut client), files, "the new file was taken for the mapped one");
    }
}

#[test]
fn a_package_that_is_not_mapped_vouches_for_nobody() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(package("apidemos.apk"), folder.path().join("base.apk")).unwrap();
    let mut client = Client::installed(folder.path(), Path::new("/nonexistent"));
    let files = looked_at(&mut client);
    assert!(matches!(&files, Fact::Unknown(why) if why.contains("no package is mapped")), "{files:?}");
}
