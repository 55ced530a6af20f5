//! Tokens per second and core, against what the two signatures of a token alone allow (one ES256 verified, one made);
//! and how long the answer to an app that fails takes, against that to one that passes.
//!
//! The service is a process of its own, so that its processor time is its own; the devices are this process.
//! `cargo run --release -p bonafide-service --example load -- [--seconds N] [--json FILE]`
#![expect(clippy::print_stdout, reason = "a program for people")]

use std::error::Error;
use std::hint::black_box;
use std::io::BufRead as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bonafide_protocol::jws::{Compact, Header, join, signing_input};
use bonafide_protocol::key::P256Key;
use bonafide_protocol::measurement::{App, Artifact, Code, CodeRole, DeviceFacts, Fact, Measurement, Platform};
use bonafide_protocol::message::{ChallengeResponse, TOKEN_REQUEST_TYPE, TokenRequest, TokenResponse};
use bonafide_protocol::pin::Pin;
use bonafide_service::{InitOptions, RateLimit, Settings, Tls, init, serve};
use serde_json::{Value, json};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Devices that call side by side.
const DEVICES: usize = 32;

/// What Linux counts processor time in: clock ticks of 10 ms on every platform that we run on (proc(5)).
const TICKS_PER_SECOND: f64 = 100.0;

const ACCOUNT: &str = "load";

fn main() -> Outcome<()> {
    // reqwest takes none by itself. Losing the race to another installer is as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| arguments.iter().skip_while(|argument| *argument != name).nth(1);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    if let Some(data) = value("--serve") {
        return runtime.block_on(service(Path::new(data)));
    }
    let seconds = value("--seconds").map_or(Ok(5), |text| text.parse())?;
    let signatures = signatures()?;
    let Loaded { tokens, busy, decoy_ratio } = runtime.block_on(load(Duration::from_secs(seconds)))?;
    let per_core = f64::from(tokens) / busy;
    println!("two signatures alone: {signatures:.0} a second and core");
    println!("tokens:               {per_core:.0} a second and core ({tokens} in {busy:.2} s of processor time)");
    println!("ratio:                {:.2} (goal: at least 0.5)", per_core / signatures);
    println!("decoy against token:  {decoy_ratio:.3} (goal: at most 2 % apart)");
    if let Some(path) = value("--json") {
        let rows = json!([
            { "name": "service tokens per second and core, against its two signatures alone",
              "value": per_core / signatures, "unit": "ratio", "goal": ">= 0.5",
              "against": format!("{signatures:.0}/s") },
            // Shorter is as telling as longer.
            { "name": "time of a decoy's answer and of a token's, the longer against the shorter",
              "value": decoy_ratio.max(decoy_ratio.recip()), "unit": "ratio", "goal": "<= 1.02", "against": null },
        ]);
        std::fs::write(path, format!("{rows}\n"))?;
    }
    Ok(())
}

/// How often a second one core verifies a request's signature and makes a token's, and does nothing else.
fn signatures() -> Outcome<f64> {
    let device = Device::new()?;
    let request = device.request("challenge")?;
    let token_key = P256Key::generate()?;
    let encoding = jsonwebtoken::EncodingKey::from_ec_der(token_key.to_pkcs8());
    let key = device.key.public_key()?;
    // Processor time here too: on a shared machine the clock on the wall counts what others do.
    let before = processor_seconds(std::process::id())?;
    let started = Instant::now();
    let mut count = 0;
    while started.elapsed() < Duration::from_secs(4) {
        let compact = Compact::parse(&request, usize::MAX)?;
        black_box(compact.verify(TOKEN_REQUEST_TYPE, &key)?);
        black_box(jsonwebtoken::crypto::sign(request.as_bytes(), &encoding, jsonwebtoken::Algorithm::ES256)?);
        count += 1;
    }
    Ok(f64::from(count) / (processor_seconds(std::process::id())? - before))
}

async fn service(data: &Path) -> Outcome<()> {
    let mut settings = Settings::new(data, Tls::PlainHttp);
    settings.public_listen = ([127, 0, 0, 1], 0).into();
    settings.operator_listen = ([127, 0, 0, 1], 0).into();
    settings.rate_limit = RateLimit { per_second: u32::MAX, burst: u32::MAX };
    let mut running = serve(settings).await?;
    println!("http://{}", running.public_address());
    Err(running.ended().await.into())
}

struct Loaded {
    tokens: u32,
    /// Processor time of the service, in seconds.
    busy: f64,
    /// How long a decoy's answer takes, against a token's.
    decoy_ratio: f64,
}

async fn load(lasting: Duration) -> Outcome<Loaded> {
    let directory = std::env::temp_dir().join(format!("bonafide-load-{}", std::process::id()));
    let pins = vec![Pin::of_spki(b"one"), Pin::of_spki(b"two")];
    init(InitOptions::new(&directory, ACCOUNT, "https://localhost", pins)).await?;
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--serve", directory.to_str().ok_or("a path that is no text")?])
        .stdout(Stdio::piped())
        .spawn()?;
    let result = drive(&mut child, &directory, lasting).await;
    child.kill()?;
    child.wait()?;
    std::fs::remove_dir_all(&directory)?;
    result
}

async fn drive(child: &mut Child, directory: &Path, lasting: Duration) -> Outcome<Loaded> {
    let mut url = String::new();
    std::io::BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut url)?;
    let url = url.trim().to_owned();
    prepare(directory).await?;
    let before = processor_seconds(child.id())?;
    let end = Instant::now() + lasting;
    let devices: Vec<_> = (0..DEVICES).map(|_| tokio::spawn(device(url.clone(), end))).collect();
    let mut tokens = 0;
    for device in devices {
        tokens += device.await??;
    }
    let busy = processor_seconds(child.id())? - before;
    Ok(Loaded { tokens, busy, decoy_ratio: decoy_ratio(&url).await? })
}

/// The medians of answers to an app that fails and to one that passes, which ask in changing order.
async fn decoy_ratio(url: &str) -> Outcome<f64> {
    const ROUNDS: usize = 4_000;
    let http = reqwest::Client::new();
    let passing = Device::new()?;
    let failing = Device { app: "another app", ..Device::new()? };
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        for place in 0..2 {
            // Each comes first and second after each: 0 1, 1 0, 1 0, 0 1.
            let which = (place + round / 2 + round) % 2;
            let [passed, failed] = &mut times;
            let (device, kept) = if which == 0 { (&passing, passed) } else { (&failing, failed) };
            let body = device.request(&challenge(&http, url).await?)?;
            let begun = Instant::now();
            http.post(format!("{url}/v1/tokens")).body(body).send().await?.error_for_status()?.bytes().await?;
            kept.push(begun.elapsed().as_secs_f64());
        }
    }
    let [passed, failed] = times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times.get(ROUNDS / 2).copied().unwrap_or_default()
    });
    Ok(failed / passed)
}

async fn challenge(http: &reqwest::Client, url: &str) -> Outcome<String> {
    let asked = http.post(format!("{url}/v1/challenges")).body(json!({ "account": ACCOUNT }).to_string());
    Ok(asked.send().await?.json::<ChallengeResponse>().await?.challenge)
}

/// A host and a build, so that every request passes.
async fn prepare(directory: &Path) -> Outcome<()> {
    let operator: Value = serde_json::from_slice(&std::fs::read(directory.join("operator.json"))?)?;
    let text = |member: &str| operator.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let http = reqwest::Client::new();
    let host = json!({ "pins": [Pin::of_spki(b"one"), Pin::of_spki(b"two")], "send_token": true,
        "policy": { "platforms": ["jvm"], "least_key_level": "software" } });
    let build = json!({ "platform": "jvm", "id": "app", "version": "1",
        "artifacts": [{ "name": "app.jar", "sha256": "1".repeat(64) }] });
    let url = text("url");
    for call in [
        http.put(format!("{url}/admin/v1/hosts/api.acme.com")).json(&host),
        http.post(format!("{url}/admin/v1/apps")).json(&build),
    ] {
        call.bearer_auth(text("token")).send().await?.error_for_status()?;
    }
    Ok(())
}

/// One device: each response brings the challenge of the next request.
async fn device(url: String, end: Instant) -> Outcome<u32> {
    let http = reqwest::Client::new();
    let device = Device::new()?;
    let mut challenge = challenge(&http, &url).await?;
    let mut tokens = 0;
    while Instant::now() < end {
        let call = http.post(format!("{url}/v1/tokens")).body(device.request(&challenge)?);
        let response: TokenResponse = call.send().await?.error_for_status()?.json().await?;
        challenge = response.next_challenge;
        tokens += 1;
    }
    Ok(tokens)
}

struct Device {
    key: P256Key,
    session: P256Key,
    app: &'static str,
}

impl Device {
    fn new() -> Outcome<Self> {
        Ok(Self { key: P256Key::generate()?, session: P256Key::generate()?, app: "app" })
    }

    fn request(&self, challenge: &str) -> Outcome<String> {
        let digest = || Fact::Known("1".repeat(64));
        let request = TokenRequest {
            challenge: challenge.to_owned(),
            account: ACCOUNT.to_owned(),
            audience: ACCOUNT.to_owned(),
            app: App { platform: Platform::Jvm, id: self.app.into(), version: "1".into(), build: String::new() },
            sdk_version: "0.1.0".to_owned(),
            formats: vec![1],
            epoch: 1,
            // Newer than anything: the documents are not part of the measurement.
            version: u64::from(u32::MAX),
            measurement: Measurement {
                artifacts: vec![Artifact { name: "app.jar".into(), sha256: digest() }],
                code: [("libbonafide.so", CodeRole::Core), ("java", CodeRole::Executable)]
                    .map(|(name, role)| Code { name: name.into(), role, memory: digest(), file: digest() })
                    .into(),
                device: Some(DeviceFacts::clean()),
                packages: None,
            },
            evidence: Vec::new(),
            previous: None,
            session_key: self.session.public_key()?,
            binding: None,
            development: None,
            user: None,
            trace: None,
        };
        let header = Header::with_jwk(TOKEN_REQUEST_TYPE, &self.key.public_key()?);
        let input = signing_input(&header, &serde_json::to_vec(&request)?);
        Ok(join(&input, &self.key.sign(input.as_bytes())?))
    }
}

/// User and system time of a process.
fn processor_seconds(process: u32) -> Outcome<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name in brackets may hold anything; the fields after it are counted from the third.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |place: usize| fields.get(place).and_then(|text| text.parse::<f64>().ok()).ok_or("/proc/PID/stat");
    Ok((ticks(11)? + ticks(12)?) / TICKS_PER_SECOND)
}
