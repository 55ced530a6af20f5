//! An iPhone with the app from the store.

use bonafide_protocol::measurement::{DeviceFacts, Platform, Traces};

use super::described::{BUILT, IPhone as Described};
use super::register;
use crate::common::genuine;
use crate::phone::{IPhone, World};

type Change = fn(&mut Described);

/// What the core cannot know, or finds, on a phone that is described otherwise.
const OTHERS: &[(&str, Change, &[&str])] = &[
    ("a byte of the code is another", |d| d.executable.1.reverse(), &["app_altered"]),
    ("a byte of Bonafide's is another", |d| d.core.1.reverse(), &["core_altered"]),
    ("dyld shows nothing", |d| d.images = None, &["app_unmeasured", "core_unmeasured", "device_unmeasured"]),
    ("dyld names no image", |d| d.images = Some(Vec::new()), &["device_unmeasured"]),
    ("the kernel tells nothing of debuggers", |d| d.traced = None, &["device_unmeasured"]),
    ("a debugger", |d| d.traced = Some(true), &["debugger_attached"]),
    ("frida's gadget", |d| d.images.as_mut().unwrap().push("/var/tmp/FridaGadget.dylib".into()), &["hooking"]),
    ("a shell", |d| drop(d.files.insert("/bin/bash".into(), Vec::new())), &["rooted"]),
    (
        "a simulator",
        |d| d.images = Some(vec!["/Users/a/Library/Developer/CoreSimulator/Devices/1/Acme.app/Acme".into()]),
        &["emulator"],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_iphone_passes_and_no_other_does() {
    let world = World::untouched().await;
    register(&world, Platform::Ios, BUILT.ipa()).await;
    let jwks = world.service.operator("GET", "/.well-known/jwks.json", None).await.1;
    for (what, change, expected) in OTHERS {
        let mut described = BUILT.phone();
        change(&mut described);
        let token = enrolled(&world, &described).await;
        world.assert_found(expected, what).await;
        assert!(!genuine(&jwks, &token), "{what}");
    }
    let token = enrolled(&world, &BUILT.phone()).await;
    world.assert_passes("an honest one").await;
    assert!(genuine(&jwks, &token));
}

/// The token that an attested phone gets with what the core sends of it.
async fn enrolled(world: &World, described: &Described) -> String {
    let mut iphone = IPhone::new();
    let app = BUILT.app_facts();
    iphone.phone.device.request.measurement = described.measurement(&app).await;
    iphone.phone.device.request.app = app;
    iphone.enroll(world).await.token
}

/// What no probe of this platform looks for says so: the service must not wait for it.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_honest_iphone_knows_of_itself() {
    let measurement = BUILT.phone().measurement(&BUILT.app_facts()).await;
    let nothing = || Traces::Known(Vec::new());
    let expected = DeviceFacts {
        debuggers: nothing(),
        agents: nothing(),
        root: nothing(),
        emulator: nothing(),
        proxy: nothing(),
        agent_servers: measurement.device.as_ref().unwrap().agent_servers.clone(),
        ..DeviceFacts::unknown("not looked for on this platform")
    };
    assert_eq!(measurement.device, Some(expected));
    assert_eq!(measurement.packages, None);
}
