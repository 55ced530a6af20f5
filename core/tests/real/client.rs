//! A process that uses the core: each line on its standard input is answered with a measurement.

use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bonafide_core::adapter::FileStorage;
use bonafide_core::integrity::Measurer;
use bonafide_core::port::Ports;
use bonafide_core::protocol::measurement::{App, Measurement, Platform};

use super::attackers::Hook;

/// The client's own name among the tests, and that of one which takes itself for a phone's.
const CLIENT: &str = "client::answers";
const PHONE: &str = "client::answers_as_a_phone";

/// A client that runs.
pub(crate) struct Client {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Client {
    pub(crate) fn start() -> Self {
        Self::of(&mut Self::command())
    }

    /// A copy of the client in the place of an app's library, on what it takes for Android, with the package mapped.
    pub(crate) fn installed(folder: &Path, package: &Path) -> Self {
        let libraries = folder.join("lib/x86_64");
        std::fs::create_dir_all(&libraries).unwrap();
        let copy = libraries.join("libbonafide.so");
        std::fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
        let hook = Hook::compile_from("tests/real/map.c");
        let environment = [("LD_PRELOAD", hook.library()), ("MAPPED_PACKAGE", package.to_path_buf())];
        Self::of(Self::command_of(&copy, PHONE).envs(environment))
    }

    pub(crate) fn start_with(hook: &Hook, environment: &[(&str, &str)]) -> Self {
        Self::of(Self::command().env("LD_PRELOAD", hook.library()).envs(environment.iter().copied()))
    }

    fn command() -> Command {
        Self::command_of(&std::env::current_exe().unwrap(), CLIENT)
    }

    fn command_of(executable: &Path, name: &str) -> Command {
        let mut command = Command::new(executable);
        command.args(["--exact", name, "--ignored", "--nocapture"]).env_remove("LD_PRELOAD");
        command
    }

    fn of(command: &mut Command) -> Self {
        let mut child = spawned(command.stdin(Stdio::piped()).stdout(Stdio::piped()));
        let (questions, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut client = Self { child, questions, answers };
        // The first is of a process that still starts, and without the slow probes.
        client.measure();
        client.measure();
        client
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn measure(&mut self) -> Measurement {
        writeln!(self.questions).unwrap();
        // The test's own lines come between.
        let mut line = String::new();
        while !line.starts_with('{') {
            line.clear();
            assert_ne!(self.answers.read_line(&mut line).unwrap(), 0, "the client ended");
        }
        serde_json::from_str(&line).unwrap()
    }
}

/// Starts it. What was just copied may still be open for writing in a child that another test has forked meanwhile, until
/// that is a program of its own; so long it cannot be run.
fn spawned(command: &mut Command) -> Child {
    let mut tries = (0..1000).map(|_| command.spawn()).skip_while(|tried| {
        let busy = tried.as_ref().is_err_and(|error| error.kind() == ErrorKind::ExecutableFileBusy);
        if busy {
            #[expect(clippy::disallowed_methods, reason = "the test's own thread waits")]
            std::thread::sleep(Duration::from_millis(10));
        }
        busy
    });
    tries.next().unwrap().unwrap()
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "it is the client that the tests start"]
fn answers() {
    serve(Platform::Linux);
}

#[test]
#[ignore = "it is the client that the tests start"]
fn answers_as_a_phone() {
    serve(Platform::Android);
}

fn serve(platform: Platform) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ports = Ports::desktop(Arc::new(FileStorage::new(folder.path())));
    let app = App { platform, id: "com.acme.app".into(), version: "1".into(), build: String::new() };
    let measurer = Measurer::new(&ports, &app, Vec::new(), runtime.handle().clone());
    let mut out = std::io::stdout();
    for _line in std::io::stdin().lines() {
        let measurement = runtime.block_on(measurer.measurement());
        writeln!(out, "\n{}", serde_json::to_string(&measurement).unwrap()).unwrap();
    }
}
