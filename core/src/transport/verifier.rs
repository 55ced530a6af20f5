//! The platform's trust decision, and then the pin of the leaf.

use std::sync::Arc;

use bonafide_protocol::pin::Pin;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, SignatureScheme};

/// The service's leaf matches none of its pins, although the platform trusts it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the service's leaf has pin {served}, expected one of {}", self.expected_text())]
pub(crate) struct ServicePinMismatch {
    /// The leaf's pin.
    pub(crate) served: Pin,
    /// The config's.
    pub(crate) expected: Vec<Pin>,
}

impl ServicePinMismatch {
    pub(crate) fn expected_text(&self) -> String {
        self.expected.iter().map(Pin::to_string).collect::<Vec<_>>().join(" ")
    }
}

/// Trusts what `inner` trusts, if the leaf has one of the pins.
#[derive(Debug)]
pub(super) struct PinnedVerifier {
    inner: Arc<dyn ServerCertVerifier>,
    pins: Vec<Pin>,
}

impl PinnedVerifier {
    pub(super) fn new(inner: Arc<dyn ServerCertVerifier>, pins: Vec<Pin>) -> Self {
        Self { inner, pins }
    }
}

impl ServerCertVerifier for PinnedVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)?;
        // Of all the certificates served only the leaf is sure to be part of the validated path.
        let served = Pin::of_certificate(end_entity).map_err(|_| CertificateError::BadEncoding)?;
        if self.pins.contains(&served) {
            return Ok(verified);
        }
        let mismatch = ServicePinMismatch { served, expected: self.pins.clone() };
        Err(CertificateError::Other(OtherError(Arc::new(mismatch))).into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }

    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        self.inner.root_hint_subjects()
    }
}
