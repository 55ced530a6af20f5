//! Registered builds.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use bonafide_protocol::encoding::to_hex;
use bonafide_protocol::measurement::Platform;
use bonafide_protocol::status::Status;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::BODY;
use super::auth::{Caller, Scope};
use crate::appraise::{Digest, Registration};
use crate::audit;
use crate::body;
use crate::package::{Entry, Package, Signer, is_sha256, lower};
use crate::query::{Path, Query};
use crate::reply::{Refusal, must};
use crate::state::State;
use crate::store::apps::AppRow;
use crate::store::{accounts, apps, installations};

/// A build that the operator vouches for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Build)]
pub(crate) struct Build {
    /// `android`, `ios`, `jvm`, `linux`.
    #[schema(value_type = String)]
    platform: Platform,
    /// Package name or bundle id.
    id: String,
    /// The version that people read.
    version: String,
    /// The version that machines compare; left out: any.
    #[serde(default)]
    build: String,
    /// On desktops the files that make up the app: a device has to have just these. On Android the content digests of
    /// packages that are installed as they were made (SHA-256 over pieces of 1 MiB, as signature schemes have it); left
    /// out where a store signs anew and splits.
    #[serde(default)]
    artifacts: Vec<Digest>,
    /// The core's own code; left out: whatever its file has.
    #[serde(default)]
    code: Vec<Digest>,
    /// `apk`, `apk-set`, `aab`, `ipa`; left out: other files.
    #[serde(default)]
    format: String,
    /// The signing team, on iOS.
    #[serde(default)]
    team: String,
    /// The certificates that sign the app, on Android.
    #[serde(default)]
    signers: Vec<Signer>,
    /// The code in the package, entry by entry and architecture by architecture.
    #[serde(default)]
    entries: Vec<Entry>,
}

/// Every build, retired ones too.
#[utoipa::path(
    get,
    path = "/admin/v1/apps",
    tag = "operator",
    responses(
        (status = 200, description = "Every build, retired ones too", body = serde_json::Value),
        (status = "4XX", description = "A refusal, with its code", body = crate::openapi::Refused),
        (status = "5XX", description = "The service cannot serve now", body = crate::openapi::Refused),
    ),
    security(("operator" = [])),
)]
pub(crate) async fn list(caller: Caller, Shared(state): Shared<Arc<State>>) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Read)?;
    let mut connection = state.store.read().await?;
    let rows = apps::all(&mut connection, &state.account).await?;
    let list: Vec<Value> = rows
        .iter()
        .map(|row| {
            let mut build = describe(&row.registration);
            if let Some(members) = build.as_object_mut() {
                members.insert("registered_at".to_owned(), json!(row.registered_at));
                members.insert("retired_at".to_owned(), json!(row.retired_at));
            }
            build
        })
        .collect();
    Ok(Json(Value::Array(list)))
}

/// Registers a build.
#[utoipa::path(
    post,
    path = "/admin/v1/apps",
    tag = "operator",
    request_body = Build,
    responses(
        (status = 200, description = "The id of the build", body = serde_json::Value),
        (status = "4XX", description = "A refusal, with its code", body = crate::openapi::Refused),
        (status = "5XX", description = "The service cannot serve now", body = crate::openapi::Refused),
    ),
    security(("operator" = [])),
)]
pub(crate) async fn register(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    body::Json(build): body::Json<Build, BODY>,
) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Register)?;
    check(&build)?;
    let mut random = [0; 9];
    must(SystemRandom::new().fill(&mut random).ok(), "no randomness")?;
    let package =
        Package { format: build.format, team: build.team, signers: build.signers, entries: build.entries }.lower();
    if let Some(fault) = package.fault() {
        return Err(Refusal::with(Status::MalformedRequest, fault.to_owned()));
    }
    let registration = Registration {
        // No id begins with a hyphen, which command lines take for an option.
        app_id: to_hex(&random),
        platform: build.platform.name().to_owned(),
        id: build.id,
        version: build.version,
        build: build.build,
        artifacts: lower(build.artifacts),
        code: lower(build.code),
        package,
        retired: false,
    };
    let mut change = state.store.change().await?;
    let same = |held: &Registration| {
        Registration { app_id: String::new(), retired: false, ..held.clone() }
            == Registration { app_id: String::new(), ..registration.clone() }
    };
    let held = apps::all(&mut change, &state.account).await?;
    if let Some(held) = held.iter().find(|row| !row.registration.retired && same(&row.registration)) {
        // Again is as good as once: a build server may repeat itself.
        return Ok(Json(json!({ "app_id": held.registration.app_id, "registered": false })));
    }
    apps::insert(&mut change, &state.account, &registration, state.now()).await?;
    let (subject, after) = (&registration.app_id, describe(&registration));
    audit::record(&state, &mut change, &caller.name, "app.register", subject, &Value::Null, &after).await?;
    accounts::bump_revision(&mut change, &state.account).await?;
    change.commit().await?;
    state.reload().await?;
    Ok(Json(json!({ "app_id": registration.app_id, "registered": true })))
}

/// The query of [`retire`].
#[derive(Deserialize)]
pub(crate) struct Care {
    #[serde(default)]
    force: bool,
    #[serde(default)]
    dry_run: bool,
}

/// Retires a build: it gets decoys from now on.
///
/// An installation's row names app and version, and not which of two builds of one version it is: all of them count.
#[utoipa::path(
    post,
    path = "/admin/v1/apps/{app_id}/retire",
    tag = "operator",
    params(
        ("app_id" = String, Path, description = "The build"),
        ("force" = Option<bool>, Query, description = "Go on although active installations are locked out"),
        ("dry_run" = Option<bool>, Query, description = "Check, and change nothing"),
    ),
    responses(
        (status = 200, description = "When it was retired, and how many active installations of its version there are", body = serde_json::Value),
        (status = "4XX", description = "A refusal, with its code", body = crate::openapi::Refused),
        (status = "5XX", description = "The service cannot serve now", body = crate::openapi::Refused),
    ),
    security(("operator" = [])),
)]
pub(crate) async fn retire(
    caller: Caller,
    Shared(state): Shared<Arc<State>>,
    Path(app_id): Path<String>,
    Query(care): Query<Care>,
) -> Result<Json<Value>, Refusal> {
    caller.needs(Scope::Register)?;
    let mut change = state.store.change().await?;
    let now = state.now();
    let held = apps::all(&mut change, &state.account).await?;
    let build = held.iter().find(|row| row.registration.app_id == app_id && row.retired_at.is_none());
    let Some(AppRow { registration, .. }) = build else {
        return Err(Refusal::with(Status::NotFound, "No build of that id is registered and not yet retired."));
    };
    let Registration { platform, id, version, .. } = registration;
    let active = installations::count_of(&mut change, &state.account, platform, id, version).await?;
    if active > 0 && !care.force {
        return Err(Refusal::with(
            Status::Conflict,
            format!("{active} active installations run version {version} of {id}, and the API would refuse them."),
        ));
    }
    if care.dry_run {
        return Ok(Json(json!({ "app_id": app_id, "retired_at": null, "active_installations": active })));
    }
    apps::retire(&mut change, &state.account, &app_id, now).await?;
    let after = json!({ "retired_at": now, "active_installations": active, "forced": care.force });
    audit::record(&state, &mut change, &caller.name, "app.retire", &app_id, &Value::Null, &after).await?;
    accounts::bump_revision(&mut change, &state.account).await?;
    change.commit().await?;
    state.reload().await?;
    Ok(Json(json!({ "app_id": app_id, "retired_at": now, "active_installations": active })))
}

fn describe(build: &Registration) -> Value {
    let package = &build.package;
    json!({
        "app_id": build.app_id,
        "platform": build.platform,
        "id": build.id,
        "version": build.version,
        "build": build.build,
        "artifacts": build.artifacts,
        "code": build.code,
        "format": package.format,
        "team": package.team,
        "signers": package.signers,
        "entries": package.entries,
    })
}

/// What no device of the platform could ever be compared with.
fn unlike_its_platform(build: &Build) -> Option<&'static str> {
    let kinds = |wanted: &[&str]| build.entries.iter().any(|one| wanted.contains(&one.kind.as_str()));
    match build.platform {
        Platform::Android if !kinds(&["dex", "native"]) => Some("An Android build has entries of kind dex or native."),
        Platform::Android if build.signers.is_empty() => Some("An Android build has at least one signer."),
        Platform::Ios if !build.entries.iter().any(|one| one.kind == "text" && one.module == "app") => {
            Some("An iOS build has an entry of kind text in the module app.")
        }
        Platform::Ios if !build.artifacts.is_empty() => Some("No file of an iOS build is installed as it was made."),
        Platform::Android | Platform::Ios => None,
        _ if build.artifacts.is_empty() => Some("A build has at least one artifact."),
        _ if !build.entries.is_empty() || !build.signers.is_empty() => Some("Entries and signers are for phones."),
        _ => None,
    }
}

fn check(build: &Build) -> Result<(), Refusal> {
    let wrong = |what: &str| Err(Refusal::with(Status::MalformedRequest, what.to_owned()));
    if let Some(fault) = unlike_its_platform(build) {
        return wrong(fault);
    }
    if !build.artifacts.iter().chain(&build.code).all(|one| is_sha256(&one.sha256)) {
        return wrong("`sha256` has 64 hexadecimal digits.");
    }
    if [&build.id, &build.version].iter().any(|name| name.is_empty()) {
        return wrong("`id` and `version` are not empty.");
    }
    if [&build.id, &build.version, &build.build].iter().any(|name| name.len() > 200) {
        return wrong("`id`, `version` and `build` have at most 200 bytes each.");
    }
    Ok(())
}
