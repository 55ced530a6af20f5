//! The process's threads: who traces them (`ptrace`), and what they are called (proc_pid_status(5)).

use std::path::Path;

use bonafide_protocol::measurement::Traces;

use super::maps::Maps;
use super::reading::{Search, read_text, without_chance};
use crate::port::Files;

const TASKS: &str = "/proc/self/task";

/// Threads beyond are not looked at: who attaches to a process attaches to the first of them too.
const MAX_THREADS: usize = 4096;

const MAX_STATUS_BYTES: u64 = 64 * 1024;

/// How the threads of frida, and of what injects it, begin.
const AGENT_THREADS: &[&str] = &["gum-js-loop", "frida", "pool-frida", "linjector"];

/// GLib's own threads. Frida brings its own GLib along, which is no library of the process.
const GLIB_THREADS: &[&str] = &["gmain", "gdbus", "pool-spawner"];
const GLIB: &str = "libglib";

/// What the threads say.
pub(super) struct Threads {
    tracers: Search,
    names: Vec<String>,
}

impl Threads {
    pub(super) fn look(files: &dyn Files) -> Self {
        let mut threads = Self { tracers: Search::default(), names: Vec::new() };
        let ids = match files.list(Path::new(TASKS)) {
            Ok(ids) => ids,
            Err(error) => {
                threads.tracers.unknown("the threads", &error);
                return threads;
            }
        };
        for id in ids.into_iter().filter(|id| id.bytes().all(|byte| byte.is_ascii_digit())).take(MAX_THREADS) {
            // A thread may end between being named and being read.
            if let Ok(status) = read_text(files, &format!("{TASKS}/{id}/status"), MAX_STATUS_BYTES) {
                threads.take(files, &status);
            }
        }
        if threads.names.is_empty() {
            threads.tracers.unknown("the threads", &std::io::ErrorKind::NotFound.into());
        }
        threads
    }

    fn take(&mut self, files: &dyn Files, status: &str) {
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        match field("TracerPid:").and_then(|id| id.parse::<u32>().ok()) {
            Some(0) => {}
            Some(tracer) => {
                let name = read_text(files, &format!("/proc/{tracer}/comm"), MAX_STATUS_BYTES);
                self.tracers.found(name.as_deref().map_or("a process", str::trim));
            }
            None => self.tracers.unknown("TracerPid", &std::io::ErrorKind::InvalidData.into()),
        }
        self.names.push(field("Name:").unwrap_or_default().to_owned());
    }

    /// Threads that only an agent has.
    pub(super) fn agents(&self, maps: Result<&Maps, &String>) -> Traces {
        if self.names.is_empty() {
            return Traces::Unknown("cannot read the threads".into());
        }
        // Without the mappings nobody knows whose GLib it is: it gets the benefit, and the mappings are unknown.
        let glib = maps.map_or(true, |maps| maps.iter().any(|mapping| mapping.stem().starts_with(GLIB)));
        let known = |name: &&String| {
            let begins = without_chance(name);
            AGENT_THREADS.iter().any(|agent| begins.starts_with(agent))
                || !glib && GLIB_THREADS.contains(&name.as_str())
        };
        Traces::found(self.names.iter().filter(known))
    }

    /// Who traces a thread, and the debuggers that are inside of the process.
    pub(super) fn debuggers(mut self, maps: Result<&Maps, &String>) -> Traces {
        // The JVM's debugger is a library, loaded by -agentlib or by attaching.
        let jdwp = |maps: &Maps| maps.executable().any(|mapping| mapping.stem() == "libjdwp");
        if maps.is_ok_and(jdwp) {
            self.tracers.found("libjdwp");
        }
        self.tracers.into_fact()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::integrity::described::Described;
    use crate::integrity::maps::MAPS;

    fn look(device: &Described) -> (Traces, Traces) {
        let maps = Maps::read(device, 0x1000);
        let threads = Threads::look(device);
        (threads.agents(maps.as_ref()), threads.debuggers(maps.as_ref()))
    }

    fn process() -> Described {
        Described::new().with(MAPS, "1000-2000 r-xp 0 08:01 42 /app/core.so\n").thread(10, "java", 0)
    }

    fn with_library(name: &str) -> Described {
        process().with(MAPS, format!("1000-2000 r-xp 0 08:01 42 /app/core.so\n5000-6000 r-xp 0 08:01 43 /lib/{name}\n"))
    }

    #[test]
    fn each_is_found_by_its_name() {
        let none: [&str; 0] = [];
        let (clean, gdb) = (&none[..], &["gdb"][..]);
        let cases: &[(&str, Described, &[&str], &[&str])] = &[
            ("clean", process().thread(11, "GC Thread#0", 0), clean, clean),
            ("a day of the week", process().thread(11, "friday.worker", 0), clean, clean),
            ("gdb on the second thread", process().thread(11, "x", 7).with("/proc/7/comm", "gdb\n"), clean, gdb),
            ("a tracer that is hidden", process().thread(11, "x", 7), clean, &["a process"]),
            ("two tracers", process().thread(11, "x", 7).thread(12, "y", 8), clean, &["a process"]),
            ("a Java debugger", with_library("libjdwp.so"), clean, &["libjdwp"]),
            ("frida", process().thread(11, "gum-js-loop", 0), &["gum-js-loop"], clean),
            ("frida's GLib", process().thread(11, "gmain", 0), &["gmain"], clean),
            ("GTK's GLib", with_library("libglib-2.0.so.0.7400.6").thread(11, "gmain", 0), clean, clean),
            ("an injector", process().thread(11, "linjector-1", 0), &["linjector-1"], clean),
        ];
        for (what, device, agents, debuggers) in cases {
            assert_eq!(look(device), (Traces::found(*agents), Traces::found(*debuggers)), "{what}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_unknown() {
        let unreadable = process().forbid(TASKS);
        let vanished = process().without("/proc/self/task/10/status").with("/proc/self/task/10/other", "");
        for (what, device) in [("no list", unreadable), ("no thread", vanished), ("nothing", Described::new())] {
            let (agents, debuggers) = look(&device);
            assert!(
                matches!((&agents, &debuggers), (Traces::Unknown(_), Traces::Unknown(_))),
                "{what}: {agents:?} {debuggers:?}"
            );
        }
        for status in ["", "Name:\tx\n", "TracerPid:\tmany\n", "TracerPid:\t99999999999999\n", "\u{0}\u{fffd}"] {
            let (_, debuggers) = look(&process().with("/proc/self/task/11/status", status));
            assert!(matches!(debuggers, Traces::Unknown(_)), "{status:?}: {debuggers:?}");
        }
    }

    #[test]
    fn a_thread_that_ends_meanwhile_is_passed_over() {
        let device = process().with("/proc/self/task/11/other", "");
        assert_eq!(look(&device).1, Traces::Known(Vec::new()));
    }

    #[test]
    fn many_threads_fill_no_fact() {
        let device = (11..1000).fold(process(), |device, id| device.thread(id, &format!("frida-{id}"), 0));
        let Traces::Known(agents) = look(&device).0 else { unreachable!() };
        assert_eq!(agents.len(), bonafide_protocol::measurement::MAX_TRACES);
        assert!(agents.first().unwrap().starts_with("frida-"));
    }
}
