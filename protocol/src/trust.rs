//! Config trust: from the embedded initial config to the newest config that its roots vouch for.
//!
//! The initial config is trusted because the app's own signature covers it. Everything else has to chain to it: a root
//! is accepted when a root key of the one before signed it and its epoch is higher; a config when a config key of the
//! newest root signed it, the account is the same, and (epoch, version) is higher.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::config::{CONFIG_TYPE, Config};
use crate::jws::{Compact, JwsError};
use crate::root::{ROOT_TYPE, Root};

/// The longest signed document that is read.
pub const MAX_DOCUMENT_BYTES: usize = 512 * 1024;

/// The longest file or reply of documents that is read.
pub const MAX_DOCUMENTS_BYTES: usize = 1024 * 1024;

/// The most roots in one chain.
pub const MAX_ROOTS: usize = 100;

/// Why a document's content was refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum DocumentError {
    /// Written in a format that this version does not read.
    #[error("format {found}, but this version reads formats {:?} only: update the Bonafide SDK", crate::FORMATS)]
    Format {
        /// The format found.
        found: u64,
    },
    /// `crit` names a member that this version does not know.
    #[error("it demands knowledge of {name:?}, which this version lacks: update the Bonafide SDK")]
    Critical {
        /// The member.
        name: String,
    },
    /// Not the JSON that the document has.
    #[error("unexpected content at line {line}, column {column}: {category}")]
    Content {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong: a syntax error, a missing or mistyped member, or the end.
        category: String,
    },
    /// A list in which no entry is of a kind that this version knows.
    #[error("{member} holds nothing that this version can use")]
    NothingUsable {
        /// The list.
        member: String,
    },
    /// A member with a value that cannot be.
    #[error("{member}: {why}")]
    Invalid {
        /// The member.
        member: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

impl DocumentError {
    pub(crate) fn content(error: &serde_json::Error) -> Self {
        Self::Content { line: error.line(), column: error.column(), category: error.to_string() }
    }

    /// Format and `crit` come first: a newer document may differ in everything else.
    pub(crate) fn check_header_members(payload: &[u8], known: &[&str]) -> Result<(), Self> {
        #[derive(Deserialize)]
        struct Head {
            format: u64,
            #[serde(default)]
            crit: Vec<String>,
        }
        let head: Head = serde_json::from_slice(payload).map_err(|error| Self::content(&error))?;
        if !crate::FORMATS.contains(&head.format) {
            return Err(Self::Format { found: head.format });
        }
        match head.crit.into_iter().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(Self::Critical { name }),
            None => Ok(()),
        }
    }
}

/// Which document an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Document {
    /// The root at this place of the list, from 0.
    Root(usize),
    /// The config.
    Config,
}

impl std::fmt::Display for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Root(place) => write!(f, "roots[{place}]"),
            Self::Config => f.write_str("config"),
        }
    }
}

/// Why documents were not trusted.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrustError {
    /// There is nothing in it.
    #[error("empty: expected the file that `bonafide config export` writes")]
    Empty,
    /// Longer than is read.
    #[error("{length} bytes, more than the {MAX_DOCUMENTS_BYTES} that are read")]
    TooLong {
        /// The length in bytes.
        length: usize,
    },
    /// Not the JSON of a config file: truncated, or another file.
    #[error("not a config file: {0}")]
    NotConfigFile(DocumentError),
    /// A file without roots.
    #[error("it holds no root")]
    NoRoot,
    /// More roots than are read.
    #[error("{count} roots, more than the {MAX_ROOTS} that are read")]
    TooManyRoots {
        /// How many there are.
        count: usize,
    },
    /// The document is no JWS of the right kind, or its signature does not verify.
    #[error("{document}: {error}")]
    Jws {
        /// Which document.
        document: Document,
        /// What is wrong.
        error: JwsError,
    },
    /// The signing key is not one of those that may sign this document.
    #[error("{document}: signed by key {kid:?}, which root {epoch} does not list for that{}", missing_root(.document))]
    UnlistedKey {
        /// Which document.
        document: Document,
        /// The header's `kid`.
        kid: Option<String>,
        /// The epoch of the root that had to list it.
        epoch: u64,
    },
    /// The document's content.
    #[error("{document}: {error}")]
    Content {
        /// Which document.
        document: Document,
        /// What is wrong.
        error: DocumentError,
    },
    /// A document of another account.
    #[error("{document}: it belongs to the account {found:?}, expected {expected:?}")]
    Account {
        /// Which document.
        document: Document,
        /// The account of the roots before.
        expected: String,
        /// The account found.
        found: String,
    },
    /// A root whose epoch is not above that of the root before.
    #[error("{document}: epoch {found} is not above {held}")]
    EpochNotHigher {
        /// Which document.
        document: Document,
        /// The epoch of the root before.
        held: u64,
        /// The epoch found.
        found: u64,
    },
    /// A config of another epoch than the newest root's.
    #[error("config of epoch {found}, but the newest root has epoch {expected}")]
    ConfigEpoch {
        /// The newest root's epoch.
        expected: u64,
        /// The config's epoch.
        found: u64,
    },
    /// New roots without a config of theirs.
    #[error("roots up to epoch {epoch} came without a config of that epoch")]
    ConfigMissing {
        /// The newest root's epoch.
        epoch: u64,
    },
    /// A config below the held one.
    #[error("config {offered:?} (epoch, version) is below the held {held:?}")]
    Rollback {
        /// The held (epoch, version).
        held: (u64, u64),
        /// The offered (epoch, version).
        offered: (u64, u64),
    },
    /// A config with the held (epoch, version), but other content.
    #[error("config {held:?} (epoch, version) differs from the held one of the same version")]
    Fork {
        /// The held (epoch, version).
        held: (u64, u64),
    },
}

/// Where a root is not signed by the one before, one in between may have been left out.
fn missing_root(document: &Document) -> &'static str {
    match document {
        Document::Root(_) => "; is a root in between missing?",
        Document::Config => "",
    }
}

/// What the app embeds (the *initial config*) and what the device stores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigFile {
    /// Signed roots, the first one signed by itself, each further one by the one before.
    pub roots: Vec<String>,
    /// The signed config.
    pub config: String,
}

/// A chain of roots and a config that they vouch for. Can only be had by verifying.
#[derive(Clone, Debug)]
pub struct Trusted {
    roots: Vec<(Root, String)>,
    config: Config,
    config_jws: String,
}

/// What an update led to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Update {
    /// There is something newer: this is to be held from now on.
    Newer(Box<Trusted>),
    /// Nothing newer was offered.
    Unchanged,
}

impl Trusted {
    /// Verifies an initial config. Its first root is trusted as it stands, but has to be signed by itself, so that
    /// a damaged file is told from a good one.
    pub fn from_initial(file: &[u8]) -> Result<Self, TrustError> {
        let file = ConfigFile::read(file)?;
        let (first, further) = file.roots.split_first().ok_or(TrustError::NoRoot)?;
        let roots = extend(vec![self_signed(first)?], further, 1)?;
        let config = read_config(&file.config, newest(&roots)?)?;
        Ok(Self { roots, config, config_jws: file.config })
    }

    /// Verifies a stored record from `self`, the embedded state, on. Roots at or below the embedded epoch are
    /// skipped, so that an app update with newer roots drops no good record. The higher of the two wins.
    pub fn with_stored(&self, record: &[u8]) -> Result<Update, TrustError> {
        let file = ConfigFile::read(record)?;
        self.update(&file.roots, Some(&file.config))
    }

    /// Verifies what the service sent: roots above the held epoch, oldest first, and a config.
    pub fn update(&self, roots: &[String], config: Option<&str>) -> Result<Update, TrustError> {
        if roots.len() > MAX_ROOTS {
            return Err(TrustError::TooManyRoots { count: roots.len() });
        }
        let held_epoch = newest(&self.roots)?.epoch;
        let mut skipped = 0;
        for jws in roots {
            // Only the claim is read: a root that is skipped is not trusted for anything.
            match claimed_epoch(jws) {
                Some(epoch) if epoch <= held_epoch => skipped += 1,
                _ => break,
            }
        }
        let chain = extend(self.roots.clone(), roots.get(skipped..).unwrap_or_default(), skipped)?;
        let root = newest(&chain)?;
        let held = self.position();
        let Some(jws) = config else {
            return if root.epoch == held.0 {
                Ok(Update::Unchanged)
            } else {
                Err(TrustError::ConfigMissing { epoch: root.epoch })
            };
        };
        if jws == self.config_jws {
            return Ok(Update::Unchanged);
        }
        let config = read_config(jws, root).map_err(|error| older_epoch(error, held, jws))?;
        let offered = (config.epoch, config.version);
        if offered < held {
            return Err(TrustError::Rollback { held, offered });
        }
        if offered == held {
            // Another signature over the same content is no fork (a key rotation signs anew).
            return if config == self.config { Ok(Update::Unchanged) } else { Err(TrustError::Fork { held }) };
        }
        Ok(Update::Newer(Box::new(Self { roots: chain, config, config_jws: jws.to_owned() })))
    }

    /// The config in force.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The newest root's epoch and the config's version: what anti-rollback compares.
    pub fn position(&self) -> (u64, u64) {
        (self.config.epoch, self.config.version)
    }

    /// The roots, the first one first.
    pub fn roots(&self) -> impl Iterator<Item = &Root> {
        self.roots.iter().map(|(root, _)| root)
    }

    /// The form that is embedded and stored.
    pub fn to_file(&self) -> ConfigFile {
        ConfigFile { roots: self.roots.iter().map(|(_, jws)| jws.clone()).collect(), config: self.config_jws.clone() }
    }
}

impl ConfigFile {
    /// Reads the file's outer form; nothing is verified.
    pub fn read(file: &[u8]) -> Result<Self, TrustError> {
        if file.iter().all(u8::is_ascii_whitespace) {
            return Err(TrustError::Empty);
        }
        if file.len() > MAX_DOCUMENTS_BYTES {
            return Err(TrustError::TooLong { length: file.len() });
        }
        serde_json::from_slice(file).map_err(|error| TrustError::NotConfigFile(DocumentError::content(&error)))
    }

    /// The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings always serialise.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

fn newest(roots: &[(Root, String)]) -> Result<&Root, TrustError> {
    roots.last().map(|(root, _)| root).ok_or(TrustError::NoRoot)
}

/// An old config under a new root is a rollback, and is to be called that.
fn older_epoch(error: TrustError, held: (u64, u64), jws: &str) -> TrustError {
    match error {
        TrustError::UnlistedKey { document: Document::Config, .. } | TrustError::ConfigEpoch { .. } => {
            match claimed_position(jws) {
                Some(offered) if offered.0 < held.0 => TrustError::Rollback { held, offered },
                _ => error,
            }
        }
        error => error,
    }
}

fn self_signed(jws: &str) -> Result<(Root, String), TrustError> {
    let document = Document::Root(0);
    // Whose signature it is stands in the document itself.
    let claimed = claim(jws).ok_or(TrustError::Jws { document, error: JwsError::NotCompact { part: "payload" } })?;
    let claimed = Root::read(&claimed).map_err(|error| TrustError::Content { document, error })?;
    read_root(jws, &claimed, document).map(|root| (root, jws.to_owned()))
}

fn extend(
    mut chain: Vec<(Root, String)>,
    further: &[String],
    first_place: usize,
) -> Result<Vec<(Root, String)>, TrustError> {
    if further.len() > MAX_ROOTS {
        return Err(TrustError::TooManyRoots { count: further.len() });
    }
    for (place, jws) in further.iter().enumerate() {
        let document = Document::Root(first_place + place);
        let before = newest(&chain)?;
        let root = read_root(jws, before, document)?;
        if root.epoch <= before.epoch {
            return Err(TrustError::EpochNotHigher { document, held: before.epoch, found: root.epoch });
        }
        chain.push((root, jws.clone()));
    }
    Ok(chain)
}

fn read_root(jws: &str, signer: &Root, document: Document) -> Result<Root, TrustError> {
    let payload = verified(jws, ROOT_TYPE, signer, &signer.root_keys, document)?;
    let root = Root::read(&payload).map_err(|error| TrustError::Content { document, error })?;
    same_account(document, signer, &root.account)?;
    Ok(root)
}

fn read_config(jws: &str, root: &Root) -> Result<Config, TrustError> {
    let document = Document::Config;
    let payload = verified(jws, CONFIG_TYPE, root, &root.config_keys, document)?;
    let config = Config::read(&payload).map_err(|error| TrustError::Content { document, error })?;
    same_account(document, root, &config.account)?;
    if config.epoch != root.epoch {
        return Err(TrustError::ConfigEpoch { expected: root.epoch, found: config.epoch });
    }
    Ok(config)
}

fn verified(
    jws: &str,
    typ: &'static str,
    signer: &Root,
    keys: &crate::jwk::KeyList,
    document: Document,
) -> Result<Vec<u8>, TrustError> {
    let refused = |error| TrustError::Jws { document, error };
    let compact = Compact::parse(jws, MAX_DOCUMENT_BYTES).map_err(refused)?;
    let kid = compact.header().kid.clone();
    let key = kid.as_deref().and_then(|kid| keys.find(kid));
    let key = key.ok_or(TrustError::UnlistedKey { document, kid: kid.clone(), epoch: signer.epoch })?;
    compact.verify(typ, key).map(<[u8]>::to_vec).map_err(refused)
}

fn same_account(document: Document, signer: &Root, found: &str) -> Result<(), TrustError> {
    if signer.account == found {
        return Ok(());
    }
    Err(TrustError::Account { document, expected: signer.account.clone(), found: found.into() })
}

/// The payload as the JWS claims it, unverified.
fn claim(jws: &str) -> Option<Vec<u8>> {
    if jws.len() > MAX_DOCUMENT_BYTES {
        return None;
    }
    crate::encoding::from_base64url(jws.split('.').nth(1)?)
}

fn claimed_number(jws: &str, member: &str) -> Option<u64> {
    serde_json::from_slice::<Value>(&claim(jws)?).ok()?.get(member)?.as_u64()
}

fn claimed_epoch(jws: &str) -> Option<u64> {
    claimed_number(jws, "epoch")
}

fn claimed_position(jws: &str) -> Option<(u64, u64)> {
    Some((claimed_epoch(jws)?, claimed_number(jws, "version")?))
}
