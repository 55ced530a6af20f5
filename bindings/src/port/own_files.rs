//! Files as the core reads them to measure the process, on Linux and Android.
//!
//! An app's process was root before it became the app's: for one that is not debuggable the kernel then gives
//! `/proc/self/mem`, `auxv` and `environ` to root alone (proc(5), `PR_SET_DUMPABLE` in prctl(2)). What these files would
//! say, the process may still ask for in other ways.

use std::ffi::c_void;
use std::io::{self, Cursor, ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::OnceLock;

use bonafide_core::adapter::StdFiles;
use bonafide_core::port::{FileReader, Files};

/// The process's own file system, and what it withholds of the process itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnFiles;

impl OwnFiles {
    /// To be made before other code of the app has run for long: what it is given as the environment is that of this moment.
    pub(crate) fn new() -> Self {
        environment();
        Self
    }
}

impl Files for OwnFiles {
    fn open(&self, path: &Path) -> io::Result<Box<dyn FileReader>> {
        match StdFiles.open(path) {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => withheld(path).ok_or(error),
            opened => opened,
        }
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        StdFiles.list(folder)
    }
}

fn withheld(path: &Path) -> Option<Box<dyn FileReader>> {
    match path.to_str()? {
        "/proc/self/mem" => Some(Box::new(OwnMemory::default())),
        "/proc/self/auxv" => Some(Box::new(Cursor::new(auxiliary()))),
        "/proc/self/environ" => Some(Box::new(Cursor::new(environment().to_vec()))),
        _ => None,
    }
}

/// The auxiliary vector as far as the core reads it (getauxval(3)).
fn auxiliary() -> Vec<u8> {
    #[expect(unsafe_code, reason = "it takes a number and gives one")]
    let entry = unsafe { libc::getauxval(libc::AT_ENTRY) };
    [libc::AT_ENTRY, entry, libc::AT_NULL, 0].into_iter().flat_map(libc::c_ulong::to_ne_bytes).collect()
}

/// The environment at the first call: later ones look at no list that other code of the app may be changing.
fn environment() -> &'static [u8] {
    static FIRST: OnceLock<Vec<u8>> = OnceLock::new();
    let entry = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        [name.as_bytes(), b"=", value.as_bytes(), b"\0"].concat()
    };
    FIRST.get_or_init(|| std::env::vars_os().flat_map(entry).collect())
}

/// The memory of the process by its addresses, as `/proc/self/mem` has it but for what may be executed and not be read: the
/// system's own code on Android 10 (the kernel keeps to that here).
#[derive(Debug, Default)]
struct OwnMemory {
    place: u64,
}

impl FileReader for OwnMemory {}

impl Read for OwnMemory {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let place = usize::try_from(self.place).map_err(|_| io::Error::from(ErrorKind::UnexpectedEof))?;
        let local = libc::iovec { iov_base: into.as_mut_ptr().cast(), iov_len: into.len() };
        let remote =
            libc::iovec { iov_base: std::ptr::with_exposed_provenance_mut::<c_void>(place), iov_len: into.len() };
        #[expect(unsafe_code, reason = "the kernel copies into what is ours; of what is not there it says EFAULT")]
        let count = unsafe { libc::process_vm_readv(libc::getpid(), &raw const local, 1, &raw const remote, 1, 0) };
        let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
        self.place = self.place.saturating_add(count as u64);
        Ok(count)
    }
}

impl Seek for OwnMemory {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::Current(by) => self.place.checked_add_signed(by),
            SeekFrom::End(_) => None,
        };
        self.place = place.ok_or(io::Error::from(ErrorKind::InvalidInput))?;
        Ok(self.place)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::fs::File;
    use std::io::Write as _;
    use std::process::Command;
    use std::sync::Arc;

    use bonafide_core::adapter::FileStorage;
    use bonafide_core::integrity::Measurer;
    use bonafide_core::port::Ports;
    use bonafide_core::protocol::measurement::{App, CodeRole, Fact, Measurement, Platform};

    use super::*;

    const APP: &str = "port::own_files::tests::an_app";
    /// As good as any that is not root.
    const NOBODY: libc::uid_t = 65_534;

    /// Becomes what an app is, as Android's zygote makes it, and measures itself.
    #[test]
    #[ignore = "it is the process that the other tests start"]
    fn an_app() {
        #[expect(unsafe_code, reason = "what the zygote does, in a process of this test's alone")]
        unsafe {
            // Fails where this is nobody's already.
            libc::setgid(NOBODY);
            libc::setuid(NOBODY);
            assert_eq!(libc::prctl(libc::PR_SET_DUMPABLE, 0), 0);
        }
        for file in ["mem", "auxv", "environ"] {
            let opened = File::open(format!("/proc/self/{file}"));
            assert_eq!(opened.unwrap_err().kind(), ErrorKind::PermissionDenied, "{file}");
        }
        let ports = Ports {
            files: Arc::new(OwnFiles::new()),
            ..Ports::desktop(Arc::new(FileStorage::new(std::env::temp_dir().join("bonafide-none"))))
        };
        let app =
            App { platform: Platform::Linux, id: "com.acme.app".into(), version: "1".into(), build: String::new() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let measurer = Measurer::new(&ports, &app, Vec::new(), runtime.handle().clone());
        let measurement = serde_json::to_string(&runtime.block_on(measurer.measurement())).unwrap();
        writeln!(io::stdout(), "\n{measurement}").unwrap();
    }

    fn measured(environment: &[(&str, &str)]) -> Measurement {
        let mut app = Command::new(std::env::current_exe().unwrap());
        app.args(["--exact", APP, "--ignored", "--nocapture"]).envs(environment.iter().copied());
        let output = app.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_str(text.lines().find(|line| line.starts_with('{')).unwrap()).unwrap()
    }

    #[test]
    fn an_app_that_nobody_may_debug_measures_itself() {
        let found = measured(&[]);
        for role in [CodeRole::Core, CodeRole::Executable, CodeRole::System] {
            let code = found.code.iter().find(|code| code.role == role).map(|code| &code.memory);
            assert!(matches!(code, Some(Fact::Known(_))), "{role:?}: {code:?}");
        }
        let device = found.device.unwrap();
        for (what, fact) in
            [("agents", &device.agents), ("preloaded", &device.preloaded), ("redirected", &device.redirected)]
        {
            assert_eq!(*fact, Fact::Known(Vec::new()), "{what}");
        }
    }

    #[test]
    fn an_app_that_nobody_may_debug_tells_what_it_was_started_with() {
        let found = measured(&[("LD_AUDIT", "/nowhere/audit.so")]);
        assert_eq!(found.device.unwrap().preloaded, Fact::Known(vec!["audit.so".into()]));
    }

    #[test]
    fn its_memory_is_read_as_the_kernels_file_is() {
        let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        let mut memory = OwnMemory::default();
        memory.seek(SeekFrom::Start(bytes.as_ptr().expose_provenance() as u64)).unwrap();
        let mut read = vec![0; bytes.len()];
        memory.read_exact(&mut read).unwrap();
        assert_eq!(read, bytes);
        memory.seek(SeekFrom::Current(-256)).unwrap();
        let mut last = [0; 4];
        memory.read_exact(&mut last).unwrap();
        assert_eq!(Some(last.as_slice()), bytes.get(bytes.len() - 256..bytes.len() - 252));
        // Where nothing is mapped there is nothing to read, and nobody ends.
        for place in [1, u64::MAX] {
            memory.seek(SeekFrom::Start(place)).unwrap();
            assert!(memory.read_exact(&mut last).is_err(), "{place}");
        }
        assert!(memory.seek(SeekFrom::End(0)).is_err());
    }

    #[test]
    fn no_other_file_that_is_withheld_is_made_up() {
        for path in ["/proc/self/maps", "/proc/1/mem", "/etc/shadow"] {
            assert!(withheld(Path::new(path)).is_none(), "{path}");
        }
    }
}
