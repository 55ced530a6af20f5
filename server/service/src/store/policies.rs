//! Policies, one for each audience that the operator set one for.

use super::{Connection, StoreError};
use crate::appraise::Policy;

/// Every policy with its audience.
pub(crate) async fn all(connection: &mut Connection, account: &str) -> Result<Vec<(String, Policy)>, StoreError> {
    let rows: Vec<(String, String, String)> =
        sqlx::query_as("SELECT audience, platforms, least_key_level FROM policies WHERE account = $1")
            .bind(account)
            .fetch_all(connection)
            .await?;
    rows.into_iter()
        .map(|(audience, platforms, level)| {
            let unreadable = || StoreError::Content { what: "a policy" };
            let platforms = serde_json::from_str(&platforms).map_err(|_| unreadable())?;
            let least_key_level = serde_json::from_value(serde_json::Value::String(level)).map_err(|_| unreadable())?;
            Ok((audience, Policy { platforms, least_key_level }))
        })
        .collect()
}

pub(crate) async fn replace(
    connection: &mut Connection,
    account: &str,
    audience: &str,
    policy: &Policy,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO policies (account, audience, platforms, least_key_level) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (account, audience) DO UPDATE SET \
         platforms = excluded.platforms, least_key_level = excluded.least_key_level",
    )
    .bind(account)
    .bind(audience)
    .bind(serde_json::to_string(&policy.platforms).unwrap_or_default())
    .bind(policy.least_key_level.name())
    .execute(connection)
    .await?;
    Ok(())
}
