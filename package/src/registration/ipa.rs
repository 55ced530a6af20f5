//! An iOS app with its extensions, which are processes of their own.

use std::io::{Read, Seek};

use super::property_list::PropertyList;
use super::{Code, CodeKind, Format, Package, macho};
use crate::entries::Archive;
use crate::{Error, Result, limits};

const INFO: &str = "Info.plist";
const FRAMEWORKS: &str = "Frameworks/";

/// Where an app's extensions lie: those of the system's points, and those of ExtensionKit.
const EXTENSIONS: [&str; 2] = ["PlugIns/", "Extensions/"];

/// The app's folder, if this is its property list: `Payload/NAME.app/`.
pub(super) fn app_of(name: &str) -> Option<&str> {
    let folder = name.strip_suffix(INFO)?;
    let app = folder.strip_prefix("Payload/")?.strip_suffix(".app/")?;
    (!app.contains('/')).then_some(folder)
}

pub(super) fn read<R: Read + Seek>(archive: &mut Archive<R>) -> Result<Package> {
    let apps: Vec<String> = archive.items().iter().filter_map(|item| app_of(&item.name)).map(Into::into).collect();
    let [app] = apps.as_slice() else {
        return Err(Error::Malformed { what: "a package of several apps" });
    };
    let info = PropertyList::read(&archive.read(&format!("{app}{INFO}"), limits::MANIFEST)?)?;
    let executable = info.needed("CFBundleExecutable", "CFBundleExecutable in Info.plist")?;
    let mut code = Vec::new();
    texts(archive, &mut code, "app", &format!("{app}{executable}"))?;
    for (module, path) in frameworks(archive, app)? {
        texts(archive, &mut code, &module, &path)?;
    }
    for extension in extensions(archive, app) {
        let folder = format!("{app}{extension}/");
        let path = executable_of(archive, &folder, stem(&extension, ".appex"))?;
        texts(archive, &mut code, &extension, &path)?;
        for (module, path) in frameworks(archive, &folder)? {
            texts(archive, &mut code, &format!("{extension}/{module}"), &path)?;
        }
    }
    code.sort();
    Ok(Package {
        format: Format::Ipa,
        id: info.needed("CFBundleIdentifier", "CFBundleIdentifier in Info.plist")?,
        version: info.text("CFBundleShortVersionString"),
        build: info.needed("CFBundleVersion", "CFBundleVersion in Info.plist")?,
        signers: Vec::new(),
        team: team(archive, app)?,
        code,
        contents: Vec::new(),
    })
}

/// Every library beside the executable in a bundle's folder, with its framework's name.
fn frameworks<R: Read + Seek>(archive: &mut Archive<R>, bundle: &str) -> Result<Vec<(String, String)>> {
    let folder = format!("{bundle}{FRAMEWORKS}");
    let names: Vec<String> =
        archive.items().iter().filter_map(|item| item.name.strip_prefix(&folder)).map(Into::into).collect();
    let mut found = Vec::new();
    for name in &names {
        match name.split_once('/') {
            None if name.ends_with(".dylib") => found.push((name.clone(), format!("{folder}{name}"))),
            Some((framework, INFO)) => {
                let Some(stem) = framework.strip_suffix(".framework") else { continue };
                found.push((stem.to_owned(), executable_of(archive, &format!("{folder}{framework}/"), stem)?));
            }
            _ => {}
        }
    }
    Ok(found)
}

/// The folders of the app's extensions, from the app's own on. No framework has such a name: none has a slash.
fn extensions<R: Read + Seek>(archive: &Archive<R>, app: &str) -> Vec<String> {
    let of_app = archive.items().iter().filter_map(|item| item.name.strip_prefix(app)?.strip_suffix(INFO));
    let is_extension = |folder: &&str| {
        let name = EXTENSIONS.iter().find_map(|place| folder.strip_prefix(place));
        name.is_some_and(|name| name.ends_with(".appex") && !name.contains('/'))
    };
    of_app.filter_map(|folder| folder.strip_suffix('/')).filter(is_extension).map(Into::into).collect()
}

/// The path of a bundle's executable: as its property list says, or else as it is called itself.
fn executable_of<R: Read + Seek>(archive: &mut Archive<R>, folder: &str, name: &str) -> Result<String> {
    let info = PropertyList::read(&archive.read(&format!("{folder}{INFO}"), limits::MANIFEST)?)?;
    let executable = info.text("CFBundleExecutable").unwrap_or_else(|| name.to_owned());
    Ok(format!("{folder}{executable}"))
}

fn stem<'a>(path: &'a str, extension: &str) -> &'a str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(extension).unwrap_or(name)
}

fn texts<R: Read + Seek>(archive: &mut Archive<R>, code: &mut Vec<Code>, module: &str, path: &str) -> Result<()> {
    let name = path.rsplit('/').next().unwrap_or(path);
    if !archive.has(path) {
        return Err(Error::Missing { what: "an executable that Info.plist names" });
    }
    let bytes = archive.read(path, limits::ENTRY)?;
    for macho::Text { architecture, uuid, sha256 } in macho::texts(name, &bytes)? {
        let (module, name) = (module.to_owned(), name.to_owned());
        code.push(Code { module, kind: CodeKind::Text, name, architecture: Some(architecture), sha256, uuid });
    }
    Ok(())
}

/// The team in the provisioning profile: a property list in the middle of a signed message.
fn team<R: Read + Seek>(archive: &mut Archive<R>, app: &str) -> Result<Option<String>> {
    let path = format!("{app}embedded.mobileprovision");
    if !archive.has(&path) {
        return Ok(None);
    }
    let profile = archive.read(&path, limits::MANIFEST)?;
    let at = |text: &[u8]| profile.windows(text.len()).position(|window| window == text);
    let (Some(start), Some(end)) = (at(b"<?xml"), at(b"</plist>")) else {
        return Err(Error::Malformed { what: "the provisioning profile" });
    };
    let list =
        profile.get(start..end + b"</plist>".len()).ok_or(Error::Malformed { what: "the provisioning profile" })?;
    Ok(PropertyList::read(list)?.text("TeamIdentifier"))
}
