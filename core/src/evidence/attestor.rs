//! Gathers the evidence of one request, and keeps what the service said of the next.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bonafide_protocol::encoding::Sha256;
use bonafide_protocol::evidence::{
    Evidence, EvidenceKind, EvidenceWanted, Octets, Previous, bound_hash, rollover_message,
};
use bonafide_protocol::measurement::Platform;
use bonafide_protocol::status::Status;
use tokio::runtime::Handle;

use super::errand::{Absent, Errand};
use super::right::{Right, Rights};
use super::schedule::{Due, Schedule};
use super::source::Source;
use crate::Failure;
use crate::challenge::Challenge;
use crate::health::Health;
use crate::keys::Keys;
use crate::port::{
    Candidate, Clock, EvidenceFailure, EvidenceProvider, EvidenceRequest, KeyHandle, Ports, Record, Storage,
};
use crate::store::{self, Content};

/// Who gathers evidence; one for all requests of the process.
pub(crate) struct Attestor {
    keys: Keys,
    provider: Arc<dyn EvidenceProvider>,
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
    health: Arc<Health>,
    runtime: Handle,
    platform: Platform,
    schedule: Arc<Mutex<Held>>,
    rights: Rights,
    key_store: Source,
    provided: Source,
    /// There was a key in use when it was looked for last.
    has_key: AtomicBool,
    /// Candidates, by the hash that their attestation carries.
    making: Errand<Sha256, Result<Candidate, Failure>>,
    asking: Errand<EvidenceRequest, Result<Evidence, EvidenceFailure>>,
}

/// The schedule as it is known here. Another process of the app may have sent evidence, or changed the key, meanwhile:
/// the record is read each time.
#[derive(Default)]
struct Held {
    schedule: Schedule,
    /// The record could not be written, and says less than this.
    unsaved: bool,
    /// When the service answered this process last; the record has it roughly.
    answered: Option<u64>,
}

/// The right to carry evidence, and what is due.
pub(crate) struct Turn {
    dues: Dues,
    #[expect(dead_code, reason = "held until the turn is over")]
    right: Right,
}

/// What is due of each source; `None` where there is no such source.
#[derive(Clone, Copy)]
pub(crate) struct Dues {
    key: Option<Due>,
    provider: Option<Due>,
}

/// What a request carries.
#[derive(Default)]
pub(crate) struct Gathered {
    pub(crate) evidence: Vec<Evidence>,
    /// The key in use vouches for the candidate.
    pub(crate) previous: Option<Previous>,
    /// The candidate, where the request is to be signed by it.
    pub(crate) candidate: Option<KeyHandle>,
    /// The platform is late: what it brings yet goes with a later request by the same challenge, and this one needs
    /// another.
    pub(crate) keeps_challenge: bool,
}

impl Attestor {
    pub(crate) fn new(keys: Keys, ports: &Ports, health: Arc<Health>, settings: &crate::Settings) -> Self {
        Self {
            keys,
            provider: Arc::clone(&ports.evidence),
            storage: Arc::clone(&ports.storage),
            clock: Arc::clone(&ports.clock),
            health,
            runtime: settings.runtime.clone(),
            platform: settings.app.platform,
            schedule: Arc::default(),
            rights: Rights::new(Arc::clone(&ports.storage), settings.app.platform, settings.runtime.clone()),
            key_store: Source::default(),
            provided: Source::default(),
            has_key: AtomicBool::default(),
            making: Errand::default(),
            asking: Errand::default(),
        }
    }

    /// The key in use, and the right to carry evidence, if any is due. While another request has it, one whose evidence
    /// still counts goes on without; one that would be refused without evidence, since none counts any more, waits.
    pub(crate) async fn turn(&self) -> Result<(Option<KeyHandle>, Option<Turn>), Failure> {
        // A key store that makes its first key answers no other question before that has ended.
        if self.making.is_under_way() && !self.has_key.load(Ordering::Relaxed) {
            return Err(being_made());
        }
        let key = self.key_in_use().await?;
        self.has_key.store(key.is_some(), Ordering::Relaxed);
        if self.attests_nothing() {
            return Ok((key, None));
        }
        let dues = self.due(&self.load().await, key.as_ref());
        let right = match dues {
            dues if !self.to_ask(dues).any() => None,
            dues if dues.count() => self.rights.at_once().await,
            // A candidate is looked at before it is used, so that another process's is never taken for it. An App
            // Attest key is not: two that are attested side by side may end with neither known.
            _ => self.rights.in_time().await.filter(|right| right.is_ours_alone() || self.keys.attests()),
        };
        let Some(right) = right else {
            // The one that has the right makes the first key, and attests it. One of another's making would be lost.
            return match key {
                None if self.keys.attests() && self.to_ask(dues).any() => Err(being_made()),
                key => Ok((key, None)),
            };
        };
        // Whoever had it before may have sent what was due, and changed the key.
        let in_use = self.key_in_use().await?;
        let dues = self.to_ask(self.due(&self.load().await, in_use.as_ref()));
        Ok((in_use, dues.any().then_some(Turn { dues, right })))
    }

    /// Where keys are attested, the first one is not made before its challenge is known.
    async fn key_in_use(&self) -> Result<Option<KeyHandle>, Failure> {
        if self.keys.attests() { self.keys.existing().await } else { self.keys.handle().await.map(Some) }
    }

    /// The challenge of what a platform brought late and what is still due, while it is good.
    pub(crate) fn ready(&self, dues: Dues) -> Option<Challenge> {
        let now = self.clock.boot_millis();
        if dues.makes_key() { self.making.ready(now) } else { self.asking.ready(now) }
    }

    /// The evidence for a request with this challenge, in a turn with these dues. `key` is the one in use, if there is one.
    pub(crate) async fn gather(
        &self,
        dues: Dues,
        account: &str,
        challenge: &Challenge,
        key: Option<&KeyHandle>,
    ) -> Gathered {
        let mut gathered = Gathered::default();
        if dues.makes_key() {
            self.make_candidate(account, challenge, key, &mut gathered).await;
            if gathered.candidate.is_none() {
                self.candidate_ended(false);
            }
            if gathered.keeps_challenge {
                return gathered;
            }
        }
        // What was said of another key says nothing of this one.
        let due = dues.provider.map(|due| if gathered.candidate.is_some() { Due::Anew } else { due });
        let holder = gathered.candidate.as_ref().or(key).map(|holder| holder.public.thumbprint());
        // Before its first answer a device knows of a rollout by the challenge alone.
        let asked = |thumbprint: &String| self.provider_kind().is_some_and(|kind| challenge.asks(kind, thumbprint));
        if let (Some(thumbprint), Some(due)) = (holder.filter(asked), due.filter(|due| *due != Due::No)) {
            let bound_hash = bound_hash(account, self.platform, &challenge.text, Some(&thumbprint));
            let request = EvidenceRequest { bound_hash, anew: due == Due::Anew };
            self.provided_for(request, challenge, &mut gathered).await;
        }
        // The candidate's attestation spends it.
        gathered.keeps_challenge &= gathered.evidence.is_empty();
        if !gathered.keeps_challenge {
            self.making.spent(challenge);
            self.asking.spent(challenge);
        }
        gathered
    }

    /// The service has answered a request with this evidence, by this key.
    pub(crate) async fn answered(&self, gathered: &Gathered, key: &KeyHandle, server_time: u64) {
        let kinds: Vec<EvidenceKind> = gathered.evidence.iter().filter_map(Evidence::kind).collect();
        if kinds.is_empty() {
            return;
        }
        let (thumbprint, clock) = (key.public.thumbprint(), Arc::clone(&self.clock));
        self.change(move |schedule| {
            schedule.sent(&kinds, &thumbprint, server_time, &*clock);
            true
        })
        .await;
    }

    /// The candidate took over, or the platform failed on the way there.
    pub(crate) fn candidate_ended(&self, adopted: bool) {
        match adopted {
            true => self.key_store.gave(),
            false => self.key_store.failed(self.clock.boot_millis()),
        }
    }

    /// Where nothing that was sent of this key counts, and `gathered` brought nothing either, the service has refused
    /// the request for that alone, if for anything. How long to wait before the next one, milliseconds.
    pub(crate) async fn lacking(&self, gathered: &Gathered, key: &KeyHandle) -> Option<u64> {
        if self.attests_nothing() || !gathered.evidence.is_empty() {
            return None;
        }
        let dues = self.due(&self.load().await, Some(key));
        if dues.count() {
            return None;
        }
        let now = self.clock.boot_millis();
        let key_store = dues.key.map(|_| self.key_store.wait(now));
        key_store.into_iter().chain(dues.provider.map(|_| self.provided.wait(now))).min()
    }

    /// What the service wants from now on, and when it said so.
    pub(crate) async fn want(&self, wanted: EvidenceWanted, server_time: u64) {
        if self.attests_nothing() {
            return;
        }
        lock(&self.schedule).answered = Some(server_time);
        // Both are called.
        self.change(move |schedule| schedule.want(wanted) | schedule.answered(server_time)).await;
    }

    fn attests_nothing(&self) -> bool {
        !self.keys.attests() && self.provider_kind().is_none()
    }

    fn provider_kind(&self) -> Option<EvidenceKind> {
        self.provider.kind().filter(|_| self.provided.may_give())
    }

    fn due(&self, schedule: &Schedule, key: Option<&KeyHandle>) -> Dues {
        let thumbprint = key.map(|key| key.public.thumbprint());
        let due = |kind| schedule.due(kind, thumbprint.as_deref(), &*self.clock);
        let asked = |kind: &EvidenceKind| thumbprint.as_deref().is_none_or(|key| schedule.asks(*kind, key));
        Dues {
            key: self.keys.attests().then(|| due(EvidenceKind::AndroidKey)),
            provider: self.provider_kind().filter(asked).map(due),
        }
    }

    /// What is due of the sources that are not left alone now.
    fn to_ask(&self, dues: Dues) -> Dues {
        let now = self.clock.boot_millis();
        Dues {
            key: dues.key.filter(|_| self.key_store.wait(now) == 0 || self.making.ready(now).is_some()),
            provider: dues.provider.filter(|_| self.provided.wait(now) == 0 || self.asking.ready(now).is_some()),
        }
    }

    /// A candidate with its attestation, and the word of the key in use for it. Where either cannot be had, the key in
    /// use goes on alone.
    async fn make_candidate(
        &self,
        account: &str,
        challenge: &Challenge,
        key: Option<&KeyHandle>,
        gathered: &mut Gathered,
    ) {
        let bound_hash = bound_hash(account, self.platform, &challenge.text, None);
        let made = self.making.run(bound_hash, challenge, || {
            let keys = self.keys.clone();
            self.runtime.spawn(async move { keys.make_candidate(bound_hash).await })
        });
        let candidate = match made.await {
            Ok(Ok(candidate)) => candidate,
            Ok(Err(failure)) => {
                tracing::warn!(%failure, "no key could be attested; the token request goes without");
                return;
            }
            Err(absent) => {
                tracing::warn!(%absent, "no key is attested yet; the token request goes without");
                gathered.keeps_challenge = matches!(absent, Absent::Late);
                return;
            }
        };
        if let Some(old) = key {
            let new = candidate.key.public.thumbprint();
            let message = rollover_message(account, &challenge.text, &old.public.thumbprint(), &new);
            match self.keys.sign_raw(message).await {
                Ok(signature) => gathered.previous = Some(Previous::new(old.public.clone(), &signature)),
                Err(failure) => {
                    tracing::warn!(%failure, "the key in use cannot vouch for another one now");
                    self.keys.drop_candidate(&candidate.key).await;
                    return;
                }
            }
        }
        let chain = candidate.chain.into_iter().map(Octets).collect();
        gathered.evidence.push(Evidence::AndroidKey { chain });
        gathered.candidate = Some(candidate.key);
    }

    /// The provider's evidence. With a key that is lost it cannot assert, and attests another one.
    async fn provided_for(&self, request: EvidenceRequest, challenge: &Challenge, gathered: &mut Gathered) {
        let mut given = self.ask(request.clone(), challenge).await;
        if let (Ok(Err(EvidenceFailure::Lost { .. })), false) = (&given, request.anew) {
            tracing::warn!("the platform has lost what it gave evidence with; it begins anew");
            if let Some(kind) = self.provider.kind() {
                self.change(move |schedule| schedule.forget(kind)).await;
            }
            given = self.ask(EvidenceRequest { anew: true, ..request }, challenge).await;
        }
        let why = match given {
            Ok(Ok(evidence)) => {
                self.provided.gave();
                gathered.evidence.push(evidence);
                return;
            }
            Ok(Err(EvidenceFailure::Unsupported { why })) => {
                tracing::warn!(why, "token requests go without platform evidence on this device");
                self.provided.will_never();
                return;
            }
            Ok(Err(error)) => error.to_string(),
            Err(absent) => {
                gathered.keeps_challenge = matches!(absent, Absent::Late);
                absent.to_string()
            }
        };
        tracing::warn!(why, "the token request goes without platform evidence");
        self.provided.failed(self.clock.boot_millis());
    }

    async fn ask(
        &self,
        request: EvidenceRequest,
        challenge: &Challenge,
    ) -> Result<Result<Evidence, EvidenceFailure>, Absent> {
        let asked = self.asking.run(request.clone(), challenge, || {
            let provider = Arc::clone(&self.provider);
            self.runtime.spawn_blocking(move || provider.evidence(&request))
        });
        asked.await
    }

    async fn load(&self) -> Schedule {
        let (schedule, storage) = (Arc::clone(&self.schedule), Arc::clone(&self.storage));
        let loaded = self.runtime.spawn_blocking(move || {
            let mut held = lock(&schedule);
            held.refresh(&*storage);
            let mut schedule = held.schedule.clone();
            if let Some(server_time) = held.answered {
                schedule.answered(server_time);
            }
            schedule
        });
        loaded.await.unwrap_or_default()
    }

    /// Changes the schedule, and stores it if `change` says that it is another. On a disk that cannot be written it
    /// lives as long as the process: evidence is then sent once more than is needed.
    async fn change(&self, change: impl FnOnce(&mut Schedule) -> bool + Send + 'static) {
        let (schedule, storage) = (Arc::clone(&self.schedule), Arc::clone(&self.storage));
        let stored = self.runtime.spawn_blocking(move || {
            let mut held = lock(&schedule);
            // Without a lock the record cannot be written either, and the change is kept here.
            let locked = storage.lock(Record::Evidence);
            held.refresh(&*storage);
            if !change(&mut held.schedule) {
                return Ok(());
            }
            let written = locked.and_then(|_lock| store::write(&*storage, Record::Evidence, &held.schedule));
            held.unsaved = written.is_err();
            written
        });
        if let Ok(Err(failure)) = stored.await {
            self.health.stored(Err(failure));
        }
    }
}

impl Turn {
    pub(crate) fn dues(&self) -> Dues {
        self.dues
    }
}

impl Dues {
    fn each(self) -> impl Iterator<Item = Due> {
        self.key.into_iter().chain(self.provider)
    }

    /// Whether there is anything to send.
    fn any(self) -> bool {
        self.each().any(|due| due != Due::No)
    }

    /// Whether a request may go without: beside what counts, what has expired does not.
    fn count(self) -> bool {
        self.each().any(Due::counts)
    }

    /// Whether a new key is made: its request needs a challenge that is bound to no other.
    pub(crate) fn makes_key(self) -> bool {
        self.key.is_some_and(|due| due != Due::No)
    }
}

impl Held {
    /// A damaged record is none: everything is due once more.
    fn refresh(&mut self, storage: &dyn Storage) {
        if self.unsaved {
            return;
        }
        match store::read(storage, Record::Evidence) {
            Ok(Content::Intact(schedule)) => self.schedule = schedule,
            Ok(Content::Absent | Content::Damaged) => self.schedule = Schedule::default(),
            Err(failure) => tracing::warn!(%failure, "when evidence was sent is taken from memory"),
        }
    }
}

/// Why there is no key yet: nobody asks for an unattested one beside it.
pub(crate) fn being_made() -> Failure {
    Failure::new(Status::KeyUnavailable).with("reason", "it is being made")
}

fn lock(schedule: &Mutex<Held>) -> MutexGuard<'_, Held> {
    schedule.lock().unwrap_or_else(PoisonError::into_inner)
}
