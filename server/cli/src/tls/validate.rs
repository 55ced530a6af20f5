//! Which path of a presented chain is valid: only that counts for pins.

use bonafide_protocol::host::Host;
use bonafide_service::look::server_name;
use rustls_pki_types::{CertificateDer, UnixTime};
use thiserror::Error;
use webpki::{EndEntityCert, KeyUsage};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::tls::roots::Roots;

/// Why a chain is not valid.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum ChainRefusal {
    #[error("the server presented no certificate")]
    Empty,
    #[error("the leaf cannot be read: {0}")]
    Unreadable(webpki::Error),
    #[error("expired at {}", crate::out::table::date(*.not_after))]
    Expired { not_after: i64 },
    #[error("not valid before {}", crate::out::table::date(*.not_before))]
    NotYetValid { not_before: i64 },
    #[error("wrong name: the certificate is for {presented}, not for {host}")]
    WrongName { host: String, presented: String },
    #[error("self-signed, and not among {roots}")]
    SelfSigned { roots: String },
    #[error("unknown issuer: {issuer} leads to none of {roots}")]
    UnknownIssuer { issuer: String, roots: String },
    #[error("{0}")]
    Other(webpki::Error),
}

impl ChainRefusal {
    /// The stable code of the JSON output.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Unreadable(_) => "unreadable",
            Self::Expired { .. } => "expired",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::WrongName { .. } => "wrong_name",
            Self::SelfSigned { .. } => "self_signed",
            Self::UnknownIssuer { .. } => "unknown_issuer",
            Self::Other(_) => "invalid",
        }
    }
}

/// The validated path, leaf first, the root last.
pub(crate) fn validated(
    host: &Host,
    presented: &[CertificateDer<'static>],
    roots: &Roots,
    now: UnixTime,
) -> Result<Vec<Vec<u8>>, ChainRefusal> {
    let (leaf, intermediates) = presented.split_first().ok_or(ChainRefusal::Empty)?;
    let end_entity = EndEntityCert::try_from(leaf).map_err(ChainRefusal::Unreadable)?;
    let anchors = roots.anchors();
    let algorithms = rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.all;
    let path = end_entity
        .verify_for_usage(algorithms, &anchors, intermediates, now, KeyUsage::server_auth(), None, None)
        .map_err(|error| explain(error, leaf, roots))?;
    end_entity.verify_is_valid_for_subject_name(&server_name(host)).map_err(|_| ChainRefusal::WrongName {
        host: host.to_string(),
        presented: end_entity.valid_dns_names().collect::<Vec<_>>().join(", "),
    })?;
    let mut chain = vec![leaf.as_ref().to_vec()];
    chain.extend(path.intermediate_certificates().map(|certificate| certificate.der().as_ref().to_vec()));
    if let Some(root) = roots.certificate(path.anchor()) {
        // A private leaf may be its own root.
        if chain.last().is_none_or(|last| last.as_slice() != root.as_ref()) {
            chain.push(root.as_ref().to_vec());
        }
    }
    Ok(chain)
}

fn explain(error: webpki::Error, leaf: &CertificateDer<'_>, roots: &Roots) -> ChainRefusal {
    let seconds = |time: UnixTime| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    match error {
        webpki::Error::CertExpired { not_after, .. } => ChainRefusal::Expired { not_after: seconds(not_after) },
        webpki::Error::CertNotValidYet { not_before, .. } => {
            ChainRefusal::NotYetValid { not_before: seconds(not_before) }
        }
        webpki::Error::UnknownIssuer | webpki::Error::CaUsedAsEndEntity => {
            let names = X509Certificate::from_der(leaf).ok().map(|(_, certificate)| {
                (certificate.subject() == certificate.issuer(), certificate.issuer().to_string())
            });
            let (own, issuer) = names.unwrap_or((false, "(unreadable)".into()));
            if own {
                ChainRefusal::SelfSigned { roots: roots.name.clone() }
            } else {
                ChainRefusal::UnknownIssuer { issuer, roots: roots.name.clone() }
            }
        }
        other => ChainRefusal::Other(other),
    }
}
