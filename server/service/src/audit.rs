//! The audit log: one row for every change, in the change's own transaction.

use serde_json::Value;

use crate::reply::Refusal;
use crate::state::State;
use crate::store::Change;
use crate::store::logs::{self, AuditRow};

/// Records who did what to what, and what it was before and after. A change that cannot be recorded does not happen.
pub(crate) async fn record(
    state: &State,
    transaction: &mut Change,
    actor: &str,
    action: &str,
    subject: &str,
    before: &Value,
    after: &Value,
) -> Result<(), Refusal> {
    let text = |value: &Value| (!value.is_null()).then(|| value.to_string());
    let row = AuditRow {
        id: state.next_id(),
        time: state.now(),
        actor: actor.to_owned(),
        action: action.to_owned(),
        subject: subject.to_owned(),
        before: text(before),
        after: text(after),
    };
    tracing::info!(actor, action, subject, "changed");
    Ok(logs::insert_audit(transaction, &state.account, &row).await?)
}
