//! What `add` and `pin` share: say what a change would do, ask, publish.

use bonafide_protocol::config::{Config, HostEntry};
use bonafide_protocol::host::HostPattern;
use bonafide_protocol::pin::Pin;
use serde_json::{Value, json};

use crate::context::Context;
use crate::exit::{Exit, Failure, Outcome};
use crate::operator::Operator;
use crate::out::table::{cell, table};
use crate::tls::target::Target;

/// How carefully a change is made.
#[derive(Clone, Copy, clap::Args)]
pub(crate) struct Care {
    /// Answers the question.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Publishes even what locks devices out; a new host even if the service sees another certificate.
    #[arg(long)]
    pub(crate) force: bool,
}

/// The config that is live.
pub(crate) async fn live(operator: &Operator) -> Outcome<Config> {
    let answer = operator.get(&["config"], &[]).await?;
    let content = answer.get("content").cloned().unwrap_or_default();
    serde_json::from_value(content)
        .map_err(|error| Failure::refused(format!("the service's config cannot be read: {error}")))
}

/// The entry with this very pattern.
pub(crate) fn entry<'a>(config: &'a Config, pattern: &HostPattern) -> Option<&'a HostEntry> {
    config.hosts.iter().find(|entry| entry.host == *pattern)
}

/// A change of one host's entry.
pub(crate) struct Change {
    pub(crate) pattern: HostPattern,
    /// The entry as the operator's API takes it.
    pub(crate) body: Value,
    pub(crate) pins: Vec<Pin>,
    /// What the host serves now, where it was looked at.
    pub(crate) chains: Option<Vec<Vec<Pin>>>,
    pub(crate) enforced: bool,
    /// The version that it was made up from: nobody else's change since then is overwritten.
    pub(crate) base: u64,
}

impl Change {
    /// Says what it would do, refuses a lock-out without `force`, asks, publishes. Returns the service's answer.
    pub(crate) async fn publish(mut self, context: &Context, operator: &Operator, care: Care) -> Outcome<Value> {
        let refused: Vec<&Vec<Pin>> = self
            .chains
            .iter()
            .flatten()
            .filter(|chain| self.enforced && !chain.iter().any(|pin| self.pins.contains(pin)))
            .collect();
        if !refused.is_empty() && !care.force {
            return Err(Failure::new(
                Exit::LockOut,
                format!(
                    "{} of the chains that {} serves now match none of these pins: apps would be locked out",
                    refused.len(),
                    self.pattern
                ),
            )
            .next(format!("keep a pin that is served (`bonafide api check {}`), or add --force", self.pattern))
            .facts(json!({"chains": refused})));
        }
        let text = self.pattern.to_string();
        let flag = |on: bool| if on { "true" } else { "false" };
        if let (Some(members), Some(chains)) = (self.body.as_object_mut(), &self.chains) {
            members.insert("chains".into(), json!(chains));
        }
        // The service looks first: what it would refuse is refused before anybody is asked.
        let base = self.base.to_string();
        let query = [("force", flag(care.force)), ("base", &base), ("dry_run", "true")];
        operator.put(&["hosts", &text], &query, &self.body).await.map_err(|failure| forceable(failure, &text))?;
        context.out.confirm(&format!("Publish this for {text}?"), care.yes)?;
        let _spinner = context.out.spin("publishing");
        operator
            .put(&["hosts", &text], &[("force", flag(care.force)), ("base", &base)], &self.body)
            .await
            .map_err(|failure| forceable(failure, &text))
    }
}

/// A lock-out names the way out.
pub(crate) fn forceable(failure: Failure, host: &str) -> Failure {
    if failure.exit == Exit::LockOut {
        failure.next(format!("look at `bonafide api check {host}`; --force does it anyway"))
    } else {
        failure
    }
}

/// Which configs that devices hold would refuse what is served now.
pub(crate) async fn impact(operator: &Operator, target: &Target, chains: &[Vec<Pin>]) -> Outcome<Value> {
    let question = json!({"host": target.host.to_string(), "port": target.port, "chains": chains});
    operator.post(&["impact"], &[], &question).await
}

/// The impact for people; `None` when nobody is concerned.
pub(crate) fn describe_impact(impact: &Value) -> Option<String> {
    let refusing = impact.get("refusing").and_then(Value::as_array).filter(|list| !list.is_empty())?;
    let rows = refusing.iter().map(|row| {
        let epoch_version = format!("{}/{}", cell(row.get("epoch")), cell(row.get("version")));
        let live = if row.get("live").and_then(Value::as_bool) == Some(true) { "live" } else { "" };
        let exported = if row.get("exported_at").is_some_and(|time| !time.is_null()) { "exported" } else { "" };
        vec![epoch_version, live.into(), exported.into(), cell(row.get("active_installations"))]
    });
    Some(table(&["config", "live", "exported", "active installations"], rows))
}
