//! Proof of rotation: the certificates that an app was signed by, each vouched for by the one before.

use super::certificate::PublicKey;
use super::signature;
use crate::bytes::Bytes;
use crate::{Error, Result, Sha256};

/// A certificate that the app was or is signed by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ancestor {
    /// SHA-256 of the certificate.
    pub certificate: Sha256,
    /// What it may still do, as Android numbers it.
    pub capabilities: u32,
}

const VERSION: u32 = 1;

/// The oldest first.
pub(super) fn read(mut value: Bytes<'_>) -> Result<Vec<Ancestor>> {
    if value.u32()? != VERSION {
        return Err(Error::Malformed { what: "the version of the lineage" });
    }
    let mut ancestors: Vec<Ancestor> = Vec::new();
    let mut last: Option<(PublicKey<'_>, u32)> = None;
    for (position, mut level) in value.items()?.into_iter().enumerate() {
        let broken = || Error::BrokenLineage { position };
        let signed = level.prefixed()?;
        let (capabilities, next_algorithm) = (level.u32()?, level.u32()?);
        let signature = level.prefixed()?;
        let mut fields = signed;
        let der = fields.prefixed()?.rest();
        let algorithm = fields.u32()?;
        // The first is vouched for by nobody.
        if let Some((parent, expected)) = &last {
            let good = signature::verify(*expected, parent, signed.rest(), signature.rest());
            if algorithm != *expected || good != Some(true) {
                return Err(broken());
            }
        }
        let certificate = super::signer::digest(der);
        if ancestors.iter().any(|one| one.certificate == certificate) {
            return Err(broken());
        }
        let key = PublicKey::of(der).map_err(|_| broken())?;
        ancestors.push(Ancestor { certificate, capabilities });
        last = Some((key, next_algorithm));
    }
    Ok(ancestors)
}
