//! Dependencies point down the picture in docs/architecture.md, and nowhere else.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

/// What each part may depend on: the whole picture.
const PICTURE: &[(&str, &[&str])] = &[
    ("bonafide-protocol", &[]),
    ("bonafide-package", &[]),
    ("bonafide-core", &["bonafide-protocol", "bonafide-package"]),
    ("bonafide-bindings", &["bonafide-core", "bonafide-protocol"]),
    ("bonafide-bindgen", &[]),
    ("bonafide-probes", &["bonafide-core"]),
    ("bonafide-attestation", &["bonafide-protocol"]),
    ("bonafide-forge", &["bonafide-protocol", "bonafide-attestation"]),
    ("bonafide-service", &["bonafide-protocol", "bonafide-attestation"]),
    ("bonafide-gateway", &["bonafide-protocol"]),
    (
        "bonafide-cli",
        &["bonafide-protocol", "bonafide-package", "bonafide-attestation", "bonafide-service", "bonafide-gateway"],
    ),
];

/// What a part must never see, whatever else it may use.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("bonafide-protocol", &["tokio", "reqwest", "rustls", "uniffi", "jni", "axum", "sqlx"]),
    ("bonafide-package", &["tokio", "reqwest", "rustls", "uniffi", "jni", "axum", "sqlx", "serde_json"]),
    ("bonafide-core", &["uniffi", "jni", "ndk", "ndk-context", "objc2", "security-framework", "axum", "sqlx"]),
];

/// The Maven modules: each may depend on these of ours.
const MAVEN: &[(&str, &[&str])] = &[
    ("native", &[]),
    ("client", &["bonafide-native"]),
    ("okhttp", &["bonafide-client"]),
    ("jvm", &["bonafide-client"]),
    ("sdk", &["bonafide-client"]),
    ("testing", &["bonafide-client"]),
    ("sample", &["bonafide-android", "bonafide-okhttp"]),
    ("demo", &["bonafide-okhttp", "bonafide-jvm"]),
    ("bench", &["bonafide-okhttp", "bonafide-jvm"]),
    ("emulated", &[]),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The direct dependencies of every member, dev-dependencies left out: a test may reach further than its crate.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value, member: &str| value.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let list = |value: &Value, member: &str| value.get(member).and_then(Value::as_array).cloned().unwrap_or_default();
    list(&metadata, "packages")
        .iter()
        .map(|package| {
            let direct = list(package, "dependencies")
                .iter()
                .filter(|dependency| text(dependency, "kind") != "dev")
                .map(|dependency| text(dependency, "name"))
                .collect();
            (text(package, "name"), direct)
        })
        .collect()
}

#[test]
fn crates_depend_downwards_only() {
    let found = dependencies();
    assert!(found.len() >= 6, "cargo metadata named only {:?}", found.keys());
    for (part, direct) in &found {
        let Some((_, allowed)) = PICTURE.iter().find(|(name, _)| name == part) else {
            panic!("{part} is not in the picture");
        };
        for dependency in direct.iter().filter(|name| name.starts_with("bonafide-")) {
            assert!(allowed.contains(&dependency.as_str()), "{part} must not depend on {dependency}");
        }
    }
    for (part, forbidden) in FORBIDDEN {
        let direct = found.get(*part).unwrap();
        for name in *forbidden {
            assert!(!direct.contains(*name), "{part} must not see {name}");
        }
    }
}

#[test]
fn maven_modules_depend_downwards_only() {
    for (module, allowed) in MAVEN {
        let pom = std::fs::read_to_string(root().join("android").join(module).join("pom.xml")).unwrap();
        for block in pom.split("<dependency>").skip(1) {
            let block = block.split("</dependency>").next().unwrap_or_default();
            let artifact = block
                .split_once("<artifactId>")
                .and_then(|(_, rest)| rest.split_once("</artifactId>"))
                .map_or("", |(artifact, _)| artifact.trim());
            let test_only = block.contains("<scope>test</scope>");
            if artifact.starts_with("bonafide-") && !test_only {
                assert!(allowed.contains(&artifact), "android/{module} must not depend on {artifact}");
            }
        }
    }
}
