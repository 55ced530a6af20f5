//! `POST /v1/reports`: what devices saw instead of the pins.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use bonafide_protocol::host::Host;
use bonafide_protocol::jws::Compact;
use bonafide_protocol::message::{REPORT_TYPE, Report};
use bonafide_protocol::status::Status;
use bonafide_protocol::verdict::MAX_CHAIN;

use super::quota::Desk;
use super::tokens::{MAX_NAME, install_key, malformed};
use crate::body::Text;
use crate::reply::Refusal;
use crate::state::State;
use crate::store::logs::ReportRow;

/// The longest report that is read: twenty pins need less than 2 KiB.
const MAX_REPORT_BYTES: usize = 16 * 1024;

/// The longest name that DNS has, with its dot.
const MAX_HOST: usize = 254;

/// Well-formed and signed, it is taken, whatever becomes of it: nobody learns from the answer which hosts there are or
/// whether a cap was reached or another report came in its way.
pub(super) async fn receive(
    Shared(state): Shared<Arc<State>>,
    Extension(desk): Extension<Arc<Desk>>,
    Text(jws): Text<MAX_REPORT_BYTES>,
) -> Result<StatusCode, Refusal> {
    let compact = Compact::parse(&jws, MAX_REPORT_BYTES).map_err(|error| malformed(&error))?;
    let key = install_key(&compact)?;
    let payload = compact.verify(REPORT_TYPE, &key).map_err(|error| malformed(&error))?;
    let report: Report = serde_json::from_slice(payload)
        .map_err(|error| Refusal::with(Status::MalformedRequest, format!("The payload: {error}.")))?;
    super::known_account(&state, &report.account)?;
    if report.served.len() > MAX_CHAIN {
        return Err(Refusal::with(Status::MalformedRequest, format!("More than {MAX_CHAIN} pins.")));
    }

    // What is stored is bounded by what devices say, not by the longest body: 10,000 a day are kept for 30 days.
    let names = [&report.app.id, &report.app.version, &report.app.build, &report.sdk_version];
    if report.host.len() > MAX_HOST || names.iter().any(|name| name.len() > MAX_NAME) {
        return Err(Refusal::with(Status::MalformedRequest, "A name is too long."));
    }

    let outcome = if covered(&state, &report.host) {
        let row = ReportRow {
            id: state.next_id(),
            received_at: state.now(),
            thumbprint: key.thumbprint(),
            report: serde_json::to_string(&report).unwrap_or_default(),
        };
        desk.take(&state.store, &state.account, row).await?.name()
    } else {
        "foreign_host"
    };
    state.metrics.count("bonafide_reports_total", &[("outcome", outcome)]);
    Ok(StatusCode::ACCEPTED)
}

/// Whether the config knows the host, or it is the service's own.
fn covered(state: &State, host: &str) -> bool {
    let snapshot = state.snapshot();
    let config = snapshot.config();
    let Ok(host) = Host::parse(host) else {
        return false;
    };
    let own = url::Url::parse(&config.service.url).ok().and_then(|url| url.host_str().map(str::to_owned));
    config.entry(&host).is_some() || own.and_then(|own| Host::parse(&own).ok()).is_some_and(|own| own == host)
}
