//! Instrumentation that waits beside the process: ports it listens on, and programs that run. Slow, and often hidden.

use bonafide_protocol::measurement::Traces;

use super::reading::{Search, read_text};
use crate::port::{Files, Processes};

const TABLES: &[&str] = &["/proc/net/tcp", "/proc/net/tcp6"];

/// A busy server has a hundred thousand connections.
const MAX_TABLE_BYTES: u64 = 32 * 1024 * 1024;

/// Where frida-server and frida-gadget listen, unless told otherwise.
const PORTS: &[u16] = &[27042, 27043];

/// `TCP_LISTEN` in the kernel's table.
const LISTENS: &str = "0A";

/// How the programs are called, or begin.
const PROGRAMS: &[&str] = &["frida-server", "re.frida.server", "gdbserver", "lldb-server", "android_server", "magiskd"];

pub(super) fn look(files: &dyn Files, processes: &dyn Processes) -> Traces {
    let mut search = Search::default();
    let (mut looked, mut refused) = (false, None);
    for table in TABLES {
        match read_text(files, table, MAX_TABLE_BYTES) {
            Ok(text) => {
                looked = true;
                text.lines().filter_map(listening).filter(|port| PORTS.contains(port)).for_each(|port| {
                    search.found(format!("port {port}"));
                });
            }
            Err(error) => refused = Some(error),
        }
    }
    match processes.names() {
        Ok(names) => {
            looked = true;
            let known = |name: &&String| PROGRAMS.iter().any(|program| name.starts_with(program));
            names.iter().filter(known).for_each(|name| search.found(name));
        }
        Err(error) => refused = refused.or(Some(error)),
    }
    if let (false, Some(error)) = (looked, &refused) {
        search.unknown("the ports", error);
    }
    search.into_fact()
}

/// The port of a line that listens: `SL LOCAL REMOTE STATE …` (proc(5)).
fn listening(line: &str) -> Option<u16> {
    let mut fields = line.split_ascii_whitespace().skip(1);
    let (local, state) = (fields.next()?, fields.nth(1)?);
    let port = local.rsplit_once(':')?.1;
    (state == LISTENS).then(|| u16::from_str_radix(port, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integrity::described::Described;

    const HEAD: &str = "  sl  local_address rem_address   st tx_queue rx_queue\n";
    const SSH: &str = "   0: 00000000:0016 00000000:0000 0A 00000000:00000000\n";
    const FRIDA: &str = "   1: 0100007F:69A2 00000000:0000 0A 00000000:00000000\n";
    const CLIENT: &str = "   1: 0100007F:69A2 0100007F:1234 01 00000000:00000000\n";

    #[test]
    fn what_listens_or_runs_is_found() {
        let none: &[&str] = &[];
        let described = |tcp: &[&str]| Described::new().with("/proc/net/tcp", tcp.concat());
        let cases: &[(&str, Described, &[&str])] = &[
            ("nobody", described(&[HEAD, SSH, CLIENT]), none),
            ("frida-server", described(&[HEAD, SSH, FRIDA]), &["port 27042"]),
            ("on IPv6 only", described(&[HEAD]).with("/proc/net/tcp6", FRIDA), &["port 27042"]),
            ("a program", described(&[HEAD]).processes(&["init", "frida-server-17"]), &["frida-server-17"]),
            ("programs only", Described::new().processes(&["init"]), none),
            (
                "absurd lines",
                described(&["", ":\n", "a b c\n", "0: :zz x 0A\n", "0: x 0A 0A 0A\n", FRIDA]),
                &["port 27042"],
            ),
        ];
        for (what, device, expected) in cases {
            assert_eq!(look(device, device), Traces::found(*expected), "{what}");
        }
        let hidden = Described::new().forbid("/proc/net/tcp");
        assert!(matches!(look(&hidden, &hidden), Traces::Unknown(_)));
    }
}
