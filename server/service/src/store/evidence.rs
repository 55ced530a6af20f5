//! What platforms attested of install keys, which key follows which, and the operator's lists.

use bonafide_protocol::evidence::EvidenceKind;
use sqlx::Connection as _;

use super::{Connection, StoreError, int, uint};
use crate::appraise::KeyLevel;
use crate::evidence::{AppKey, Attested, Facts};

/// What is known of an install key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KnownKey {
    /// What its platform attested, by kind.
    pub(crate) attested: Vec<Attested>,
    /// Where it stands among the keys of its installation; `None`: it is the only one.
    pub(crate) place: Option<Place>,
}

/// A key's place among the keys of its installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) installation: String,
    /// The key that it follows, as long as this one was not seen again.
    pub(crate) predecessor: Option<String>,
    /// Another key has taken its place.
    pub(crate) ended: bool,
}

/// What one request changes of all this. Written with its outcome, or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyChange {
    pub(crate) thumbprint: String,
    pub(crate) now: u64,
    pub(crate) proven: Vec<Proven>,
    pub(crate) succession: Option<Succession>,
}

/// What a piece of evidence leaves behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Proven {
    /// It stands for itself: it replaces what was known.
    Anew(Attested),
    /// An assertion of a key that is known: only if its counter is higher than the one that is held now.
    Advance(Attested),
}

/// How the order of an installation's keys changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Succession {
    /// The key takes over this installation from `old`, which ends when the key is seen again. `place` is the place that
    /// `old` had when that was decided.
    Begin { old: String, installation: String, place: Option<Place> },
    /// The key is seen again: `old` ends.
    Confirm { old: String, installation: String },
}

/// So many ended keys of an installation are remembered, and the first one, which gave it its id. Others have nothing
/// left that would let them pass, and no claim to the id.
const ENDED_KEYS: i64 = 8;

type Columns = (String, String, i64, String, String, String, i64);

/// What is known of the key with this thumbprint.
pub(crate) async fn known(
    connection: &mut Connection,
    account: &str,
    thumbprint: &str,
) -> Result<KnownKey, StoreError> {
    let rows: Vec<Columns> = sqlx::query_as(
        "SELECT kind, level, proven_at, facts, app_key, app_key_id, counter FROM attested_keys \
         WHERE account = $1 AND thumbprint = $2 ORDER BY kind",
    )
    .bind(account)
    .bind(thumbprint)
    .fetch_all(&mut *connection)
    .await?;
    let place: Option<(String, Option<String>, Option<i64>)> = sqlx::query_as(
        "SELECT installation, predecessor, ended_at FROM install_keys WHERE account = $1 AND thumbprint = $2",
    )
    .bind(account)
    .bind(thumbprint)
    .fetch_optional(connection)
    .await?;
    Ok(KnownKey {
        attested: rows.into_iter().filter_map(attested).collect(),
        place: place.map(|(installation, predecessor, ended_at)| Place {
            installation,
            predecessor,
            ended: ended_at.is_some(),
        }),
    })
}

/// What cannot be read, since a later version wrote it, counts as not attested.
fn attested((kind, level, proven_at, facts, point, id, counter): Columns) -> Option<Attested> {
    let app_key = match point.is_empty() {
        true => None,
        false => Some(AppKey { point, id, counter: u32::try_from(counter).ok()? }),
    };
    Some(Attested {
        kind: EvidenceKind::from_name(&kind)?,
        level: KeyLevel::from_name(&level)?,
        proven_at: uint(proven_at),
        facts: serde_json::from_str::<Facts>(&facts).ok()?,
        app_key,
    })
}

/// Writes what a request changed. `false`, and nothing written, if another request was faster: it counted further, or
/// gave the installation to another key.
pub(crate) async fn write(connection: &mut Connection, account: &str, change: &KeyChange) -> Result<bool, StoreError> {
    // A savepoint: other requests' changes are in the same transaction, and half of this one's would be a state that
    // nobody has judged.
    let mut attempt = connection.begin().await?;
    let written = apply(&mut attempt, account, change).await?;
    if written {
        attempt.commit().await?
    } else {
        attempt.rollback().await?
    }
    Ok(written)
}

async fn apply(connection: &mut Connection, account: &str, change: &KeyChange) -> Result<bool, StoreError> {
    let key = &change.thumbprint;
    let now = change.now;
    // Whatever may be lost comes first. No request has both a succession and an assertion: a new key has none to follow.
    for proven in &change.proven {
        if let Proven::Advance(attested) = proven
            && !advance(connection, account, key, attested).await?
        {
            return Ok(false);
        }
    }
    match &change.succession {
        None => {}
        Some(Succession::Begin { old, installation, place }) => {
            let held = hold(connection, account, old, (installation, place.as_ref()), now).await?;
            if !held || !begin(connection, account, (old, key), installation, now).await? {
                return Ok(false);
            }
            // It has been seen again, by its word.
            if let Some(before) = place.as_ref().and_then(|place| place.predecessor.as_ref()) {
                end(connection, account, before, installation, now).await?;
            }
        }
        Some(Succession::Confirm { old, installation }) => {
            if !confirm(connection, account, (old, key), now).await? {
                return Ok(false);
            }
            end(connection, account, old, installation, now).await?;
        }
    }
    for proven in &change.proven {
        if let Proven::Anew(attested) = proven {
            replace(connection, account, key, attested).await?;
        }
    }
    Ok(true)
}

async fn replace(
    connection: &mut Connection,
    account: &str,
    thumbprint: &str,
    attested: &Attested,
) -> Result<(), StoreError> {
    let app_key = attested.app_key.as_ref();
    sqlx::query(
        "INSERT INTO attested_keys \
         (account, thumbprint, kind, level, proven_at, facts, app_key, app_key_id, counter) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (account, thumbprint, kind) DO UPDATE SET \
         level = excluded.level, proven_at = excluded.proven_at, facts = excluded.facts, app_key = excluded.app_key, \
         app_key_id = excluded.app_key_id, counter = excluded.counter",
    )
    .bind(account)
    .bind(thumbprint)
    .bind(attested.kind.name())
    .bind(attested.level.name())
    .bind(int(attested.proven_at))
    .bind(attested.facts.to_json())
    .bind(app_key.map_or("", |key| &key.point))
    .bind(app_key.map_or("", |key| &key.id))
    .bind(app_key.map_or(0, |key| i64::from(key.counter)))
    .execute(connection)
    .await?;
    Ok(())
}

/// The condition is the database's to check: two nodes may have read the same counter.
async fn advance(
    connection: &mut Connection,
    account: &str,
    thumbprint: &str,
    attested: &Attested,
) -> Result<bool, StoreError> {
    let Some(key) = &attested.app_key else { return Ok(false) };
    let done = sqlx::query(
        "UPDATE attested_keys SET counter = $5, proven_at = $6, facts = $7 \
         WHERE account = $1 AND thumbprint = $2 AND kind = $3 AND app_key_id = $4 AND counter < $5",
    )
    .bind(account)
    .bind(thumbprint)
    .bind(attested.kind.name())
    .bind(&key.id)
    .bind(i64::from(key.counter))
    .bind(int(attested.proven_at))
    .bind(attested.facts.to_json())
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Holds the old key where it was: `false` if it has lost its place since, or has ended. Its row is locked from here on,
/// on databases where two may write side by side.
async fn hold(
    connection: &mut Connection,
    account: &str,
    old: &str,
    (installation, place): (&str, Option<&Place>),
    now: u64,
) -> Result<bool, StoreError> {
    let text = match place {
        Some(_) => {
            "UPDATE install_keys SET changed_at = $4, predecessor = NULL \
             WHERE account = $1 AND thumbprint = $2 AND installation = $3 AND ended_at IS NULL \
             AND COALESCE(predecessor, '') = $5"
        }
        None => {
            "INSERT INTO install_keys (account, thumbprint, installation, changed_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (account, thumbprint) DO UPDATE SET changed_at = excluded.changed_at \
             WHERE install_keys.ended_at IS NULL AND install_keys.installation = excluded.installation \
             AND COALESCE(install_keys.predecessor, '') = $5"
        }
    };
    let predecessor = place.and_then(|place| place.predecessor.as_deref()).unwrap_or_default();
    let done = sqlx::query(text)
        .bind(account)
        .bind(old)
        .bind(installation)
        .bind(int(now))
        .bind(predecessor)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The new key takes over, unless it has a place already. Whichever other key was about to follow the old one, and was
/// not seen again, is a key of its own from now on.
async fn begin(
    connection: &mut Connection,
    account: &str,
    (old, new): (&str, &str),
    installation: &str,
    now: u64,
) -> Result<bool, StoreError> {
    sqlx::query("DELETE FROM install_keys WHERE account = $1 AND predecessor = $2 AND ended_at IS NULL")
        .bind(account)
        .bind(old)
        .execute(&mut *connection)
        .await?;
    let begun = sqlx::query(
        "INSERT INTO install_keys (account, thumbprint, installation, predecessor, changed_at) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account, thumbprint) DO NOTHING",
    )
    .bind(account)
    .bind(new)
    .bind(installation)
    .bind(old)
    .bind(int(now))
    .execute(connection)
    .await?;
    Ok(begun.rows_affected() == 1)
}

async fn confirm(
    connection: &mut Connection,
    account: &str,
    (old, new): (&str, &str),
    now: u64,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE install_keys SET predecessor = NULL, changed_at = $4 \
         WHERE account = $1 AND thumbprint = $2 AND predecessor = $3 AND ended_at IS NULL",
    )
    .bind(account)
    .bind(new)
    .bind(old)
    .bind(int(now))
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The key ends, and what was attested of it goes: should its row go one day, it is a stranger's.
async fn end(
    connection: &mut Connection,
    account: &str,
    thumbprint: &str,
    installation: &str,
    now: u64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO install_keys (account, thumbprint, installation, ended_at, changed_at) \
         VALUES ($1, $2, $3, $4, $4) ON CONFLICT (account, thumbprint) DO UPDATE SET \
         ended_at = excluded.ended_at, changed_at = excluded.changed_at, predecessor = NULL",
    )
    .bind(account)
    .bind(thumbprint)
    .bind(installation)
    .bind(int(now))
    .execute(&mut *connection)
    .await?;
    sqlx::query("DELETE FROM attested_keys WHERE account = $1 AND thumbprint = $2")
        .bind(account)
        .bind(thumbprint)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "DELETE FROM install_keys WHERE account = $1 AND installation = $2 AND thumbprint <> $4 \
         AND ended_at > (SELECT MIN(ended_at) FROM install_keys WHERE account = $1 AND installation = $2) \
         AND thumbprint NOT IN (SELECT thumbprint FROM install_keys WHERE account = $1 AND installation = $2 \
         AND ended_at IS NOT NULL ORDER BY ended_at DESC, thumbprint LIMIT $3)",
    )
    .bind(account)
    .bind(installation)
    .bind(ENDED_KEYS)
    .bind(thumbprint)
    .execute(connection)
    .await?;
    Ok(())
}

/// What was proven before `proven_before` counts no more, and goes with its installation; keys of installations that are gone, and did not change since
/// `changed_before`, go too.
pub(crate) async fn purge(
    connection: &mut Connection,
    proven_before: u64,
    changed_before: u64,
) -> Result<u64, StoreError> {
    // An App Attest key is kept as long as its installation: it is attested once, and asserts from then on.
    // And nothing goes that makes a key the one of its installation: it may have to name the next.
    let attested = sqlx::query(
        "DELETE FROM attested_keys WHERE proven_at < $1 AND (app_key = '' OR proven_at < $2) \
         AND NOT EXISTS (SELECT 1 FROM installations i \
         WHERE i.account = attested_keys.account AND i.thumbprint = attested_keys.thumbprint)",
    )
    .bind(int(proven_before))
    .bind(int(changed_before))
    .execute(&mut *connection)
    .await?;
    let keys = sqlx::query(
        "DELETE FROM install_keys WHERE changed_at < $1 AND NOT EXISTS (SELECT 1 FROM installations i \
         WHERE i.account = install_keys.account AND i.installation = install_keys.installation)",
    )
    .bind(int(changed_before))
    .execute(connection)
    .await?;
    Ok(attested.rows_affected() + keys.rows_affected())
}

/// A list that the operator set.
pub(crate) struct ListRow {
    pub(crate) name: String,
    pub(crate) content: String,
    pub(crate) fetched_at: u64,
    pub(crate) set_at: u64,
    pub(crate) set_by: String,
}

/// Every list that the operator set.
pub(crate) async fn lists(connection: &mut Connection, account: &str) -> Result<Vec<ListRow>, StoreError> {
    let rows: Vec<(String, String, i64, i64, String)> = sqlx::query_as(
        "SELECT name, content, fetched_at, set_at, set_by FROM evidence_lists WHERE account = $1 ORDER BY name",
    )
    .bind(account)
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(name, content, fetched_at, set_at, set_by)| ListRow {
            name,
            content,
            fetched_at: uint(fetched_at),
            set_at: uint(set_at),
            set_by,
        })
        .collect())
}

/// Sets or replaces a list.
pub(crate) async fn set_list(connection: &mut Connection, account: &str, row: &ListRow) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO evidence_lists (account, name, content, fetched_at, set_at, set_by) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account, name) DO UPDATE SET content = excluded.content, \
         fetched_at = excluded.fetched_at, set_at = excluded.set_at, set_by = excluded.set_by",
    )
    .bind(account)
    .bind(&row.name)
    .bind(&row.content)
    .bind(int(row.fetched_at))
    .bind(int(row.set_at))
    .bind(&row.set_by)
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes a list: what is built in holds again. `false` if there is none.
pub(crate) async fn remove_list(connection: &mut Connection, account: &str, name: &str) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM evidence_lists WHERE account = $1 AND name = $2")
        .bind(account)
        .bind(name)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::store::{DATABASE_FILE, Store, accounts};

    fn begin(new: &str, old: &str, place: Option<Place>) -> KeyChange {
        let succession = Succession::Begin { old: old.into(), installation: "i".into(), place };
        KeyChange { thumbprint: new.into(), now: 1, proven: Vec::new(), succession: Some(succession) }
    }

    fn confirm(new: &str, old: &str) -> KeyChange {
        let succession = Succession::Confirm { old: old.into(), installation: "i".into() };
        KeyChange { thumbprint: new.into(), now: 1, proven: Vec::new(), succession: Some(succession) }
    }

    fn place(predecessor: Option<&str>) -> Option<Place> {
        Some(Place { installation: "i".into(), predecessor: predecessor.map(str::to_owned), ended: false })
    }

    /// What two requests decided by the same state is done once: whoever comes second is told.
    #[tokio::test]
    async fn what_was_decided_by_a_state_that_has_passed_is_not_done() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join(DATABASE_FILE), true).await.unwrap();
        let mut change = store.change().await.unwrap();
        accounts::insert(&mut change, "acme", 0).await.unwrap();
        let steps = [
            ("k1 follows k0", begin("k1", "k0", None), true),
            ("once more is as good as once", begin("k1", "k0", None), true),
            ("another follows k0", begin("k2", "k0", None), true),
            ("k1 has lost its place", confirm("k1", "k0"), false),
            ("nor can it be followed", begin("k3", "k1", place(Some("k0"))), false),
            ("k3 follows k2, which is seen again so", begin("k3", "k2", place(Some("k0"))), true),
            ("k2 was confirmed by that", confirm("k2", "k0"), false),
            ("k0 has ended", begin("k4", "k0", None), false),
            ("k3 is seen again", confirm("k3", "k2"), true),
            ("twice at once", confirm("k3", "k2"), false),
            ("k2 has ended", begin("k4", "k2", place(None)), false),
        ];
        for (what, step, expected) in steps {
            assert_eq!(write(&mut change, "acme", &step).await.unwrap(), expected, "{what}");
        }
        let live: Vec<String> = sqlx::query_scalar("SELECT thumbprint FROM install_keys WHERE ended_at IS NULL")
            .fetch_all(&mut *change)
            .await
            .unwrap();
        assert_eq!(live, ["k3"], "one installation, one key");
    }

    /// What was not done for want of its last step is not done at all.
    #[tokio::test]
    async fn what_fails_half_way_leaves_nothing_behind() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join(DATABASE_FILE), true).await.unwrap();
        let mut change = store.change().await.unwrap();
        accounts::insert(&mut change, "acme", 0).await.unwrap();
        // k1 follows k0, and was not seen again.
        assert!(write(&mut change, "acme", &begin("k1", "k0", None)).await.unwrap());
        // Two requests by the new key n, side by side, both judged when it had no place: one follows x, the other k1.
        let of_x = Succession::Begin { old: "x".into(), installation: "j".into(), place: None };
        let of_x = KeyChange { thumbprint: "n".into(), now: 1, proven: Vec::new(), succession: Some(of_x) };
        assert!(write(&mut change, "acme", &of_x).await.unwrap());
        let before = known(&mut change, "acme", "k1").await.unwrap().place;
        assert!(!write(&mut change, "acme", &begin("n", "k1", place(Some("k0")))).await.unwrap());
        let after = known(&mut change, "acme", "k1").await.unwrap().place;
        let old = known(&mut change, "acme", "k0").await.unwrap().place;
        assert_eq!(after, before, "nothing was to be written; k1 is confirmed now, and k0 goes on for ever: {old:?}");
    }
}
