//! APKs that make up one app: a base and its splits.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Seek};

use super::apk::{self, Apk};
use super::{Code, Format, Package};
use crate::entries::Archive;
use crate::{Error, Result, limits};

/// Where bundletool puts the splits. Beside them lie whole packages for devices older than Android 5.
const SPLITS: &str = "splits/";

pub(super) fn is_package(name: &str) -> bool {
    name.ends_with(".apk")
}

/// An archive of APKs, as bundletool makes it.
pub(super) fn read<R: Read + Seek>(archive: &mut Archive<R>) -> Result<Package> {
    let all: Vec<String> =
        archive.items().iter().map(|item| item.name.clone()).filter(|name| is_package(name)).collect();
    let splits: Vec<String> = all.iter().filter(|name| name.starts_with(SPLITS)).cloned().collect();
    let names = if splits.is_empty() { all } else { splits };
    if names.len() > limits::PACKAGES {
        return Err(Error::Limit { what: "packages", found: names.len() as u64, limit: limits::PACKAGES as u64 });
    }
    let mut apks = Vec::new();
    for name in names {
        let bytes = archive.read(&name, limits::ENTRY)?;
        let apk = apk::read(&mut Cursor::new(bytes)).map_err(|error| error.inside(&name))?;
        apks.push((name, apk));
    }
    join(apks, Format::ApkSet)
}

/// The one app that the APKs make up.
pub(super) fn join(apks: Vec<(String, Apk)>, format: Format) -> Result<Package> {
    let base = apks.iter().find(|(_, apk)| apk.manifest.split.is_none());
    let (_, base) = base.ok_or(Error::Missing { what: "the base package, that has no split name" })?;
    let (id, build, version) = (base.manifest.id.clone(), base.manifest.build(), base.manifest.version_name.clone());
    let signers = base.signers.clone();
    let who = |apk: &Apk| {
        apk.signers
            .iter()
            .map(|one| format!("{} {}", one.scheme, super::hex(&one.certificate)))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let mut code: BTreeMap<_, Code> = BTreeMap::new();
    for (name, apk) in &apks {
        for (field, found, expected) in [
            ("package name", apk.manifest.id.clone(), id.clone()),
            ("version code", apk.manifest.build(), build.clone()),
            ("signer", who(apk), who(base)),
        ] {
            if found != expected {
                return Err(Error::SetDiffers { name: name.clone(), field, found, expected });
            }
        }
        // bundletool makes the same split in several forms, for old and new devices: its code is the same then.
        for one in &apk.code {
            let key = (one.module.clone(), one.kind, one.name.clone(), one.architecture.clone());
            if let Some(other) = code.insert(key, one.clone())
                && other.sha256 != one.sha256
            {
                let (found, expected) = (super::hex(&one.sha256), super::hex(&other.sha256));
                return Err(Error::SetDiffers { name: name.clone(), field: "code of the same name", found, expected });
            }
        }
    }
    let contents = apks.iter().map(|(name, apk)| (name.clone(), apk.content)).collect();
    Ok(Package { format, id, version, build, signers, team: None, code: code.into_values().collect(), contents })
}
