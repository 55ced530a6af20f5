//! What a device says of the packages that its app was installed as: who signed them, and which code they hold.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::measurement::Fact;

/// The most packages that one app is installed as: a base and its splits.
pub const MAX_PACKAGE_FILES: usize = 64;

/// The most pieces of code in all of them.
pub const MAX_PACKAGE_CODE: usize = 400;

/// The most bytes that the JSON of [`Packages`] takes. With what else belongs to a request this stays below
/// [`MAX_REQUEST_BYTES`](crate::message::MAX_REQUEST_BYTES).
pub const MAX_PACKAGES_BYTES: usize = 64 * 1024;

/// The packages that the process has mapped as its app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packages {
    /// The API level by which the signers were chosen. Where it is not known, each signer is the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdk: Option<u32>,
    /// The base and its splits. More than [`MAX_PACKAGE_FILES`] or [`MAX_PACKAGE_CODE`] are not read.
    #[serde(deserialize_with = "files")]
    pub files: Fact<Vec<PackageFile>>,
}

/// One package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageFile {
    /// The file's name, without its folder.
    pub name: String,
    /// Who signed it. Known only where the signature is good and the content is what was signed.
    pub signer: Fact<PackageSigner>,
    /// The content's digest as APK signature schemes have it, by SHA-256 over pieces of 1 MiB, lower-case hexadecimal.
    pub content: Fact<String>,
    /// Each `classes*.dex` and each `lib/ABI/*.so`.
    pub code: Fact<Vec<PackageCode>>,
}

/// The signer that the device's Android goes by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageSigner {
    /// `v2`, `v3`, `v3.1`.
    pub scheme: String,
    /// SHA-256 of the certificate, lower-case hexadecimal.
    pub sha256: String,
    /// The certificates that it follows, the oldest first, itself last, each vouched for by the one before. Empty where
    /// it has never changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lineage: Vec<String>,
}

/// One piece of code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageCode {
    /// The file's name, without its folder.
    pub name: String,
    /// The ABI of a library; dex has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// SHA-256 of the uncompressed content, lower-case hexadecimal.
    pub sha256: String,
}

impl Packages {
    /// Packages of which nothing is known.
    pub fn unknown(why: &str) -> Self {
        Self { sdk: None, files: Fact::Unknown(why.to_owned()) }
    }

    /// Within the limits. Where `files` are beyond them, the code of architectures other than `architecture` goes first:
    /// this process cannot run it. What is still too much is unknown, since a part would pass for the whole.
    pub fn found(sdk: Option<u32>, files: Vec<PackageFile>, architecture: &str) -> Self {
        let all = Self { sdk, files: Fact::Known(files) };
        if all.fits() {
            return all;
        }
        let fewer = all.of(architecture);
        if fewer.fits() { fewer } else { Self { sdk, ..Self::unknown("more packages or code than a request holds") } }
    }

    fn fits(&self) -> bool {
        let Fact::Known(files) = &self.files else { return true };
        are_few(files) && serde_json::to_vec(self).is_ok_and(|json| json.len() <= MAX_PACKAGES_BYTES)
    }

    fn of(mut self, architecture: &str) -> Self {
        if let Fact::Known(files) = &mut self.files {
            for file in files {
                if let Fact::Known(code) = &mut file.code {
                    code.retain(|one| one.architecture.as_deref().is_none_or(|abi| abi == architecture));
                }
            }
        }
        self
    }
}

fn are_few(files: &[PackageFile]) -> bool {
    let code = files.iter().map(|file| if let Fact::Known(code) = &file.code { code.len() } else { 0 });
    files.len() <= MAX_PACKAGE_FILES && code.sum::<usize>() <= MAX_PACKAGE_CODE
}

fn files<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fact<Vec<PackageFile>>, D::Error> {
    let files = Fact::<Vec<PackageFile>>::deserialize(deserializer)?;
    match &files {
        Fact::Known(known) if !are_few(known) => Err(D::Error::custom(format!(
            "more than {MAX_PACKAGE_FILES} packages, or more than {MAX_PACKAGE_CODE} pieces of code in them"
        ))),
        _ => Ok(files),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn file(pieces: usize) -> PackageFile {
        let code = PackageCode { name: "classes.dex".into(), architecture: None, sha256: "00".repeat(32) };
        let unknown = || "not looked at".to_owned();
        PackageFile {
            name: "base.apk".into(),
            signer: Fact::Unknown(unknown()),
            content: Fact::Unknown(unknown()),
            code: Fact::Known(vec![code; pieces]),
        }
    }

    #[test]
    fn no_more_packages_or_code_are_read_than_a_device_sends() {
        let most = vec![file(MAX_PACKAGE_CODE / MAX_PACKAGE_FILES); MAX_PACKAGE_FILES];
        for (files, read) in [
            (most.clone(), true),
            (vec![file(MAX_PACKAGE_CODE)], true),
            ([most, vec![file(0)]].concat(), false),
            (vec![file(MAX_PACKAGE_CODE + 1)], false),
            (vec![file(MAX_PACKAGE_CODE), file(1)], false),
        ] {
            let sent = serde_json::to_string(&Packages { sdk: Some(34), files: Fact::Known(files) }).unwrap();
            assert_eq!(serde_json::from_str::<Packages>(&sent).is_ok(), read);
        }
        let unknown = serde_json::to_string(&Packages::unknown("none")).unwrap();
        assert_eq!(serde_json::from_str::<Packages>(&unknown).unwrap(), Packages::unknown("none"));
    }
}
