//! A signer of one scheme: what is signed, by whom, for which devices.

use super::certificate::PublicKey;
use super::content::ContentAlgorithm;
use super::lineage::{self, Ancestor};
use super::{Scheme, signature};
use crate::bytes::Bytes;
use crate::limits::ANY_SDK;
use crate::{Error, Result, Sha256};

/// The first Android that knows v2.
const V2_FROM: u32 = 24;
/// In v2: the number of a newer scheme that has to be there.
const NEWER_SCHEME: u32 = 0xbeef_f00d;
/// In v3: from which Android on a v3.1 signer, that has to be there, is asked.
const ROTATED_FROM: u32 = 0x559f_8b02;
const LINEAGE: u32 = 0x3ba0_6f8c;

/// Who signed, for which Android versions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signer {
    /// By which scheme.
    pub scheme: Scheme,
    /// SHA-256 of the signing certificate.
    pub certificate: Sha256,
    /// The first API level that it is for.
    pub min_sdk: u32,
    /// The last one.
    pub max_sdk: u32,
    /// All certificates that the app was signed by, the oldest first, this one last. Empty if it has never changed.
    pub lineage: Vec<Ancestor>,
    /// What was signed, of algorithms whose signature was verified.
    pub(super) digests: Vec<(ContentAlgorithm, Vec<u8>)>,
    needs: Option<(Scheme, Option<u32>)>,
}

/// What the signature is over.
struct Signed<'a> {
    digests: Vec<(u32, &'a [u8])>,
    certificate: &'a [u8],
    sdk: Option<(u32, u32)>,
    attributes: Vec<(u32, Bytes<'a>)>,
}

/// Every signer in a scheme's block, its signature verified.
pub(super) fn read(scheme: Scheme, value: &[u8]) -> Result<Vec<Signer>> {
    let mut block = Bytes::new(value, "a signature block");
    let mut signers = block.list()?.into_iter().map(|one| signer(scheme, one)).collect::<Result<Vec<_>>>()?;
    if signers.is_empty() {
        return Err(Error::Malformed { what: "a signature block without signers" });
    }
    signers.sort_by_key(|one| one.min_sdk);
    let overlap = |pair: &[Signer]| matches!(pair, [first, second] if first.max_sdk >= second.min_sdk);
    if signers.windows(2).any(overlap) {
        return Err(Error::SeveralSigners { scheme, count: signers.len() });
    }
    Ok(signers)
}

/// The schemes belong to one app: what one announces is there, and a lineage connects their signers.
pub(super) fn agree(signers: &[Signer]) -> Result<()> {
    for (scheme, from) in signers.iter().filter_map(|one| one.needs) {
        let first = signers.iter().filter(|one| one.scheme == scheme).map(|one| one.min_sdk).min();
        if first.is_none() || from.is_some_and(|from| first != Some(from)) {
            return Err(Error::Stripped { scheme });
        }
    }
    let oldest = |one: &Signer| one.lineage.first().map_or(one.certificate, |ancestor| ancestor.certificate);
    let Some(first) = signers.first() else { return Ok(()) };
    match signers.iter().find(|one| oldest(one) != oldest(first)) {
        Some(other) => Err(Error::SignersDisagree { first: first.scheme, second: other.scheme }),
        None => Ok(()),
    }
}

pub(super) fn digest(certificate: &[u8]) -> Sha256 {
    let digest = ring::digest::digest(&ring::digest::SHA256, certificate);
    digest.as_ref().try_into().unwrap_or_default()
}

fn signer(scheme: Scheme, mut fields: Bytes<'_>) -> Result<Signer> {
    let message = fields.prefixed()?;
    let sdk = if scheme == Scheme::V2 { None } else { Some((fields.u32()?, fields.u32()?)) };
    let signatures = fields
        .list()?
        .into_iter()
        .map(|mut one| Ok((one.u32()?, one.prefixed()?.rest())))
        .collect::<Result<Vec<_>>>()?;
    let key = fields.prefixed()?.rest();
    let signed = signed(scheme, message)?;
    if signed.sdk != sdk {
        return Err(Error::Malformed { what: "the API levels inside and outside of the signed data" });
    }
    let same = signed.digests.len() == signatures.len()
        && signed.digests.iter().zip(&signatures).all(|((digest, _), (signature, _))| digest == signature);
    if !same {
        return Err(Error::Malformed { what: "digests and signatures are of different algorithms" });
    }
    let public_key = PublicKey::of(signed.certificate)?;
    if public_key.info != key {
        return Err(Error::KeyMismatch { scheme });
    }
    let mut digests = Vec::new();
    for ((algorithm, signature), (_, digest)) in signatures.iter().zip(&signed.digests) {
        match signature::verify(*algorithm, &public_key, message.rest(), signature) {
            Some(false) => return Err(Error::BadSignature { scheme }),
            Some(true) => digests.extend(signature::content_of(*algorithm).map(|content| (content, digest.to_vec()))),
            None => {}
        }
    }
    if digests.is_empty() {
        let algorithm = signatures.first().map(|one| one.0).unwrap_or_default();
        return Err(Error::UnsupportedSignature { scheme, algorithm, key: signature::kind(&public_key) });
    }
    let (min_sdk, max_sdk) = sdk.unwrap_or((V2_FROM, ANY_SDK));
    if min_sdk > max_sdk {
        return Err(Error::Malformed { what: "the API levels of a signer" });
    }
    let (lineage, needs) = attributes(&signed.attributes)?;
    let certificate = self::digest(signed.certificate);
    if lineage.last().is_some_and(|last| last.certificate != certificate) {
        return Err(Error::BrokenLineage { position: lineage.len() });
    }
    Ok(Signer { scheme, certificate, min_sdk, max_sdk, lineage, digests, needs })
}

fn signed(scheme: Scheme, mut fields: Bytes<'_>) -> Result<Signed<'_>> {
    let digests = fields
        .list()?
        .into_iter()
        .map(|mut one| Ok((one.u32()?, one.prefixed()?.rest())))
        .collect::<Result<Vec<_>>>()?;
    let certificates = fields.list()?;
    let certificate = certificates.first().ok_or(Error::Malformed { what: "a signer without certificate" })?.rest();
    let sdk = if scheme == Scheme::V2 { None } else { Some((fields.u32()?, fields.u32()?)) };
    let attributes = fields.list()?.into_iter().map(|mut one| Ok((one.u32()?, one))).collect::<Result<Vec<_>>>()?;
    Ok(Signed { digests, certificate, sdk, attributes })
}

type Attributes = (Vec<Ancestor>, Option<(Scheme, Option<u32>)>);

fn attributes(attributes: &[(u32, Bytes<'_>)]) -> Result<Attributes> {
    let (mut lineage, mut needs) = (Vec::new(), None);
    for (id, value) in attributes {
        let mut value = *value;
        match *id {
            LINEAGE => lineage = lineage::read(value)?,
            NEWER_SCHEME if value.u32()? == 3 => needs = Some((Scheme::V3, None)),
            ROTATED_FROM => needs = Some((Scheme::V31, Some(value.u32()?))),
            _ => {}
        }
    }
    Ok((lineage, needs))
}
