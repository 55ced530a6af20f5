//! The parts of a started core, put together.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use bonafide_protocol::config::Service as ServiceConfig;
use bonafide_protocol::development::DevelopmentKey;
use bonafide_protocol::message::Report;
use bonafide_protocol::status::Status;
use bonafide_protocol::trust::Trusted;
use bonafide_protocol::verdict::{Mismatch, MismatchReason};
use tokio::sync::Notify;

use crate::health::Health;
use crate::held::Held;
use crate::integrity::Measurer;
use crate::keys::Keys;
use crate::port::{Connection, Ports};
use crate::refresh::Refresh;
use crate::report::Reports;
use crate::service::Service;
use crate::store::contact::Moment;
use crate::store::{config, installation};
use crate::token::{Fetcher, Parts, Tokens};
use crate::transport::Transport;
use crate::{CoreStatus, Failure, Settings, StoredRecord};

/// A started core.
pub(crate) struct Inner {
    pub(crate) settings: Settings,
    pub(crate) ports: Ports,
    pub(crate) held: Arc<Held>,
    pub(crate) health: Arc<Health>,
    pub(crate) service: Arc<Service>,
    pub(crate) refresh: Refresh,
    pub(crate) tokens: Tokens,
    pub(crate) reports: Arc<Reports>,
    /// Wakes the background work; it outlives the core for a moment.
    pub(crate) wake: Arc<Notify>,
    pub(crate) stopped: AtomicBool,
    stored_record: StoredRecord,
    offline: AtomicBool,
    development_key: Option<String>,
}

impl Inner {
    pub(crate) fn new(settings: Settings, ports: Ports) -> Result<Arc<Self>, Failure> {
        let embedded = Trusted::from_initial(&settings.initial_config)
            .map_err(|error| Failure::new(Status::BadInitialConfig).with("reason", &error).because(error))?;
        let development = development_key(&settings)?;
        let home = embedded.config().service.clone();
        let storage = Arc::clone(&ports.storage);
        let claim = installation::claim(&*storage);
        let (trusted, stored_record) = if claim.restored {
            tracing::warn!("the stored records are another install's and are discarded with their key");
            (embedded, StoredRecord::Restored)
        } else {
            config::load(&*storage, embedded)
        };
        let baseline = first_contact(&ports, &trusted, claim.restored);
        Ok(Arc::new_cyclic(|weak| {
            let health =
                Arc::new(Health::new(Arc::clone(&ports.clock), storage, baseline, claim.id, announcer(weak.clone())));
            if let Some(failure) = claim.failure {
                health.stored(Err(failure));
            }
            Self::assemble(settings, ports, (trusted, home), stored_record, health, development)
        }))
    }

    fn assemble(
        settings: Settings,
        ports: Ports,
        (trusted, home): (Trusted, ServiceConfig),
        stored_record: StoredRecord,
        health: Arc<Health>,
        development: Option<DevelopmentKey>,
    ) -> Self {
        let development_key = development.as_ref().map(|key| key.id().to_owned());
        let (runtime, clock, storage) = (&settings.runtime, &ports.clock, &ports.storage);
        let held = Arc::new(Held::new(trusted, Arc::clone(storage), Arc::clone(&ports.observer), Arc::clone(&health)));
        let service = Arc::new(Service::new(
            Arc::clone(&held),
            home,
            Transport::new(&ports, runtime.clone()),
            Arc::clone(clock),
            Arc::clone(&health),
            runtime.clone(),
        ));
        let keys = Keys::new(Arc::clone(&ports.install_key), Arc::clone(storage), Arc::clone(&health), runtime.clone());
        let measurer = Measurer::new(&ports, &settings.app, settings.artifacts.clone(), runtime.clone());
        let parts = Parts { held: Arc::clone(&held), service: Arc::clone(&service), keys: keys.clone(), measurer };
        let fetcher = Fetcher::new(parts, &settings, &ports, Arc::clone(&health), development);
        let refresh = Refresh::new(
            Arc::clone(&held),
            Arc::clone(&service),
            Arc::clone(clock),
            Arc::clone(&health),
            runtime.clone(),
            settings.request_deadline,
        );
        let reports = Reports::new(
            Arc::clone(storage),
            Arc::clone(clock),
            Arc::clone(&service),
            keys,
            Arc::clone(&health),
            runtime.clone(),
        );
        Self {
            tokens: Tokens::new(fetcher, settings.request_deadline),
            reports: Arc::new(reports),
            settings,
            ports,
            held,
            health,
            service,
            refresh,
            wake: Arc::default(),
            stopped: AtomicBool::new(false),
            stored_record,
            offline: AtomicBool::new(false),
            development_key,
        }
    }

    pub(crate) fn status(&self) -> CoreStatus {
        let report = self.health.report();
        let snapshot = self.held.load();
        CoreStatus {
            revision: snapshot.revision(),
            epoch: snapshot.config().epoch,
            version: snapshot.config().version,
            last_contact: report.last_contact,
            config_failure: report.config_failure,
            token_failure: report.token_failure,
            report_failure: report.report_failure,
            storage: report.storage,
            stored_record: self.stored_record.clone(),
            key_level: report.key_level,
            clock_offset: report.clock_offset,
            development_key: self.development_key.clone(),
            token_trace: report.token_trace,
        }
    }

    /// The platform's hint: when the network has come back, nothing waits for the end of its backoff.
    pub(crate) fn notice_network(&self) {
        let offline = self.ports.connectivity.connection() == Connection::Offline;
        if self.offline.swap(offline, Ordering::Relaxed) && !offline {
            self.try_again();
        }
    }

    /// Whatever waits for the end of its backoff waits no more.
    pub(crate) fn try_again(&self) {
        self.tokens.try_again();
        self.refresh.try_again();
        self.wake.notify_one();
    }

    /// The report of a mismatch; `None` for a text that is no host, which nobody could report on.
    pub(crate) fn report_of(&self, mismatch: &Mismatch, enforced: bool) -> Option<Report> {
        if mismatch.reason == MismatchReason::MalformedHost {
            return None;
        }
        let snapshot = self.held.peek();
        let config = snapshot.config();
        Some(Report {
            account: config.account.clone(),
            time: self.ports.clock.unix_seconds(),
            host: mismatch.host.clone(),
            served: mismatch.served.clone(),
            epoch: config.epoch,
            version: config.version,
            app: self.settings.app.clone(),
            sdk_version: self.settings.sdk_version.clone(),
            enforced,
        })
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The background work looks up, and sees that it is alone.
        self.wake.notify_one();
    }
}

/// The development key of the settings, said loudly at each start: whoever reads a release's log has to stumble over it.
fn development_key(settings: &Settings) -> Result<Option<DevelopmentKey>, Failure> {
    let Some(text) = &settings.development_key else { return Ok(None) };
    // Without the key the build would go on as one that is released, which it is not.
    let key: DevelopmentKey =
        text.parse().map_err(|error| Failure::new(Status::BadDevelopmentKey).with("reason", error).because(error))?;
    tracing::error!(
        key = key.id(),
        "DEVELOPMENT BUILD: it carries a development key. Its tokens are good for development audiences only, and \
         the API refuses them. Never release it."
    );
    Ok(Some(key))
}

/// With `stale_after_seconds` on, the first start is written down: restarts do not make a device fresh.
fn first_contact(ports: &Ports, trusted: &Trusted, restored: bool) -> Moment {
    let (storage, clock) = (&*ports.storage, &*ports.clock);
    if trusted.config().stale_after_seconds.is_none() || restored {
        return Moment::now(clock);
    }
    let moment = Moment::load(storage, clock);
    if let Err(error) = moment.save(storage) {
        tracing::warn!(%error, "the last contact cannot be written down");
    }
    moment
}

fn announcer(weak: Weak<Inner>) -> Box<dyn Fn() + Send + Sync> {
    Box::new(move || {
        if let Some(inner) = weak.upgrade() {
            inner.ports.observer.status_changed(&inner.status());
        }
    })
}
