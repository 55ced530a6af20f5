//! Mismatch reports reach the service, once, whenever it can be reached.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::support::{Act, LONG, LimitedStorage, World};
use bonafide_core::Core;
use bonafide_core::protocol::verdict::{Mismatch, PinVerdict};

const REPORTS: &str = "POST /v1/reports";

fn mismatch(core: &Core, host: &str, name: &str) -> Mismatch {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    match core.check_pins(host, &[made.cert.der()]) {
        PinVerdict::Mismatch(mismatch) | PinVerdict::ReportOnly(mismatch) => Some(mismatch),
        _ => None,
    }
    .unwrap()
}

#[tokio::test]
async fn a_mismatch_is_reported_once_a_day_with_its_facts() {
    let world = World::new().await;
    let core = world.start_settled().await;
    let seen = mismatch(&core, "api.acme.com", "interceptor");
    core.report_mismatch(&seen, true);
    core.report_mismatch(&seen, true);
    world.service.asked(REPORTS, 1).await;
    core.report_mismatch(&mismatch(&core, "report.acme.com", "other"), false);
    world.service.asked(REPORTS, 2).await;
    let reports = loop {
        let reports = world.service.reports();
        if reports.len() == 2 {
            break reports;
        }
        tokio::task::yield_now().await;
    };
    let first = reports.first().unwrap();
    assert_eq!((first.host.as_str(), first.enforced, &first.served), ("api.acme.com", true, &seen.served));
    assert_eq!((first.account.as_str(), first.epoch, first.version), ("acme", 1, 1000));
    assert_eq!(reports.iter().filter(|report| report.host == "api.acme.com").count(), 1);
    assert_eq!(world.recorder.mismatches.lock().unwrap().len(), 3, "the app hears of each");
}

#[tokio::test]
async fn a_report_outlives_an_outage_and_a_restart() {
    let world = World::new().await;
    let core = world.start_settled().await;
    world.service.script(REPORTS, Act::Close);
    core.report_mismatch(&mismatch(&core, "api.acme.com", "interceptor"), true);
    world.recorder.status(|status| status.report_failure.is_some()).await;
    core.shutdown().await;
    assert_eq!(world.service.reports().len(), 0);
    let _core = world.start();
    world.service.asked(REPORTS, 2).await;
}

#[tokio::test]
async fn a_report_that_the_service_refuses_is_dropped_and_one_over_an_untrusted_channel_is_not_sent() {
    let world = World::new().await;
    let core = world.start_settled().await;
    world.service.script(REPORTS, Act::Refuse(400, "malformed_request"));
    core.report_mismatch(&mismatch(&core, "api.acme.com", "one"), true);
    world.recorder.status(|status| status.report_failure.is_some()).await;
    core.report_mismatch(&mismatch(&core, "api.acme.com", "two"), true);
    world.service.asked(REPORTS, 2).await;
    world.recorder.status(|status| status.report_failure.is_none()).await;

    world.service.rotate_tls().await;
    world.clock.advance(Duration::from_secs(60));
    core.report_mismatch(&mismatch(&core, "api.acme.com", "three"), true);
    world.recorder.status(|status| status.report_failure.is_some()).await;
    assert_eq!(world.service.count(REPORTS), 2);
    core.refresh_config(LONG).await.unwrap_err();
}

/// What could not be written down is sent all the same, and once.
#[tokio::test]
async fn on_a_full_disk_reports_are_sent_and_not_again_and_again() {
    let world = World::new().await;
    let storage = Arc::new(LimitedStorage {
        files: world.storage(),
        full: AtomicBool::new(false),
        read_only: AtomicBool::new(false),
    });
    let mut ports = world.ports();
    ports.storage = storage.clone();
    let core = Core::start(world.settings(), ports).unwrap();
    core.refresh_config(LONG).await.unwrap();

    world.service.script(REPORTS, Act::Close);
    core.report_mismatch(&mismatch(&core, "api.acme.com", "one"), true);
    world.recorder.status(|status| status.report_failure.is_some()).await;
    storage.full.store(true, Ordering::SeqCst);
    world.clock.advance(Duration::from_secs(60));
    core.report_mismatch(&mismatch(&core, "api.acme.com", "two"), true);
    world.service.asked(REPORTS, 3).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!((world.service.count(REPORTS), world.service.reports().len()), (3, 2));
    let sent: BTreeSet<_> = world.service.reports().iter().map(|report| report.served.clone()).collect();
    assert_eq!(sent.len(), 2, "each of the two");
}
