//! What every request reads: one snapshot, replaced as a whole when anything changes.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use bonafide_protocol::config::Config;
use bonafide_protocol::encoding::to_hex;
use bonafide_protocol::trust::{ConfigFile, Trusted};
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::appraise::{Policy, Registrations};
use crate::clock::Clock;
use crate::development::DevelopmentKeys;
use crate::error::ServiceError;
use crate::evidence::{RegisteredApps, Trust};
use crate::keys::{Keyring, MasterKey};
use crate::limit::Limiter;
use crate::metrics::Metrics;
use crate::policy::{Rules, Verdict};
use crate::store::ledger::Ledger;
use crate::store::operators::OperatorRow;
use crate::store::{
    Store, StoreError, accounts, apps, development_keys, documents, evidence, finding_policies, forced, keys,
    operators, policies,
};

/// Everything that is read from the database once, not per request.
pub(crate) struct Snapshot {
    revision: i64,
    pub(crate) keyring: Keyring,
    /// Signed roots with their epochs, the oldest first.
    pub(crate) roots: Vec<(u64, String)>,
    pub(crate) trusted: Trusted,
    pub(crate) live: String,
    pub(crate) registrations: Registrations,
    /// Who signs the registered apps.
    pub(crate) apps: RegisteredApps,
    /// What evidence is verified with.
    pub(crate) trust: Trust,
    policies: HashMap<String, Policy>,
    /// What follows from findings.
    pub(crate) rules: Rules,
    /// The version of `rules`; 0: none was set.
    pub(crate) rules_version: u64,
    /// Forced verdicts with their ends, by installation.
    forced: HashMap<String, (Verdict, u64)>,
    pub(crate) operators: Vec<OperatorRow>,
    pub(crate) development: DevelopmentKeys,
}

impl Snapshot {
    /// The live config.
    pub(crate) fn config(&self) -> &Config {
        self.trusted.config()
    }

    /// The live (epoch, version).
    pub(crate) fn position(&self) -> (u64, u64) {
        self.trusted.position()
    }

    /// What is allowed for an audience.
    pub(crate) fn policy(&self, audience: &str) -> Policy {
        self.policies.get(audience).cloned().unwrap_or_default()
    }

    /// Whether the operator set it.
    pub(crate) fn has_policy(&self, audience: &str) -> bool {
        self.policies.contains_key(audience)
    }

    /// The verdict that is forced on the installation at this time.
    pub(crate) fn forced(&self, installation: &str, now: u64) -> Option<Verdict> {
        self.forced.get(installation).filter(|(_, ends_at)| now < *ends_at).map(|(verdict, _)| *verdict)
    }

    async fn read(store: &Store, master: &MasterKey, account: &str) -> Result<Self, ServiceError> {
        // One transaction, so that no change falls between the reads.
        let mut view = store.view().await?;
        let connection = &mut *view;
        let revision = accounts::revision(connection, account).await?;
        let keyring = Keyring::open(master, account, &keys::all(connection, account).await?)?;
        let roots = documents::roots(connection, account).await?;
        let live = documents::live(connection, account).await?.ok_or(StoreError::Content { what: "no config" })?.jws;
        let apps = apps::all(connection, account).await?;
        let policies = policies::all(connection, account).await?.into_iter().collect();
        let (rules_version, rules) = finding_policies::in_force(connection, account).await?;
        let forced = forced::all(connection, account).await?;
        let forced = forced.into_iter().map(|row| (row.installation, (row.verdict, row.ends_at))).collect();
        let operators = operators::all(connection, account).await?;
        let development = development_keys::all(connection, account).await?;
        let lists = evidence::lists(connection, account).await?;
        drop(view);
        let trust = Trust::new(&lists, keyring.play_integrity.iter().cloned());
        let registered = RegisteredApps::new(&apps);
        let file = ConfigFile { roots: roots.iter().map(|(_, jws)| jws.clone()).collect(), config: live.clone() };
        let trusted = Trusted::from_initial(&file.to_bytes())?;
        let registrations = Registrations::new(apps.into_iter().map(|row| row.registration));
        Ok(Self {
            revision,
            keyring,
            roots,
            trusted,
            live,
            registrations,
            apps: registered,
            trust,
            policies,
            rules,
            rules_version,
            forced,
            operators,
            development: DevelopmentKeys::open(master, account, development),
        })
    }
}

/// Shared by every handler.
pub(crate) struct State {
    pub(crate) account: String,
    pub(crate) store: Store,
    pub(crate) ledger: Ledger,
    pub(crate) master: MasterKey,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limiter: Limiter,
    pub(crate) metrics: Metrics,
    /// Where the root key was written; it has to be moved away.
    pub(crate) root_key: std::path::PathBuf,
    /// How long a token is good for, in seconds.
    pub(crate) token_lifetime: u64,
    /// Held while the service looks at a server for an operator: one at a time.
    pub(crate) looking: tokio::sync::Mutex<()>,
    /// As many requests as there are processors verify evidence at a time.
    pub(crate) verifying: tokio::sync::Semaphore,
    snapshot: RwLock<Arc<Snapshot>>,
    counter: AtomicU64,
}

impl State {
    pub(crate) async fn open(
        store: Store,
        master: MasterKey,
        account: String,
        clock: Arc<dyn Clock>,
        limiter: Limiter,
        root_key: std::path::PathBuf,
        token_lifetime: u64,
    ) -> Result<Self, ServiceError> {
        let snapshot = RwLock::new(Arc::new(Snapshot::read(&store, &master, &account).await?));
        let ledger = Ledger::start(store.clone(), account.clone());
        let metrics = Metrics::new();
        let counter = AtomicU64::new(0);
        Ok(Self {
            account,
            store,
            ledger,
            master,
            clock,
            limiter,
            metrics,
            root_key,
            token_lifetime,
            looking: tokio::sync::Mutex::const_new(()),
            verifying: tokio::sync::Semaphore::new(std::thread::available_parallelism().map_or(2, Into::into)),
            snapshot,
            counter,
        })
    }

    /// What holds now.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        // A panic elsewhere cannot have left half a snapshot: it is replaced as a whole.
        self.snapshot.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads everything again. Every change calls it before it answers.
    pub(crate) async fn reload(&self) -> Result<(), ServiceError> {
        let fresh = Arc::new(Snapshot::read(&self.store, &self.master, &self.account).await?);
        let mut held = self.snapshot.write().unwrap_or_else(PoisonError::into_inner);
        // Two reloads may overtake each other.
        if fresh.revision >= held.revision {
            *held = fresh;
        }
        Ok(())
    }

    /// Reads again if another node or process changed anything.
    pub(crate) async fn reload_if_changed(&self) -> Result<(), ServiceError> {
        let mut connection = self.store.read().await?;
        let revision = accounts::revision(&mut connection, &self.account).await?;
        drop(connection);
        if revision == self.snapshot().revision { Ok(()) } else { self.reload().await }
    }

    /// The time, Unix seconds.
    pub(crate) fn now(&self) -> u64 {
        self.clock.unix_seconds()
    }

    /// An id that sorts by time, for rows of which the newest are listed first.
    pub(crate) fn next_id(&self) -> String {
        let mut random = [0; 4];
        // Only keeps the ids of several nodes apart: without it, a row of the same millisecond may be refused.
        let _ = SystemRandom::new().fill(&mut random);
        let count = self.counter.fetch_add(1, Ordering::Relaxed) & 0xff_ffff;
        format!("{:012x}{count:06x}{}", self.clock.unix_millis(), to_hex(&random))
    }
}
