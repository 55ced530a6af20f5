//! What only a phone shows: root, emulators, apps that run copies of others, developer options.

use std::io::{Error, ErrorKind};

use bonafide_protocol::measurement::Traces;

use super::reading::{Search, read_text};
use crate::port::{Files, Properties};

const MOUNTS: &str = "/proc/self/mounts";
const MAX_MOUNTS_BYTES: u64 = 4 * 1024 * 1024;

const ROOT_FILES: &[(&str, &str)] = &[
    ("/system/bin/su", "su"),
    ("/system/xbin/su", "su"),
    ("/system_ext/bin/su", "su"),
    ("/vendor/bin/su", "su"),
    ("/product/bin/su", "su"),
    ("/sbin/su", "su"),
    ("/su/bin/su", "su"),
    ("/data/local/su", "su"),
    ("/data/local/bin/su", "su"),
    ("/data/local/xbin/su", "su"),
    ("/system/app/Superuser.apk", "Superuser"),
    ("/system/app/SuperSU.apk", "SuperSU"),
    ("/system/bin/magisk", "magisk"),
    ("/sbin/magisk", "magisk"),
    ("/sbin/.magisk", "magisk"),
    ("/debug_ramdisk/magisk", "magisk"),
    ("/data/adb/magisk", "magisk"),
    ("/data/adb/ksud", "KernelSU"),
    ("/data/adb/apd", "APatch"),
];

/// What a root tool leaves among the mounts, in lower case: a part of what is mounted, of where, or of its kind.
const ROOT_MOUNTS: &[(&str, &str)] = &[
    ("magisk", "mount of magisk"),
    ("/data/adb", "mount of /data/adb"),
    ("kernelsu", "mount of KernelSU"),
    ("apatch", "mount of APatch"),
];

/// The same by a whole word: shorter ones are in anybody's.
const ROOT_WORDS: &[(&str, &str)] = &[("ksu", "mount of KernelSU")];

/// Where folders are called after apps, or at random. Android mounts an app's own there, for the app alone.
const OF_APPS: &[&str] = &[
    "/data/app/",
    "/data/data/",
    "/data/incremental/",
    "/data/misc/profiles/",
    "/data/misc_ce/",
    "/data/misc_de/",
    "/data/user/",
    "/data/user_de/",
    "/data_mirror/",
    "/mnt/androidwritable/",
    "/mnt/expand/",
    "/mnt/installer/",
    "/mnt/pass_through/",
    "/mnt/runtime/",
    "/mnt/user/",
    "/storage/",
];

/// A value that contains this (in lower case) is a trace. Several lines may ask for one property.
const ROOT_PROPERTIES: &[(&str, &str, &str)] = &[
    ("ro.build.tags", "test-keys", "test-keys"),
    ("ro.build.tags", "dev-keys", "dev-keys"),
    ("ro.debuggable", "1", "debuggable system"),
    ("ro.secure", "0", "insecure system"),
    ("ro.boot.verifiedbootstate", "orange", "unlocked bootloader"),
    ("ro.boot.verifiedbootstate", "red", "broken verified boot"),
    ("service.adb.root", "1", "adb as root"),
];

const EMULATOR_FILES: &[(&str, &str)] = &[
    ("/dev/qemu_pipe", "qemu"),
    ("/dev/goldfish_pipe", "goldfish"),
    ("/dev/socket/qemud", "qemu"),
    ("/dev/socket/genyd", "genymotion"),
    ("/dev/socket/baseband_genyd", "genymotion"),
];

const EMULATOR_PROPERTIES: &[(&str, &str, &str)] = &[
    ("ro.kernel.qemu", "1", "qemu"),
    ("ro.boot.qemu", "1", "qemu"),
    ("ro.hardware", "goldfish", "goldfish"),
    ("ro.hardware", "ranchu", "ranchu"),
    ("ro.hardware", "vbox86", "vbox86"),
    ("ro.hardware", "cutf_cvm", "cuttlefish"),
    ("ro.product.manufacturer", "genymotion", "genymotion"),
    ("ro.product.model", "sdk_gphone", "sdk_gphone"),
    ("ro.product.model", "android sdk built for", "sdk"),
    ("ro.build.characteristics", "emulator", "emulator"),
];

const DEVELOPER_PROPERTIES: &[(&str, &str, &str)] =
    &[("bonafide.developer_options", "1", "developer options"), ("bonafide.adb", "1", "adb")];

/// Each phone has it: without it, properties cannot be read at all.
const ALWAYS_THERE: &str = "ro.build.tags";

pub(super) fn root(files: &dyn Files, properties: &dyn Properties) -> Traces {
    let mut search = Search::default();
    ROOT_FILES.iter().for_each(|(path, trace)| search.file(files, path, trace));
    match read_text(files, MOUNTS, MAX_MOUNTS_BYTES) {
        Ok(mounts) => {
            for line in mounts.lines().map(str::to_ascii_lowercase) {
                mounted(&line).for_each(|trace| search.found(trace));
            }
        }
        Err(error) => search.unknown("the mounts", &error),
    }
    ask(&mut search, properties, ROOT_PROPERTIES, ALWAYS_THERE);
    search.into_fact()
}

/// The traces in a line of the mounts, which is in lower case.
fn mounted(line: &str) -> impl Iterator<Item = &'static str> {
    // The fields before the options: what is mounted, where, and of which kind.
    let fields = line.splitn(4, ' ').take(3);
    let telling = fields.filter(|field| !OF_APPS.iter().any(|folder| field.starts_with(folder)));
    telling.flat_map(|field| {
        let parts = ROOT_MOUNTS.iter().filter(move |(part, _)| field.contains(part));
        let words = move |known: &str| field.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == known);
        parts.chain(ROOT_WORDS.iter().filter(move |(word, _)| words(word))).map(|(_, trace)| *trace)
    })
}

pub(super) fn emulator(files: &dyn Files, properties: &dyn Properties) -> Traces {
    let mut search = Search::default();
    EMULATOR_FILES.iter().for_each(|(path, trace)| search.file(files, path, trace));
    ask(&mut search, properties, EMULATOR_PROPERTIES, ALWAYS_THERE);
    search.into_fact()
}

pub(super) fn developer(properties: &dyn Properties) -> Traces {
    let mut search = Search::default();
    ask(&mut search, properties, DEVELOPER_PROPERTIES, "bonafide.developer_options");
    search.into_fact()
}

/// An app's data lie right in its user's folder; a cloner keeps them in its own.
pub(super) fn cloner(properties: &dyn Properties, app_id: &str) -> Traces {
    let Some(folder) = properties.property("bonafide.data_dir") else {
        return Traces::Unknown("the platform does not name the app's folder".into());
    };
    let parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    let owner = match *parts {
        ["data", "data", owner, ..] | ["data", "user" | "user_de", _, owner, ..] => Some(owner),
        // On storage that the user has added.
        ["mnt", "expand", _, "user" | "user_de", _, owner, ..] => Some(owner),
        _ => None,
    };
    match owner {
        Some(owner) if owner == app_id => Traces::Known(Vec::new()),
        Some(owner) => Traces::found([format!("inside {owner}")]),
        None => Traces::found(["an unusual folder"]),
    }
}

fn ask(search: &mut Search, properties: &dyn Properties, known: &[(&str, &str, &str)], always: &str) {
    if properties.property(always).is_none() {
        search.unknown("the properties", &Error::from(ErrorKind::Unsupported));
    }
    for (name, part, trace) in known {
        let value = properties.property(name).unwrap_or_default().to_ascii_lowercase();
        // A number is the whole value, a word a part of it.
        let matches = if part.len() == 1 { value == *part } else { value.contains(part) };
        if matches {
            search.found(*trace);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integrity::described::Described;

    const CLEAN: &str = "/dev/block/dm-1 / ext4 ro,seclabel 0 0\n\
        /dev/block/dm-9 /data f2fs rw,checkpoint_merge,lsksu=no 0 0\ntmpfs /apex tmpfs rw 0 0\n";

    fn phone() -> Described {
        Described::new()
            .with(MOUNTS, CLEAN)
            .property("ro.build.tags", "release-keys")
            .property("ro.debuggable", "0")
            .property("ro.secure", "1")
            .property("ro.boot.verifiedbootstate", "green")
            .property("ro.hardware", "qcom")
            .property("ro.product.model", "Pixel 10")
            .property("bonafide.data_dir", "/data/user/0/com.acme.app")
            .property("bonafide.developer_options", "0")
    }

    #[test]
    fn root_is_found() {
        let none: &[&str] = &[];
        let mount = |line: &str| phone().with(MOUNTS, [CLEAN, line, "\n"].concat());
        let cases: &[(&str, Described, &[&str])] = &[
            ("a sound phone", phone(), none),
            ("su", phone().with("/system/xbin/su", ""), &["su"]),
            ("su that may not be looked at", phone().with("/sbin/su", "").forbid("/sbin/su"), none),
            ("a test build", phone().property("ro.build.tags", "test-keys"), &["test-keys"]),
            (
                "an unlocked bootloader",
                phone().property("ro.boot.verifiedbootstate", "orange"),
                &["unlocked bootloader"],
            ),
            ("a debug build", phone().property("ro.debuggable", "1"), &["debuggable system"]),
            ("magisk", mount("magisk /system/bin tmpfs ro 0 0"), &["mount of magisk"]),
            ("a module", mount("/dev/block/dm-9 /data/adb/modules f2fs rw 0 0"), &["mount of /data/adb"]),
            ("KernelSU", mount("KSU /system overlay ro 0 0"), &["mount of KernelSU"]),
            ("KernelSU's folder", mount("overlay /debug_ramdisk/.ksu/x overlay ro 0 0"), &["mount of KernelSU"]),
            ("an app by name", mount("/dev/block/dm-9 /data/user/0/com.linksure.magisk.apatch f2fs rw 0 0"), none),
            (
                "by chance",
                mount("/data/incremental/MT_ksu/backing /data/app/~~xKSUx==/a-b incremental-fs rw 0 0"),
                none,
            ),
            ("a part of a word", mount("/dev/block/dm-3 /vendor/tasksupport ext4 ro 0 0"), none),
            ("absurd mounts", mount("\u{fffd}\n\n   \nx"), none),
            ("found although the mounts are hidden", phone().forbid(MOUNTS).with("/sbin/su", ""), &["su"]),
        ];
        for (what, device, expected) in cases {
            assert_eq!(root(device, device), Traces::found(*expected), "{what}");
        }
        for device in [phone().forbid(MOUNTS), Described::new().with(MOUNTS, CLEAN), Described::new()] {
            assert!(matches!(root(&device, &device), Traces::Unknown(_)));
        }
    }

    #[test]
    fn emulators_are_found() {
        let none: &[&str] = &[];
        let cases: &[(&str, Described, &[&str])] = &[
            ("a phone", phone(), none),
            ("Android Studio's", phone().property("ro.hardware", "ranchu"), &["ranchu"]),
            ("an old one", phone().property("ro.kernel.qemu", "1"), &["qemu"]),
            ("by its model", phone().property("ro.product.model", "sdk_gphone64_x86_64"), &["sdk_gphone"]),
            ("Genymotion", phone().with("/dev/socket/genyd", ""), &["genymotion"]),
        ];
        for (what, device, expected) in cases {
            assert_eq!(emulator(device, device), Traces::found(*expected), "{what}");
        }
        assert!(matches!(emulator(&Described::new(), &Described::new()), Traces::Unknown(_)));
    }

    #[test]
    fn cloners_and_developer_options_are_found() {
        let none: &[&str] = &[];
        let cases: &[(&str, &[&str])] = &[
            ("/data/user/0/com.acme.app", none),
            ("/data/data/com.acme.app/", none),
            ("/data/user_de/0/com.acme.app", none),
            // A work profile, or the system's own second copy.
            ("/data/user/999/com.acme.app", none),
            ("/mnt/expand/1234/user/0/com.acme.app", none),
            ("/storage/emulated/0/com.acme.app", &["an unusual folder"]),
            ("/data/user/0/com.cloner/virtual/data/user/0/com.acme.app", &["inside com.cloner"]),
            ("/data/data/com.cloner/parallel/com.acme.app", &["inside com.cloner"]),
            ("", &["an unusual folder"]),
            ("/data/user/0", &["an unusual folder"]),
        ];
        for (folder, expected) in cases {
            let device = phone().property("bonafide.data_dir", folder);
            assert_eq!(cloner(&device, "com.acme.app"), Traces::found(*expected), "{folder}");
        }
        assert!(matches!(cloner(&Described::new(), "com.acme.app"), Traces::Unknown(_)));
        assert_eq!(developer(&phone()), Traces::Known(Vec::new()));
        assert_eq!(developer(&phone().property("bonafide.adb", "1")), Traces::found(["adb"]));
        assert!(matches!(developer(&Described::new()), Traces::Unknown(_)));
    }
}
