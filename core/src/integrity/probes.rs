//! All probes, put together.

use std::sync::{Arc, OnceLock};

use bonafide_protocol::measurement::{App, Code, CodeRole, DeviceFacts, Platform, Traces};
use bonafide_protocol::packages::Packages;

use super::code::Seen;
use super::installed::Installed;
use super::maps::{Mapping, Maps};
use super::redirect::Calls;
use super::threads::Threads;
use super::{agents, android, code, image, ios, loaded, preload, servers};
use crate::port::{Connectivity, Files, Images, Ports, Processes, Properties};

/// What the probes read through.
pub(super) struct Probes {
    files: Arc<dyn Files>,
    properties: Arc<dyn Properties>,
    processes: Arc<dyn Processes>,
    images: Arc<dyn Images>,
    connectivity: Arc<dyn Connectivity>,
    platform: Platform,
    app_id: String,
    /// An address of the core's own code.
    own: u64,
    calls: OnceLock<Result<Calls, &'static str>>,
    seen: Seen,
    installed: Installed,
}

/// What the slow probes find.
#[derive(Clone)]
pub(super) struct Slow {
    /// Of the virtual machine, where there is one.
    pub(super) code: Option<Code>,
    pub(super) agent_servers: Traces,
    /// That the app is installed as, where there are such.
    pub(super) packages: Option<Packages>,
}

impl Default for Slow {
    fn default() -> Self {
        Self { code: None, agent_servers: Traces::Unknown("still being looked for".into()), packages: None }
    }
}

impl Probes {
    pub(super) fn new(ports: &Ports, app: &App) -> Self {
        // Any function of the core will do; only a number is made of it.
        let own: fn(&Self) -> (Vec<Code>, DeviceFacts) = Self::quick;
        Self {
            files: Arc::clone(&ports.files),
            properties: Arc::clone(&ports.properties),
            processes: Arc::clone(&ports.processes),
            images: Arc::clone(&ports.images),
            connectivity: Arc::clone(&ports.connectivity),
            platform: app.platform,
            app_id: app.id.clone(),
            own: own as usize as u64,
            calls: OnceLock::new(),
            seen: Seen::default(),
            installed: Installed::default(),
        }
    }

    /// What fits into a few milliseconds.
    pub(super) fn quick(&self) -> (Vec<Code>, DeviceFacts) {
        let maps = Maps::read(&*self.files, self.own);
        let code = match &maps {
            _ if self.platform == Platform::Ios => self.images(),
            Ok(maps) => self.code(maps),
            Err(why) => {
                let unknown = |role| code::unknown("", role, why);
                vec![unknown(CodeRole::Core), unknown(CodeRole::Executable)]
            }
        };
        (code, self.device(maps.as_ref()))
    }

    /// What takes longer; all but what runs beside the process is told as soon as it is known.
    pub(super) fn slow(&self, tell: impl FnOnce(&Slow)) -> Slow {
        let maps = Maps::read(&*self.files, self.own).ok();
        let runtime = |maps: &Maps| {
            let machine = loaded::virtual_machine(maps)?;
            Some(self.seen.measure(&*self.files, maps, machine, CodeRole::Runtime))
        };
        let code = maps.as_ref().and_then(runtime);
        let first = Slow { code, packages: self.packages(maps.as_ref()), ..Slow::default() };
        tell(&first);
        Slow { agent_servers: servers::look(&*self.files, &*self.processes), ..first }
    }

    /// Whether the app is installed as packages.
    pub(super) fn has_packages(&self) -> bool {
        self.platform == Platform::Android
    }

    fn packages(&self, maps: Option<&Maps>) -> Option<Packages> {
        let look = |maps| self.installed.look(&*self.files, &*self.properties, maps, self.own);
        self.has_packages().then(|| maps.map_or_else(|| Packages::unknown("cannot read the mappings"), look))
    }

    fn images(&self) -> Vec<Code> {
        let core = image::measure(self.images.holding(self.own), CodeRole::Core);
        vec![core, image::measure(self.images.executable(), CodeRole::Executable)]
    }

    fn code(&self, maps: &Maps) -> Vec<Code> {
        let files = &*self.files;
        let core = match maps.at(self.own) {
            Some(own) => self.seen.measure(files, maps, own, CodeRole::Core),
            None => code::unmeasured(),
        };
        let executable = match loaded::executable(files, maps) {
            // The core is a part of it: a native program.
            Ok(mapping) if self.is_own(maps, mapping) => Code { role: CodeRole::Executable, ..core.clone() },
            Ok(mapping) => self.seen.measure(files, maps, mapping, CodeRole::Executable),
            Err(why) => code::unknown("", CodeRole::Executable, why),
        };
        let system = loaded::c_library(maps).map(|mapping| self.seen.measure(files, maps, mapping, CodeRole::System));
        [core, executable].into_iter().chain(system).collect()
    }

    fn is_own(&self, maps: &Maps, mapping: &Mapping) -> bool {
        maps.at(self.own).is_some_and(|own| own.path == mapping.path && own.inode == mapping.inode)
    }

    fn device(&self, maps: Result<&Maps, &String>) -> DeviceFacts {
        match self.platform {
            Platform::Ios => self.apple_device(),
            _ => self.linux_device(maps),
        }
    }

    /// Nothing of `/proc` is there. What is not asked for says so, and is no pass.
    fn apple_device(&self) -> DeviceFacts {
        let images = self.images.paths();
        DeviceFacts {
            agents: ios::agents(&images),
            debuggers: ios::debuggers(&*self.processes),
            root: ios::jailbreak(&*self.files, &images),
            emulator: ios::simulator(&images),
            proxy: self.proxy(),
            ..DeviceFacts::unknown("not looked for on this platform")
        }
    }

    fn proxy(&self) -> Traces {
        Traces::found(self.connectivity.proxy().map(|_| "proxy"))
    }

    fn linux_device(&self, maps: Result<&Maps, &String>) -> DeviceFacts {
        let (files, properties) = (&*self.files, &*self.properties);
        let in_maps = |look: &dyn Fn(&Maps) -> Traces| match maps {
            Ok(maps) => look(maps),
            Err(why) => Traces::Unknown(why.clone()),
        };
        let threads = Threads::look(files);
        let on_android = |look: &dyn Fn() -> Traces| match self.platform {
            Platform::Android => look(),
            _ => Traces::Unknown("not looked for on this platform".into()),
        };
        DeviceFacts {
            agents: in_maps(&|maps| agents::look(files, maps, self.platform)),
            agent_threads: threads.agents(maps),
            debuggers: threads.debuggers(maps),
            agent_servers: Slow::default().agent_servers,
            preloaded: preload::look(files, self.platform),
            redirected: in_maps(&|maps| self.redirected(maps)),
            writable_code: in_maps(&agents::writable_code),
            root: on_android(&|| android::root(files, properties)),
            emulator: on_android(&|| android::emulator(files, properties)),
            cloner: on_android(&|| android::cloner(properties, &self.app_id)),
            developer: on_android(&|| android::developer(properties)),
            proxy: self.proxy(),
        }
    }

    fn redirected(&self, maps: &Maps) -> Traces {
        let Some(own) = maps.at(self.own) else { return Traces::Unknown("the core's own code is not mapped".into()) };
        match self.calls.get_or_init(|| Calls::of(&*self.files, maps, own)) {
            Ok(calls) => calls.redirected(&*self.files, maps),
            Err(why) => Traces::Unknown((*why).into()),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use std::io::Read as _;

    use bonafide_protocol::measurement::Fact;

    use super::*;
    use crate::adapter::{NoImages, NoProcesses, NoProperties, StdFiles, UnknownConnectivity};
    use crate::integrity::described::Described;
    use crate::integrity::maps::MAPS;
    use crate::integrity::reading::MEMORY;

    const EXE: &str = "/proc/self/exe";
    const BASE: usize = 0x1000;

    fn probes(files: impl Files + 'static, own: u64) -> Probes {
        Probes {
            files: Arc::new(files),
            properties: Arc::new(NoProperties),
            processes: Arc::new(NoProcesses),
            images: Arc::new(NoImages),
            connectivity: Arc::new(UnknownConnectivity),
            platform: Platform::Jvm,
            app_id: "com.acme.app".into(),
            own,
            calls: OnceLock::new(),
            seen: Seen::default(),
            installed: Installed::default(),
        }
    }

    /// The place of `.text` in this test's own file, and its size.
    fn text() -> (usize, usize) {
        let whole = std::fs::metadata(EXE).unwrap().len();
        let mapping = Mapping { end: whole, path: EXE.into(), ..Mapping::default() };
        let maps = Maps::default();
        let text = loaded::with_elf(&StdFiles, &maps, &mapping, |elf, begins| loaded::Text::of(&mapping, elf, begins));
        let text = text.unwrap();
        (text.offset.try_into().unwrap(), text.size.try_into().unwrap())
    }

    /// A process that has loaded this test's own file, with a byte of its text altered where `hooked`.
    fn process(hooked: bool) -> Described {
        let exe = std::fs::read(EXE).unwrap();
        let (offset, size) = text();
        let mut memory = vec![0; BASE];
        memory.extend_from_slice(&exe);
        if hooked {
            memory[BASE + offset + size - 1] ^= 0xff;
        }
        let entry = [9_usize, BASE + offset, 0, 0].map(usize::to_ne_bytes).concat();
        let end = BASE + exe.len();
        Described::new()
            .with(MAPS, format!("{BASE:x}-{end:x} r-xp 00000000 08:01 42    /app/lib bonafide.so\n"))
            .with(MEMORY, memory)
            .with("/proc/self/auxv", entry)
            .with("/app/lib bonafide.so", exe)
            .thread(10, "java", 0)
            .with("/proc/self/environ", "")
    }

    fn core(described: Described) -> Code {
        let (offset, _) = text();
        let (code, _) = probes(described, (BASE + offset) as u64).quick();
        code.into_iter().next().unwrap()
    }

    #[test]
    fn one_hooked_byte_shows() {
        let differs = |code: &Code| match (&code.memory, &code.file) {
            (Fact::Known(memory), Fact::Known(file)) => memory != file,
            _ => unreachable!("{code:?}"),
        };
        let (sound, hooked) = (core(process(false)), core(process(true)));
        assert!(!differs(&sound) && differs(&hooked));
        assert_eq!((sound.name.as_str(), sound.role), ("lib bonafide.so", CodeRole::Core));
    }

    /// As when an app is given another part while it runs: its folder is another one then, and the old files are gone.
    #[test]
    fn code_whose_file_is_gone_is_measured_by_what_the_file_said() {
        let (offset, _) = text();
        let gone = |hooked| {
            let described = process(hooked).without("/app/lib bonafide.so");
            let maps = String::from_utf8(bytes(&described, MAPS)).unwrap().replace(".so\n", ".so (deleted)\n");
            described.with(MAPS, maps)
        };
        let mut probes = probes(process(false), (BASE + offset) as u64);
        let mut look = |device: Option<Described>| {
            device.into_iter().for_each(|device| probes.files = Arc::new(device));
            probes.quick().0.into_iter().next().unwrap()
        };
        let before = look(None);
        assert!(matches!((&before.memory, &before.file), (Fact::Known(_), Fact::Known(_))));
        assert_eq!(look(Some(gone(false))), before);
        let hooked = look(Some(gone(true)));
        assert!(
            matches!(&hooked.memory, Fact::Known(memory) if before.memory != Fact::Known(memory.clone())),
            "{hooked:?}"
        );
        assert_eq!(hooked.file, before.file);
        // Nobody has seen this one.
        assert!(matches!(core(gone(false)).memory, Fact::Unknown(_)));
        let other = gone(false);
        let maps = String::from_utf8(bytes(&other, MAPS)).unwrap().replace("08:01 42", "08:01 43");
        assert!(matches!(look(Some(other.with(MAPS, maps))).memory, Fact::Unknown(_)), "another file");
    }

    /// The same process, its library mapped from a package in which it begins at `begins`. Another one lies before it.
    fn packaged(hooked: bool, begins: usize) -> Described {
        let apk = "/data/app/x/base.apk";
        let described = process(hooked).without("/app/lib bonafide.so");
        let exe = std::fs::read(EXE).unwrap();
        let (head, end) = (BASE + 0x1000, BASE + exe.len());
        let mut package = b"PK\x03\x04".to_vec();
        package.resize(0x1000, 0);
        package.extend_from_slice(b"\x7fELF, but another one");
        package.resize(begins, 0);
        package.extend_from_slice(&exe);
        let line = |start: usize, end: usize, permissions: &str, offset: usize| {
            format!("{start:x}-{end:x} {permissions} {offset:08x} 08:01 42    {apk}\n")
        };
        let maps = [
            line(0x100, 0x200, "r--p", 0x1000),
            format!("200-300 r--p {begins:08x} 08:01 43    /data/app/y/base.apk\n"),
            line(BASE, head, "r--p", begins),
            line(head, end, "r-xp", begins + 0x1000),
        ];
        described.with(MAPS, maps.concat()).with(apk, package)
    }

    #[test]
    fn a_library_in_a_package_is_measured_like_one_in_a_file() {
        let alone = core(process(false));
        let (sound, hooked) = (core(packaged(false, 0x3000)), core(packaged(true, 0x3000)));
        assert_eq!((&sound.memory, &sound.file), (&alone.memory, &alone.file));
        assert!(matches!(&hooked.memory, Fact::Known(_)) && hooked.memory != alone.memory);
        assert_eq!((hooked.file, sound.name.as_str()), (alone.file, "base.apk"));
        // Without the mapping of its beginning nobody can say where it begins: the other library's is not taken for it.
        let maps = std::str::from_utf8(&bytes(&packaged(false, 0x3000), MAPS))
            .unwrap()
            .replace("r--p 00003000", "r--p 00003008");
        let lost = core(packaged(false, 0x3000).with(MAPS, maps));
        assert!(matches!(&lost.memory, Fact::Unknown(_)) || lost.memory != alone.memory, "{lost:?}");
    }

    /// What Gradle's plugin makes by default: the library stored at a page, the package mapped in place of a copy of it.
    #[test]
    fn a_library_stored_in_a_real_package_is_measured_in_base_and_split() {
        use std::io::Write as _;

        let alone = core(process(false));
        let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        writer.start_file("classes.dex", stored).unwrap();
        writer.write_all(b"dex").unwrap();
        writer.start_file("lib/arm64-v8a/libbonafide.so", stored.with_alignment(0x4000)).unwrap();
        writer.write_all(&std::fs::read(EXE).unwrap()).unwrap();
        let package = writer.finish().unwrap().into_inner();
        let archive = bonafide_package::entries::Archive::open(std::io::Cursor::new(&package)).unwrap();
        let begins = usize::try_from(archive.items()[1].data).unwrap();
        assert_eq!(begins % 0x4000, 0);
        let known = "/data/app/x/base.apk";
        for apk in [known, "/data/app/x/split_config.arm64_v8a.apk"] {
            let described = packaged(false, begins);
            let maps = String::from_utf8(bytes(&described, MAPS)).unwrap().replace(known, apk);
            let code = core(described.without(known).with(MAPS, maps).with(apk, &package));
            assert_eq!((&code.memory, &code.file), (&alone.memory, &alone.file), "{apk}");
            assert!(apk.ends_with(&code.name), "{code:?}");
        }
        // As a linker names it, and no kernel: no file has that name.
        let described = packaged(false, begins);
        let maps = String::from_utf8(bytes(&described, MAPS)).unwrap();
        let named = maps.replace(known, &format!("{known}!/lib/arm64-v8a/libbonafide.so"));
        let code = core(described.with(MAPS, named).with(known, &package));
        assert!(matches!(&code.memory, Fact::Unknown(why) if why.contains("cannot be read")), "{code:?}");
    }

    fn bytes(described: &Described, path: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        described.open(std::path::Path::new(path)).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn what_cannot_be_read_is_unknown_with_its_reason() {
        let maps = |text: &str| process(false).with(MAPS, text);
        let end = BASE + text().0 + text().1;
        let cases = [
            process(false).without(MAPS),
            maps(""),
            maps(&format!("{BASE:x}-{end:x} r-xp 00000000 00:00 0\n")),
            maps(&format!("{BASE:x}-{end:x} r-xp 00000000 00:00 0    [anon:code]\n")),
            maps(&format!("{BASE:x}-{end:x} r-xp 00000000 08:01 42   /app/lib bonafide.so (deleted)\n")),
            maps(&format!("{BASE:x}-{end:x} r-xp ffffffffffff0000 08:01 42   /app/lib bonafide.so\n")),
            process(false).without("/app/lib bonafide.so"),
            process(false).with("/app/lib bonafide.so", "no ELF"),
            process(false).without(MEMORY),
            process(false).with(MEMORY, "short"),
        ];
        for (number, described) in cases.into_iter().enumerate() {
            let code = core(described);
            assert!(matches!(&code.memory, Fact::Unknown(why) if !why.is_empty()), "{number}: {code:?}");
        }
    }

    #[test]
    fn an_executable_that_is_not_found_says_so() {
        let (offset, _) = text();
        for vector in [&[][..], &[9, 0, 0, 0], &[9, 1, 0, 0], &[8, 0x1000], &[9]] {
            let vector: Vec<u8> = vector.iter().copied().flat_map(usize::to_ne_bytes).collect();
            let (code, _) = probes(process(false).with("/proc/self/auxv", vector), (BASE + offset) as u64).quick();
            let executable = code.iter().find(|code| code.role == CodeRole::Executable).unwrap();
            assert!(matches!(executable.memory, Fact::Unknown(_)));
        }
    }

    /// The first token of a process is judged by it: a hook in the virtual machine shows there as well.
    #[test]
    fn what_is_told_first_holds_the_virtual_machines_code() {
        let exe = std::fs::read(EXE).unwrap();
        let maps =
            String::from_utf8(bytes(&process(false), MAPS)).unwrap().replace("/app/lib bonafide.so", "/apex/libart.so");
        let machine = |hooked| process(hooked).with(MAPS, &maps).with("/apex/libart.so", &exe);
        let (offset, _) = text();
        let told = |hooked| {
            let mut told = None;
            probes(machine(hooked), (BASE + offset) as u64).slow(|first| told = first.code.clone());
            told.unwrap()
        };
        let (sound, hooked) = (told(false), told(true));
        assert_eq!((sound.role, &sound.memory), (CodeRole::Runtime, &sound.file));
        assert!(matches!(&hooked.memory, Fact::Known(_)) && hooked.memory != hooked.file);
    }

    #[test]
    fn without_proc_nothing_is_known_and_nothing_breaks() {
        let (code, device) = probes(Described::new(), 0x1000).quick();
        assert!(code.iter().all(|code| matches!(code.memory, Fact::Unknown(_))));
        let facts = [
            &device.debuggers,
            &device.agents,
            &device.agent_threads,
            &device.preloaded,
            &device.redirected,
            &device.writable_code,
        ];
        assert!(facts.iter().all(|fact| matches!(fact, Fact::Unknown(_))), "{device:?}");
        assert!(probes(Described::new(), 0x1000).slow(|_| ()).code.is_none());
    }

    #[test]
    fn this_process_is_what_its_files_say() {
        let own: fn() -> (usize, usize) = text;
        let (code, device) = probes(StdFiles, own as usize as u64).quick();
        for code in &code {
            assert!(matches!(&code.memory, Fact::Known(_)) && code.memory == code.file, "{code:?}");
        }
        let roles: Vec<CodeRole> = code.iter().map(|code| code.role).collect();
        assert_eq!(roles, [CodeRole::Core, CodeRole::Executable, CodeRole::System]);
        assert_eq!(device.redirected, Traces::Known(Vec::new()));
    }

    #[test]
    fn a_call_that_another_library_answers_shows() {
        let own: fn() -> (usize, usize) = text;
        let maps = std::fs::read_to_string(MAPS).unwrap();
        // The same process, whose C library bears another name.
        let renamed = maps
            .lines()
            .filter(|line| line.contains("/libc.so.6") || line.contains(" r-xp "))
            .map(|line| format!("{}\n", line.replace("/libc.so.6", "/hook.so")));
        let files = Overlaid(Described::new().with(MAPS, renamed.collect::<String>()));
        let (_, device) = probes(files, own as usize as u64).quick();
        assert!(
            matches!(&device.redirected, Fact::Known(calls) if calls.iter().any(|call| call.ends_with("@hook.so"))),
            "{device:?}"
        );
    }

    /// What is not described is the machine's own.
    struct Overlaid(Described);

    impl Files for Overlaid {
        fn open(&self, path: &std::path::Path) -> std::io::Result<Box<dyn crate::port::FileReader>> {
            self.0.open(path).or_else(|_| StdFiles.open(path))
        }

        fn list(&self, folder: &std::path::Path) -> std::io::Result<Vec<String>> {
            StdFiles.list(folder)
        }
    }
}
