//! The attackers, as an attacker would call them.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use object::{Object as _, ObjectSection as _};

fn folder(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Waits for a line of the attacker's that contains `part`; false if it ends before.
fn says(child: &mut Child, part: &str) -> bool {
    let out = child.stdout.as_mut().unwrap();
    BufReader::new(out).lines().any(|line| line.unwrap().contains(part))
}

/// How often, every ten milliseconds, it is looked whether an agent has left.
const POLLS: usize = 6000;

/// `frida`, attached, with a script of its own.
pub(crate) struct Frida {
    child: Child,
    process: u32,
}

impl Frida {
    /// `None` if it gave up: its own limits are short for a busy machine.
    pub(crate) fn attach(process: u32, script: &str) -> Option<Self> {
        let python = folder("../.venv/bin/python");
        let mut child = Command::new(&python)
            .arg(folder("tests/real/frida_attach.py"))
            .args([&process.to_string(), script])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}; run scripts/setup", python.display()));
        let attached = says(&mut child, "attached");
        let frida = Self { child, process };
        attached.then_some(frida)
    }

    /// Ends it, and waits until its agent has left the process.
    ///
    /// It is killed and not asked to detach: then the agent unloads by itself. Frida's own way sends its injector into
    /// the process once more, and under load that ended the process by SIGSEGV in one of eighty tests.
    pub(crate) fn end(self) {
        let process = self.process;
        drop(self);
        #[expect(clippy::disallowed_methods, reason = "the test's own thread waits")]
        let left = (0..POLLS).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            !read_maps(process).contains("frida")
        });
        assert!(left, "frida's agent stays in the process");
    }
}

impl Drop for Frida {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_maps(process: u32) -> String {
    std::fs::read_to_string(format!("/proc/{process}/maps")).unwrap()
}

/// `gdb`, attached; the process goes on.
pub(crate) struct Gdb(Child);

impl Gdb {
    pub(crate) fn attach(process: u32) -> Self {
        let mut child = Command::new("gdb")
            .args(["--nx", "--quiet", "--batch", "-iex", "set debuginfod enabled off", "-ex", "echo attached\\n"])
            .args(["-ex", "continue", "-ex", "detach", "--pid", &process.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("gdb: {error}; run scripts/setup"));
        assert!(says(&mut child, "attached"), "gdb ended before it was attached");
        Self(child)
    }

    /// Detaches, and waits until it has.
    pub(crate) fn detach(mut self) {
        let interrupt = Command::new("kill").args(["-INT", &self.0.id().to_string()]).status();
        assert!(interrupt.unwrap().success());
        self.0.wait().unwrap();
    }
}

/// A byte of the executable's code, changed in memory.
pub(crate) struct Patch {
    memory: File,
    place: u64,
    was: u8,
}

impl Patch {
    pub(crate) fn apply(process: u32) -> Self {
        let exe = std::fs::read(format!("/proc/{process}/exe")).unwrap();
        let text = object::File::parse(&*exe).unwrap().section_by_name(".text").map(|section| {
            let data = section.data().unwrap();
            // The last byte of a long no-op: nothing changes but the code itself.
            let no_op = [0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0];
            let no_op_arm = [0x1f, 0x20, 0x03, 0xd5, 0x1f, 0x20, 0x03, 0xd5];
            let place = data.windows(no_op.len()).position(|window| window == no_op);
            let place = place.map(|place| place + no_op.len() - 1);
            let on_arm = || data.windows(no_op_arm.len()).position(|window| window == no_op_arm);
            section.file_range().unwrap().0 + u64::try_from(place.or_else(on_arm).unwrap()).unwrap()
        });
        let (start, offset) = read_maps(process).lines().find_map(|line| code_mapping(line, process)).unwrap();
        let place = start - offset + text.unwrap();
        // Whose process it is may write to its code; so may an attacker inside of it.
        let memory = OpenOptions::new().read(true).write(true).open(format!("/proc/{process}/mem")).unwrap();
        let mut was = [0];
        memory.read_exact_at(&mut was, place).unwrap();
        let patch = Self { memory, place, was: was.first().copied().unwrap() };
        patch.write(patch.was ^ 1);
        patch
    }

    pub(crate) fn undo(self) {
        self.write(self.was);
    }

    fn write(&self, byte: u8) {
        self.memory.write_all_at(&[byte], self.place).unwrap();
    }
}

/// Start and offset of the executable's code.
fn code_mapping(line: &str, process: u32) -> Option<(u64, u64)> {
    let exe = std::fs::read_link(format!("/proc/{process}/exe")).unwrap();
    let number = |text: &str| u64::from_str_radix(text, 16).ok();
    let mut words = line.split_ascii_whitespace();
    let (range, permissions, offset) = (words.next()?, words.next()?, words.next()?);
    let is_code = permissions.contains('x') && line.ends_with(exe.to_str()?);
    if is_code { Some((number(range.split('-').next()?)?, number(offset)?)) } else { None }
}

/// A library that answers in the C library's place.
pub(crate) struct Hook(tempfile::TempDir);

impl Hook {
    pub(crate) fn compile() -> Self {
        Self::compile_from("tests/real/hook.c")
    }

    pub(crate) fn compile_from(source: &str) -> Self {
        let hook = Self(tempfile::tempdir().unwrap());
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-o"]).arg(hook.library()).arg(folder(source));
        assert!(compiler.status().unwrap().success());
        hook
    }

    pub(crate) fn library(&self) -> PathBuf {
        self.0.path().join("hook.so")
    }
}
