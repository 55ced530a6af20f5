//! All keys of an account, opened.

use bonafide_protocol::encoding::to_base64url;
use bonafide_protocol::jwk::{KeyList, PublicKey};
use bonafide_protocol::key::{Ed25519Key, KeyError, P256Key};
use jsonwebtoken::{Algorithm, EncodingKey};
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use thiserror::Error;

use super::{Binding, MasterKey, SealError};
use crate::evidence::PLAY_KEYS;
use crate::store::keys::KeyRow;

/// What a key is for. Part of what its blob is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Signs configs.
    Config,
    /// Signs tokens.
    Token,
    /// Signs decoys; its id is that of the token key it imitates.
    Decoy,
    /// Authenticates challenges.
    Challenge,
    /// Seals ARCs.
    Arc,
    /// Derives installation ids, and from them the pairwise subjects of tokens.
    Pseudonym,
    /// Opens tokens of Play Integrity; its id is the app's package.
    PlayIntegrity,
}

impl Purpose {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Token => "token",
            Self::Decoy => "decoy",
            Self::Challenge => "challenge",
            Self::Arc => "arc",
            Self::Pseudonym => "pseudonym",
            Self::PlayIntegrity => PLAY_KEYS,
        }
    }
}

/// Why the keys in the database could not be opened.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyringError {
    /// Not one key opens.
    #[error(
        "the master key is not the one that this database was set up with: restore master.key (or \
         BONAFIDE_MASTER_KEY) from the backup that was made with it"
    )]
    WrongMasterKey,
    /// Some keys open and this one does not.
    #[error("the key {purpose}/{kid} in the database has been altered or moved: restore the database")]
    Altered {
        /// What the key is for.
        purpose: String,
        /// Its id.
        kid: String,
    },
    /// A key that has to be there is not.
    #[error("the database holds no live key for {purpose}: restore the database")]
    Missing {
        /// What the key is for.
        purpose: &'static str,
    },
}

/// A key about to be sealed.
pub(crate) struct NewKey {
    pub(crate) purpose: Purpose,
    pub(crate) kid: String,
    pub(crate) algorithm: &'static str,
    pub(crate) secret: Vec<u8>,
    pub(crate) state: &'static str,
}

impl NewKey {
    /// A config key and its public half.
    pub(crate) fn config(state: &'static str) -> Result<(Self, PublicKey), KeyError> {
        let seed = random_32()?;
        let public = Ed25519Key::from_seed(seed)?.public_key();
        let kid = public.thumbprint();
        Ok((Self { purpose: Purpose::Config, kid, algorithm: "EdDSA", secret: seed.to_vec(), state }, public))
    }

    /// A token key and the decoy key that goes by the same id.
    pub(crate) fn token(algorithm: Algorithm) -> Result<[Self; 2], KeyError> {
        let make = || -> Result<(Vec<u8>, String), KeyError> {
            if algorithm == Algorithm::HS256 {
                return Ok((random_32()?.to_vec(), to_base64url(&random_32()?)));
            }
            let key = P256Key::generate()?;
            Ok((key.to_pkcs8().to_vec(), key.public_key()?.thumbprint()))
        };
        let algorithm = if algorithm == Algorithm::HS256 { "HS256" } else { "ES256" };
        let ((secret, kid), (decoy, _)) = (make()?, make()?);
        let new = |purpose, secret| Self { purpose, kid: kid.clone(), algorithm, secret, state: "live" };
        Ok([new(Purpose::Token, secret), new(Purpose::Decoy, decoy)])
    }

    /// What opens the tokens of Play Integrity of one package.
    pub(crate) fn play_integrity(package: &str, secret: Vec<u8>) -> Self {
        let purpose = Purpose::PlayIntegrity;
        Self { purpose, kid: package.to_owned(), algorithm: "A256KW", secret, state: "live" }
    }

    /// Thirty-two random bytes for `purpose`.
    pub(crate) fn symmetric(purpose: Purpose) -> Result<Self, KeyError> {
        let algorithm = if purpose == Purpose::Arc { "A256GCM" } else { "HS256" };
        let kid = to_base64url(random_32()?.get(..9).unwrap_or_default());
        Ok(Self { purpose, kid, algorithm, secret: random_32()?.to_vec(), state: "live" })
    }

    /// The row that goes into the database; the key signs from `now` on, unless the caller says otherwise.
    pub(crate) fn seal(&self, master: &MasterKey, account: &str, now: u64) -> Result<KeyRow, SealError> {
        let binding = Binding { account, purpose: self.purpose.name(), kid: &self.kid };
        Ok(KeyRow {
            purpose: self.purpose.name().to_owned(),
            kid: self.kid.clone(),
            algorithm: self.algorithm.to_owned(),
            state: self.state.to_owned(),
            sealed: master.seal(binding, &self.secret)?,
            created_at: now,
            ends_at: None,
            signs_from: Some(now),
        })
    }
}

fn random_32() -> Result<[u8; 32], KeyError> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| KeyError::Random)?;
    Ok(bytes)
}

/// What signs tokens, or decoys.
pub(crate) struct TokenSecret {
    pub(crate) encoding: EncodingKey,
    /// `None` for HS256, whose key is nobody's to publish.
    pub(crate) public: Option<PublicKey>,
}

/// A token key with its decoy.
pub(crate) struct TokenKey {
    pub(crate) kid: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) genuine: TokenSecret,
    pub(crate) decoy: TokenSecret,
    pub(crate) live: bool,
    pub(crate) ends_at: Option<u64>,
    signs_from: Option<u64>,
}

/// A key that authenticates challenges.
pub(crate) struct ChallengeKey {
    pub(crate) key: hmac::Key,
    pub(crate) live: bool,
    pub(crate) ends_at: Option<u64>,
}

/// All keys of an account.
pub(crate) struct Keyring {
    configs: Vec<(String, Ed25519Key)>,
    pub(crate) tokens: Vec<TokenKey>,
    pub(crate) challenges: Vec<ChallengeKey>,
    pub(crate) arc: [u8; 32],
    pub(crate) pseudonym: hmac::Key,
    /// The operator's keys of Play Integrity as they were sealed, by package.
    pub(crate) play_integrity: Vec<(String, Vec<u8>)>,
}

impl Keyring {
    /// Opens every key of `account`.
    pub(crate) fn open(master: &MasterKey, account: &str, rows: &[KeyRow]) -> Result<Self, KeyringError> {
        let opened: Vec<(&KeyRow, Result<Vec<u8>, SealError>)> = rows
            .iter()
            .map(|row| (row, master.open(Binding { account, purpose: &row.purpose, kid: &row.kid }, &row.sealed)))
            .collect();
        if opened.iter().all(|(_, secret)| secret.is_err()) {
            return Err(KeyringError::WrongMasterKey);
        }
        let altered = |row: &KeyRow| KeyringError::Altered { purpose: row.purpose.clone(), kid: row.kid.clone() };
        let mut keys = Vec::new();
        for (row, secret) in opened {
            keys.push((row, secret.map_err(|_| altered(row))?));
        }
        let of = |purpose: Purpose| keys.iter().filter(move |(row, _)| row.purpose == purpose.name());
        let bytes_of = |purpose: Purpose| {
            of(purpose)
                .find(|(row, _)| row.state == "live")
                .and_then(|(_, secret)| <[u8; 32]>::try_from(secret.as_slice()).ok())
                .ok_or(KeyringError::Missing { purpose: purpose.name() })
        };

        let mut configs = Vec::new();
        for (row, secret) in of(Purpose::Config) {
            let seed = <[u8; 32]>::try_from(secret.as_slice()).map_err(|_| altered(row))?;
            configs.push((row.kid.clone(), Ed25519Key::from_seed(seed).map_err(|_| altered(row))?));
        }
        let mut tokens = Vec::new();
        for (row, secret) in of(Purpose::Token) {
            let decoy = of(Purpose::Decoy)
                .find(|(decoy, _)| decoy.kid == row.kid)
                .ok_or(KeyringError::Missing { purpose: Purpose::Decoy.name() })?;
            tokens.push(TokenKey {
                kid: row.kid.clone(),
                algorithm: if row.algorithm == "HS256" { Algorithm::HS256 } else { Algorithm::ES256 },
                genuine: token_secret(row, secret).ok_or_else(|| altered(row))?,
                decoy: token_secret(decoy.0, &decoy.1).ok_or_else(|| altered(decoy.0))?,
                live: row.state == "live",
                ends_at: row.ends_at,
                signs_from: row.signs_from,
            });
        }
        let challenges: Vec<ChallengeKey> = of(Purpose::Challenge)
            .map(|(row, secret)| ChallengeKey {
                key: hmac::Key::new(hmac::HMAC_SHA256, secret),
                live: row.state == "live",
                ends_at: row.ends_at,
            })
            .collect();
        for (purpose, there) in [
            (Purpose::Config, !configs.is_empty()),
            (Purpose::Token, tokens.iter().any(|key| key.live)),
            (Purpose::Challenge, challenges.iter().any(|key| key.live)),
        ] {
            if !there {
                return Err(KeyringError::Missing { purpose: purpose.name() });
            }
        }
        Ok(Self {
            configs,
            tokens,
            challenges,
            arc: bytes_of(Purpose::Arc)?,
            pseudonym: hmac::Key::new(hmac::HMAC_SHA256, &bytes_of(Purpose::Pseudonym)?),
            play_integrity: of(Purpose::PlayIntegrity).map(|(row, secret)| (row.kid.clone(), secret.clone())).collect(),
        })
    }

    /// The config key that a root lists.
    pub(crate) fn config_key(&self, listed: &KeyList) -> Option<&Ed25519Key> {
        self.configs.iter().find(|(kid, _)| listed.find(kid).is_some()).map(|(_, key)| key)
    }

    /// The config key with this id.
    pub(crate) fn config_key_by_id(&self, kid: &str) -> Option<&Ed25519Key> {
        self.configs.iter().find(|(held, _)| held == kid).map(|(_, key)| key)
    }

    /// The token key that signs at `now`: the newest whose time has come. What it signs has to be accepted.
    pub(crate) fn signing_token(&self, now: u64) -> Option<&TokenKey> {
        let good = || self.tokens.iter().filter(|key| key.live || key.ends_at.is_none_or(|end| now <= end));
        let times = || good().filter_map(|key| key.signs_from.map(|from| (from, key)));
        times()
            .filter(|(from, _)| *from <= now)
            // Of two rotations in one second the later one counts: what it replaced ends sooner, itself does not end.
            .max_by_key(|(from, key)| (*from, key.ends_at.unwrap_or(u64::MAX)))
            // A clock that was set back far leaves none: better the next to come than no token at all.
            .or_else(|| times().min_by_key(|(from, _)| *from))
            .map(|(_, key)| key)
    }
}

fn token_secret(row: &KeyRow, secret: &[u8]) -> Option<TokenSecret> {
    if row.algorithm == "HS256" {
        return Some(TokenSecret { encoding: EncodingKey::from_secret(secret), public: None });
    }
    let public = P256Key::from_pkcs8(secret).ok()?.public_key().ok()?;
    Some(TokenSecret { encoding: EncodingKey::from_ec_der(secret), public: Some(public) })
}
