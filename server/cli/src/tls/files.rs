//! Certificates and keys in files.

use std::path::Path;

use bonafide_protocol::pin::Pin;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, SubjectPublicKeyInfoDer};

use crate::context::read;
use crate::exit::{Failure, Outcome};

/// The certificates of a PEM file, in their order, or the one of a DER file.
pub(crate) fn certificates(path: &Path) -> Outcome<Vec<Vec<u8>>> {
    let content = read(path)?;
    if !is_pem(&content) {
        return Ok(vec![content]);
    }
    // OpenSSL also writes `TRUSTED CERTIFICATE` and the old `X509 CERTIFICATE`; the second is the same thing.
    let text = String::from_utf8_lossy(&content).replace("X509 CERTIFICATE-----", "CERTIFICATE-----");
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    let unreadable = |why: String| Failure::refused(format!("{}: {why}", path.display()));
    let list = read.map_err(|error| unreadable(format!("broken PEM: {error}")))?;
    if list.is_empty() {
        return Err(unreadable("the PEM file holds no CERTIFICATE".into()));
    }
    Ok(list.into_iter().map(|der| der.as_ref().to_vec()).collect())
}

/// The pin of a private or public key, or of the first certificate, in a file.
pub(crate) fn pin_of_key_file(path: &Path) -> Outcome<Pin> {
    let content = read(path)?;
    if let Ok(spki) = SubjectPublicKeyInfoDer::from_pem_slice(&content) {
        return Ok(Pin::of_spki(&spki));
    }
    if let Ok(key) = PrivateKeyDer::from_pem_slice(&content) {
        let signing = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key);
        let spki = signing.ok().and_then(|key| key.public_key().map(|spki| spki.as_ref().to_vec()));
        return spki
            .map(|spki| Pin::of_spki(&spki))
            .ok_or_else(|| Failure::refused(format!("{}: no RSA, EC or Ed25519 key for TLS", path.display())));
    }
    let first = certificates(path)?.into_iter().next().unwrap_or_default();
    Pin::of_certificate(&first).map_err(|_| {
        Failure::refused(format!("{} holds no key and no certificate", path.display())).next(
            "make a spare key with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out spare.key`",
        )
    })
}

fn is_pem(content: &[u8]) -> bool {
    content.windows(11).any(|window| window == b"-----BEGIN ")
}
