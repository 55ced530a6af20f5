//! A decoy takes as long as a token. Coarse: whoever skips the database or a signature is caught, and a machine with
//! other work is not. The fine figure is that of `scripts/bench`.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::time::{Duration, Instant};

use bonafide_protocol::measurement::Fact;
use common::{Device, Service};

const ROUNDS: usize = 150;

/// How far apart the two may lie, either way.
const TOLERATED: f64 = 1.25;

const SERIES: usize = 3;

/// The lower quartile: what others do on the machine only ever adds.
fn quartile(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    *times.get(times.len() / 4).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decoy_takes_as_long_as_a_token() {
    let service = Service::ready().await;
    let mut altered = Device::new();
    altered.request.measurement.artifacts.first_mut().unwrap().sha256 = Fact::Known("33".repeat(32));
    let mut unknown = Device::new();
    unknown.request.app.id = "com.evil.app".into();
    let devices = [("the registered build", Device::new()), ("an altered one", altered), ("an unknown app", unknown)];

    // What lies between the two shows in every series; what others do on the machine does not.
    let mut apart: [Vec<f64>; 2] = Default::default();
    for _ in 0..SERIES {
        for (apart, ratio) in apart.iter_mut().zip(series(&service, &devices).await) {
            apart.push(ratio);
        }
        if apart.iter().all(|ratios| ratios.iter().any(is_tolerated)) {
            return;
        }
    }
    for ((what, _), ratios) in devices.iter().skip(1).zip(apart) {
        assert!(ratios.iter().any(is_tolerated), "{what}: {ratios:.2?} times as long as the registered build");
    }
}

fn is_tolerated(ratio: &f64) -> bool {
    (1.0 / TOLERATED..TOLERATED).contains(ratio)
}

/// How long the answers to the second and third device take, measured by those to the first.
async fn series(service: &Service, devices: &[(&str, Device); 3]) -> [f64; 2] {
    let mut times: [Vec<Duration>; 3] = Default::default();
    for round in 0..ROUNDS + 10 {
        // In another order each round: nobody always comes after the same one.
        for place in 0..devices.len() {
            let which = (place * if round % 2 == 0 { 1 } else { 2 } + round) % devices.len();
            let body = devices[which].1.request(&service.challenge().await);
            let begun = Instant::now();
            let (status, _) = service.post("/v1/tokens", body).await;
            assert_eq!(status.as_u16(), 200);
            if round >= 10 {
                times[which].push(begun.elapsed());
            }
        }
    }
    let [passed, failed @ ..] = times.each_mut().map(|times| quartile(times).as_secs_f64());
    failed.map(|failed| failed / passed)
}
