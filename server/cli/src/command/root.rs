//! `bonafide root`: the apps' trust, whose key is kept off the service.

use std::path::{Path, PathBuf};

use bonafide_protocol::FORMAT;
use bonafide_protocol::jwk::{KeyList, PublicKey};
use bonafide_protocol::key::Ed25519Key;
use bonafide_protocol::root::Root as Document;
use bonafide_protocol::trust::Trusted;
use clap::Subcommand;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Value, json};

use crate::context::{Context, read, write};
use crate::exit::{Failure, Outcome};
use crate::out::table::table;

#[derive(Subcommand)]
pub(crate) enum Root {
    /// Shows the roots, and whether the root key is where it should not be.
    Show,
    /// Replaces the config keys, after a theft for instance: the service prepares, this machine signs, the service
    /// publishes. The root key never reaches the service.
    Rotate {
        /// The root key, from where it is kept: as `init` wrote it, or PEM (PKCS#8) of an Ed25519 key.
        #[arg(long, value_name = "FILE")]
        root_key: PathBuf,
        /// Replaces the root key as well; a file that is not there is made.
        #[arg(long, value_name = "FILE")]
        new_root_key: Option<PathBuf>,
        /// Goes on with the hosts of this former config; after a theft the live one may be the thief's.
        #[arg(long, value_name = "EPOCH/VERSION")]
        content: Option<String>,
        /// Answers the question.
        #[arg(long)]
        yes: bool,
    },
}

impl Root {
    pub(crate) async fn run(&self, context: &Context) -> Outcome {
        match self {
            Self::Show => show(context).await,
            Self::Rotate { root_key, new_root_key, content, yes } => {
                rotate(context, root_key, new_root_key.as_deref(), content.as_deref(), *yes).await
            }
        }
    }
}

async fn show(context: &Context) -> Outcome {
    let trusted = live(&context.operator()?.get(&["config"], &[]).await?)?;
    let kids = |list: &KeyList| list.keys().iter().map(PublicKey::thumbprint).collect::<Vec<_>>();
    let rows = trusted
        .roots()
        .map(|root| vec![root.epoch.to_string(), kids(&root.root_keys).join(" "), kids(&root.config_keys).join(" ")]);
    let machine: Vec<Value> = trusted
        .roots()
        .map(|root| {
            json!({"epoch": root.epoch, "root_keys": kids(&root.root_keys), "config_keys": kids(&root.config_keys)})
        })
        .collect();
    let here = context.root_key().exists();
    let text = format!(
        "{}\n\nthe root key {}",
        table(&["epoch", "root keys", "config keys"], rows),
        if here {
            format!("is still at {}: move it off this machine", context.root_key().display())
        } else {
            "is not on this machine".into()
        }
    );
    context.out.result(text, &json!({"roots": machine, "root_key_on_this_machine": here}))
}

async fn rotate(
    context: &Context,
    root_key: &Path,
    new_root_key: Option<&Path>,
    content: Option<&str>,
    yes: bool,
) -> Outcome {
    let key = read_key(root_key)?;
    let former = content.map(place).transpose()?;
    let operator = context.operator()?;
    let trusted = live(&operator.get(&["config"], &[]).await?)?;
    let newest = trusted.roots().last().ok_or_else(|| Failure::refused("the service has no root"))?;
    if !newest.root_keys.keys().contains(&key.public_key()) {
        return Err(Failure::refused(format!("{} is not a root key of epoch {}", root_key.display(), newest.epoch))
            .next("bonafide root show"));
    }
    let next_key = new_root_key.map(read_or_make_key).transpose()?;
    // The signer is replaced, further root keys stay.
    let root_keys = newest
        .root_keys
        .keys()
        .iter()
        .map(|held| match &next_key {
            Some(next) if *held == key.public_key() => next.public_key(),
            _ => held.clone(),
        })
        .collect();
    let epoch = newest.epoch + 1;
    context.out.confirm(
        &format!(
            "Publish root {epoch}? Whoever holds the config key of epoch {} can sign nothing any more.",
            newest.epoch
        ),
        yes,
    )?;

    let prepared = operator.post(&["roots", "prepare"], &[], &json!({})).await?;
    let config_key = prepared.get("next_config_key").and_then(|jwk| PublicKey::from_jwk(jwk).ok().flatten());
    let config_key = config_key.ok_or_else(|| Failure::refused("the service prepared no config key"))?;
    let document = Document {
        format: FORMAT,
        crit: Vec::new(),
        account: newest.account.clone(),
        epoch,
        root_keys: KeyList::new(root_keys),
        config_keys: KeyList::new(vec![config_key]),
    };
    let mut body = json!({"root": document.sign(&key)});
    if let (Some((epoch, version)), Some(members)) = (former, body.as_object_mut()) {
        members.insert("content".into(), json!({"epoch": epoch, "version": version}));
    }
    let answer = operator.post(&["roots"], &[], &body).await?;
    let version = answer.get("version").cloned().unwrap_or_default();
    let text = format!("published root {epoch} and config {version} under it: devices follow by themselves");
    context.out.result(text, &answer)
}

fn live(answer: &Value) -> Outcome<Trusted> {
    let file = json!({"roots": answer.get("roots"), "config": answer.get("config")});
    Trusted::from_initial(file.to_string().as_bytes())
        .map_err(|error| Failure::refused(format!("the service's documents are not to be trusted: {error}")))
}

/// The key as `bonafide init` writes it (a JWK), or as `openssl genpkey -algorithm ed25519` does (PEM).
fn read_key(path: &Path) -> Outcome<Ed25519Key> {
    let content = read(path)?;
    let refused = |why: &str| Failure::refused(format!("{}: {why}", path.display()));
    if content.trim_ascii_start().starts_with(b"-----BEGIN ENCRYPTED") {
        return Err(refused("it is encrypted").next("openssl pkey -in FILE -out DECRYPTED, on a machine to be trusted"));
    }
    let key = if content.trim_ascii_start().starts_with(b"-----BEGIN ") {
        let pem = PrivatePkcs8KeyDer::from_pem_slice(&content).map_err(|_| refused("no PKCS#8 private key in it"))?;
        let seed = ed25519_seed(pem.secret_pkcs8_der()).ok_or_else(|| {
            refused("no Ed25519 key: only these are root keys").next("openssl genpkey -algorithm ed25519 -out FILE")
        })?;
        Ed25519Key::from_seed(seed)
    } else {
        Ed25519Key::from_private_jwk(&content)
    };
    key.map_err(|error| refused(&error.to_string()))
}

/// The seed in a PKCS#8 Ed25519 key without its public half, whose form leaves no choice (RFC 8410 section 10.3).
fn ed25519_seed(der: &[u8]) -> Option<[u8; 32]> {
    const BEFORE: &[u8] =
        &[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    der.strip_prefix(BEFORE)?.try_into().ok()
}

fn read_or_make_key(path: &Path) -> Outcome<Ed25519Key> {
    if path.exists() {
        return read_key(path);
    }
    let key = Ed25519Key::generate().map_err(|error| Failure::refused(error.to_string()))?;
    write(path, format!("{}\n", key.to_private_jwk()).as_bytes(), true)?;
    Ok(key)
}

fn place(text: &str) -> Outcome<(u64, u64)> {
    text.split_once('/')
        .and_then(|(epoch, version)| Some((epoch.parse().ok()?, version.parse().ok()?)))
        .ok_or_else(|| Failure::usage(format!("{text:?}: expected EPOCH/VERSION, as in `bonafide config show`")))
}
