//! How long the content digest of an APK takes, and the digests of its code, against `sha256sum` on the same file:
//! `digest_speed [MIB [ROWS]]`, with the figures as rows of `scripts/bench` in the file ROWS.
//!
//! The package is made here: random bytes behind a signing block as the parts of an APK lie.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a tool for developers")]

use std::fs::File;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bonafide_package::apk::Signatures;
use bonafide_package::code::CodePath;
use bonafide_package::entries::Archive;

#[path = "../tests/forge/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the tests use more of it")]
mod forge;

const RUNS: usize = 7;
/// One part in so many is code.
const CODE: usize = 3;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mebibytes: usize = arguments.next().map_or(100, |argument| argument.parse().unwrap());
    let mut noise = 1_u64;
    let content = std::iter::repeat_with(|| {
        noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (noise >> 56) as u8
    });
    let content: Vec<u8> = content.take(mebibytes << 20).collect();
    let (code, assets) = content.split_at(content.len() / CODE);
    let mut entries = forge::entries();
    entries.push(("lib/arm64-v8a/libnoise.so".to_owned(), code.to_vec()));
    entries.push(("assets/noise".to_owned(), assets.to_vec()));
    let apk = forge::Apk { entries, ..forge::Apk::good() }.build();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&apk).unwrap();

    let content = fastest(|| {
        let mut file = File::open(file.path()).unwrap();
        let signatures = Signatures::read(&mut file).unwrap();
        signatures.check_content(&mut file).unwrap();
    });
    let code = fastest(|| {
        let mut archive = Archive::open(File::open(file.path()).unwrap()).unwrap();
        let paths: Vec<String> = archive.items().iter().map(|item| item.name.clone()).collect();
        for path in paths.iter().filter(|path| CodePath::in_apk(path).is_some()) {
            archive.digest(path).unwrap();
        }
    });
    let other = fastest(|| {
        let status = Command::new("sha256sum").arg(file.path()).stdout(Stdio::null()).status().unwrap();
        assert!(status.success());
    });
    let ratio = |own: Duration| own.as_secs_f64() / other.as_secs_f64();
    println!(
        "{mebibytes} MiB: content digest {content:.1?}, code {code:.1?}, sha256sum {other:.1?}, ratios {:.2} and {:.2}",
        ratio(content),
        ratio(content + code)
    );
    if let Some(rows) = arguments.next() {
        let row = |name: &str, value: f64, goal: &str| {
            format!(
                r#"{{"name": "{name} of {mebibytes} MiB, against sha256sum", "value": {value:.3}, "unit": "ratio", "goal": {goal}, "against": "{:.1} ms"}}"#,
                other.as_secs_f64() * 1e3
            )
        };
        let content_alone = row("content digest of a package", ratio(content), r#""<= 1.2""#);
        let whole = row("content and code, a third of it, of a package", ratio(content + code), "null");
        std::fs::write(rows, format!("[{content_alone}, {whole}]\n")).unwrap();
    }
}

fn fastest(mut run: impl FnMut()) -> Duration {
    let time = |()| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    std::iter::repeat_n((), RUNS).map(time).min().unwrap()
}
