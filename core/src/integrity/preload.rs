//! Libraries that the loader was told to load before all others (ld.so(8)).

use std::io::ErrorKind;

use bonafide_protocol::measurement::{Platform, Traces};

use super::reading::{Search, base_name, read, read_text};
use crate::port::Files;

/// As the process was started with it; what it has changed since does not show. (A phone's release cannot read that, and is
/// given what it was when the core started.)
const ENVIRONMENT: &str = "/proc/self/environ";
const SYSTEM_WIDE: &str = "/etc/ld.so.preload";

const VARIABLES: &[&str] = &["LD_PRELOAD=", "LD_AUDIT="];

/// The kernel gives a process no more than 6 MiB of arguments and environment.
const MAX_ENVIRONMENT_BYTES: u64 = 8 * 1024 * 1024;
const MAX_LIST_BYTES: u64 = 1024 * 1024;

pub(super) fn look(files: &dyn Files, platform: Platform) -> Traces {
    let mut search = Search::default();
    match read(files, ENVIRONMENT, MAX_ENVIRONMENT_BYTES) {
        Ok(bytes) => {
            for entry in bytes.split(|byte| *byte == 0) {
                let entry = String::from_utf8_lossy(entry);
                if let Some(list) = VARIABLES.iter().find_map(|name| entry.strip_prefix(name)) {
                    take(&mut search, list);
                }
            }
        }
        Err(error) => search.unknown("the environment", &error),
    }
    // Android's loader has no such list.
    if platform != Platform::Android {
        match read_text(files, SYSTEM_WIDE, MAX_LIST_BYTES) {
            Ok(list) => {
                list.lines().for_each(|line| take(&mut search, line.split('#').next().unwrap_or_default()));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => search.unknown("the loader's list", &error),
        }
    }
    search.into_fact()
}

fn take(search: &mut Search, list: &str) {
    let separated = |char: char| char == ':' || char.is_ascii_whitespace();
    list.split(separated).filter(|path| !path.is_empty()).for_each(|path| search.found(base_name(path)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integrity::described::Described;

    #[test]
    fn what_is_preloaded_is_found_by_name_and_without_its_folder() {
        let none: &[&str] = &[];
        let cases: &[(&str, &str, Option<&str>, &[&str])] = &[
            ("clean", "HOME=/root\0PATH=/bin\0", None, none),
            ("no environment at all", "", None, none),
            ("empty", "LD_PRELOAD=\0LD_AUDIT=\0", Some("\n"), none),
            ("preloaded", "A=b\0LD_PRELOAD=/home/alice/hook.so\0", None, &["hook.so"]),
            ("several", "LD_PRELOAD=a.so:/x/b.so /y/c.so\0", None, &["a.so", "b.so", "c.so"]),
            ("audited", "LD_AUDIT=/x/audit.so\0", None, &["audit.so"]),
            ("for the whole system", "", Some("# ours\n/usr/lib/x.so /usr/lib/y.so # and\n"), &["x.so", "y.so"]),
            ("another variable's value", "X=LD_PRELOAD=/x.so\0", None, none),
        ];
        for (what, environment, list, expected) in cases {
            let mut device = Described::new().with(ENVIRONMENT, environment);
            if let Some(list) = list {
                device = device.with(SYSTEM_WIDE, list);
            }
            assert_eq!(look(&device, Platform::Jvm), Traces::found(*expected), "{what}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_unknown_but_hides_nothing_that_was_found() {
        let unreadable = Described::new().with(ENVIRONMENT, "").forbid(SYSTEM_WIDE);
        for device in [Described::new(), Described::new().forbid(ENVIRONMENT), unreadable.clone()] {
            assert!(matches!(look(&device, Platform::Jvm), Traces::Unknown(_)));
        }
        assert_eq!(look(&unreadable, Platform::Android), Traces::Known(Vec::new()));
        let found = unreadable.with(ENVIRONMENT, "LD_PRELOAD=x.so");
        assert_eq!(look(&found, Platform::Jvm), Traces::found(["x.so"]));
        let endless = Described::new().with(ENVIRONMENT, vec![b'x'; 9 << 20]);
        assert!(matches!(look(&endless, Platform::Jvm), Traces::Unknown(_)));
    }
}
