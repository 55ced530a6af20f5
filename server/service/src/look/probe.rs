//! One TLS handshake with one address for one type of key. Nothing is sent over the connection.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bonafide_protocol::host::Host;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error as TlsError, SignatureScheme};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::{KeyKind, ProbeError, WITHIN};

/// The chain that a server presents, leaf first, as it came. Valid or not: nothing but the possession of the leaf's
/// key has been verified.
pub(super) async fn presented_chain(
    host: &Host,
    address: SocketAddr,
    kind: KeyKind,
    deadline: Instant,
) -> Result<Vec<CertificateDer<'static>>, ProbeError> {
    let late = |_| ProbeError::Timeout { seconds: WITHIN.as_secs() };
    tokio::time::timeout_at(deadline, handshake(host, address, kind)).await.map_err(late)?
}

async fn handshake(
    host: &Host,
    address: SocketAddr,
    kind: KeyKind,
) -> Result<Vec<CertificateDer<'static>>, ProbeError> {
    let provider = aws_lc_rs::default_provider();
    let algorithms = provider.signature_verification_algorithms;
    let recorder = Arc::new(Recorder { kind, algorithms, chain: Mutex::default() });
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| ProbeError::Handshake(std::io::Error::other(error)))?
        .dangerous()
        .with_custom_certificate_verifier(recorder.clone())
        .with_no_client_auth();
    // A resumed session shows no certificate.
    config.resumption = rustls::client::Resumption::disabled();
    // Some servers have one certificate for HTTP/2 and another for HTTP/1.1; clients offer both.
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = TcpStream::connect(address).await.map_err(ProbeError::Connect)?;
    tokio_rustls::TlsConnector::from(Arc::new(config))
        .connect(server_name(host), stream)
        .await
        .map_err(ProbeError::Handshake)?;
    let chain = std::mem::take(&mut *recorder.chain.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(chain)
}

/// The host in the form that TLS has for it (RFC 6066 section 3). A name that TLS cannot carry (an underscore at an odd
/// place) is asked for by no name at all.
pub fn server_name(host: &Host) -> ServerName<'static> {
    match host {
        Host::Address(address) => ServerName::IpAddress((*address).into()),
        Host::Name(name) => ServerName::try_from(name.clone())
            .unwrap_or(ServerName::IpAddress(std::net::IpAddr::from([0, 0, 0, 0]).into())),
    }
}

/// Lets every chain through and keeps it: what it is worth is judged afterwards, with a reason to show.
#[derive(Debug)]
struct Recorder {
    kind: KeyKind,
    algorithms: WebPkiSupportedAlgorithms,
    chain: Mutex<Vec<CertificateDer<'static>>>,
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let chain = std::iter::once(leaf).chain(intermediates).map(|der| der.clone().into_owned()).collect();
        *self.chain.lock().unwrap_or_else(PoisonError::into_inner) = chain;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(message, leaf, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(message, leaf, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        use SignatureScheme as S;
        match self.kind {
            KeyKind::Elliptic => {
                vec![S::ECDSA_NISTP256_SHA256, S::ECDSA_NISTP384_SHA384, S::ECDSA_NISTP521_SHA512, S::ED25519]
            }
            KeyKind::Rsa => vec![
                S::RSA_PSS_SHA256,
                S::RSA_PSS_SHA384,
                S::RSA_PSS_SHA512,
                S::RSA_PKCS1_SHA256,
                S::RSA_PKCS1_SHA384,
                S::RSA_PKCS1_SHA512,
            ],
        }
    }
}
