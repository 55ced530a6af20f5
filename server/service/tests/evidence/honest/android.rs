//! An Android phone with the app from the store.

use bonafide_forge::android_key::der::{integer, octets, sequence, set};
use bonafide_protocol::measurement::Platform;

use super::forge::Key;
use super::installed::{Phone as Described, apk, app};
use super::register;
use crate::common::genuine;
use crate::phone::{Phone, World};

type Change = fn(&mut Described);

fn file(described: &mut Described, path: &str, content: &str) {
    described.files.insert(path.into(), content.into());
}

fn property(described: &mut Described, name: &str, value: &str) {
    described.properties.insert(name.into(), value.into());
}

/// What is noted only is honest as well.
const OTHERS: &[(&str, Change, &[&str])] = &[
    (
        "a debugger",
        |d| file(d, "/proc/self/task/4711/status", "Name:\tcom.acme.app\nTracerPid:\t99\n"),
        &["debugger_attached"],
    ),
    ("frida's thread", |d| file(d, "/proc/self/task/4712/status", "Name:\tgum-js-loop\nTracerPid:\t0\n"), &["hooking"]),
    ("preloaded", |d| file(d, "/proc/self/environ", "LD_PRELOAD=/data/x.so\0"), &["library_preloaded"]),
    ("no environment", |d| drop(d.files.remove(std::path::Path::new("/proc/self/environ"))), &["device_unmeasured"]),
    ("no mounts", |d| drop(d.files.remove(std::path::Path::new("/proc/self/mounts"))), &["device_unmeasured"]),
    ("su", |d| file(d, "/system/xbin/su", ""), &["rooted"]),
    ("an emulator", |d| property(d, "ro.hardware", "ranchu"), &["emulator"]),
    ("a cloner", |d| property(d, "bonafide.data_dir", "/data/data/com.cloner/com.acme.app"), &["app_cloned"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_android_passes_and_no_other_does() {
    let world = World::untouched().await;
    let key = Key::new();
    let package = apk(&key);
    register(&world, Platform::Android, package.clone()).await;
    let honest = Described::new(package);
    let jwks = world.service.operator("GET", "/.well-known/jwks.json", None).await.1;
    for (what, change, expected) in OTHERS {
        let mut described = honest.clone();
        change(&mut described);
        let token = enrolled(&world, &described, &key).await;
        world.assert_found(expected, what).await;
        assert!(!genuine(&jwks, &token), "{what}");
    }
    let mut developer = honest.clone();
    property(&mut developer, "bonafide.developer_options", "1");
    let token = enrolled(&world, &developer, &key).await;
    world.assert_found(&["developer_mode"], "a developer's own phone").await;
    assert!(genuine(&jwks, &token));
    let token = enrolled(&world, &honest, &key).await;
    world.assert_passes("an honest one").await;
    assert!(genuine(&jwks, &token));
}

/// The token that an attested phone gets with what the core sends of it.
async fn enrolled(world: &World, described: &Described, key: &Key) -> String {
    let mut phone = Phone::android();
    phone.device.request.measurement = described.measurement().await;
    phone.device.request.app = app();
    let package = sequence(&[octets(b"com.acme.app"), integer(42)]);
    let named = octets(&sequence(&[set(&[package]), set(&[octets(&key.sha256())])]));
    let chain = |challenge: &str| {
        world.chain(&phone.key(), &phone.key_hash(challenge), |description, _| {
            description.software.retain(|(tag, _)| *tag != 709);
            description.software.push((709, named.clone()));
        })
    };
    phone.ask(world, |challenge| vec![chain(challenge)]).await.token
}
