//! The public listener's certificate: refused where it does not fit, replaced while the service runs.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use bonafide_service::{RateLimit, ServiceError, Tls, init, serve};
use common::{START, Turned, options, settings};
use rustls::pki_types::{CertificateDer, ServerName};

fn write_certificate(directory: &Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    // The key first: for a moment the two do not fit, as in any real replacement.
    std::fs::write(directory.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    std::fs::write(directory.join("cert.pem"), made.cert.pem()).unwrap();
    made.cert.der().clone()
}

/// Calls with `root` as the only trusted certificate.
fn call(address: SocketAddr, root: &CertificateDer<'static>) -> std::io::Result<String> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(root.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = rustls::StreamOwned::new(connection, TcpStream::connect(address)?);
    stream.write_all(
        b"GET /v1/config?account=acme&epoch=0&version=0 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_served_without_a_restart_and_an_unfit_one_never() {
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(Turned::at(START));
    init(options(&directory.path().join("data"), clock.clone())).await.unwrap();
    let files = Tls::Files { cert: directory.path().join("cert.pem"), key: directory.path().join("key.pem") };
    let mut settings = settings(&directory.path().join("data"), clock, RateLimit::default());
    settings.tls = files;

    assert!(matches!(serve(settings.clone()).await, Err(ServiceError::File { .. })));
    let first = write_certificate(directory.path());
    let kept = std::fs::read(directory.path().join("key.pem")).unwrap();
    let other = rcgen::KeyPair::generate().unwrap().serialize_pem();
    std::fs::write(directory.path().join("key.pem"), other).unwrap();
    assert!(matches!(serve(settings.clone()).await, Err(ServiceError::Tls { .. })));
    std::fs::write(directory.path().join("key.pem"), "rubbish").unwrap();
    assert!(matches!(serve(settings.clone()).await, Err(ServiceError::Tls { .. })));

    std::fs::write(directory.path().join("key.pem"), kept).unwrap();
    let running = serve(settings).await.unwrap();
    let address = running.public_address();
    assert!(call(address, &first).unwrap().starts_with("HTTP/1.1 200"));

    let second = write_certificate(directory.path());
    // The service looks once a second: each try is a whole handshake, and there is a last one.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while call(address, &second).is_err() {
        assert!(std::time::Instant::now() < deadline, "the new certificate is not served");
        tokio::task::yield_now().await;
    }
    assert!(call(address, &first).is_err(), "the old one is gone");
    running.stop().await;
}
