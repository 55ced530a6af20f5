//! Honest phones under the default policy: what the core itself measures of a described phone, against the package that
//! its operator registered. What a test makes up of a phone proves nothing of what a real one says.

mod android;
mod described;
mod extension;
mod installed;
mod iphone;

#[path = "../../../../../package/tests/forge/mod.rs"]
#[expect(
    unused_imports,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "the package's own tests use more of it, and fail by panicking"
)]
#[allow(dead_code, clippy::allow_attributes, reason = "no test uses everything, and none expects that")]
mod forge;

use std::io::Cursor;

use bonafide_package::registration::{self, Code};
use bonafide_protocol::encoding::to_hex;
use bonafide_protocol::measurement::Platform;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::phone::World;

/// Registers what is read of a package, as `bonafide app register` does.
async fn register(world: &World, platform: Platform, package: Vec<u8>) {
    let package = registration::read(vec![("app".to_owned(), Cursor::new(package))]).unwrap();
    let signers: Vec<Value> = package
        .signers
        .iter()
        .map(|one| json!({ "sha256": to_hex(&one.certificate), "scheme": one.scheme.name(), "min_sdk": one.min_sdk }))
        .collect();
    let body = json!({
        "platform": platform.name(), "id": package.id, "version": package.version, "build": package.build,
        "format": package.format.name(), "team": package.team.unwrap_or_default(), "signers": signers,
        "entries": package.code.iter().map(entry).collect::<Vec<_>>(),
    });
    let (status, answer) = world.service.operator("POST", "/admin/v1/apps", Some(body)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

fn entry(code: &Code) -> Value {
    let (kind, sha256) = (code.kind.name(), to_hex(&code.sha256));
    let mut entry = json!({ "module": code.module, "kind": kind, "name": code.name, "sha256": sha256 });
    if let Some(architecture) = &code.architecture {
        entry.as_object_mut().unwrap().insert("architecture".to_owned(), json!(architecture));
    }
    entry
}
