//! A phone's app against a registered package: who signed it, and its code piece by piece.
//!
//! Stores sign anew and split: a build is its code and its signers, whatever the files are called that they come in.

use std::collections::{HashMap, HashSet};

use bonafide_protocol::measurement::{Code, CodeRole, Fact, Measurement};
use bonafide_protocol::packages::{PackageFile, PackageSigner, Packages};

use super::app::Likeness;
use super::difference::Difference;
use super::{Build, Digest};
use crate::package::{Package, Signer};

/// The module that every installation has.
const BASE: &str = "base";

/// The module of an iOS app's own executable.
const APP: &str = "app";

/// Where the folders of an app's extensions are, by which their executables' modules are called.
const EXTENSIONS: [&str; 2] = ["PlugIns/", "Extensions/"];

/// How the command line names a signer that the package does not have yet.
const STORE: &str = "store";

/// What is asked of a build at each request, looked up once.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Digests of dex and libraries.
    code: HashSet<String>,
    /// Digests of whole packages' content; empty where they may differ.
    contents: HashSet<String>,
    /// Machine code as it lies in memory.
    text: Vec<Digest>,
    /// Those of an iOS app: its own first, where it has one.
    executables: Vec<Executable>,
}

/// What an iOS process runs: the app's own executable, or that of one of its extensions.
#[derive(Debug)]
struct Executable {
    module: String,
    /// As it lies in memory, for each architecture.
    text: Vec<Digest>,
}

impl Executable {
    fn is_extension(&self) -> bool {
        is_extension(&self.module)
    }

    fn has(&self, digest: &str) -> bool {
        self.text.iter().any(|one| one.sha256.eq_ignore_ascii_case(digest))
    }
}

/// `PlugIns/Share.appex`; a framework in it has one slash more, and every other one none.
fn is_extension(module: &str) -> bool {
    let name = EXTENSIONS.iter().find_map(|folder| module.strip_prefix(folder));
    name.is_some_and(|name| name.ends_with(".appex") && !name.contains('/'))
}

impl Known {
    pub(super) fn of(package: &Package, artifacts: &[Digest]) -> Self {
        let lower = |digest: &String| digest.to_ascii_lowercase();
        let of = |kinds: &'static [&str]| package.entries.iter().filter(move |one| kinds.contains(&one.kind.as_str()));
        Self {
            code: of(&["dex", "native"]).map(|one| lower(&one.sha256)).collect(),
            contents: artifacts.iter().map(|one| lower(&one.sha256)).collect(),
            text: of(&["text"]).map(|one| Digest { name: one.name.clone(), sha256: lower(&one.sha256) }).collect(),
            executables: executables_of(package),
        }
    }

    /// Machine code in memory that the package registers.
    pub(super) fn text(&self) -> &[Digest] {
        &self.text
    }
}

fn executables_of(package: &Package) -> Vec<Executable> {
    let mut all: Vec<Executable> = Vec::new();
    for one in package.entries.iter().filter(|one| one.kind == "text") {
        if one.module != APP && !is_extension(&one.module) {
            continue;
        }
        let text = Digest { name: one.name.clone(), sha256: one.sha256.to_ascii_lowercase() };
        match all.iter_mut().find(|known| known.module == one.module) {
            Some(known) => known.text.push(text),
            None => all.push(Executable { module: one.module.clone(), text: vec![text] }),
        }
    }
    all.sort_by_key(Executable::is_extension);
    all
}

/// Whether every package of the app was found, and all that is asked of it is known.
pub(super) fn is_whole(measurement: &Measurement) -> bool {
    let Some(Packages { files: Fact::Known(files), .. }) = &measurement.packages else { return false };
    let known = |file: &PackageFile| {
        matches!((&file.signer, &file.content, &file.code), (Fact::Known(_), Fact::Known(_), Fact::Known(_)))
    };
    !files.is_empty() && files.iter().all(known)
}

/// Whether the executable's code in memory is known.
pub(super) fn has_executable(measurement: &Measurement) -> bool {
    let mut all = executables(measurement).peekable();
    all.peek().is_some() && all.all(|code| matches!(code.memory, Fact::Known(_)))
}

/// Packages where the platform has none.
pub(super) fn unexpected(measurement: &Measurement) -> Option<Difference> {
    measurement.packages.as_ref().map(|_| Difference::new("package", "not of this platform", None, None))
}

/// An Android app: each piece of code that is installed is registered, and the base's is there.
pub(super) fn android(build: &Build, measurement: &Measurement) -> Likeness {
    let (package, known) = (&build.registration.package, &build.known);
    let unsaid = Packages::unknown("not said");
    let packages = measurement.packages.as_ref().unwrap_or(&unsaid);
    let files = match &packages.files {
        Fact::Known(files) => files.as_slice(),
        Fact::Unknown(why) => {
            let differences = vec![Difference::unknown("package", "", why)];
            // Jars vouch for no phone's app, measured or not.
            return Likeness { code: !known.code.is_empty(), signer: true, extension: false, differences };
        }
    };
    let (mut code, mut signer, mut differences) = (!known.code.is_empty(), true, Vec::new());
    let mut foreign = Vec::new();
    let mut present = HashSet::new();
    let mut complete = true;
    for file in files {
        match &file.signer {
            Fact::Known(one) if is_signer(package, packages.sdk, one) => {}
            Fact::Known(one) => {
                signer = false;
                let expected = package.signers.last().map(|one| one.sha256.as_str());
                differences.push(Difference::new("signer", &file.name, expected, Some(&one.sha256)));
            }
            Fact::Unknown(why) => differences.push(Difference::unknown("signer", &file.name, why)),
        }
        match &file.content {
            Fact::Known(digest) if is_content(known, digest) => {}
            Fact::Known(digest) => {
                code = false;
                differences.push(Difference::new("content", &file.name, None, Some(digest)));
            }
            Fact::Unknown(why) => differences.push(Difference::unknown("content", &file.name, why)),
        }
        match &file.code {
            Fact::Known(pieces) => {
                for piece in pieces {
                    let digest = piece.sha256.to_ascii_lowercase();
                    if !known.code.contains(&digest) {
                        foreign.push(piece);
                    }
                    present.insert(digest);
                }
            }
            Fact::Unknown(why) => {
                complete = false;
                differences.push(Difference::unknown("code", &file.name, why));
            }
        }
    }
    let entries = package.entries.iter().filter(|one| matches!(one.kind.as_str(), "dex" | "native"));
    let absent = |digest: &str| !present.contains(&digest.to_ascii_lowercase());
    let mut absents = HashMap::new();
    // Where all is registered, as with honest devices, nothing is looked up.
    for one in entries.clone().filter(|one| !foreign.is_empty() && absent(&one.sha256)) {
        absents.entry((one.name.as_str(), one.architecture.as_deref())).or_insert(one.sha256.as_str());
    }
    let mut replaced = HashSet::new();
    for piece in &foreign {
        let expected = absents.get(&(piece.name.as_str(), piece.architecture.as_deref())).copied();
        replaced.extend(expected);
        differences.push(Difference::new("code", &piece.name, expected, Some(&piece.sha256)));
    }
    // Splits for other devices are elsewhere; the base's own classes are on each.
    let missing: Vec<_> =
        entries.filter(|one| complete && one.kind == "dex" && one.module == BASE && absent(&one.sha256)).collect();
    for one in missing.iter().filter(|one| !replaced.contains(one.sha256.as_str())) {
        differences.push(Difference::new("code", &one.name, Some(&one.sha256), None));
    }
    code &= foreign.is_empty() && missing.is_empty() && !(complete && present.is_empty());
    Likeness { code, signer, extension: false, differences }
}

/// An iOS app: the executable's code in memory, since the store encrypts the file. Its team is for the evidence to tell.
///
/// The process is the app's own, or that of one of its extensions, as a whole: what it runs is one executable.
pub(super) fn ios(build: &Build, measurement: &Measurement) -> Likeness {
    let known = &build.known.executables;
    // A build without an app of its own, which only an older service stored, is nobody's.
    let own = known.first().filter(|one| !one.is_extension());
    let is_of = |known: &&Executable| {
        executables(measurement).all(|one| match &one.memory {
            Fact::Known(digest) => known.has(digest),
            Fact::Unknown(_) => true,
        })
    };
    let same = known.iter().find(is_of).filter(|_| own.is_some());
    // What it is nearest to: for people, who go by names.
    let is_called =
        |known: &&Executable| executables(measurement).any(|one| known.text.iter().any(|text| text.name == one.name));
    let expected = same.or_else(|| known.iter().find(is_called)).or(own);
    let mut differences = Vec::new();
    for one in executables(measurement) {
        match &one.memory {
            Fact::Known(digest) if expected.is_some_and(|known| known.has(digest)) => {}
            Fact::Known(digest) => {
                let expected = expected.and_then(|known| known.text.first()).map(|text| text.sha256.as_str());
                differences.push(Difference::new("text", &one.name, expected, Some(digest)));
            }
            Fact::Unknown(why) => differences.push(Difference::unknown("text", &one.name, why)),
        }
    }
    let unexpected = unexpected(measurement);
    let code = same.is_some() && unexpected.is_none();
    differences.extend(unexpected);
    Likeness { code, signer: true, extension: same.is_some_and(Executable::is_extension), differences }
}

fn executables(measurement: &Measurement) -> impl Iterator<Item = &Code> {
    measurement.code.iter().filter(|code| code.role == CodeRole::Executable)
}

fn is_content(known: &Known, digest: &str) -> bool {
    known.contents.is_empty() || known.contents.contains(&digest.to_ascii_lowercase())
}

/// Whether the build's owner has said that this certificate may sign it, for a device of this API level.
///
/// Of the package's own signers it is the one that Android goes by there; or one of those before it in its lineage, on
/// devices that are too old for it. A lineage that the registration does not know makes nobody a signer: it could be the
/// work of a key that was given up because it was stolen.
fn is_signer(package: &Package, sdk: Option<u32>, signer: &PackageSigner) -> bool {
    let is = |digest: &str| digest.eq_ignore_ascii_case(&signer.sha256);
    let (store, own): (Vec<&Signer>, Vec<&Signer>) = package.signers.iter().partition(|one| one.scheme == STORE);
    let covers = |one: &Signer| sdk.is_none_or(|sdk| (one.min_sdk..=one.max_sdk.unwrap_or(u32::MAX)).contains(&sdk));
    let newer = |one: &Signer| sdk.is_some_and(|sdk| sdk < one.min_sdk);
    let current = own.iter().filter(|one| covers(one)).max_by_key(|one| (rank(&one.scheme), one.min_sdk));
    store.iter().any(|one| is(&one.sha256))
        || current.is_some_and(|one| is(&one.sha256))
        || own.iter().any(|one| newer(one) && one.lineage.iter().any(|ancestor| is(ancestor)))
}

/// Android asks the newest scheme that it knows.
fn rank(scheme: &str) -> u8 {
    match scheme {
        "v3.1" => 3,
        "v3" => 2,
        "v2" => 1,
        _ => 0,
    }
}
