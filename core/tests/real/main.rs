//! Real attackers at a real process: frida, gdb, a byte patched in memory, a preloaded hook; and the same process without
//! any of them, 200 times over.
//!
//! The client is this very test file, started anew. What the attackers need is installed by `scripts/setup`.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod attackers;
mod client;
mod packages;

use bonafide_core::protocol::measurement::{CodeRole, DeviceFacts, Fact, Measurement, Traces};

use attackers::{Frida, Gdb, Hook, Patch};
use client::Client;

/// Everything is known, nothing is found, and all code is that of its file.
fn assert_clean(measurement: &Measurement, when: &str) {
    let nothing = Traces::Known(Vec::new());
    let expected = DeviceFacts {
        root: Traces::Unknown("not looked for on this platform".into()),
        emulator: Traces::Unknown("not looked for on this platform".into()),
        cloner: Traces::Unknown("not looked for on this platform".into()),
        developer: Traces::Unknown("not looked for on this platform".into()),
        // Whoever works on this machine may run one of his own.
        agent_servers: device(measurement).agent_servers.clone(),
        ..DeviceFacts::clean()
    };
    assert_eq!(device(measurement), &expected, "{when}");
    assert_eq!(altered(measurement), [], "{when}");
    assert_eq!(nothing, device(measurement).proxy);
}

fn device(measurement: &Measurement) -> &DeviceFacts {
    measurement.device.as_ref().unwrap()
}

fn found(traces: &Traces) -> &[String] {
    match traces {
        Fact::Known(traces) => traces,
        Fact::Unknown(why) => panic!("unknown: {why}"),
    }
}

/// Whose code is not that of its file.
fn altered(measurement: &Measurement) -> Vec<CodeRole> {
    let known = |fact: &Fact<String>| match fact {
        Fact::Known(digest) => digest.clone(),
        Fact::Unknown(why) => panic!("unknown: {why}"),
    };
    let differs = measurement.code.iter().filter(|code| known(&code.memory) != known(&code.file));
    differs.map(|code| code.role).collect()
}

/// A client, clean so far, and frida in it, with this script. Where frida gives up it has another try, with another
/// client: who knows what it has left in the first.
fn with_frida(script: &str) -> (Client, Frida) {
    let mut tries = (0..2).map(|_| {
        let mut client = Client::start();
        assert_clean(&client.measure(), "before");
        let frida = Frida::attach(client.id(), script)?;
        Some((client, frida))
    });
    tries.find_map(|attached| attached).unwrap_or_else(|| panic!("frida cannot attach"))
}

#[test]
fn frida_is_found_while_it_is_attached_and_not_after() {
    let (mut client, frida) = with_frida("");
    let during = client.measure();
    assert!(found(&device(&during).agents).iter().any(|trace| trace.contains("frida")), "{during:?}");
    frida.end();
    assert_clean(&client.measure(), "after");
}

#[test]
fn a_function_that_frida_hooks_shows_in_the_code_too() {
    let (mut client, frida) = with_frida("Interceptor.attach(Module.getGlobalExportByName('openat'), {});");
    let during = client.measure();
    assert!(altered(&during).contains(&CodeRole::System), "{during:?}");
    frida.end();
    assert_clean(&client.measure(), "after");
}

#[test]
fn gdb_is_found_while_it_is_attached_and_not_after() {
    let mut client = Client::start();
    assert_clean(&client.measure(), "before");
    let gdb = Gdb::attach(client.id());
    let during = client.measure();
    assert_eq!(found(&device(&during).debuggers), ["gdb"], "{during:?}");
    gdb.detach();
    assert_clean(&client.measure(), "after");
}

#[test]
fn a_byte_patched_in_the_core_is_found() {
    let mut client = Client::start();
    let patch = Patch::apply(client.id());
    // The core is linked into this client: its code is the executable's.
    assert_eq!(altered(&client.measure()), [CodeRole::Core, CodeRole::Executable]);
    patch.undo();
    assert_clean(&client.measure(), "after");
}

#[test]
fn a_preloaded_hook_is_found() {
    let hook = Hook::compile();
    let during = Client::start_with(&hook, &[]).measure();
    assert_eq!(found(&device(&during).preloaded), ["hook.so"]);
    assert_eq!(found(&device(&during).redirected), ["getrandom@hook.so"]);
}

#[test]
fn a_preloaded_hook_that_covers_its_tracks_is_found() {
    let hook = Hook::compile();
    let during = Client::start_with(&hook, &[("HOOK_HIDES", "1")]).measure();
    assert_eq!(found(&device(&during).preloaded), [""; 0], "the environment says nothing any more");
    assert_eq!(found(&device(&during).redirected), ["getrandom@hook.so"]);
}

#[test]
fn a_clean_process_shows_none_of_it_two_hundred_times() {
    let mut client = Client::start();
    for round in 0..200 {
        assert_clean(&client.measure(), &format!("round {round}"));
    }
}
