//! Publishing: every change of the config is one signed document with a number that no other has.

use bonafide_protocol::FORMAT;
use bonafide_protocol::config::{Config, MAX_VERSION};
use bonafide_protocol::message::Documents;
use bonafide_protocol::status::Status;
use bonafide_protocol::trust::{ConfigFile, DocumentError, Trusted};
use serde_json::Value;

use crate::appraise::Policy;
use crate::audit;
use crate::reply::Refusal;
use crate::state::{Snapshot, State};
use crate::store::documents::{self, ConfigRow};
use crate::store::{Change, StoreError, accounts, policies};

/// The documents that a device at (epoch, version) lacks.
pub(crate) fn lacking(snapshot: &Snapshot, epoch: u64, version: u64) -> Documents {
    let newer = snapshot.position() > (epoch, version);
    Documents {
        roots: snapshot.roots.iter().filter(|(at, _)| *at > epoch).map(|(_, jws)| jws.clone()).collect(),
        config: newer.then(|| snapshot.live.clone()),
    }
}

/// What an edit of the config leaves for the audit log.
pub(crate) struct Edit {
    pub(crate) action: &'static str,
    pub(crate) subject: String,
    pub(crate) before: Value,
    pub(crate) after: Value,
    /// A policy that changes with it.
    pub(crate) policy: Option<(String, Policy)>,
}

/// What a publication led to.
pub(crate) struct Published {
    pub(crate) version: u64,
    pub(crate) edit: Edit,
}

/// Publishes the live config after `change` has edited it, or, with `dry_run`, only says what would be.
///
/// All of it is one transaction that holds the write lock: two publishers follow each other, they cannot fork.
pub(crate) async fn publish(
    state: &State,
    actor: &str,
    dry_run: bool,
    change: impl FnOnce(&mut Config) -> Result<Edit, Refusal>,
) -> Result<Published, Refusal> {
    let snapshot = state.snapshot();
    let mut transaction = state.store.change().await?;
    let trusted = current(&mut transaction, &state.account).await?;
    let mut config = trusted.config().clone();
    let edit = change(&mut config)?;
    let now = state.now();
    config.version = next_version(Some(config.version), now)?;
    config.issued_at = now;
    config.check().map_err(|error| unusable(&error))?;
    let root = trusted.roots().last().map(|root| root.config_keys.clone());
    let key = root
        .as_ref()
        .and_then(|keys| snapshot.keyring.config_key(keys))
        .ok_or_else(|| Refusal::with(Status::Conflict, "The root was replaced a moment ago; do it again."))?;
    let jws = config.sign(key);
    if !dry_run {
        insert(&mut transaction, &state.account, &config, jws).await?;
        if let Some((audience, policy)) = &edit.policy {
            policies::replace(&mut transaction, &state.account, audience, policy).await?;
        }
        audit::record(state, &mut transaction, actor, edit.action, &edit.subject, &edit.before, &edit.after).await?;
        accounts::bump_revision(&mut transaction, &state.account).await?;
        transaction.commit().await?;
        state.reload().await?;
    }
    Ok(Published { version: config.version, edit })
}

/// `max(previous + 1, unix seconds)`; a new epoch has no previous one.
pub(crate) fn next_version(previous: Option<u64>, now: u64) -> Result<u64, Refusal> {
    let next = previous.map_or(now, |previous| previous.saturating_add(1).max(now));
    if next > MAX_VERSION {
        return Err(Refusal::with(
            Status::Conflict,
            "The versions of this epoch are used up, which only a thief of the config key does: publish a new root \
             with `bonafide root rotate`.",
        ));
    }
    Ok(next)
}

/// What stands in the database now, verified from the first root on.
pub(crate) async fn current(transaction: &mut Change, account: &str) -> Result<Trusted, Refusal> {
    let roots = documents::roots(transaction, account).await?;
    let live = documents::live(transaction, account).await?.ok_or(StoreError::Content { what: "no config" })?;
    let file = ConfigFile { roots: roots.into_iter().map(|(_, jws)| jws).collect(), config: live.jws };
    Ok(Trusted::from_initial(&file.to_bytes()).map_err(crate::error::ServiceError::from)?)
}

/// Stores a signed config.
pub(crate) async fn insert(
    transaction: &mut Change,
    account: &str,
    config: &Config,
    jws: String,
) -> Result<(), Refusal> {
    let row =
        ConfigRow { epoch: config.epoch, version: config.version, jws, issued_at: config.issued_at, exported_at: None };
    Ok(documents::insert_config(transaction, account, &row).await?)
}

/// What no device could use is not published.
pub(crate) fn unusable(error: &DocumentError) -> Refusal {
    Refusal::with(Status::MalformedRequest, format!("No device could use this config: {error}."))
}

/// The first config of an account: no hosts.
pub(crate) fn first(
    account: &str,
    service: bonafide_protocol::config::Service,
    header: Option<&str>,
    now: u64,
) -> Config {
    let mut token = bonafide_protocol::config::Token::default();
    if let Some(header) = header {
        header.clone_into(&mut token.header);
    }
    Config {
        format: FORMAT,
        crit: Vec::new(),
        account: account.to_owned(),
        epoch: 1,
        version: now,
        issued_at: now,
        service,
        token,
        hosts: Vec::new(),
        refresh_seconds: 3600,
        stale_after_seconds: None,
    }
}
