//! The roots that certificate chains have to end in.

use bonafide_protocol::encoding::{Sha256, sha256};
use thiserror::Error;
use x509_parser::prelude::{FromDer, Pem, X509Certificate};

const APP_ATTESTATION_ROOT: &[u8] = include_bytes!("../../data/apple-app-attestation-root-ca.pem");
const APPLE_ROOT_G3: &[u8] = include_bytes!("../../data/apple-root-ca-g3.pem");

/// Trusted root certificates.
///
/// Apple's are built in, from <https://www.apple.com/certificateauthority/private/> and
/// <https://www.apple.com/certificateauthority/>; an operator may bring others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roots(Vec<Vec<u8>>);

impl Roots {
    /// Apple App Attestation Root CA, which attestations end in.
    pub fn app_attestation() -> Self {
        Self::built_in(APP_ATTESTATION_ROOT)
    }

    /// Apple Root CA - G3, which receipts end in.
    pub fn receipt() -> Self {
        Self::built_in(APPLE_ROOT_G3)
    }

    /// The certificates of a PEM file (RFC 7468); other text around them is ignored, other kinds of PEM blocks are not.
    pub fn from_pem(pem: &[u8]) -> Result<Self, RootsError> {
        let mut roots = Vec::new();
        for block in Pem::iter_from_buffer(pem) {
            let block = block.map_err(|_| RootsError::Pem { index: roots.len() })?;
            if block.label != "CERTIFICATE" {
                return Err(RootsError::Label { index: roots.len(), found: block.label });
            }
            roots.push(block.contents);
        }
        Self::from_der(roots)
    }

    /// Certificates in DER form.
    pub fn from_der(roots: Vec<Vec<u8>>) -> Result<Self, RootsError> {
        if roots.is_empty() {
            return Err(RootsError::Empty);
        }
        for (index, root) in roots.iter().enumerate() {
            match X509Certificate::from_der(root) {
                Ok(([], _)) => {}
                _ => return Err(RootsError::Certificate { index }),
            }
        }
        Ok(Self(roots))
    }

    /// The certificates in DER form.
    pub fn as_der(&self) -> &[Vec<u8>] {
        &self.0
    }

    /// The SHA-256 digests of the roots' public keys (DER SubjectPublicKeyInfo): copies of a root have one key.
    pub fn key_digests(&self) -> Vec<Sha256> {
        // Each of them has been read once already.
        let parsed = self.0.iter().filter_map(|der| X509Certificate::from_der(der).ok());
        parsed.map(|(_, root)| sha256(root.public_key().raw)).collect()
    }

    // A test reads both built-in roots.
    fn built_in(pem: &[u8]) -> Self {
        Self::from_pem(pem).unwrap_or_else(|_| Self(Vec::new()))
    }
}

/// Why roots could not be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RootsError {
    /// Nothing to trust.
    #[error("no root certificate")]
    Empty,
    /// A PEM block is broken.
    #[error("PEM block {index} cannot be read")]
    Pem {
        /// Which block, from 0.
        index: usize,
    },
    /// A PEM block holds something else than a certificate.
    #[error("PEM block {index} is a {found:?}, not a certificate")]
    Label {
        /// Which block, from 0.
        index: usize,
        /// The block's label.
        found: String,
    },
    /// A certificate is broken, or bytes follow it.
    #[error("root certificate {index} cannot be read")]
    Certificate {
        /// Which certificate, from 0.
        index: usize,
    },
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn broken_roots_are_refused() {
        let der = Roots::app_attestation().0.remove(0);
        let trailing = [der.as_slice(), &[0]].concat();
        assert_eq!(Roots::from_pem(b""), Err(RootsError::Empty));
        assert_eq!(Roots::from_der(vec![der, trailing]), Err(RootsError::Certificate { index: 1 }));
        let text = String::from_utf8(APPLE_ROOT_G3.to_vec()).unwrap();
        let key = text.replace("CERTIFICATE", "PUBLIC KEY");
        assert_eq!(Roots::from_pem(key.as_bytes()), Err(RootsError::Label { index: 0, found: "PUBLIC KEY".into() }));
        let broken = text.replace("MII", "!!!");
        assert_eq!(Roots::from_pem(broken.as_bytes()), Err(RootsError::Pem { index: 0 }));
    }

    #[test]
    fn the_built_in_roots_are_apples() {
        for (roots, name) in [
            (Roots::app_attestation(), "CN=Apple App Attestation Root CA, O=Apple Inc., ST=California"),
            (Roots::receipt(), "CN=Apple Root CA - G3, OU=Apple Certification Authority, O=Apple Inc., C=US"),
        ] {
            let [der] = roots.as_der() else { unreachable!("one root each") };
            let (_, root) = X509Certificate::from_der(der).unwrap();
            assert_eq!(root.subject().to_string(), name);
            root.verify_signature(None).unwrap();
        }
    }
}
