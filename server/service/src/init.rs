//! Setting up: keys, the first root, a config without hosts, an operator's token.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bonafide_protocol::FORMAT;
use bonafide_protocol::config::Service;
use bonafide_protocol::encoding::to_base64;
use bonafide_protocol::jwk::KeyList;
use bonafide_protocol::key::Ed25519Key;
use bonafide_protocol::pin::{Pin, PinList};
use bonafide_protocol::root::Root;
use jsonwebtoken::Algorithm;
use serde::{Deserialize, Serialize};

use crate::clock::{Clock, SystemClock};
use crate::documents::first;
use crate::error::ServiceError;
use crate::files::{make_private_dir, replace_private, write_private};
use crate::keys::{MASTER_KEY_FILE, MasterKey, NewKey, Purpose, create_master_key};
use crate::operator::auth::{Scope, new_token};
use crate::store::documents::{self, ConfigRow};
use crate::store::{DATABASE_FILE, Store, StoreError, accounts, keys, operators};

/// The root key's file in the data directory. It is to be moved away and backed up: the service never reads it.
pub const ROOT_KEY_FILE: &str = "root.key";

/// The file in the data directory with the operator API's address and a token for it.
pub const OPERATOR_FILE: &str = "operator.json";

/// What [`init`] needs.
#[derive(Clone)]
pub struct InitOptions {
    /// The directory; it is made if there is none.
    pub data_dir: PathBuf,
    /// The account's name: 1 to 64 of `a-z`, `0-9`, dot, dash, underscore. It can never be changed.
    pub account: String,
    /// Where devices reach the service: an `https` URL.
    pub service_url: String,
    /// The pins of the service's leaf: the key in use and at least one backup.
    pub service_pins: Vec<Pin>,
    /// The roots of a private CA, DER; empty: the platform's trust.
    pub service_roots_der: Vec<Vec<u8>>,
    /// The header that carries tokens; `None`: `Bonafide-Token`.
    pub token_header: Option<String>,
    /// Where the operator API will be, for `operator.json`; `serve` corrects it.
    pub operator_url: String,
    /// `sqlite:PATH`; `None`: a file in `data_dir`.
    pub database: Option<String>,
    /// The master key, 32 bytes in base64; `None`: a new one in a file in `data_dir`.
    pub master_key: Option<String>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl InitOptions {
    /// The usual, for these.
    pub fn new(
        data_dir: impl Into<PathBuf>,
        account: impl Into<String>,
        service_url: impl Into<String>,
        service_pins: Vec<Pin>,
    ) -> Self {
        Self {
            data_dir: data_dir.into(),
            account: account.into(),
            service_url: service_url.into(),
            service_pins,
            service_roots_der: Vec::new(),
            token_header: None,
            operator_url: "http://127.0.0.1:8444".to_owned(),
            database: None,
            master_key: None,
            clock: Arc::new(SystemClock),
        }
    }
}

/// What [`init`] made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Initialised {
    /// The root key: move it to where the service's machine is not, and back it up.
    pub root_key_path: PathBuf,
    /// The address of the operator API and a token of all scopes.
    pub operator_token_path: PathBuf,
    /// The master key's file; `None` if the key was given.
    pub master_key_path: Option<PathBuf>,
    /// The first config's (epoch, version).
    pub position: (u64, u64),
}

/// What `operator.json` holds.
#[derive(Serialize, Deserialize)]
struct OperatorFile {
    url: String,
    token: String,
}

/// Sets up a service. Refuses a directory that has one; leaves nothing behind when it fails.
///
/// # Errors
/// Options that no service can run with, a directory that cannot be written, a database that is not empty.
pub async fn init(options: InitOptions) -> Result<Initialised, ServiceError> {
    check(&options)?;
    make_private_dir(&options.data_dir)?;
    let database = database_file(&options.data_dir, options.database.as_deref())?;
    let own = |name: &str| options.data_dir.join(name);
    let made = [own(MASTER_KEY_FILE), own(ROOT_KEY_FILE), own(OPERATOR_FILE), database.clone()];
    if let Some(path) = made.iter().find(|path| path.exists()) {
        return Err(ServiceError::AlreadyInitialised { path: path.clone() });
    }
    let result = set_up(&options, &database).await;
    if result.is_err() {
        // None of them was there before, so none of them is anybody's but ours.
        for path in &made {
            let _ = std::fs::remove_file(path);
        }
        for suffix in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", database.display()));
        }
    }
    result
}

fn check(options: &InitOptions) -> Result<(), ServiceError> {
    let account = &options.account;
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
    if account.is_empty() || account.len() > 64 || !account.bytes().all(allowed) {
        return Err(ServiceError::AccountName { account: account.clone() });
    }
    let count = options.service_pins.iter().collect::<HashSet<_>>().len();
    if count < 2 {
        return Err(ServiceError::TooFewServicePins { count });
    }
    Ok(())
}

async fn set_up(options: &InitOptions, database: &Path) -> Result<Initialised, ServiceError> {
    let account = options.account.as_str();
    let now = options.clock.unix_seconds();
    let (config_key, config_public) = NewKey::config("live")?;
    let root_key = Ed25519Key::generate()?;
    let root = Root {
        format: FORMAT,
        crit: Vec::new(),
        account: account.to_owned(),
        epoch: 1,
        root_keys: KeyList::new(vec![root_key.public_key()]),
        config_keys: KeyList::new(vec![config_public]),
    };
    let service = Service {
        url: options.service_url.clone(),
        pins: PinList::new(options.service_pins.clone()),
        roots: options.service_roots_der.iter().map(|der| to_base64(der)).collect(),
    };
    let config = first(account, service, options.token_header.as_deref(), now);
    config.check()?;
    let seed = <[u8; 32]>::try_from(config_key.secret.as_slice())
        .map_err(|_| bonafide_protocol::key::KeyError::Malformed { kind: "Ed25519" })?;
    let config_jws = config.sign(&Ed25519Key::from_seed(seed)?);

    let master = create_master_key(&options.data_dir, options.master_key.as_deref())?;
    let [token, decoy] = NewKey::token(Algorithm::ES256)?;
    let sealed = [
        config_key,
        token,
        decoy,
        NewKey::symmetric(Purpose::Challenge)?,
        NewKey::symmetric(Purpose::Arc)?,
        NewKey::symmetric(Purpose::Pseudonym)?,
    ];
    let (secret, operator) = new_token("init", &Scope::ALL, now)?;
    let store = Store::open(database, true).await?;
    crate::files::make_private_file(database)?;
    let written = async {
        let mut change = store.change().await?;
        if accounts::name(&mut change).await?.is_some() {
            return Err(ServiceError::AlreadyInitialised { path: database.to_owned() });
        }
        accounts::insert(&mut change, account, now).await?;
        insert_keys(&mut change, &master, account, &sealed, now).await?;
        documents::insert_root(&mut change, account, 1, &root.sign(&root_key), now).await?;
        let row = ConfigRow { epoch: 1, version: config.version, jws: config_jws, issued_at: now, exported_at: None };
        documents::insert_config(&mut change, account, &row).await?;
        operators::insert(&mut change, account, &operator).await?;
        change.commit().await.map_err(StoreError::from)?;
        Ok(())
    }
    .await;
    store.close().await;
    written?;

    let root_key_path = options.data_dir.join(ROOT_KEY_FILE);
    write_private(&root_key_path, format!("{}\n", root_key.to_private_jwk()).as_bytes())?;
    let operator_token_path = options.data_dir.join(OPERATOR_FILE);
    let operator = OperatorFile { url: options.operator_url.clone(), token: secret };
    write_private(&operator_token_path, &operator_json(&operator))?;
    Ok(Initialised {
        root_key_path,
        operator_token_path,
        master_key_path: options.master_key.is_none().then(|| options.data_dir.join(MASTER_KEY_FILE)),
        position: (1, config.version),
    })
}

async fn insert_keys(
    change: &mut crate::store::Change,
    master: &MasterKey,
    account: &str,
    all: &[NewKey],
    now: u64,
) -> Result<(), ServiceError> {
    for key in all {
        keys::insert(change, account, &key.seal(master, account, now)?).await?;
    }
    Ok(())
}

fn operator_json(file: &OperatorFile) -> Vec<u8> {
    // Two strings always serialise.
    let mut bytes = serde_json::to_vec_pretty(file).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// Writes the address that the operator listener really has. A directory without the file (its token was taken away on
/// purpose) stays without.
pub(crate) fn correct_operator_url(data_dir: &Path, url: &str) -> Result<(), ServiceError> {
    let path = data_dir.join(OPERATOR_FILE);
    let Some(mut held) =
        std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice::<OperatorFile>(&bytes).ok())
    else {
        return Ok(());
    };
    if held.url == url {
        return Ok(());
    }
    url.clone_into(&mut held.url);
    replace_private(&path, &operator_json(&held))
}

/// The database's file.
pub(crate) fn database_file(data_dir: &Path, url: Option<&str>) -> Result<PathBuf, ServiceError> {
    let Some(url) = url else {
        return Ok(data_dir.join(DATABASE_FILE));
    };
    let scheme = url.split(':').next().unwrap_or_default();
    url.strip_prefix("sqlite:")
        .map(|path| PathBuf::from(path.strip_prefix("//").unwrap_or(path)))
        .filter(|path| !path.as_os_str().is_empty())
        .ok_or_else(|| ServiceError::UnknownDatabase { url: format!("{scheme}:…") })
}
