//! Counters and durations, in Prometheus's form.

use std::time::Duration;

use metrics::{Key, Label, Level, Metadata, Recorder as _};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

static METADATA: Metadata<'static> = Metadata::new("bonafide", Level::INFO, None);

const DURATION: &str = "bonafide_http_request_duration_seconds";
const BUCKETS: &[f64] = &[0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// A recorder of its own for each service: nothing global, so that two can run in one process.
pub(crate) struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let builder = PrometheusBuilder::new();
        // Only an empty list of buckets is refused.
        let builder = builder
            .set_buckets_for_metric(Matcher::Full(DURATION.to_owned()), BUCKETS)
            .unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        let texts = [
            ("bonafide_challenges_total", "Challenges issued by themselves; those in token responses are not counted."),
            ("bonafide_appraisals_total", "Token requests that were appraised, by outcome."),
            ("bonafide_appraisals_with_total", "Those that named a user, a trace or a development key, by outcome."),
            ("bonafide_findings_total", "What was found, by finding; one request may have several."),
            ("bonafide_evidence_total", "Pieces of evidence that were verified, by outcome."),
            ("bonafide_refusals_total", "Broken requests, by status code."),
            ("bonafide_reports_total", "Pin mismatches that devices reported, by what became of them."),
        ];
        for (name, text) in texts {
            recorder.describe_counter(name.into(), None, text.into());
        }
        recorder.describe_histogram(DURATION.into(), None, "HTTP requests, by route and status.".into());
        Self { recorder, handle }
    }

    /// Counts one.
    pub(crate) fn count(&self, name: &'static str, labels: &[(&'static str, &'static str)]) {
        let labels: Vec<Label> = labels.iter().map(|(name, value)| Label::from_static_parts(name, value)).collect();
        self.recorder.register_counter(&Key::from_parts(name, labels), &METADATA).increment(1);
    }

    /// One HTTP request. `route` is the router's pattern, so that no path of a client's becomes a label.
    pub(crate) fn request(&self, route: &str, status: u16, took: Duration) {
        let labels = vec![Label::new("route", route.to_owned()), Label::new("status", status.to_string())];
        self.recorder.register_histogram(&Key::from_parts(DURATION, labels), &METADATA).record(took.as_secs_f64());
    }

    /// The page that Prometheus reads.
    pub(crate) fn render(&self) -> String {
        self.handle.run_upkeep();
        self.handle.render()
    }
}
