//! What a thief of the service's machine can do, for the demo: with the database and the master key he signs a config
//! with his own pins and the highest version there is, and makes it the live one. No code of the service is used: this
//! is also the proof, from outside, of how keys are sealed.
//!
//! `cargo run -p bonafide-service --example thief -- --data DIR --host HOST [--pin PIN]…`; without pins, his own.
#![expect(clippy::print_stdout, reason = "a program for people")]

use std::error::Error;
use std::path::Path;

use bonafide_protocol::config::{Config, MAX_VERSION};
use bonafide_protocol::encoding::{from_base64, from_base64url};
use bonafide_protocol::host::HostPattern;
use bonafide_protocol::key::Ed25519Key;
use bonafide_protocol::pin::{Pin, PinList};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, SqliteConnection};

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let wanted = Wanted::read(std::env::args().skip(1))?;
    let data_dir = Path::new(&wanted.data);
    let mut database = SqliteConnectOptions::new().filename(data_dir.join("bonafide.db")).connect().await?;

    let (account, kid, sealed): (String, String, String) =
        sqlx::query_as("SELECT account, kid, sealed FROM sealed_keys WHERE purpose = 'config' AND state = 'live'")
            .fetch_one(&mut database)
            .await?;
    let seed = open(&master_key(data_dir)?, &account, &kid, &sealed)?;
    let key = Ed25519Key::from_seed(seed.as_slice().try_into()?)?;
    let config = stolen(live(&mut database, &account).await?, &wanted.host, wanted.pins)?;
    insert(&mut database, &account, &config, &config.sign(&key)).await?;
    println!("signed and published: epoch {}, version {}", config.epoch, config.version);
    Ok(())
}

struct Wanted {
    data: String,
    host: String,
    pins: Vec<Pin>,
}

impl Wanted {
    fn read(mut arguments: impl Iterator<Item = String>) -> Outcome<Self> {
        let (mut data, mut host, mut pins) = (None, None, Vec::new());
        while let (Some(name), Some(value)) = (arguments.next(), arguments.next()) {
            match name.as_str() {
                "--data" => data = Some(value),
                "--host" => host = Some(value),
                "--pin" => pins.push(value.parse()?),
                _ => return Err(format!("unknown option {name}").into()),
            }
        }
        if pins.is_empty() {
            pins = vec![Pin::of_spki(b"the thief's key"), Pin::of_spki(b"and his backup")];
        }
        let (Some(data), Some(host)) = (data, host) else {
            return Err("usage: thief --data DIR --host HOST [--pin PIN]…".into());
        };
        Ok(Self { data, host, pins })
    }
}

fn master_key(data_dir: &Path) -> Outcome<[u8; 32]> {
    let text = match std::env::var("BONAFIDE_MASTER_KEY") {
        Ok(text) => text,
        Err(_) => std::fs::read_to_string(data_dir.join("master.key"))?,
    };
    Ok(from_base64(text.trim()).ok_or("master.key is no base64")?.as_slice().try_into()?)
}

/// AES-256-GCM, nonce in front; bound to label, account, purpose and key id, each after its length in four octets.
fn open(master: &[u8; 32], account: &str, kid: &str, sealed: &str) -> Outcome<Vec<u8>> {
    let mut bound = Vec::new();
    for part in ["bonafide-sealed-v1", account, "config", kid] {
        bound.extend_from_slice(&u32::try_from(part.len())?.to_be_bytes());
        bound.extend_from_slice(part.as_bytes());
    }
    let raw = from_base64url(sealed).ok_or("the key is no base64url")?;
    let (nonce, body) = raw.split_at_checked(NONCE_LEN).ok_or("the key is too short")?;
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, master).map_err(|_| "no key")?);
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| "no nonce")?;
    let mut body = body.to_vec();
    Ok(cipher.open_in_place(nonce, Aad::from(bound), &mut body).map_err(|_| "the key does not open")?.to_vec())
}

async fn live(database: &mut SqliteConnection, account: &str) -> Outcome<Config> {
    let jws: String =
        sqlx::query_scalar("SELECT jws FROM configs WHERE account = $1 ORDER BY epoch DESC, version DESC LIMIT 1")
            .bind(account)
            .fetch_one(database)
            .await?;
    let payload = jws.split('.').nth(1).and_then(from_base64url).ok_or("the live config is no JWS")?;
    Ok(serde_json::from_slice(&payload)?)
}

fn stolen(mut config: Config, host: &str, pins: Vec<Pin>) -> Outcome<Config> {
    let host = HostPattern::parse(host)?;
    let entry = config.hosts.iter_mut().find(|entry| entry.host == host).ok_or("the config has no such host")?;
    entry.pins = PinList::new(pins);
    config.version = MAX_VERSION;
    Ok(config)
}

async fn insert(database: &mut SqliteConnection, account: &str, config: &Config, jws: &str) -> Outcome<()> {
    sqlx::query("INSERT INTO configs (account, epoch, version, jws, issued_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(account)
        .bind(i64::try_from(config.epoch)?)
        .bind(i64::try_from(config.version)?)
        .bind(jws)
        .bind(i64::try_from(config.issued_at)?)
        .execute(&mut *database)
        .await?;
    // The running service looks at this number.
    sqlx::query("UPDATE accounts SET revision = revision + 1 WHERE account = $1")
        .bind(account)
        .execute(database)
        .await?;
    Ok(())
}
