use std::fs::File;
use std::path::PathBuf;

use bonafide_package::registration::{self, Format, Package};
use bonafide_package::{Error, limits};
use clap::Args;
use serde_json::{Value, json};

use super::PlatformName;
use crate::context::Context;
use crate::exit::{Exit, Failure, Outcome};
use crate::measure::Digests;
use crate::out::table::{cell, table};

const SIGNER_OF_BUNDLE: &str = "a store signs what it makes of a bundle: name its certificate with --signer SHA256 \
     (Play Console: Test and release, App integrity, App signing key certificate)";

#[derive(Args)]
pub(crate) struct Register {
    /// An APK, a base APK with its splits, an APK set, an AAB, an IPA; or the jars of a desktop app.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Where the app runs. Left out: as the package says.
    #[arg(long)]
    platform: Option<PlatformName>,
    /// The app's id, as it names itself to Bonafide. Left out: as the package says.
    #[arg(long)]
    id: Option<String>,
    /// The version that people read, for instance 1.2.3. Left out: as the package says.
    // Not clap's own --version.
    #[arg(long = "version", id = "app_version", value_name = "VERSION")]
    version: Option<String>,
    /// The version that machines compare, where the platform has one. Left out: as the package says.
    #[arg(long)]
    build: Option<String>,
    /// A certificate that signs the app besides those in the package, as a store's: its SHA-256. May be repeated.
    #[arg(long, alias = "store-signer", value_name = "SHA256", value_parser = digest)]
    signer: Vec<String>,
    /// Registers the content digests of the packages too: for builds that are installed just as they are.
    #[arg(long)]
    exact: bool,
    /// Only shows what would be registered.
    #[arg(long)]
    dry_run: bool,
}

impl Register {
    pub(crate) async fn run(&self, context: &Context) -> Outcome {
        let body = {
            let _spinner = context.out.spin("measuring");
            match self.platform {
                Some(PlatformName::Jvm | PlatformName::Linux) => self.files_alone()?,
                _ => self.package()?,
            }
        };
        context.out.say(tables(&body))?;
        if self.dry_run {
            return context.out.result("not registered: --dry-run", &body);
        }
        let answer = context.operator()?.post(&["apps"], &[], &body).await?;
        let named = |member: &str| cell(body.get(member));
        let text = format!(
            "registered {} {} as {}\nnext: run it; bonafide appraisals shows what it got, and why",
            named("id"),
            named("version"),
            cell(answer.get("app_id"))
        );
        let mut machine = body.clone();
        if let Some(members) = machine.as_object_mut() {
            members.insert("app_id".to_owned(), answer.get("app_id").cloned().unwrap_or_default());
        }
        context.out.result(text, &machine)
    }

    /// Files that say nothing of themselves.
    fn files_alone(&self) -> Outcome<Value> {
        let (Some(platform), Some(id), Some(version)) = (self.platform, &self.id, &self.version) else {
            return Err(Failure::usage("such files do not say what they are").next("add --id ID --version VERSION"));
        };
        if !self.signer.is_empty() {
            return Err(Failure::usage("--signer is for Android's packages: such files have no signer"));
        }
        let digests = Digests::of(&self.files, matches!(platform, PlatformName::Jvm))?;
        Ok(json!({
            "platform": platform.wire(), "id": id, "version": version, "build": self.build.as_deref().unwrap_or_default(),
            "artifacts": digests.artifacts, "code": digests.code,
        }))
    }

    fn package(&self) -> Outcome<Value> {
        let package = self.read()?;
        let platform = if package.format == Format::Ipa { PlatformName::Ios } else { PlatformName::Android };
        let platform = agreed("platform", self.platform.map(PlatformName::wire), Some(platform.wire()))?;
        let signers = self.signers(&package)?;
        let artifacts = if self.exact { contents(&package)? } else { Vec::new() };
        Ok(json!({
            "platform": platform,
            "id": agreed("id", self.id.as_deref(), Some(&package.id))?,
            "version": agreed("version", self.version.as_deref(), package.version.as_deref())?,
            "build": agreed("build", self.build.as_deref(), Some(&package.build))?,
            "format": package.format.name(),
            "team": package.team.as_deref().unwrap_or_default(),
            "signers": signers,
            "entries": package.code.iter().map(entry).collect::<Vec<_>>(),
            "artifacts": artifacts,
            "code": [],
        }))
    }

    fn read(&self) -> Outcome<Package> {
        let mut files = Vec::new();
        for path in &self.files {
            let file =
                File::open(path).map_err(|error| Failure::io(format!("{} cannot be read", path.display()), &error))?;
            files.push((path.display().to_string(), file));
        }
        registration::read(files).map_err(|error| {
            let shown = match self.files.as_slice() {
                [one] => format!("{}: {error}", one.display()),
                _ => error.to_string(),
            };
            refused(&error, shown)
        })
    }

    fn signers(&self, package: &Package) -> Outcome<Vec<Value>> {
        if package.format == Format::Ipa && !self.signer.is_empty() {
            return Err(Failure::usage("--signer is for Android: an iOS app is known by its team"));
        }
        if package.format == Format::Aab && self.signer.is_empty() {
            return Err(Failure::usage("the bundle does not tell who will sign the app").next(SIGNER_OF_BUNDLE));
        }
        let own = package.signers.iter().map(signer);
        let named = self.signer.iter().map(|sha256| json!({"sha256": sha256, "scheme": "store"}));
        Ok(own.chain(named).collect())
    }
}

/// What was said, what was read, and no contradiction between them.
fn agreed<'a>(what: &str, said: Option<&'a str>, read: Option<&'a str>) -> Outcome<&'a str> {
    match (said, read) {
        (Some(said), Some(read)) if said != read => {
            Err(Failure::refused(format!("the package has the {what} {read:?}, and not {said:?}")))
        }
        (_, Some(one)) | (Some(one), None) => Ok(one),
        (None, None) => {
            Err(Failure::usage(format!("the package does not tell its {what}")).next(format!("add --{what}")))
        }
    }
}

fn refused(error: &Error, shown: String) -> Failure {
    let within = match error {
        Error::Inside { error, .. } => error,
        other => other,
    };
    match within {
        Error::Io(_) => Failure::new(Exit::Unreachable, shown),
        Error::NoPackage | Error::NoEnd => {
            Failure::refused(shown).next("for the jars of a desktop app: add --platform jvm --id ID --version VERSION")
        }
        Error::OnlyV1 => Failure::refused(shown).next("apksigner sign --v2-signing-enabled true …"),
        _ => Failure::refused(shown),
    }
}

/// 64 digits, with or without the colons that consoles show.
fn digest(text: &str) -> Result<String, String> {
    let digits: String = text.chars().filter(|letter| *letter != ':').collect::<String>().to_ascii_lowercase();
    let sound = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if sound { Ok(digits) } else { Err("a certificate's SHA-256 has 64 hexadecimal digits".to_owned()) }
}

fn signer(one: &registration::Signer) -> Value {
    let lineage: Vec<String> = one.lineage.iter().map(|ancestor| hex(&ancestor.certificate)).collect();
    let last = (one.max_sdk < limits::ANY_SDK).then_some(one.max_sdk);
    let mut signer = json!({
        "sha256": hex(&one.certificate), "scheme": one.scheme.name(), "min_sdk": one.min_sdk, "lineage": lineage,
    });
    if let (Some(last), Some(members)) = (last, signer.as_object_mut()) {
        members.insert("max_sdk".to_owned(), json!(last));
    }
    signer
}

/// The digests of what is installed, where that is what was given.
fn contents(package: &Package) -> Outcome<Vec<Value>> {
    if package.contents.is_empty() {
        let format = package.format.name();
        return Err(Failure::usage(format!(
            "--exact is for packages that are installed as they are: of an {format} another file is"
        ))
        .next("leave --exact away: the code is compared all the same"));
    }
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    Ok(package.contents.iter().map(|(path, sha256)| json!({"name": name(path), "sha256": hex(sha256)})).collect())
}

fn entry(code: &registration::Code) -> Value {
    let mut entry = json!({
        "module": code.module, "kind": code.kind.name(), "name": code.name, "sha256": hex(&code.sha256),
    });
    let more = [("architecture", code.architecture.clone()), ("uuid", code.uuid.as_ref().map(|uuid| hex(uuid)))];
    if let Some(members) = entry.as_object_mut() {
        members.extend(more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?)))));
    }
    entry
}

fn hex(digest: &[u8]) -> String {
    bonafide_protocol::encoding::to_hex(digest)
}

/// What was read, for people.
fn tables(body: &Value) -> String {
    let rows = |member: &str| body.get(member).and_then(Value::as_array).cloned().unwrap_or_default();
    let cells = |row: &Value, members: &[&str]| members.iter().map(|one| cell(row.get(*one))).collect::<Vec<_>>();
    let mut parts = Vec::new();
    let about = ["platform", "id", "version", "build", "format", "team"];
    let about = about
        .iter()
        .map(|name| (*name, cell(body.get(*name))))
        .filter(|(_, value)| !matches!(value.as_str(), "" | "-"));
    parts.push(table(&["package", ""], about.map(|(name, value)| vec![name.to_owned(), value])));
    let mut part = |member: &str, header: &[&str], members: &[&str]| {
        let rows = rows(member);
        if !rows.is_empty() {
            parts.push(table(header, rows.iter().map(|row| cells(row, members))));
        }
    };
    part(
        "signers",
        &["signer", "from API", "to API", "certificate's SHA-256", "lineage, the oldest first"],
        &["scheme", "min_sdk", "max_sdk", "sha256", "lineage"],
    );
    part(
        "entries",
        &["module", "kind", "architecture", "name", "sha256"],
        &["module", "kind", "architecture", "name", "sha256"],
    );
    let whole = if body.get("format").is_some() { "content of" } else { "whole file" };
    part("artifacts", &[whole, "sha256"], &["name", "sha256"]);
    part("code", &["code", "sha256"], &["name", "sha256"]);
    format!("{}\n", parts.join("\n\n"))
}
