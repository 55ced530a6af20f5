//! Builds for phones as an operator registers them, and what a phone with one of them says.

use bonafide_protocol::measurement::{Fact, Platform};
use bonafide_protocol::packages::{PackageCode, PackageFile, PackageSigner, Packages};
use serde_json::{Value, json};

use super::Device;

pub(crate) const TEAM: &str = "TEAM123456";

/// The certificate that signs the Android build.
pub(crate) const SIGNER: &str = "aa";

fn digest(byte: &str) -> String {
    byte.repeat(32)
}

/// The build of a platform, for `POST /admin/v1/apps`.
pub(crate) fn build(platform: Platform) -> Value {
    let (named, rest) = match platform {
        Platform::Android => (
            "android",
            json!({ "format": "apk", "signers": [{ "sha256": digest(SIGNER), "scheme": "v2" }],
                "entries": [{ "module": "base", "kind": "dex", "name": "classes.dex", "sha256": digest("d1") }] }),
        ),
        Platform::Ios => (
            "ios",
            json!({ "format": "ipa", "team": TEAM,
                "entries": [{ "module": "app", "kind": "text", "name": "Acme", "sha256": digest("55") }] }),
        ),
        _ => ("jvm", json!({ "artifacts": [{ "name": "app.jar", "sha256": digest("11") }] })),
    };
    let mut body = json!({ "platform": named, "id": "com.acme.app", "version": "1.0" });
    body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    body
}

/// A device of this platform with its build, which measures just what is registered.
pub(crate) fn device(platform: Platform) -> Device {
    let mut device = Device::new();
    device.request.app.platform = platform;
    let measurement = &mut device.request.measurement;
    match platform {
        Platform::Android => {
            let signer = PackageSigner { scheme: "v2".into(), sha256: digest(SIGNER), lineage: Vec::new() };
            let dex = PackageCode { name: "classes.dex".into(), architecture: None, sha256: digest("d1") };
            let base = PackageFile {
                name: "base.apk".into(),
                signer: Fact::Known(signer),
                content: Fact::Known(digest("c0")),
                code: Fact::Known(vec![dex]),
            };
            measurement.packages = Some(Packages { sdk: Some(34), files: Fact::Known(vec![base]) });
        }
        Platform::Ios => {
            for code in &mut measurement.code {
                // The core is part of the executable there, and the store has encrypted the file.
                code.memory = Fact::Known(digest("55"));
                code.file = Fact::Unknown("encrypted".into());
            }
        }
        _ => {}
    }
    device
}
