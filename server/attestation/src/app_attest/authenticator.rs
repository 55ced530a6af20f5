//! Authenticator data (WebAuthn level 2 section 6.1), as App Attest fills it in.

use minicbor::Decoder;
use serde::Serialize;
use thiserror::Error;

use super::app_id::AppId;
use super::encoding::{Sha256, hex};
use super::extensions::Extensions;
use super::public_key::{PublicKey, UnusableKey};
use crate::cbor::{CborError, bytes, integer, map};

const ATTESTED_CREDENTIAL: u8 = 0x40;
const EXTENSION_DATA: u8 = 0x80;

const DEVELOPMENT: &[u8; 16] = b"appattestdevelop";
const PRODUCTION: &[u8; 16] = b"appattest\0\0\0\0\0\0\0";

/// Which of Apple's two environments made a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Environment {
    /// The sandbox of development builds: AAGUID `appattestdevelop`.
    Development,
    /// TestFlight, App Store and enterprise builds: AAGUID `appattest` and seven zero bytes.
    Production,
}

/// Why authenticator data was refused.
#[derive(Clone, Debug, Error, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum AuthenticatorDataError {
    /// Ends before `field`.
    #[error("{length} bytes, too short for {field}")]
    TooShort {
        /// What is missing.
        field: &'static str,
        /// How many bytes there are.
        length: usize,
    },
    /// Made for another app.
    #[error("made for the app with the hash {found}, expected {expected}")]
    RpIdHash {
        /// The hash of the expected App ID, in hexadecimal.
        expected: String,
        /// The hash found, in hexadecimal.
        found: String,
    },
    /// The flags do not say that a credential follows.
    #[error("the flags {flags:#04x} announce no credential")]
    NoCredential {
        /// The flags.
        flags: u8,
    },
    /// Made by something else than App Attest.
    #[error("the AAGUID {found} is not App Attest's")]
    Aaguid {
        /// The AAGUID in hexadecimal.
        found: String,
    },
    /// The credential's public key is not a COSE key of a kind that App Attest makes (RFC 9053 sections 2.1 and 7.1).
    #[error("the credential's key: {0}")]
    CoseKey(#[source] CborError),
    /// A value of the credential's public key is another than App Attest's keys have.
    #[error("the credential's key has {found} under {label}, expected {expected}")]
    CoseValue {
        /// The label in the COSE key.
        label: i64,
        /// The value that keys for ES256 have.
        expected: i64,
        /// The value found.
        found: i64,
    },
    /// The credential's public key is no key.
    #[error("the credential's key: {0}")]
    Key(#[source] UnusableKey),
    /// What follows is no extension data, whether the flags announce any or not.
    #[error("extension data: {0}")]
    Extensions(#[source] CborError),
}

/// What every authenticator data begins with.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) rp_id_hash: Sha256,
    pub(super) flags: u8,
    pub(super) counter: u32,
}

/// The key that an attestation is about.
#[derive(Debug)]
pub(super) struct Credential<'a> {
    pub(super) environment: Environment,
    pub(super) id: &'a [u8],
    pub(super) key: PublicKey,
}

/// Reads the authenticator data of an attestation, for any app where none is named.
pub(super) fn parse_attestation<'a>(
    data: &'a [u8],
    app_id: Option<&AppId>,
) -> Result<(Head, Credential<'a>, Extensions), AuthenticatorDataError> {
    let mut reader = Reader { data, rest: data };
    let head = reader.head(app_id)?;
    if head.flags & ATTESTED_CREDENTIAL == 0 {
        return Err(AuthenticatorDataError::NoCredential { flags: head.flags });
    }
    let environment = match reader.take("aaguid")? {
        DEVELOPMENT => Environment::Development,
        PRODUCTION => Environment::Production,
        found => return Err(AuthenticatorDataError::Aaguid { found: hex(found) }),
    };
    let id = reader.credential_id()?;
    let key = reader.cose_key()?;
    let extensions = reader.extensions(&head)?;
    Ok((head, Credential { environment, id, key }, extensions))
}

/// Reads the authenticator data of an assertion. App Attest sets the flag for a credential here too, and sends none.
pub(super) fn parse_assertion(
    data: &[u8],
    app_id: Option<&AppId>,
) -> Result<(Head, Extensions), AuthenticatorDataError> {
    let mut reader = Reader { data, rest: data };
    let head = reader.head(app_id)?;
    let extensions = reader.extensions(&head)?;
    Ok((head, extensions))
}

struct Reader<'a> {
    data: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take<const LENGTH: usize>(&mut self, field: &'static str) -> Result<&'a [u8; LENGTH], AuthenticatorDataError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or_else(|| self.too_short(field))?;
        self.rest = rest;
        Ok(taken)
    }

    fn too_short(&self, field: &'static str) -> AuthenticatorDataError {
        AuthenticatorDataError::TooShort { field, length: self.data.len() }
    }

    fn head(&mut self, app_id: Option<&AppId>) -> Result<Head, AuthenticatorDataError> {
        let found: &Sha256 = self.take("rpIdHash")?;
        let [flags] = *self.take("flags")?;
        let counter = u32::from_be_bytes(*self.take("signCount")?);
        if let Some(expected) = app_id.map(AppId::rp_id_hash)
            && *found != expected
        {
            return Err(AuthenticatorDataError::RpIdHash { expected: hex(&expected), found: hex(found) });
        }
        Ok(Head { rp_id_hash: *found, flags, counter })
    }

    fn credential_id(&mut self) -> Result<&'a [u8], AuthenticatorDataError> {
        let length = u16::from_be_bytes(*self.take("credentialIdLength")?);
        let (id, rest) =
            self.rest.split_at_checked(usize::from(length)).ok_or_else(|| self.too_short("credentialId"))?;
        self.rest = rest;
        Ok(id)
    }

    fn cose_key(&mut self) -> Result<PublicKey, AuthenticatorDataError> {
        let mut decoder = Decoder::new(self.rest);
        let mut cose = CoseKey::default();
        let label = |decoder: &mut Decoder<'a>| integer(decoder, "a label");
        map(&mut decoder, "credentialPublicKey", label, |label, decoder| cose.read(*label, decoder))
            .map_err(AuthenticatorDataError::CoseKey)?;
        self.rest = self.rest.get(decoder.position()..).unwrap_or_default();
        cose.key()
    }

    /// iOS 27 appends extension data without setting the flag for it. Whatever follows therefore has to be extension
    /// data to its last byte, announced or not; announced, it has to be there.
    fn extensions(&self, head: &Head) -> Result<Extensions, AuthenticatorDataError> {
        if self.rest.is_empty() && head.flags & EXTENSION_DATA == 0 {
            return Ok(Extensions::default());
        }
        Extensions::parse(self.rest).map_err(AuthenticatorDataError::Extensions)
    }
}

/// An elliptic curve key as COSE has it.
#[derive(Default)]
struct CoseKey<'a> {
    kind: Option<i64>,
    algorithm: Option<i64>,
    curve: Option<i64>,
    x: Option<&'a [u8]>,
    y: Option<&'a [u8]>,
}

impl<'a> CoseKey<'a> {
    fn read(&mut self, label: i64, decoder: &mut Decoder<'a>) -> Result<(), CborError> {
        match label {
            1 => self.kind = Some(integer(decoder, "kty")?),
            3 => self.algorithm = Some(integer(decoder, "alg")?),
            -1 => self.curve = Some(integer(decoder, "crv")?),
            -2 => self.x = Some(bytes(decoder, "x")?),
            -3 => self.y = Some(bytes(decoder, "y")?),
            _ => return Err(CborError::Type { member: "a label", expected: "one of an EC2 key's" }),
        }
        Ok(())
    }

    fn key(self) -> Result<PublicKey, AuthenticatorDataError> {
        let missing = |member| AuthenticatorDataError::CoseKey(CborError::Missing { member });
        for (label, member, expected, found) in
            [(1, "kty", 2, self.kind), (3, "alg", -7, self.algorithm), (-1, "crv", 1, self.curve)]
        {
            match found {
                Some(found) if found == expected => {}
                Some(found) => return Err(AuthenticatorDataError::CoseValue { label, expected, found }),
                None => return Err(missing(member)),
            }
        }
        let point = [&[4], self.x.ok_or(missing("x"))?, self.y.ok_or(missing("y"))?].concat();
        PublicKey::from_point(&point).map_err(AuthenticatorDataError::Key)
    }
}
