//! A phone's app against the registered package: what a store makes of it passes, what anybody else makes of it does not.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use bonafide_protocol::measurement::{Artifact, Code, CodeRole, Fact, Platform};
use bonafide_protocol::packages::{PackageCode, PackageFile, PackageSigner, Packages};
use common::{Device, Service};
use serde_json::{Value, json};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;

/// Of what is wrong with every phone here: nothing attests it, and no host lets it in.
const OF_EACH: [&str; 2] = ["platform_not_allowed", "evidence_missing"];

fn digest(byte: &str) -> String {
    byte.repeat(32)
}

fn entry(module: &str, kind: &str, name: &str, architecture: Option<&str>, byte: &str) -> Value {
    let mut entry = json!({ "module": module, "kind": kind, "name": name, "sha256": digest(byte) });
    if let Some(architecture) = architecture {
        entry["architecture"] = json!(architecture);
    }
    entry
}

/// A bundle of a base and a feature for two architectures, signed by the store.
fn build() -> Value {
    let entries = [
        entry("base", "dex", "classes.dex", None, "d1"),
        entry("base", "dex", "classes2.dex", None, "d2"),
        entry("base", "native", "libbonafide.so", Some("arm64-v8a"), "a1"),
        entry("base", "native", "libbonafide.so", Some("x86_64"), "a2"),
        entry("base", "text", "libbonafide.so", Some("arm64-v8a"), "22"),
        entry("base", "text", "libbonafide.so", Some("x86_64"), "23"),
        entry("extra", "dex", "classes.dex", None, "d3"),
        entry("extra", "native", "libextra.so", Some("arm64-v8a"), "a3"),
    ];
    json!({ "platform": "android", "id": "com.acme.app", "version": "1.0", "build": "42", "format": "aab",
        "signers": [{ "sha256": digest("e5"), "scheme": "store" }], "entries": entries })
}

fn code(name: &str, architecture: Option<&str>, byte: &str) -> PackageCode {
    PackageCode { name: name.into(), architecture: architecture.map(Into::into), sha256: digest(byte) }
}

fn file(name: &str, code: &[PackageCode]) -> PackageFile {
    let signer = PackageSigner { scheme: "v3".into(), sha256: digest("e5"), lineage: Vec::new() };
    PackageFile {
        name: name.into(),
        signer: Fact::Known(signer),
        content: Fact::Known(digest("c0")),
        code: Fact::Known(code.to_vec()),
    }
}

/// What a phone has of it: the base and the split of its architecture.
fn phone() -> Device {
    let mut device = Device::new();
    device.request.app.platform = Platform::Android;
    device.request.app.build = "42".into();
    device.request.measurement.artifacts.clear();
    device.request.measurement.packages = Some(Packages {
        sdk: Some(34),
        files: Fact::Known(vec![
            file("base.apk", &[code("classes.dex", None, "d1"), code("classes2.dex", None, "d2")]),
            file("split_config.arm64_v8a.apk", &[code("libbonafide.so", Some("arm64-v8a"), "a1")]),
        ]),
    });
    device
}

fn files(device: &mut Device) -> &mut Vec<PackageFile> {
    match &mut device.request.measurement.packages.as_mut().unwrap().files {
        Fact::Known(files) => files,
        Fact::Unknown(_) => unreachable!(),
    }
}

fn pieces(device: &mut Device, place: usize) -> &mut Vec<PackageCode> {
    match &mut files(device)[place].code {
        Fact::Known(code) => code,
        Fact::Unknown(_) => unreachable!(),
    }
}

fn signer(device: &mut Device, place: usize) -> &mut PackageSigner {
    match &mut files(device)[place].signer {
        Fact::Known(signer) => signer,
        Fact::Unknown(_) => unreachable!(),
    }
}

fn core(device: &mut Device) -> &mut Code {
    device.request.measurement.code.iter_mut().find(|code| code.role == CodeRole::Core).unwrap()
}

async fn register(service: &Service, build: Value) -> String {
    let (status, answer) = service.operator("POST", "/admin/v1/apps", Some(build)).await;
    assert_eq!(status.as_u16(), 200, "{answer}");
    answer["app_id"].as_str().unwrap().to_owned()
}

/// The findings that the app itself makes.
async fn findings(service: &Service, device: &Device) -> Vec<String> {
    service.pass(device).await;
    let all = service.findings().await;
    assert!(OF_EACH.iter().all(|one| all.iter().any(|found| found == one)), "{all:?}");
    all.into_iter().filter(|found| !OF_EACH.contains(&found.as_str()) && found != "key_level_too_low").collect()
}

async fn differences(service: &Service) -> Value {
    let (_, list) = service.operator("GET", "/admin/v1/appraisals?limit=1", None).await;
    list.pointer("/0/differences").unwrap().clone()
}

type Change = fn(&mut Device);

const HONEST: &[(&str, Change)] = &[
    ("base and split", |_| {}),
    ("upper-case digests", |d| pieces(d, 0)[0].sha256.make_ascii_uppercase()),
    ("the feature too, as a split of its own", |d| {
        files(d).push(file("split_extra.apk", &[code("classes.dex", None, "d3")]));
    }),
    ("the feature in the base, where its classes have another name", |d| {
        pieces(d, 0).push(code("classes3.dex", None, "d3"));
    }),
    ("all architectures in one file", |d| {
        let all = files(d).split_off(1);
        let Fact::Known(code_of_split) = &all[0].code else { unreachable!() };
        pieces(d, 0).extend(code_of_split.clone());
        pieces(d, 0).push(code("libbonafide.so", Some("x86_64"), "a2"));
    }),
    ("a split without code", |d| files(d).push(file("split_config.xxhdpi.apk", &[]))),
    ("the core's code of the other architecture", |d| {
        core(d).memory = Fact::Known(digest("23"));
        core(d).file = Fact::Known(digest("23"));
    }),
    ("jars besides, which nobody asks a phone for", |d| {
        let artifact = Artifact { name: "x.jar".into(), sha256: Fact::Known(digest("99")) };
        d.request.measurement.artifacts.push(artifact);
    }),
    ("an API level that nobody told", |d| d.request.measurement.packages.as_mut().unwrap().sdk = None),
];

const TAMPERED: &[(&str, Change, &[&str])] = &[
    ("a changed dex", |d| pieces(d, 0)[1] = code("classes2.dex", None, "ff"), &["app_altered"]),
    ("a changed library", |d| pieces(d, 1)[0].sha256 = digest("ff"), &["app_altered"]),
    ("a dex more", |d| pieces(d, 0).push(code("classes3.dex", None, "ff")), &["app_altered"]),
    ("a library more", |d| pieces(d, 1).push(code("libfrida.so", Some("arm64-v8a"), "ff")), &["app_altered"]),
    ("a split more", |d| files(d).push(file("split_x.apk", &[code("classes.dex", None, "ff")])), &["app_altered"]),
    ("a dex less", |d| pieces(d, 0).truncate(1), &["app_altered"]),
    ("no base", |d| drop(files(d).remove(0)), &["app_altered"]),
    ("no code at all", |d| files(d).iter_mut().for_each(|one| one.code = Fact::Known(Vec::new())), &["app_altered"]),
    ("another signer of the base", |d| signer(d, 0).sha256 = digest("ee"), &["app_signer_unknown"]),
    ("another signer of a split", |d| signer(d, 1).sha256 = digest("ee"), &["app_signer_unknown"]),
    (
        "a new signer with a lineage that nobody registered",
        |d| {
            signer(d, 0).sha256 = digest("ee");
            signer(d, 0).lineage = vec![digest("e5"), digest("ee")];
        },
        &["app_signer_unknown"],
    ),
    (
        "changed and signed anew",
        |d| {
            pieces(d, 0)[0].sha256 = digest("ff");
            signer(d, 0).sha256 = digest("ee");
        },
        &["app_altered", "app_signer_unknown"],
    ),
    ("a signature that is not good", |d| files(d)[0].signer = Fact::Unknown("stripped".into()), &["app_unmeasured"]),
    ("content unknown", |d| files(d)[1].content = Fact::Unknown("no".into()), &["app_unmeasured"]),
    ("code unknown", |d| files(d)[0].code = Fact::Unknown("no".into()), &["app_unmeasured"]),
    (
        "code of one unknown, and of the other changed",
        |d| {
            files(d)[0].code = Fact::Unknown("no".into());
            pieces(d, 1)[0].sha256 = digest("ff");
        },
        &["app_altered", "app_unmeasured"],
    ),
    ("no package", |d| files(d).clear(), &["app_altered", "app_unmeasured"]),
    (
        "packages unknown",
        |d| d.request.measurement.packages = Some(Packages::unknown("still being measured")),
        &["app_unmeasured"],
    ),
    ("an older device", |d| d.request.measurement.packages = None, &["app_unmeasured"]),
    (
        "an older device with jars",
        |d| {
            d.request.measurement.packages = None;
            let artifact = Artifact { name: "app.jar".into(), sha256: Fact::Known(digest("11")) };
            d.request.measurement.artifacts.push(artifact);
        },
        &["app_unmeasured"],
    ),
    ("the core's code altered", |d| core(d).memory = Fact::Known(digest("ff")), &["core_altered"]),
    (
        "the core's code and its file altered",
        |d| {
            core(d).memory = Fact::Known(digest("ff"));
            core(d).file = Fact::Known(digest("ff"));
        },
        &["core_altered"],
    ),
    ("the core's file unknown", |d| core(d).file = Fact::Unknown("no".into()), &["core_unmeasured"]),
    ("another version", |d| d.request.app.version = "1.1".into(), &["app_unregistered"]),
    ("another version code", |d| d.request.app.build = "43".into(), &["app_unregistered"]),
    ("another app", |d| d.request.app.id = "com.other".into(), &["app_unregistered"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_a_store_makes_of_a_build_passes_and_nothing_else() {
    let service = Service::ready().await;
    register(&service, build()).await;
    for (what, change, expected) in TAMPERED {
        let mut device = phone();
        change(&mut device);
        assert_eq!(findings(&service, &device).await, **expected, "{what}");
    }
    for (what, change) in HONEST {
        let mut device = phone();
        change(&mut device);
        assert_eq!(findings(&service, &device).await, [""; 0], "{what}");
        assert_eq!(differences(&service).await, json!([]), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_tells_what_differs_and_the_device_hears_nothing() {
    let service = Service::ready().await;
    register(&service, build()).await;
    let mut device = phone();
    pieces(&mut device, 0)[1].sha256 = digest("ff");
    pieces(&mut device, 1).push(code("lib\u{1b}[31mfrida.so", Some("arm64-v8a"), "fe"));
    signer(&mut device, 0).sha256 = digest("ee");
    files(&mut device)[1].content = Fact::Unknown("cannot be read".into());
    let answer = serde_json::to_string(&service.pass(&device).await).unwrap();
    assert!(!answer.contains("classes2.dex") && !answer.contains("difference"), "{answer}");
    assert_eq!(
        differences(&service).await,
        json!([
            { "what": "signer", "name": "base.apk", "expected": "e5e5e5e5e5e5", "found": "eeeeeeeeeeee" },
            { "what": "content", "name": "split_config.arm64_v8a.apk", "expected": null,
                "found": "unknown: cannot be read" },
            { "what": "code", "name": "classes2.dex", "expected": "d2d2d2d2d2d2", "found": "ffffffffffff" },
            { "what": "code", "name": "lib?[31mfrida.so", "expected": null, "found": "fefefefefefe" },
        ])
    );
    // A desktop's jars are named as well.
    let mut desktop = Device::new();
    desktop.request.measurement.artifacts[0].sha256 = Fact::Known(digest("ff"));
    service.pass(&desktop).await;
    let changed = json!({ "what": "file", "name": "app.jar", "expected": "111111111111", "found": "ffffffffffff" });
    assert_eq!(differences(&service).await, json!([changed]));
}

#[tokio::test(flavor = "multi_thread")]
async fn builds_lie_side_by_side_and_none_lends_another_its_signer_or_code() {
    let service = Service::ready().await;
    let mut other = build();
    other["signers"][0]["sha256"] = json!(digest("ab"));
    other["entries"][1]["sha256"] = json!(digest("dd"));
    let (first, second) = (register(&service, build()).await, register(&service, other).await);
    let mut mixed = phone();
    signer(&mut mixed, 0).sha256 = digest("ab");
    signer(&mut mixed, 1).sha256 = digest("ab");
    assert_eq!(findings(&service, &mixed).await, ["app_signer_unknown"], "the first's code, the second's signer");
    pieces(&mut mixed, 0)[1].sha256 = digest("dd");
    assert_eq!(findings(&service, &mixed).await, [""; 0], "the second");

    for (build, device, name) in [(&first, phone(), "first"), (&second, mixed, "second")] {
        let (status, _) = service.operator("POST", &format!("/admin/v1/apps/{build}/retire"), None).await;
        assert_eq!(status.as_u16(), 200);
        assert_eq!(findings(&service, &device).await, ["app_retired"], "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_content_counts_where_it_was_registered() {
    let service = Service::ready().await;
    let mut exact = build();
    exact["artifacts"] = json!([{ "name": "base.apk", "sha256": digest("c0") },
        { "name": "split_config.x86_64.apk", "sha256": digest("c1") }]);
    register(&service, exact).await;
    let mut device = phone();
    files(&mut device)[1].content = Fact::Known(digest("ff"));
    assert_eq!(findings(&service, &device).await, ["app_altered"]);
    assert_eq!(differences(&service).await[0]["what"], "content");
    assert_eq!(findings(&service, &phone()).await, [""; 0], "of the splits it needs no more than it has");
}

/// One without classes of its own has no base that could be missing.
#[tokio::test(flavor = "multi_thread")]
async fn an_app_of_libraries_alone_has_to_have_some() {
    let service = Service::ready().await;
    let mut native = build();
    native["entries"].as_array_mut().unwrap().retain(|one| one["kind"] != "dex");
    register(&service, native).await;
    let mut device = phone();
    pieces(&mut device, 0).clear();
    assert_eq!(findings(&service, &device).await, [""; 0]);
    pieces(&mut device, 1).clear();
    assert_eq!(findings(&service, &device).await, ["app_altered"]);
}

/// A package whose key was rotated for Android 13 and later.
#[tokio::test(flavor = "multi_thread")]
async fn the_signer_is_the_one_that_android_goes_by() {
    let service = Service::ready().await;
    let mut rotated = build();
    rotated["signers"] = json!([
        { "sha256": digest("01"), "scheme": "v2", "min_sdk": 24 },
        { "sha256": digest("01"), "scheme": "v3", "min_sdk": 28, "max_sdk": 32 },
        { "sha256": digest("02"), "scheme": "v3.1", "min_sdk": 33, "lineage": [digest("00"), digest("01"), digest("02")] },
    ]);
    register(&service, rotated).await;
    for (sdk, certificate, expected) in [
        (Some(34), "01", &["app_signer_unknown"][..]),
        (Some(34), "00", &["app_signer_unknown"]),
        (Some(32), "03", &["app_signer_unknown"]),
        (None, "00", &["app_signer_unknown"]),
        (Some(34), "02", &[]),
        (Some(32), "01", &[]),
        (Some(26), "01", &[]),
        // Its lineage vouches for it, and the device is too old for what replaced it.
        (Some(26), "00", &[]),
        (None, "02", &[]),
    ] {
        let mut device = phone();
        device.request.measurement.packages.as_mut().unwrap().sdk = sdk;
        (0..2).for_each(|place| signer(&mut device, place).sha256 = digest(certificate));
        assert_eq!(findings(&service, &device).await, expected, "{sdk:?} {certificate}");
    }
}

fn executable(device: &mut Device) -> &mut Code {
    device.request.measurement.code.iter_mut().find(|code| code.role == CodeRole::Executable).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_ios_app_the_code_in_memory_counts() {
    let service = Service::ready().await;
    let entries = [
        entry("app", "text", "Acme", Some("arm64"), "70"),
        entry("app", "text", "Acme", Some("arm64e"), "71"),
        entry("Kit", "text", "Kit", Some("arm64"), "72"),
        entry("PlugIns/Share.appex", "text", "Share", Some("arm64"), "73"),
        entry("PlugIns/Share.appex/Draw", "text", "Draw", Some("arm64"), "74"),
        // Neither is an extension's executable.
        entry("PlugIns/Old/Share.appex", "text", "Share", Some("arm64"), "75"),
        entry("Share.appex", "text", "Share", Some("arm64"), "76"),
    ];
    let build =
        json!({ "platform": "ios", "id": "com.acme.app", "version": "1.0", "format": "ipa", "entries": entries });
    register(&service, build).await;
    let encrypted = || Fact::Unknown("the store encrypts it".into());
    let iphone = || {
        let mut device = Device::new();
        device.request.app.platform = Platform::Ios;
        device.request.measurement.artifacts.clear();
        *executable(&mut device) = Code {
            name: "Acme".into(),
            role: CodeRole::Executable,
            memory: Fact::Known(digest("70")),
            file: encrypted(),
        };
        *core(&mut device) =
            Code { name: "Kit".into(), role: CodeRole::Core, memory: Fact::Known(digest("72")), file: encrypted() };
        device
    };
    let cases: [(&str, Change, &[&str]); 9] = [
        ("a byte of the executable", |d| executable(d).memory = Fact::Known(digest("ff")), &["app_altered"]),
        (
            "a file that agrees with altered code",
            |d| {
                executable(d).memory = Fact::Known(digest("ff"));
                executable(d).file = Fact::Known(digest("ff"));
                executable(d).name = "Other".into();
            },
            &["app_altered"],
        ),
        (
            "a framework's code for the executable's",
            |d| executable(d).memory = Fact::Known(digest("72")),
            &["app_altered"],
        ),
        ("a byte of the core", |d| core(d).memory = Fact::Known(digest("ff")), &["core_altered"]),
        ("memory unknown", |d| executable(d).memory = Fact::Unknown("no".into()), &["app_unmeasured"]),
        ("no executable", |d| d.request.measurement.code.truncate(1), &["app_unmeasured", "code_unmeasured"]),
        (
            "a second one",
            |d| {
                let second = Code { memory: Fact::Known(digest("ff")), ..executable(d).clone() };
                d.request.measurement.code.push(second);
            },
            &["app_altered"],
        ),
        ("packages", |d| d.request.measurement.packages = phone().request.measurement.packages, &["app_altered"]),
        ("the core's memory unknown", |d| core(d).memory = Fact::Unknown("no".into()), &["core_unmeasured"]),
    ];
    for (what, change, expected) in cases {
        let mut device = iphone();
        change(&mut device);
        assert_eq!(findings(&service, &device).await, expected, "{what}");
    }
    assert_eq!(findings(&service, &iphone()).await, [""; 0]);
    let mut newer = iphone();
    executable(&mut newer).memory = Fact::Known(digest("71"));
    assert_eq!(findings(&service, &newer).await, [""; 0], "another architecture");
    for byte in ["72", "74", "75", "76", "ff"] {
        let mut extension = iphone();
        *executable(&mut extension) =
            Code { name: "Share".into(), memory: Fact::Known(digest(byte)), ..executable(&mut extension).clone() };
        assert_eq!(findings(&service, &extension).await, ["app_altered"], "{byte}");
        let expected = json!({ "what": "text", "name": "Share", "expected": "737373737373", "found": byte.repeat(6) });
        assert_eq!(differences(&service).await, json!([expected]));
    }
    let mut extension = iphone();
    executable(&mut extension).memory = Fact::Known(digest("73"));
    assert_eq!(findings(&service, &extension).await, [""; 0], "an extension, whatever it is called");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_platform_passes_by_what_is_registered_for_another() {
    let service = Service::ready().await;
    // A desktop that says it is installed as packages.
    let mut desktop = Device::new();
    desktop.request.measurement.packages = phone().request.measurement.packages;
    service.pass(&desktop).await;
    assert_eq!(service.findings().await, ["app_altered"]);

    // Such a build cannot be registered any more; one that an older service stored vouches for nobody.
    let jars = json!([{ "name": "app.jar", "sha256": digest("11") }]);
    let entries = build()["entries"].clone();
    let refused = [
        json!({ "platform": "android", "artifacts": jars }),
        json!({ "platform": "android", "entries": entries }),
        json!({ "platform": "ios", "artifacts": jars }),
        json!({ "platform": "ios", "entries": entries }),
        json!({ "platform": "jvm", "entries": entries }),
        json!({ "platform": "jvm", "artifacts": jars, "entries": entries }),
        json!({ "platform": "linux", "artifacts": jars, "signers": build()["signers"] }),
    ];
    for mut body in refused {
        (body["id"], body["version"]) = (json!("com.acme.app"), json!("1.0"));
        let (status, answer) = service.operator("POST", "/admin/v1/apps", Some(body.clone())).await;
        assert_eq!(status.as_u16(), 400, "{body}: {answer}");
    }
    let app_id = register(&service, build()).await;
    let mut database = SqliteConnectOptions::new().filename(service.database()).connect().await.unwrap();
    for (platform, change) in [
        ("android", "entries = '[]', artifacts = '[{\"name\":\"app.jar\",\"sha256\":\"c0\"}]'"),
        ("ios", "platform = 'ios'"),
    ] {
        let statement = format!("UPDATE apps SET {change} WHERE app_id = '{app_id}'");
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut database).await.unwrap();
        // Any change makes the service read again.
        service.register(&digest(if platform == "ios" { "12" } else { "13" })).await;
        let mut device = phone();
        if platform == "ios" {
            device.request.app.platform = Platform::Ios;
            device.request.measurement.packages = None;
        }
        let found = findings(&service, &device).await;
        assert!(found.contains(&"app_altered".to_owned()), "{platform}: {found:?}");
    }
}
