//! Instrumentation among what is mapped, and code that can be written to.
//!
//! A just-in-time compiler maps anonymous memory to write and to execute; a file in memory, too (ART, libffi, graphics
//! drivers). What none of them makes is a library there: an ELF header gives it away, whatever it is called. A library
//! that was deleted from the disk is none of it: JNA deletes what it has unpacked, and updates replace what is loaded.

use std::collections::HashSet;

use bonafide_protocol::measurement::{Platform, Traces};

use super::maps::{Mapping, Maps};
use super::reading::{MEMORY, holds_any, read_at};
use crate::port::{FileReader, Files};

const ELF: [u8; 4] = *b"\x7fELF";

/// Parts of names that hooking frameworks go by, in lower case.
const NAMES: &[&str] = &[
    "frida",
    "gum-js",
    "linjector",
    "xposed",
    "lsposed",
    "lspd",
    "lsplant",
    "edxp",
    "libriru",
    "zygisk",
    "substrate",
    "libhook",
    "sandhook",
    "yahfa",
];

/// What holds code of Java, for the frameworks that come as such.
const JAVA: &[&str] = &[".jar", ".apk", ".dex", ".odex", ".vdex", ".oat", ".art"];

/// Files in memory that compilers and drivers execute.
const COMPILERS: &[&str] = &["jit-cache", "jit-zygote-cache", "libffi", "doublemapper", "/.gl", "/.nvidia_drv."];

/// Where an app's own code never lies on Android, and what is pushed to the device does.
const PUSHED: &[&str] = &["/data/local/tmp/", "/data/adb/"];

/// The most mappings whose memory is looked at for a library: a process has no more, unless it is told otherwise.
const MAX_LOOKS: usize = 65_536;

pub(super) fn look(files: &dyn Files, maps: &Maps, platform: Platform) -> Traces {
    let mut memory = match files.open(std::path::Path::new(MEMORY)) {
        Ok(memory) => memory,
        Err(error) => return Traces::Unknown(format!("cannot read the memory: {}", error.kind())),
    };
    let disguised = disguised(maps, &mut *memory);
    let mut traces = Vec::new();
    for mapping in maps.iter().filter(|mapping| !mapping.is_anonymous()) {
        let name = mapping.name().to_ascii_lowercase();
        let is_code = mapping.executable || JAVA.iter().any(|extension| name.ends_with(extension));
        let pushed = platform == Platform::Android && PUSHED.iter().any(|folder| mapping.path.starts_with(folder));
        let foreign = |file: &str| !is_compilers(file) || disguised.contains(&mapping.inode);
        if mapping.executable && mapping.memory_file().is_some_and(foreign) {
            traces.push(format!("memfd:{}", mapping.memory_file().unwrap_or_default()));
        } else if is_code && (pushed || holds_any(&name, NAMES)) {
            traces.push(mapping.name().to_owned());
        }
    }
    let anonymous = maps.executable().filter(|mapping| mapping.is_anonymous()).take(MAX_LOOKS);
    if anonymous.into_iter().any(|mapping| is_library(maps, &mut *memory, mapping)) {
        traces.push("a library in anonymous memory".into());
    }
    Traces::found(traces)
}

/// The files in memory that go by a compiler's or a driver's name, and hold a library (by inode).
fn disguised(maps: &Maps, memory: &mut dyn FileReader) -> HashSet<u64> {
    let heads = maps.iter().filter(|mapping| mapping.offset == 0 && mapping.memory_file().is_some_and(is_compilers));
    heads.take(MAX_LOOKS).filter(|head| is_elf(memory, head)).map(|head| head.inode).collect()
}

fn is_compilers(file: &str) -> bool {
    COMPILERS.iter().any(|known| file.starts_with(known))
}

/// Anonymous code, or the read-only memory right before it, that begins as an ELF file does.
fn is_library(maps: &Maps, memory: &mut dyn FileReader, mapping: &Mapping) -> bool {
    let before = || maps.before(mapping).filter(|before| before.is_anonymous() && !before.writable);
    is_elf(memory, mapping) || before().is_some_and(|before| is_elf(memory, before))
}

fn is_elf(memory: &mut dyn FileReader, mapping: &Mapping) -> bool {
    // What cannot be read is gone, or is no memory: the core's own code tells whether memory can be read at all.
    mapping.readable && read_at(memory, mapping.start).is_ok_and(|start: [u8; 4]| start == ELF)
}

/// Files that are mapped to be written and executed at once. Memory that merely has a name is none.
pub(super) fn writable_code(maps: &Maps) -> Traces {
    const NO_FILES: &[&str] = &["/memfd:", "/dev/", "/SYSV", "/anon_hugepage"];
    let is_file = |path: &str| path.starts_with('/') && !NO_FILES.iter().any(|start| path.starts_with(start));
    Traces::found(maps.executable().filter(|mapping| mapping.writable && is_file(&mapping.path)).map(Mapping::name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integrity::described::Described;
    use crate::integrity::maps::MAPS;

    const OWN: &str = "1000-2000 r-xp 0 08:01 42 /app/core.so\n";

    /// A JVM as it is: rwx memory, a deleted library of JNA's, libffi's and a driver's files in memory.
    const JVM: &str = "\
        3000-4000 rwxp 00000000 00:00 0 \n\
        5000-6000 r-xp 00000000 08:01 44 /tmp/jna-123/jna456.tmp (deleted)\n\
        7000-8000 r-xp 00000000 00:01 45 /memfd:libffi (deleted)\n\
        9000-a000 rwxp 00000000 00:01 46 /memfd:/.glXaBcDe (deleted)\n\
        a000-b000 r--p 00000000 08:01 47 /home/frida/fonts/frida.ttf\n\
        b000-c000 r-xp 00000000 00:00 0 [vdso]\n";

    fn device(maps: &str, elf_at: &[usize]) -> Described {
        let mut memory = vec![0; 0x10000];
        for place in elf_at {
            memory.splice(*place..*place + 4, ELF);
        }
        Described::new().with(MAPS, [OWN, JVM, maps].concat()).with(MEMORY, memory)
    }

    fn on(platform: Platform, maps: &str, elf_at: &[usize]) -> (Traces, Traces) {
        let device = device(maps, elf_at);
        let maps = Maps::read(&device, 0x1000);
        maps.map_or_else(
            |why| (Traces::Unknown(why.clone()), Traces::Unknown(why)),
            |maps| (look(&device, &maps, platform), writable_code(&maps)),
        )
    }

    #[test]
    fn each_is_found_and_a_clean_process_shows_none() {
        let none: &[&str] = &[];
        // What it is, what is mapped, where ELF files begin, the agents, the writable code.
        type Case<'a> = (&'a str, &'a str, &'a [usize], &'a [&'a str], &'a [&'a str]);
        let cases: &[Case<'_>] = &[
            // The kernel's own library lies at 0xb000, and is none of ours.
            ("a clean JVM", "", &[0xb000], none, none),
            (
                "frida",
                "d000-e000 r-xp 0 00:01 9 /memfd:frida-agent-64.so (deleted)\n",
                &[],
                &["memfd:frida-agent-64.so"],
                none,
            ),
            ("frida by another name", "d000-e000 r-xp 0 00:01 9 /memfd:x (deleted)\n", &[], &["memfd:x"], none),
            (
                "a library that calls itself a compiler",
                "d000-e000 r--p 0 00:01 9 /memfd:jit-cache (deleted)\n\
              e000-f000 r-xp 1000 00:01 9 /memfd:jit-cache (deleted)\n",
                &[0xd000],
                &["memfd:jit-cache"],
                none,
            ),
            ("ART's compiler", "d000-e000 r-xp 0 00:01 9 /memfd:jit-cache (deleted)\n", &[], none, none),
            (
                "a file in memory that is not executed",
                "d000-e000 rw-s 0 00:01 9 /memfd:pulseaudio (deleted)\n",
                &[0xd000],
                none,
                none,
            ),
            ("a gadget", "d000-e000 r-xp 0 08:01 9 /app/lib/libfrida-gadget.so\n", &[], &["libfrida-gadget.so"], none),
            (
                "Xposed",
                "d000-e000 r--p 0 08:01 9 /system/framework/XposedBridge.jar\n",
                &[],
                &["XposedBridge.jar"],
                none,
            ),
            ("LSPosed", "d000-e000 r-xp 0 08:01 9 /x/liblspd.so\n", &[], &["liblspd.so"], none),
            ("a day of the week", "d000-e000 r-xp 0 08:01 9 /x/libFriday.so\n", &[], none, none),
            ("on such a day", "d000-e000 r-xp 0 08:01 9 /x/libfriday-frida.so\n", &[], &["libfriday-frida.so"], none),
            ("Substrate", "d000-e000 r-xp 0 08:01 9 /x/libsubstrate-dvm.so\n", &[], &["libsubstrate-dvm.so"], none),
            (
                "a library without a file",
                "d000-e000 r-xp 0 00:00 0 \n",
                &[0xd000],
                &["a library in anonymous memory"],
                none,
            ),
            (
                "its code after its head",
                "d000-e000 r--p 0 00:00 0 \ne000-f000 r-xp 0 00:00 0 [anon:x]\n",
                &[0xd000],
                &["a library in anonymous memory"],
                none,
            ),
            (
                "a file's bytes before compiled code",
                "d000-e000 rw-p 0 00:00 0 \ne000-f000 rwxp 0 00:00 0 \n",
                &[0xd000],
                none,
                none,
            ),
            ("writable code", "d000-e000 rwxp 0 08:01 9 /app/libx.so\n", &[], none, &["libx.so"]),
            ("large pages", "d000-e000 rwxp 0 00:0f 9 /anon_hugepage (deleted)\n", &[], none, none),
        ];
        for (what, maps, elf_at, agents, writable) in cases {
            assert_eq!(on(Platform::Jvm, maps, elf_at), (Traces::found(*agents), Traces::found(*writable)), "{what}");
        }
    }

    #[test]
    fn what_was_pushed_to_a_phone_is_found_there_only() {
        let pushed = "d000-e000 r-xp 0 08:01 9 /data/local/tmp/re.so\n";
        assert_eq!(on(Platform::Android, pushed, &[]).0, Traces::found(["re.so"]));
        assert_eq!(on(Platform::Linux, pushed, &[]).0, Traces::Known(Vec::new()));
    }

    #[test]
    fn without_memory_nothing_is_said() {
        let device = device("", &[]).without(MEMORY);
        let found = Maps::read(&device, 0x1000).map(|maps| look(&device, &maps, Platform::Jvm));
        assert!(matches!(found, Ok(Traces::Unknown(_))), "{found:?}");
    }
}
