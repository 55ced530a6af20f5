//! The policy on findings: shown, tried on what was appraised, set, and what it was before.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use bonafide_protocol::finding::Finding;
use bonafide_protocol::status::Status;
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::{Caller, Scope};
use super::views::{Limit, escape, explained};
use crate::audit;
use crate::body::Text;
use crate::openapi::Refusals;
use crate::policy::{
    Appraised, Document, MAX_BYTES, PLATFORMS, Rules, Trial, Verdict, default_action, to_json, try_on, why_excused,
    why_fixed,
};
use crate::query::Query;
use crate::reply::Refusal;
use crate::state::State;
use crate::store::finding_policies::{self, PolicyRow};
use crate::store::{Connection, accounts, logs};

/// On how many appraisals of each kind a policy is tried before it is set.
const TRIED: u64 = 1000;

/// The most that it is tried on.
const MOST_TRIED: u64 = 10_000;

/// The policy in force: what follows from each finding, and what each audience allows.
#[utoipa::path(
    get,
    path = "/admin/v1/policy",
    tag = "operator",
    responses(
        (status = 200, description = "The policy in force", body = serde_json::Value),
        Refusals,
    ),
    security(("operator" = [])),
)]
pub(crate) async fn live(caller: Caller, Shared(state): Shared<Arc<State>>) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Read)?;
    // One state of the database, although it is asked twice.
    let mut view = state.store.view().await?;
    let row = finding_policies::newest(&mut view, &state.account).await?;
    let (version, rules) = finding_policies::in_force(&mut view, &state.account).await?;
    drop(view);
    let policy = stored(row.as_ref());
    let findings: Vec<Value> = Finding::ALL.iter().map(|finding| describe(*finding, &rules)).collect();
    let named = policy.get("findings").and_then(Value::as_object);
    let unknown: Vec<&String> =
        named.into_iter().flatten().map(|(code, _)| code).filter(|code| Finding::from_code(code).is_none()).collect();
    Ok(Json(json!({
        "version": version,
        "set_at": row.as_ref().map(|row| row.set_at),
        "set_by": row.as_ref().map(|row| &row.set_by),
        "policy": policy,
        "findings": findings,
        "unknown": unknown,
        "evidence": rules.evidence.view(),
        "audiences": audiences(&state),
    })))
}

/// Every version of the policy on findings, the newest first.
#[utoipa::path(
    get,
    path = "/admin/v1/policies",
    tag = "operator",
    params(
        ("limit" = Option<u64>, Query, description = "How many rows; 100, at most 1000"),
    ),
    responses(
        (status = 200, description = "Every version of the policy on findings, the newest first", body = serde_json::Value),
        Refusals,
    ),
    security(("operator" = [])),
)]
pub(crate) async fn history(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    Query(limit): Query<Limit>,
) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Read)?;
    let mut connection = state.store.read().await?;
    let rows = finding_policies::list(&mut connection, &state.account, limit.rows()).await?;
    let list: Vec<Value> = rows
        .iter()
        .map(|row| {
            let policy = stored(Some(row));
            json!({ "version": row.version, "set_at": row.set_at, "set_by": row.set_by, "policy": policy })
        })
        .collect();
    Ok(Json(Value::Array(list)))
}

/// The query of [`try_out`].
#[derive(Deserialize)]
pub(crate) struct Sample {
    last: Option<u64>,
}

/// What the last appraisals would have become under this policy.
#[utoipa::path(
    post,
    path = "/admin/v1/policy/try",
    tag = "operator",
    params(
        ("last" = Option<u64>, Query, description = "How many of those that passed, and as many of those that failed; 1000, at most 10000"),
    ),
    request_body = serde_json::Value,
    responses(
        (status = 200, description = "What would change", body = serde_json::Value),
        Refusals,
    ),
    security(("operator" = [])),
)]
pub(crate) async fn try_out(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    Query(sample): Query<Sample>,
    Text(text): Text<MAX_BYTES>,
) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Read)?;
    let document = read(&text, state.now())?;
    let last = sample.last.unwrap_or(TRIED).clamp(1, MOST_TRIED);
    let mut connection = state.store.read().await?;
    let (version, rules) = finding_policies::in_force(&mut connection, &state.account).await?;
    let trial = tried(&mut connection, &state.account, last, &rules, &document.rules).await?;
    drop(connection);
    let change = differences(&rules, &document.rules);
    Ok(Json(json!({ "version": version, "last": last, "change": change,
        "evidence": evidence(&rules, &document.rules), "tried": shown(&trial) })))
}

/// The query of [`set`].
#[derive(Deserialize)]
pub(crate) struct Care {
    #[serde(default)]
    force: bool,
    #[serde(default)]
    dry_run: bool,
    /// The version that the caller has looked at.
    base: Option<u64>,
}

/// Sets the policy on findings as a whole: what it does not name has its default.
#[utoipa::path(
    put,
    path = "/admin/v1/policy",
    tag = "operator",
    params(
        ("force" = Option<bool>, Query, description = "Go on although installations that pass would fail"),
        ("dry_run" = Option<bool>, Query, description = "Check, and change nothing"),
        ("base" = Option<u64>, Query, description = "Refuse unless this version is the one in force"),
    ),
    request_body = serde_json::Value,
    responses(
        (status = 200, description = "The new version, what it replaces, and what would change", body = serde_json::Value),
        Refusals,
    ),
    security(("operator" = [])),
)]
pub(crate) async fn set(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    Query(care): Query<Care>,
    Text(text): Text<MAX_BYTES>,
) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Policy)?;
    let document = read(&text, state.now())?;
    // Tried before the write lock is taken: no token waits for it.
    let mut connection = state.store.read().await?;
    let (held, rules) = finding_policies::in_force(&mut connection, &state.account).await?;
    let trial = tried(&mut connection, &state.account, TRIED, &rules, &document.rules).await?;
    drop(connection);
    unchanged(care.base.unwrap_or(held), held)?;
    let lost = trial.installations.pass_to_fail;
    if lost > 0 && !care.force {
        return Err(Refusal::with(
            Status::Conflict,
            format!("{lost} installations that pass would fail, going by the last {TRIED} appraisals that passed."),
        ));
    }

    let version = held.saturating_add(1);
    let after = to_json(&document.rules);
    if !care.dry_run {
        let mut change = state.store.change().await?;
        let before = finding_policies::newest(&mut change, &state.account).await?;
        unchanged(held, before.as_ref().map_or(0, |row| row.version))?;
        let row = PolicyRow { version, policy: after.to_string(), set_at: state.now(), set_by: caller.name.clone() };
        finding_policies::insert(&mut change, &state.account, &row).await?;
        let (subject, before) = (version.to_string(), stored(before.as_ref()));
        let after = json!({ "policy": after, "forced": care.force });
        audit::record(&state, &mut change, &caller.name, "policy.set", &subject, &before, &after).await?;
        accounts::bump_revision(&mut change, &state.account).await?;
        change.commit().await?;
        state.reload().await?;
    }
    Ok(Json(json!({
        "version": version,
        "replaces": held,
        "dry_run": care.dry_run,
        "change": differences(&rules, &document.rules),
        "evidence": evidence(&rules, &document.rules),
        "tried": shown(&trial),
    })))
}

fn read(text: &str, now: u64) -> Result<Document, Refusal> {
    let document =
        Document::read(text.as_bytes()).map_err(|error| Refusal::mistake(format!("The policy: {error}.")))?;
    // Of the future, evidence would be due with each request until then: milliseconds, for instance.
    if document.rules.evidence.since > now || document.rules.evidence.not_before > now {
        return Err(Refusal::mistake(format!(
            "The policy: `since` and `not_before` are Unix seconds, and not of the future; it is {now}."
        )));
    }
    Ok(document)
}

/// Refuses a change that was made up from a policy which somebody else has replaced since.
fn unchanged(base: u64, now: u64) -> Result<(), Refusal> {
    if base == now {
        return Ok(());
    }
    Err(Refusal::with(
        Status::Conflict,
        format!("The policy was version {base} when it was looked at, and is version {now} now; look again."),
    ))
}

async fn tried(
    connection: &mut Connection,
    account: &str,
    last: u64,
    now: &Rules,
    then: &Rules,
) -> Result<Trial, Refusal> {
    let rows = logs::appraisals_of_each_kind(connection, account, last).await?;
    let appraisals = rows.iter().map(|row| Appraised {
        installation: &row.installation,
        platform: &row.platform,
        app: &row.app,
        app_version: &row.app_version,
        findings: &row.findings,
        forced: Verdict::from_name(&row.forced),
        development: !row.development_key.is_empty(),
    });
    Ok(try_on(appraisals, now, then))
}

/// Apps and versions are what devices called themselves.
fn shown(trial: &Trial) -> Value {
    let mut value = json!(trial);
    escape(&mut value);
    value
}

/// What the database holds; what a later version of the service wrote too.
fn stored(row: Option<&PolicyRow>) -> Value {
    row.and_then(|row| serde_json::from_str(&row.policy).ok()).unwrap_or_else(|| to_json(&Rules::default()))
}

fn describe(finding: Finding, rules: &Rules) -> Value {
    let general = rules.effect(finding, None);
    let platforms: BTreeMap<&str, Value> = PLATFORMS
        .into_iter()
        .map(|platform| (platform.name(), rules.effect(finding, Some(platform))))
        .filter(|(_, effect)| *effect != general)
        .map(|(name, effect)| (name, json!(effect)))
        .collect();
    json!({
        "code": finding.code(),
        "explanation": explained(finding.code()),
        "default": default_action(finding),
        "always_rejects": why_fixed(finding),
        "excused_in_development": why_excused(finding),
        "action": general.action,
        "open": general.open,
        "platforms": platforms,
    })
}

/// Each finding whose effect changes, on all platforms (`platform` null) or on one that differs from them.
fn differences(before: &Rules, after: &Rules) -> Vec<Value> {
    let mut all = Vec::new();
    for finding in Finding::ALL {
        let pair = |platform| (before.effect(*finding, platform), after.effect(*finding, platform));
        let general = pair(None);
        let places = PLATFORMS.into_iter().map(Some).filter(|platform| pair(*platform) != general);
        for platform in std::iter::once(None).chain(places) {
            let (before, after) = pair(platform);
            if before != after {
                let platform = platform.map(bonafide_protocol::measurement::Platform::name);
                all.push(json!({ "finding": finding.code(), "platform": platform, "before": before, "after": after }));
            }
        }
    }
    all
}

/// What is demanded of evidence, before and after; null where that does not change.
fn evidence(before: &Rules, after: &Rules) -> Value {
    match before.evidence == after.evidence {
        true => Value::Null,
        false => json!({ "before": before.evidence.view(), "after": after.evidence.view() }),
    }
}

/// What each audience allows by itself: `PUT /admin/v1/hosts/{pattern}` sets it.
fn audiences(state: &State) -> Vec<Value> {
    let snapshot = state.snapshot();
    let config = snapshot.config();
    let mut hosts: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for entry in config.hosts.iter().filter(|entry| entry.send_token) {
        hosts.entry(config.audience(entry)).or_default().push(entry.host.to_string());
    }
    hosts
        .into_iter()
        .map(|(audience, hosts)| {
            let policy = snapshot.policy(audience);
            json!({
                "audience": audience,
                "hosts": hosts,
                "platforms": policy.platforms,
                "least_key_level": policy.least_key_level,
                "default": !snapshot.has_policy(audience),
            })
        })
        .collect()
}
