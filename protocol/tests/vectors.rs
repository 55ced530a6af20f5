//! Holds the frozen vectors in `tests/vectors`: what is persisted, signed or read by other languages.
//!
//! `BONAFIDE_BLESS=1 cargo test -p bonafide-protocol --test vectors` writes them anew; a changed signed form is a
//! break with every app in the field and needs a new format.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::path::PathBuf;

use bonafide_protocol::development::DevelopmentKey;
use bonafide_protocol::encoding::{to_base64, to_hex};
use bonafide_protocol::evidence::{EvidenceWanted, bound_hash, rollover_message};
use bonafide_protocol::finding::Finding;
use bonafide_protocol::host::{Host, HostPattern};
use bonafide_protocol::measurement::{
    App, Artifact, Code, CodeRole, DeviceFacts, Fact, MAX_TRACE_BYTES, MAX_TRACES, Measurement, Platform, Traces,
};
use bonafide_protocol::message::TokenRequest;
use bonafide_protocol::packages::{
    MAX_PACKAGE_CODE, MAX_PACKAGE_FILES, MAX_PACKAGES_BYTES, PackageCode, PackageFile, PackageSigner, Packages,
};
use bonafide_protocol::pin::{Pin, PinList};
use bonafide_protocol::status::Status;
use bonafide_protocol::trust::Trusted;
use bonafide_protocol::verdict::{PinVerdict, judge};
use common::{entry, file, initial, key, signed_config, signed_root};
use serde_json::{Value, json};

fn hold(name: &str, made: &Value) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").join(name);
    let text = format!("{}\n", serde_json::to_string_pretty(made).unwrap());
    if std::env::var_os("BONAFIDE_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let frozen = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, frozen, "tests/vectors/{name} differs from what the code makes");
}

#[test]
fn statuses() {
    let rows: Vec<_> = Status::ALL
        .iter()
        .map(|status| {
            json!({
                "code": status.code(), "class": status.class().name(), "http": status.http(),
                "retry_helps": status.retry_helps(), "message": status.message(), "next_step": status.next_step(),
            })
        })
        .collect();
    hold("statuses.json", &Value::Array(rows));
    for (place, status) in Status::ALL.iter().enumerate() {
        assert_eq!(Status::from_code(status.code()), Some(*status));
        assert!(Status::ALL.iter().skip(place + 1).all(|other| other.code() != status.code()));
    }
}

#[test]
fn findings() {
    let rows: Vec<_> = Finding::ALL
        .iter()
        .map(|finding| json!({"code": finding.code(), "bit": finding.bit(), "explanation": finding.explanation()}))
        .collect();
    hold("findings.json", &Value::Array(rows));
    let bits: std::collections::HashSet<_> = Finding::ALL.iter().map(|finding| finding.bit()).collect();
    assert_eq!(bits.len(), Finding::ALL.len());
    assert!(bits.iter().all(|bit| *bit < 64));
}

/// Ed25519 signatures are deterministic (RFC 8032), so that whole documents can be frozen.
#[test]
fn documents() {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let later = file(&[signed_root(1), signed_root(2)], &signed_config(2, 101));
    let private = |seed| serde_json::from_str::<Value>(&key(seed).to_private_jwk()).unwrap();
    hold(
        "documents.json",
        &json!({
            "about": "An initial config, a record that an update led to, and the private keys (of this test only) that signed them.",
            "keys": {"root_1": private(11), "root_2": private(12), "config_1": private(21), "config_2": private(22)},
            "initial": text(initial()),
            "stored": text(later.clone()),
            "position_of_initial": [1, 100],
            "position_of_stored": [2, 101],
        }),
    );
    // What is frozen is also what is accepted.
    let embedded = Trusted::from_initial(&initial()).unwrap();
    assert!(embedded.with_stored(&later).is_ok());
}

#[test]
fn messages() {
    let request = TokenRequest {
        challenge: "Y2hhbGxlbmdl".into(),
        account: "acme".into(),
        audience: "acme".into(),
        app: App { platform: Platform::Jvm, id: "com.acme.app".into(), version: "1.2.3".into(), build: "45".into() },
        sdk_version: "0.1.0".into(),
        formats: vec![1],
        epoch: 1,
        version: 100,
        measurement: Measurement {
            artifacts: vec![Artifact { name: "app.jar".into(), sha256: Fact::Known("00".repeat(32)) }],
            code: vec![
                Code {
                    name: "libbonafide.so".into(),
                    role: CodeRole::Core,
                    memory: Fact::Unknown("not mapped".into()),
                    file: Fact::Known("11".repeat(32)),
                },
                Code {
                    name: "java".into(),
                    role: CodeRole::Executable,
                    memory: Fact::Known("22".repeat(32)),
                    file: Fact::Known("22".repeat(32)),
                },
            ],
            device: Some(DeviceFacts {
                debuggers: Traces::found(["gdb"]),
                root: Traces::Unknown("not looked for on this platform".into()),
                ..DeviceFacts::clean()
            }),
            packages: None,
        },
        evidence: Vec::new(),
        previous: None,
        session_key: key(1).public_key(),
        binding: Some(to_base64(&[7; 32])),
        development: None,
        user: None,
        trace: None,
    };
    let key = DevelopmentKey::from_random(&[3; 9], &[4; 32]);
    let thumbprint = "dGh1bWI";
    let tagged = TokenRequest {
        development: Some(key.prove("acme", &request.challenge, thumbprint)),
        user: Some("u-5f2c".parse().unwrap()),
        trace: Some("4bf92f3577b34da6a3ce929d0e0e4736".parse().unwrap()),
        ..request.clone()
    };
    assert!(tagged.development.as_ref().unwrap().is_well_formed());
    hold(
        "messages.json",
        &json!({
            "token_request_payload": request,
            "token_request_payload_without_device": without_device(&request),
            "token_request_payload_of_a_phone": of_a_phone(&request),
            "token_request_payload_of_a_developer": tagged,
            "development_proof": {
                "key": key.reveal(), "digest": to_hex(&key.digest().to_bytes()), "account": "acme",
                "challenge": request.challenge, "thumbprint": thumbprint,
                "proof": key.prove("acme", &request.challenge, thumbprint),
            },
            "bound_hash": {
                "account": "acme", "platform": "ios", "challenge": "Y2hhbGxlbmdl", "thumbprint": "dGh1bWI",
                "sha256": to_hex(&bound_hash("acme", Platform::Ios, "Y2hhbGxlbmdl", Some("dGh1bWI"))),
                "without_thumbprint": to_hex(&bound_hash("acme", Platform::Android, "Y2hhbGxlbmdl", None)),
            },
            "rollover_message": {
                "account": "acme", "challenge": "Y2hhbGxlbmdl", "old": "b2xk", "new": "bmV3",
                "hex": to_hex(&rollover_message("acme", "Y2hhbGxlbmdl", "b2xk", "bmV3")),
            },
            "evidence_wanted": EvidenceWanted { after: [("app_attest".to_owned(), 2700)].into(), since: 1_790_000_000, ..EvidenceWanted::default() },
        }),
    );
}

/// The same as devices say it that know nothing but artifacts and their own code; still read.
fn without_device(request: &TokenRequest) -> Value {
    let mut older = request.clone();
    older.measurement.device = None;
    older.measurement.code.truncate(1);
    let form = serde_json::to_value(&older).unwrap();
    assert_eq!(serde_json::from_value::<TokenRequest>(form.clone()).unwrap(), older);
    form
}

/// The same by an app that was installed as a base and a split which cannot be read.
fn of_a_phone(request: &TokenRequest) -> Value {
    let code = |name: &str, architecture: Option<&str>, digest: &str| PackageCode {
        name: name.into(),
        architecture: architecture.map(Into::into),
        sha256: digest.repeat(32),
    };
    let unknown = "cannot be read";
    let files = vec![
        PackageFile {
            name: "base.apk".into(),
            signer: Fact::Known(PackageSigner {
                scheme: "v3".into(),
                sha256: "33".repeat(32),
                lineage: vec!["44".repeat(32), "33".repeat(32)],
            }),
            content: Fact::Known("55".repeat(32)),
            code: Fact::Known(vec![code("classes.dex", None, "66"), code("libbonafide.so", Some("arm64-v8a"), "77")]),
        },
        PackageFile {
            name: "split_config.xhdpi.apk".into(),
            signer: Fact::Unknown(unknown.into()),
            content: Fact::Unknown(unknown.into()),
            code: Fact::Unknown(unknown.into()),
        },
    ];
    let mut phone = request.clone();
    phone.app.platform = Platform::Android;
    phone.measurement.artifacts.clear();
    phone.measurement.packages = Some(Packages::found(Some(34), files, "arm64-v8a"));
    let form = serde_json::to_value(&phone).unwrap();
    assert_eq!(serde_json::from_value::<TokenRequest>(form.clone()).unwrap(), phone);
    form
}

/// So many libraries for each of these architectures, in one package.
fn packages(libraries: usize, architectures: &[&str], name: &str) -> Packages {
    let code = architectures.iter().flat_map(|abi| {
        (0..libraries).map(|number| PackageCode {
            name: format!("{name}{number}.so"),
            architecture: Some((*abi).into()),
            sha256: "00".repeat(32),
        })
    });
    let unknown = || Fact::Unknown("not said".into());
    let file = PackageFile {
        name: "base.apk".into(),
        signer: Fact::Unknown("not said".into()),
        content: unknown(),
        code: Fact::Known(code.collect()),
    };
    Packages::found(Some(34), vec![file], "arm64-v8a")
}

#[test]
fn packages_are_whole_or_unknown() {
    let code = |packages: Packages| match packages.files {
        Fact::Known(files) => files
            .iter()
            .map(|file| match &file.code {
                Fact::Known(code) => code.len(),
                Fact::Unknown(_) => 0,
            })
            .sum(),
        Fact::Unknown(_) => 0,
    };
    let both = ["arm64-v8a", "x86_64"];
    assert_eq!(code(packages(MAX_PACKAGE_CODE, &both[..1], "lib")), MAX_PACKAGE_CODE);
    assert_eq!(code(packages(MAX_PACKAGE_CODE / 2, &both, "lib")), MAX_PACKAGE_CODE);
    assert_eq!(code(packages(MAX_PACKAGE_CODE, &both, "lib")), MAX_PACKAGE_CODE, "the own architecture alone");
    assert_eq!(code(packages(MAX_PACKAGE_CODE + 1, &both[..1], "lib")), 0);
    let long = "x".repeat(MAX_PACKAGES_BYTES / MAX_PACKAGE_CODE);
    assert_eq!(code(packages(MAX_PACKAGE_CODE, &both[..1], &long)), 0, "names can be long as well");
    let Fact::Known(one) = packages(1, &both, "lib").files else { unreachable!() };
    let many = vec![one.first().unwrap().clone(); MAX_PACKAGE_FILES + 1];
    assert!(matches!(Packages::found(None, many, "arm64-v8a").files, Fact::Unknown(_)));
}

#[test]
fn what_a_newer_device_says_is_read_as_far_as_it_is_known() {
    let newer = json!({
        "code": [{"name": "x", "role": "newer", "memory": {"known": "00"}, "file": {"known": "00"}}],
        "device": {"debuggers": {"known": ["gdb"]}, "newer": 1},
    });
    let measurement: Measurement = serde_json::from_value(newer).unwrap();
    assert_eq!(measurement.code.first().unwrap().role, CodeRole::Other);
    let device = measurement.device.unwrap();
    assert_eq!(device.debuggers, Traces::found(["gdb"]));
    assert!(matches!(device.agents, Fact::Unknown(_)));
}

#[test]
fn traces_are_few_short_and_plain() {
    let many: Vec<String> = (0..1000).map(|number| format!("{number} \n\u{fc}{}", "x".repeat(1000))).collect();
    let Fact::Known(traces) = Traces::found(many.iter().chain(&many)) else { unreachable!() };
    assert_eq!(traces.len(), MAX_TRACES);
    assert!(traces.iter().all(|trace| trace.len() == MAX_TRACE_BYTES && trace.is_ascii() && !trace.contains('\n')));
    assert_eq!(Traces::found(["a", "a"]), Fact::Known(vec!["a".into()]));
}

#[test]
fn hosts() {
    let hosts: Vec<_> = [
        "API.Acme.COM",
        "api.acme.com.",
        "b\u{fc}cher.example",
        "192.0.2.1",
        "[2001:DB8::1]",
        "localhost",
        "",
        "a..b",
        "api.acme.com/x",
        "*.acme.com",
    ]
    .iter()
    .map(|text| json!({"text": text, "host": Host::parse(text).ok().map(|host| host.to_string())}))
    .collect();
    let patterns = ["api.acme.com", "*.acme.com", "**.acme.com", "*.api.acme.com", "192.0.2.1"];
    let covered: Vec<_> =
        ["acme.com", "api.acme.com", "x.api.acme.com", "x.y.api.acme.com", "evilacme.com", "192.0.2.1"]
            .iter()
            .map(|text| {
                let host = Host::parse(text).unwrap();
                let mut by: Vec<_> =
                    patterns.iter().filter(|pattern| HostPattern::parse(pattern).unwrap().matches(&host)).collect();
                by.sort_by_key(|pattern| std::cmp::Reverse(HostPattern::parse(pattern).unwrap().specificity()));
                json!({"host": text, "patterns_most_specific_first": by})
            })
            .collect();
    hold("hosts.json", &json!({"hosts": hosts, "patterns": covered}));
}

/// The certificates were made by `scripts/make-vectors`: a leaf, its intermediate and its root, and a stray one.
#[test]
fn pin_verdicts() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/chain");
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let (leaf, intermediate, root, stray) =
        (read("leaf.der"), read("intermediate.der"), read("root.der"), read("stray.der"));
    let pins: Vec<_> = [&leaf, &intermediate, &root, &stray].map(|der| Pin::of_certificate(der).unwrap()).to_vec();
    let absent = common::pin(1);
    let chain = vec![leaf.clone(), intermediate, root];
    let rows: Vec<_> = [
        ("the leaf's pin", "enforce", vec![pins.first().copied().unwrap(), absent], chain.clone(), "api.acme.com"),
        ("the intermediate's pin", "enforce", vec![absent, pins.get(1).copied().unwrap()], chain.clone(), "API.acme.com."),
        ("the root's pin", "enforce", vec![pins.get(2).copied().unwrap()], chain.clone(), "api.acme.com"),
        ("no pin matches", "enforce", vec![absent], chain.clone(), "api.acme.com"),
        ("only a stray certificate would match", "enforce", vec![pins.get(3).copied().unwrap()], chain.clone(), "api.acme.com"),
        ("no pin matches, report", "report", vec![absent], chain.clone(), "api.acme.com"),
        ("no pin matches, off", "off", vec![absent], chain.clone(), "api.acme.com"),
        ("another host", "enforce", vec![absent], chain.clone(), "www.acme.com"),
        ("no host", "enforce", vec![absent], chain.clone(), ""),
        ("an empty chain", "enforce", vec![absent], vec![], "api.acme.com"),
        ("a chain that is not DER", "enforce", vec![pins.first().copied().unwrap()], vec![leaf.clone(), b"no".to_vec()], "api.acme.com"),
        ("100 certificates", "enforce", vec![pins.first().copied().unwrap()], vec![leaf.clone(); 100], "api.acme.com"),
        ("the same certificate twice", "enforce", vec![pins.first().copied().unwrap()], vec![leaf.clone(); 2], "api.acme.com"),
        ("a huge certificate", "enforce", vec![pins.first().copied().unwrap()], vec![leaf, vec![0x30; 1 << 20]], "api.acme.com"),
    ]
    .into_iter()
    .map(|(name, mode, pins, chain, host)| {
        let mut config = common::config(1, 1);
        let mut only = entry("api.acme.com");
        only.pins = PinList::new(pins.clone());
        only.mode = serde_json::from_value(json!(mode)).unwrap();
        config.hosts = vec![only];
        let (verdict, reason) = match judge(&config, host, &chain) {
            PinVerdict::Pinned { .. } => ("pinned", None),
            PinVerdict::Unpinned => ("unpinned", None),
            PinVerdict::ReportOnly(mismatch) => ("report_only", Some(mismatch.reason)),
            PinVerdict::Mismatch(mismatch) => ("mismatch", Some(mismatch.reason)),
        };
        // Certificates are named by what they are; the readers build the bytes.
        json!({"name": name, "host": host, "mode": mode, "pins": pins, "chain_length": chain.len(), "verdict": verdict, "reason": reason})
    })
    .collect();
    hold(
        "pin-verdicts.json",
        &json!({"pins_of": {"leaf": pins.first(), "intermediate": pins.get(1), "root": pins.get(2), "stray": pins.get(3)}, "cases": rows}),
    );
}
