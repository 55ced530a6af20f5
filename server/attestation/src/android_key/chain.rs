//! The walk from the attested key to a root.

use bonafide_protocol::encoding::sha256;

use super::error::AndroidKeyError;
use super::provisioning::Provisioning;
use super::{KEY_DESCRIPTION_OID, PROVISIONING_INFO_OID, Roots, Trust};
use crate::certificate::{Certificate, CertificateError};

/// The fewest certificates in a chain: the attested key's, the attestation key's, a root.
pub const MIN_CERTIFICATES: usize = 3;

/// The most certificates in a chain. Phones present four or five.
pub const MAX_CERTIFICATES: usize = 8;

/// A chain that is valid up to a trusted root.
pub(super) struct Chain<'a> {
    pub(super) certificates: Vec<Certificate<'a>>,
    pub(super) provisioning: Provisioning,
    /// The places of certificates past their end.
    pub(super) expired: Vec<usize>,
    pub(super) leaf: &'a [u8],
}

impl<'a> Chain<'a> {
    /// The cheap checks come first, the signatures last; a chain passes all of them or none counts.
    pub(super) fn verify(ders: &[&'a [u8]], trust: &Trust<'_>, now: i64) -> Result<Self, AndroidKeyError> {
        let certificates = parse(ders)?;
        let leaf = check_extensions(&certificates)?;
        check_root(&certificates, trust.roots)?;
        let provisioning = Provisioning::of(&certificates);
        let mut expired = Vec::new();
        for (link, certificate) in certificates.iter().enumerate() {
            let refuse = |error| AndroidKeyError::Certificate { link, error };
            if let Some(issuer) = certificates.get(link + 1) {
                certificate.check_named_by(issuer).map_err(refuse)?;
            }
            certificate.check_critical_extensions(&[KEY_DESCRIPTION_OID, PROVISIONING_INFO_OID]).map_err(refuse)?;
            if link > 0 {
                check_authority(&certificates, certificate, link, provisioning).map_err(refuse)?;
                if !check_dates(certificate, link + 1 == certificates.len(), provisioning, now).map_err(refuse)? {
                    expired.push(link);
                }
            }
        }
        check_revocation(&certificates, trust)?;
        check_signatures(&certificates)?;
        Ok(Self { certificates, provisioning, expired, leaf })
    }
}

fn parse<'a>(ders: &[&'a [u8]]) -> Result<Vec<Certificate<'a>>, AndroidKeyError> {
    match ders.len() {
        0 => return Err(AndroidKeyError::Empty),
        count if count > MAX_CERTIFICATES => return Err(AndroidKeyError::TooMany { count }),
        count if count < MIN_CERTIFICATES => return Err(AndroidKeyError::TooFew { count }),
        _ => {}
    }
    let read = |(link, der): (usize, &&'a [u8])| {
        Certificate::parse(der).map_err(|error| AndroidKeyError::Certificate { link, error })
    };
    ders.iter().enumerate().map(read).collect()
}

/// The key description belongs in the first certificate, the provisioning extension in the second. Anywhere else
/// somebody has made the chain longer.
fn check_extensions<'a>(certificates: &[Certificate<'a>]) -> Result<&'a [u8], AndroidKeyError> {
    for (link, certificate) in certificates.iter().enumerate() {
        if link > 0 && certificate.extension(KEY_DESCRIPTION_OID).is_some() {
            return Err(AndroidKeyError::DescriptionMisplaced { link });
        }
        if link != 1 && certificate.extension(PROVISIONING_INFO_OID).is_some() {
            return Err(AndroidKeyError::ProvisioningMisplaced { link });
        }
    }
    let leaf = certificates.first().and_then(|leaf| leaf.extension(KEY_DESCRIPTION_OID));
    leaf.ok_or(AndroidKeyError::NoDescription)
}

fn check_root(certificates: &[Certificate<'_>], roots: &Roots) -> Result<(), AndroidKeyError> {
    match certificates.last() {
        Some(root) if roots.include(root) => Ok(()),
        Some(stranger) => Err(AndroidKeyError::UntrustedRoot {
            subject: stranger.subject_name().to_string(),
            key_digest: sha256(stranger.public_key().raw),
        }),
        None => Err(AndroidKeyError::Empty),
    }
}

fn check_authority(
    certificates: &[Certificate<'_>],
    certificate: &Certificate<'_>,
    link: usize,
    provisioning: Provisioning,
) -> Result<(), CertificateError> {
    if link == 1 && provisioning == Provisioning::Factory {
        // Real phones have one without the flag; the extension check has made sure that it is nobody's attested key.
        return Ok(());
    }
    // RFC 5280 section 4.2.1.9: the last certificate of the path and self-issued ones do not count.
    let between = certificates.iter().take(link).skip(1);
    let below = between.filter(|intermediate| intermediate.subject() != intermediate.issuer()).count();
    certificate.check_may_issue(u32::try_from(below).unwrap_or(u32::MAX))
}

/// Whether it has not expired; an error where that counts.
fn check_dates(
    certificate: &Certificate<'_>,
    is_root: bool,
    provisioning: Provisioning,
    now: i64,
) -> Result<bool, CertificateError> {
    if !is_root {
        certificate.check_started(now)?;
    }
    match certificate.check_not_expired(now) {
        Err(error) if !is_root && provisioning != Provisioning::Factory => Err(error),
        checked => Ok(checked.is_ok()),
    }
}

fn check_revocation(certificates: &[Certificate<'_>], trust: &Trust<'_>) -> Result<(), AndroidKeyError> {
    let Some(list) = trust.revocation else { return Ok(()) };
    for (link, certificate) in certificates.iter().enumerate() {
        let serial = certificate.serial();
        if let Some(entry) = list.find(&serial) {
            return Err(AndroidKeyError::Revoked { link, serial, entry: Box::new(entry.clone()) });
        }
    }
    Ok(())
}

/// The root's copy is checked with its own key, which has been found among the roots.
fn check_signatures(certificates: &[Certificate<'_>]) -> Result<(), AndroidKeyError> {
    for (link, certificate) in certificates.iter().enumerate().rev() {
        let issuer = certificates.get(link + 1).unwrap_or(certificate);
        certificate.check_signed_by(issuer).map_err(|error| AndroidKeyError::Certificate { link, error })?;
    }
    Ok(())
}
