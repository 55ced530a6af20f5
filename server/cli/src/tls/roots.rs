//! Whom to trust: the bundled public roots or a file, never the machine's own store, which a company's TLS inspection
//! may have extended.

use std::path::Path;

use rustls_pki_types::{CertificateDer, TrustAnchor};
use webpki::anchor_from_trusted_cert;

use crate::exit::{Failure, Outcome};
use crate::tls::files::certificates;

/// Roots that a chain may end at.
pub(crate) struct Roots {
    certificates: Vec<CertificateDer<'static>>,
    /// For messages: `the bundled public roots`, or the file.
    pub(crate) name: String,
}

impl Roots {
    /// Mozilla's roots for servers, as bundled at build time; or those in `file`.
    pub(crate) fn load(file: Option<&Path>) -> Outcome<Self> {
        let Some(file) = file else {
            let certificates = webpki_root_certs::TLS_SERVER_ROOT_CERTS.to_vec();
            return Ok(Self { certificates, name: "the bundled public roots".into() });
        };
        let certificates: Vec<_> = certificates(file)?.into_iter().map(CertificateDer::from).collect();
        if let Some(error) = certificates.iter().find_map(|der| anchor_from_trusted_cert(der).err()) {
            return Err(Failure::refused(format!("{} holds a certificate that is no root: {error}", file.display())));
        }
        Ok(Self { certificates, name: file.display().to_string() })
    }

    /// The private roots of a config: DER in base64.
    pub(crate) fn from_config(roots: &[String]) -> Outcome<Self> {
        let read = |text: &String| bonafide_protocol::encoding::from_base64(text).map(CertificateDer::from);
        let certificates = roots.iter().map(read).collect::<Option<Vec<_>>>();
        let certificates = certificates.ok_or_else(|| Failure::refused("the config's private roots cannot be read"))?;
        Ok(Self { certificates, name: "the config's private roots".into() })
    }

    /// The roots as webpki takes them.
    pub(crate) fn anchors(&self) -> Vec<TrustAnchor<'_>> {
        self.certificates.iter().filter_map(|der| anchor_from_trusted_cert(der).ok()).collect()
    }

    /// The whole certificate of an anchor.
    pub(crate) fn certificate(&self, anchor: &TrustAnchor<'_>) -> Option<&CertificateDer<'static>> {
        self.certificates.iter().find(|der| {
            anchor_from_trusted_cert(der).is_ok_and(|found| {
                found.subject == anchor.subject && found.subject_public_key_info == anchor.subject_public_key_info
            })
        })
    }
}
