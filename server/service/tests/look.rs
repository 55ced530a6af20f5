//! What the service sees of a server for its operator: bounded, one at a time, and nothing sent.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::Read as _;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use bonafide_protocol::pin::Pin;
use common::Service;
use reqwest::StatusCode;
use rustls::pki_types::{PrivateKeyDer, pem::PemObject as _};
use serde_json::{Value, json};
use tokio::net::TcpSocket;

/// A certificate that nobody vouches for, on a server; what came over it besides the handshake comes out at the end.
fn server() -> (SocketAddr, Pin, std::sync::mpsc::Receiver<Vec<u8>>) {
    let made = rcgen::generate_simple_self_signed(["other.test".to_owned()]).unwrap();
    let key = PrivateKeyDer::from_pem_slice(made.signing_key.serialize_pem().as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (received, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = rustls::ServerConnection::new(config.clone()).unwrap();
            let mut tls = rustls::StreamOwned::new(connection, stream.unwrap());
            let mut data = Vec::new();
            // The client goes without a farewell.
            let _ = tls.read_to_end(&mut data);
            let _ = received.send(data);
        }
    });
    (address, Pin::of_certificate(made.cert.der()).unwrap(), receiver)
}

async fn look(service: &Service, host: &str, port: u16) -> (StatusCode, Value) {
    service.operator("POST", "/admin/v1/look", Some(json!({ "host": host, "port": port }))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_names_no_server_is_refused() {
    let service = Service::new().await;
    for body in [
        json!({ "host": "127.0.0.1" }),
        json!({ "host": "127.0.0.1", "port": 0 }),
        json!({ "host": "127.0.0.1", "port": 65536 }),
        json!({ "host": "", "port": 443 }),
        json!({ "host": "*.acme.com", "port": 443 }),
        json!({ "host": "https://acme.com", "port": 443 }),
        json!({ "host": "127.0.0.1:80", "port": 443 }),
        json!({ "host": "127.0.0.1", "port": 443, "path": "/" }),
    ] {
        let (status, answer) = service.operator("POST", "/admin/v1/look", Some(body.clone())).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body} {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_looks_at_once_are_one_too_many() {
    let service = Service::new().await;
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let first = look(&service, "127.0.0.1", port);
    let second = async {
        // Once it is connected to, the first is under way; it ends when it is hung up on.
        let accept = tokio::task::spawn_blocking(move || (silent.accept().unwrap(), silent.accept().unwrap()));
        let connections = accept.await.unwrap();
        let refused = look(&service, "127.0.0.1", port).await;
        drop(connections);
        refused
    };
    let ((status, answer), (refused, why)) = tokio::join!(first, second);
    assert_eq!((refused.as_u16(), why.get("code").unwrap()), (429, &json!("too_many_requests")));
    assert_eq!((status, answer.get("leaves").unwrap()), (StatusCode::OK, &json!([])));
    assert_eq!(answer.get("silent").unwrap().as_array().unwrap().len(), 2, "{answer}");
    assert_eq!(look(&service, "127.0.0.1", port).await.0, StatusCode::OK, "afterwards the next may look");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_out_of_reach_is_an_answer() {
    let service = Service::new().await;
    // Taken, so that nobody else listens there.
    let taken = TcpSocket::new_v4().unwrap();
    taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let closed = taken.local_addr().unwrap();
    let (status, answer) = look(&service, "127.0.0.1", closed.port()).await;
    assert_eq!((status, answer.get("leaves").unwrap()), (StatusCode::OK, &json!([])));
    assert_eq!(answer.pointer("/silent/0/address").unwrap(), &json!(closed.to_string()));
    let (status, answer) = look(&service, "no-such-host.invalid", 443).await;
    assert_eq!((status, answer.get("leaves").unwrap()), (StatusCode::OK, &json!([])));
    assert!(answer.get("unresolved").unwrap().as_str().unwrap().contains("no-such-host.invalid"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaf_is_seen_without_being_trusted_and_nothing_is_sent() {
    let service = Service::new().await;
    let (address, pin, received) = server();
    let (status, answer) = look(&service, "127.0.0.1", address.port()).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let expected = json!([{ "address": address.to_string(), "key": "elliptic", "pin": pin }]);
    assert_eq!(answer.get("leaves").unwrap(), &expected);
    assert_eq!(answer.pointer("/silent/0/key").unwrap(), "rsa", "it has no such key");
    for _ in 0..2 {
        assert_eq!(received.recv().unwrap(), b"");
    }
}
