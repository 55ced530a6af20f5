//! How long the content digest of an APK takes, against `sha256sum` on the same file: `digest_speed [MIB]`.
//!
//! The package is made here: random bytes behind a signing block as the parts of an APK lie.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a tool for developers")]

use std::fs::File;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bonafide_package::apk::Signatures;

#[path = "../tests/forge/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the tests use more of it")]
mod forge;

const RUNS: usize = 7;

fn main() {
    let mebibytes: usize = std::env::args().nth(1).map_or(100, |argument| argument.parse().unwrap());
    let mut noise = 1_u64;
    let content = std::iter::repeat_with(|| {
        noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (noise >> 56) as u8
    });
    let mut entries = forge::entries();
    entries.push(("assets/noise".to_owned(), content.take(mebibytes << 20).collect()));
    let apk = forge::Apk { entries, ..forge::Apk::good() }.build();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&apk).unwrap();

    let own = fastest(|| {
        let mut file = File::open(file.path()).unwrap();
        let signatures = Signatures::read(&mut file).unwrap();
        signatures.check_content(&mut file).unwrap();
    });
    let other = fastest(|| {
        let status = Command::new("sha256sum").arg(file.path()).stdout(Stdio::null()).status().unwrap();
        assert!(status.success());
    });
    println!(
        "{mebibytes} MiB: content digest {own:.1?}, sha256sum {other:.1?}, ratio {:.2}",
        own.as_secs_f64() / other.as_secs_f64()
    );
}

fn fastest(mut run: impl FnMut()) -> Duration {
    let time = |()| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    std::iter::repeat_n((), RUNS).map(time).min().unwrap()
}
