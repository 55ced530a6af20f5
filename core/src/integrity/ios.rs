//! What an iPhone shows of itself: instrumentation and tweaks among what is loaded, a debugger, a jailbreak, the simulator.
//!
//! An image from an unusual folder is no trace by itself: each release of iOS loads from new ones. A trace is what is
//! known by its name, or lies where only a jailbreak puts anything.

use std::io;
use std::path::Path;

use bonafide_protocol::measurement::Traces;

use super::reading::{Search, base_name, holds_any};
use crate::port::{Files, Processes};

/// Parts of names that instrumentation and tweak loaders go by, in lower case.
const AGENTS: &[&str] = &[
    "frida",
    "gum-js",
    "cycript",
    "substrate",
    "substitute",
    "libhooker",
    "ellekit",
    "tweakinject",
    "tweakloader",
    "sslkillswitch",
    "flexinjected",
    "libjailbreak",
];

/// Where only a jailbreak puts what is loaded.
const JAILBREAK_FOLDERS: &[&str] = &[
    "/library/mobilesubstrate/",
    "/var/jb/",
    "/cores/binpack/",
    "/usr/lib/tweaks/",
    "/private/var/containers/bundle/tweak",
];

/// A sandboxed app may look at these, and finds them only where the sandbox or the system is not whole.
const JAILBREAK_FILES: &[(&str, &str)] = &[
    ("/Applications/Cydia.app/Cydia", "Cydia"),
    ("/Applications/Sileo.app/Sileo", "Sileo"),
    ("/Applications/Zebra.app/Zebra", "Zebra"),
    ("/var/jb/Applications/Sileo.app/Sileo", "Sileo"),
    ("/var/jb/usr/bin/su", "/var/jb"),
    ("/var/jb/usr/bin/dpkg", "/var/jb"),
    ("/Library/MobileSubstrate/MobileSubstrate.dylib", "Substrate"),
    ("/usr/lib/libsubstitute.dylib", "Substitute"),
    ("/usr/lib/libhooker.dylib", "libhooker"),
    ("/usr/lib/libellekit.dylib", "ElleKit"),
    ("/bin/bash", "bash"),
    ("/usr/sbin/sshd", "sshd"),
    ("/usr/bin/ssh", "ssh"),
    ("/usr/bin/dpkg", "dpkg"),
    ("/etc/apt/sources.list.d/cydia.list", "apt"),
    ("/private/var/lib/dpkg/status", "dpkg"),
    ("/.bootstrapped_electra", "Electra"),
    ("/.installed_unc0ver", "unc0ver"),
    ("/cores/jbloader", "palera1n"),
];

const SIMULATOR: &str = "/CoreSimulator/";

pub(super) fn agents(images: &io::Result<Vec<String>>) -> Traces {
    let mut search = Search::default();
    each(&mut search, images, |search, path| {
        if holds_any(base_name(path), AGENTS) {
            search.found(base_name(path));
        }
    });
    search.into_fact()
}

pub(super) fn debuggers(processes: &dyn Processes) -> Traces {
    match processes.is_traced() {
        Ok(traced) => Traces::found(traced.then_some("a debugger")),
        Err(error) => Traces::Unknown(format!("cannot ask the kernel: {}", error.kind())),
    }
}

pub(super) fn jailbreak(files: &dyn Files, images: &io::Result<Vec<String>>) -> Traces {
    let mut search = Search::default();
    for (path, trace) in JAILBREAK_FILES {
        // A simulator has the Mac's own of these, and is told by itself.
        if files.open(Path::new(path)).is_ok() && !is_simulated(images) {
            search.found(*trace);
        }
    }
    each(&mut search, images, |search, path| {
        let lower = path.to_ascii_lowercase();
        if JAILBREAK_FOLDERS.iter().any(|folder| lower.contains(folder)) {
            search.found(format!("{} of a jailbreak", base_name(path)));
        }
    });
    search.into_fact()
}

pub(super) fn simulator(images: &io::Result<Vec<String>>) -> Traces {
    match images {
        Ok(_) => Traces::found(is_simulated(images).then_some("simulator")),
        Err(error) => Traces::Unknown(format!("cannot read the images: {}", error.kind())),
    }
}

fn is_simulated(images: &io::Result<Vec<String>>) -> bool {
    images.as_ref().is_ok_and(|paths| paths.iter().any(|path| path.contains(SIMULATOR)))
}

fn each(search: &mut Search, images: &io::Result<Vec<String>>, mut look: impl FnMut(&mut Search, &str)) {
    match images {
        Ok(paths) if paths.is_empty() => search.unknown("the images", &io::ErrorKind::NotFound.into()),
        Ok(paths) => paths.iter().for_each(|path| look(search, path)),
        Err(error) => search.unknown("the images", error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integrity::described::Described;
    use crate::port::Images as _;

    const APP: &str = "/private/var/containers/Bundle/Application/0A/Acme.app/Acme";
    const SYSTEM: &str = "/usr/lib/libSystem.B.dylib";

    fn found(traces: &[&str]) -> Traces {
        Traces::found(traces.iter().copied())
    }

    #[test]
    fn what_hooks_is_found_among_the_images() {
        let cases: &[(&[&str], &[&str])] = &[
            (&[APP, SYSTEM], &[]),
            (
                &[APP, "/private/var/containers/Bundle/Application/0A/Acme.app/Frameworks/FridaGadget.dylib"],
                &["FridaGadget.dylib"],
            ),
            (&[APP, "/usr/lib/frida/frida-agent.dylib"], &["frida-agent.dylib"]),
            (&[APP, "/Library/MobileSubstrate/DynamicLibraries/SSLKillSwitch2.dylib"], &["SSLKillSwitch2.dylib"]),
            // The name counts, and not the app's folder.
            (&["/private/var/containers/Bundle/Application/0A/Substrate Health.app/Health", SYSTEM], &[]),
            // A day of the week is none of frida's; what else is in such a name still counts.
            (&["/private/var/containers/Bundle/Application/0A/Friday.app/BlackFriday", SYSTEM], &[]),
            (&[APP, "/x/FridayFridaGadget.dylib"], &["FridayFridaGadget.dylib"]),
        ];
        for (paths, expected) in cases {
            assert_eq!(agents(&Described::new().images(paths).paths()), found(expected), "{paths:?}");
        }
    }

    #[test]
    fn images_that_are_not_shown_are_no_pass() {
        for device in [Described::new(), Described::new().images(&[])] {
            assert!(matches!(agents(&device.paths()), Traces::Unknown(_)));
            assert!(matches!(jailbreak(&device, &device.paths()), Traces::Unknown(_)));
        }
        assert!(matches!(simulator(&Described::new().paths()), Traces::Unknown(_)));
    }

    #[test]
    fn a_debugger_is_what_the_kernel_says() {
        assert_eq!(debuggers(&Described::new().traced(true)), found(&["a debugger"]));
        assert_eq!(debuggers(&Described::new().traced(false)), found(&[]));
        assert!(matches!(debuggers(&Described::new()), Traces::Unknown(_)));
    }

    #[test]
    fn a_jailbreak_is_found_by_its_files_and_by_what_it_loads() {
        let phone = || Described::new().images(&[APP, SYSTEM]);
        let cases: &[(Described, &[&str])] = &[
            (phone(), &[]),
            (phone().with("/usr/sbin/sshd", ""), &["sshd"]),
            (phone().forbid("/bin/bash"), &[]),
            (phone().images(&[APP, "/var/jb/usr/lib/tweak.dylib"]), &["tweak.dylib of a jailbreak"]),
            (phone().images(&[APP, "/Library/MobileSubstrate/DynamicLibraries/y.dylib"]), &["y.dylib of a jailbreak"]),
            (phone().images(&[APP, "/private/preboot/ABC/jb/procursus/var/jb/x.dylib"]), &["x.dylib of a jailbreak"]),
        ];
        for (device, expected) in cases {
            assert_eq!(jailbreak(device, &device.paths()), found(expected));
        }
    }

    #[test]
    fn a_simulator_is_none_of_a_jailbreak() {
        let device = Described::new()
            .images(&[
                "/Users/a/Library/Developer/CoreSimulator/Devices/1/data/Containers/Bundle/Application/2/Acme.app/Acme",
            ])
            .with("/bin/bash", "")
            .with("/usr/bin/ssh", "");
        assert_eq!(simulator(&device.paths()), found(&["simulator"]));
        assert_eq!(jailbreak(&device, &device.paths()), found(&[]));
        let phone = Described::new().images(&[APP]);
        assert_eq!(simulator(&phone.paths()), found(&[]));
    }
}
