//! Chains made by real phones: `BONAFIDE_CORPORA`, by default `../shared/corpora` beside the workspace.

use std::path::{Path, PathBuf};

use bonafide_attestation::android_key::chain_from_pem;
use serde_json::Value;

/// A chain of a real phone, and what Google's own tools read in it.
pub(crate) struct Sample {
    /// Its path inside of the corpus, without the ending.
    pub(crate) name: String,
    pub(crate) chain: Vec<Vec<u8>>,
    pub(crate) expected: Value,
}

impl Sample {
    /// The moment at which the phone made the key, in Unix seconds.
    pub(crate) fn made_at(&self) -> u64 {
        let made = self.expected.pointer("/softwareEnforced/creationDateTime").unwrap();
        made.as_str().unwrap().parse::<u64>().unwrap() / 1000
    }

    pub(crate) fn challenge(&self) -> Vec<u8> {
        let challenge = self.expected.get("attestationChallenge").unwrap();
        bonafide_protocol::encoding::from_base64(challenge.as_str().unwrap()).unwrap()
    }
}

/// The folder of the corpus. Its absence fails the test that asks.
pub(crate) fn folder() -> PathBuf {
    let corpora = std::env::var_os("BONAFIDE_CORPORA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora"), PathBuf::from);
    let folder = corpora.join("android-key-attestation");
    assert!(
        folder.is_dir(),
        "no corpus at {}: set BONAFIDE_CORPORA to the folder that holds android-key-attestation",
        folder.display()
    );
    folder
}

/// Every chain of the corpus, by name.
pub(crate) fn samples() -> Vec<Sample> {
    let root = folder();
    let mut paths = Vec::new();
    collect(&root, &mut paths);
    paths.sort();
    paths.iter().map(|path| read(&root, path)).collect()
}

/// One chain of the corpus.
pub(crate) fn sample(name: &str) -> Sample {
    let root = folder();
    read(&root, &root.join(format!("{name}.pem")))
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|ending| ending == "pem") {
            paths.push(path);
        }
    }
}

fn read(root: &Path, path: &Path) -> Sample {
    let text =
        |path: &Path| std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Sample {
        name: path.strip_prefix(root).unwrap().with_extension("").display().to_string(),
        chain: chain_from_pem(&text(path)).unwrap(),
        expected: serde_json::from_str(&text(&path.with_extension("json"))).unwrap(),
    }
}
