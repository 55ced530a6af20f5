//! What a device says of its process and of what it runs on, and what the operator sees of it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use bonafide_protocol::measurement::{Code, CodeRole, DeviceFacts as Facts, Fact, Measurement, Platform, Traces};
use common::{Device, Service};
use serde_json::json;

type Change = fn(&mut Measurement);

fn device(measurement: &mut Measurement) -> &mut Facts {
    measurement.device.as_mut().unwrap()
}

fn some() -> Traces {
    Traces::found(["something"])
}

const KNOWN: &[(&str, Change, &[&str])] = &[
    ("nothing", |_| {}, &[]),
    ("a debugger", |m| device(m).debuggers = some(), &["debugger_attached"]),
    ("an agent is mapped", |m| device(m).agents = some(), &["hooking"]),
    ("an agent's thread", |m| device(m).agent_threads = some(), &["hooking"]),
    ("an agent's server", |m| device(m).agent_servers = some(), &["hooking_server"]),
    ("a preloaded library", |m| device(m).preloaded = some(), &["library_preloaded"]),
    ("a redirected call", |m| device(m).redirected = some(), &["calls_redirected"]),
    ("writable code", |m| device(m).writable_code = some(), &["code_writable"]),
    ("root", |m| device(m).root = some(), &["rooted"]),
    ("an emulator", |m| device(m).emulator = some(), &["emulator"]),
    ("a cloner", |m| device(m).cloner = some(), &["app_cloned"]),
    ("a developer's desktop", |m| device(m).developer = some(), &[]),
    ("a company's proxy", |m| device(m).proxy = some(), &[]),
    ("an executable unlike its file", |m| executable(m).memory = Fact::Known("66".repeat(32)), &["code_altered"]),
    ("an executable without a file", |m| executable(m).file = unknown(), &["code_unmeasured"]),
    ("no executable", |m| m.code.truncate(1), &["code_unmeasured"]),
    ("an altered core", |m| m.code.first_mut().unwrap().memory = Fact::Known("66".repeat(32)), &["core_altered"]),
    ("several", |m| (device(m).debuggers, device(m).agents) = (some(), some()), &["debugger_attached", "hooking"]),
];

const UNKNOWN: &[(&str, Change, &[&str])] = &[
    ("an older device", |m| m.device = None, &["device_unmeasured"]),
    ("nothing", |m| *device(m) = Facts::unknown("why"), &["device_unmeasured"]),
    ("debuggers", |m| device(m).debuggers = unknown(), &["device_unmeasured"]),
    ("agents", |m| device(m).agents = unknown(), &["device_unmeasured"]),
    ("an agent's threads", |m| device(m).agent_threads = unknown(), &["device_unmeasured"]),
    ("preloaded libraries", |m| device(m).preloaded = unknown(), &["device_unmeasured"]),
    ("redirected calls", |m| device(m).redirected = unknown(), &["device_unmeasured"]),
    ("writable code", |m| device(m).writable_code = unknown(), &["device_unmeasured"]),
    ("root, on a desktop", |m| device(m).root = unknown(), &[]),
    ("servers", |m| device(m).agent_servers = unknown(), &[]),
    ("a proxy", |m| device(m).proxy = unknown(), &[]),
];

fn executable(measurement: &mut Measurement) -> &mut Code {
    measurement.code.iter_mut().find(|code| code.role == CodeRole::Executable).unwrap()
}

fn unknown<T>() -> Fact<T> {
    Fact::Unknown("cannot be read here".into())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fact_is_its_finding_and_what_is_kept_back_is_no_pass() {
    let service = Service::ready().await;
    for (what, change, expected) in KNOWN.iter().chain(UNKNOWN) {
        let mut device = Device::new();
        change(&mut device.request.measurement);
        service.pass(&device).await;
        assert_eq!(service.findings().await, **expected, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_answers_for_more_than_a_desktop() {
    let service = Service::ready().await;
    let cases: &[(&str, Change, &[&str])] = &[
        ("a clean phone", |_| {}, &[]),
        ("developer options", |m| device(m).developer = some(), &["developer_mode"]),
        ("root unknown", |m| device(m).root = unknown(), &["device_unmeasured"]),
        ("emulator unknown", |m| device(m).emulator = unknown(), &["device_unmeasured"]),
    ];
    // Nothing of the sort is registered or allowed, and nothing attests it: that is found of each.
    let of_each = ["app_unregistered", "app_unmeasured", "platform_not_allowed", "evidence_missing"];
    for (what, change, expected) in cases {
        let mut device = Device::new();
        device.request.app.platform = Platform::Android;
        change(&mut device.request.measurement);
        service.pass(&device).await;
        assert_eq!(service.findings().await, [&of_each, *expected].concat(), "{what}");
    }
}

/// What the core looks for there, and nothing else, is an iPhone's to tell.
#[tokio::test(flavor = "multi_thread")]
async fn an_iphone_answers_for_what_is_looked_for_there() {
    let service = Service::ready().await;
    let cases: &[(&str, Change, &[&str])] = &[
        ("debuggers unknown", |m| device(m).debuggers = unknown(), &["device_unmeasured"]),
        ("agents unknown", |m| device(m).agents = unknown(), &["device_unmeasured"]),
        ("a jailbreak unknown", |m| device(m).root = unknown(), &["device_unmeasured"]),
        ("a simulator unknown", |m| device(m).emulator = unknown(), &["device_unmeasured"]),
        ("nothing is said", |m| m.device = None, &["device_unmeasured"]),
        ("a jailbreak", |m| device(m).root = some(), &["rooted"]),
        ("what is not looked for is found", |m| device(m).preloaded = some(), &["library_preloaded"]),
        ("a proxy unknown", |m| device(m).proxy = unknown(), &[]),
        ("an honest iPhone", |_| {}, &[]),
    ];
    let of_each = ["app_unregistered", "platform_not_allowed", "evidence_missing"];
    for (what, change, expected) in cases {
        let mut iphone = Device::new();
        iphone.request.app.platform = Platform::Ios;
        let nothing = || Traces::Known(Vec::new());
        iphone.request.measurement.device = Some(Facts {
            debuggers: nothing(),
            agents: nothing(),
            root: nothing(),
            emulator: nothing(),
            proxy: nothing(),
            ..Facts::unknown("not looked for on this platform")
        });
        change(&mut iphone.request.measurement);
        service.pass(&iphone).await;
        assert_eq!(service.findings().await, [&of_each, *expected].concat(), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registered_executable_counts_and_not_its_file() {
    let service = Service::new().await;
    service.add_host("api.acme.com").await;
    let digest = |name: &str, byte: &str| json!({"name": name, "sha256": byte.repeat(32)});
    let build = json!({
        "platform": "jvm", "id": "com.acme.app", "version": "1.0", "build": "",
        "artifacts": [digest("app.jar", "11")], "code": [digest("libbonafide.so", "22"), digest("java", "77")],
    });
    service.operator("POST", "/admin/v1/apps", Some(build)).await;
    for (memory, expected) in [("77", &[][..]), ("55", &["code_altered"])] {
        let mut device = Device::new();
        // The store encrypts what is on disk: the file says nothing.
        *executable(&mut device.request.measurement) = Code {
            name: "java".into(),
            role: CodeRole::Executable,
            memory: Fact::Known(memory.repeat(32)),
            file: Fact::Known("55".repeat(32)),
        };
        service.pass(&device).await;
        assert_eq!(service.findings().await, *expected);
    }
}
