//! One connection to the service: TCP, through the platform's proxy where there is one, TLS, HTTP/1.1.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use super::error::Trouble;

/// The end of a connection that requests go in at. Dropping it closes the connection.
pub(super) type Sender = http1::SendRequest<Full<Bytes>>;

/// How long the addresses of the family named first are tried alone (RFC 8305 section 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// A proxy that has more to say is not listened to.
const MAX_TUNNEL_HEAD: usize = 8 * 1024;

/// Connects to the host of `url`, through `proxy` (`http://HOST:PORT`) if there is one. TLS goes end to end.
pub(super) async fn dial(tls: &Arc<ClientConfig>, url: &Url, proxy: Option<&str>) -> Result<Sender, Trouble> {
    let name = server_name(url).ok_or(Trouble::Address)?;
    let stream = match proxy {
        Some(proxy) => tunnel(proxy, url).await?,
        None => connect(url).await.map_err(Trouble::Connection)?,
    };
    stream.set_nodelay(true).map_err(Trouble::Connection)?;
    let stream = TlsConnector::from(Arc::clone(tls)).connect(name, stream).await.map_err(Trouble::Connection)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(Trouble::Http)?;
    // It ends with its sender. What goes wrong on it, the request's own answer tells.
    drop(tokio::spawn(connection));
    Ok(sender)
}

/// The name that the certificate has to be for; `None` for anything but https.
fn server_name(url: &Url) -> Option<ServerName<'static>> {
    if url.scheme() != "https" {
        return None;
    }
    match url.host()? {
        Host::Domain(name) => ServerName::try_from(name.to_owned()).ok(),
        Host::Ipv4(address) => Some(ServerName::from(IpAddr::V4(address))),
        Host::Ipv6(address) => Some(ServerName::from(IpAddr::V6(address))),
    }
}

/// Connects to whichever address answers. Networks that announce IPv6 and lose it are common, so the other family is
/// tried soon, and beside it.
async fn connect(url: &Url) -> io::Result<TcpStream> {
    // Looked up on this thread, which is one that may block: tokio's way takes a second thread of the same pool, and as
    // many exchanges as the pool has threads would wait for each other until their time is over.
    let addresses = url.socket_addrs(|| None)?;
    let first = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (preferred, others): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|one| one.is_ipv6() == first);
    if others.is_empty() {
        return in_turn(preferred).await;
    }
    let later = async {
        tokio::time::sleep(HEAD_START).await;
        in_turn(others).await
    };
    either(in_turn(preferred), later).await
}

/// The first that succeeds; the first one's error if none does.
async fn either<T>(
    first: impl Future<Output = io::Result<T>>,
    second: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    let (mut first, mut second) = (pin!(first), pin!(second));
    tokio::select! {
        result = &mut first => match result {
            Ok(good) => Ok(good),
            Err(error) => second.await.map_err(|_| error),
        },
        result = &mut second => match result {
            Ok(good) => Ok(good),
            Err(_) => first.await,
        },
    }
}

async fn in_turn(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// A way through the proxy (`CONNECT`, RFC 9110 section 9.3.6).
async fn tunnel(proxy: &str, url: &Url) -> Result<TcpStream, Trouble> {
    let proxy = Url::parse(proxy).ok().filter(|proxy| proxy.scheme() == "http");
    let proxy = proxy.ok_or(Trouble::Proxy("is not named as http://HOST:PORT"))?;
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else { return Err(Trouble::Address) };
    let mut stream = connect(&proxy).await.map_err(Trouble::Connection)?;
    let request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.map_err(Trouble::Connection)?;
    let mut head = Vec::new();
    // One byte at a time: what follows the head is the service's.
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == MAX_TUNNEL_HEAD {
            return Err(Trouble::Proxy("answers at a length that is not to be read"));
        }
        head.push(stream.read_u8().await.map_err(Trouble::Connection)?);
    }
    let opened = matches!(head.strip_prefix(b"HTTP/1."), Some([_, b' ', b'2', _, _, b' ' | b'\r', ..]));
    if opened { Ok(stream) } else { Err(Trouble::Proxy("does not open a tunnel")) }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    const SERVICE: &str = "https://bonafide.acme.com/base";

    fn run<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
    }

    /// What came of a tunnel through a proxy that answers so, and the request that the proxy read.
    async fn tunnelled(answer: &[u8]) -> (Result<TcpStream, Trouble>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = format!("http://{}", listener.local_addr().unwrap());
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            // The client may be gone before it has read everything.
            let _ = stream.write_all(answer).await;
            String::from_utf8(head).unwrap()
        };
        let service = Url::parse(SERVICE).unwrap();
        tokio::join!(tunnel(&proxy, &service), serve)
    }

    #[test]
    fn a_proxy_that_does_not_open_the_way_is_said_so() {
        let long = [b"HTTP/1.1 200 OK\r\nX: ".as_slice(), &[b'x'; MAX_TUNNEL_HEAD]].concat();
        let answers: [&[u8]; 6] = [
            b"HTTP/1.1 407 Who are you\r\n\r\n",
            b"HTTP/1.1 502 2xx\r\n\r\n",
            b"HTTP/1.1 2000 OK\r\n\r\n",
            b"200 OK\r\n\r\n",
            b"\r\n\r\n",
            &long,
        ];
        for answer in answers {
            let (opened, _) = run(tunnelled(answer));
            assert!(matches!(opened, Err(Trouble::Proxy(_))), "{:?}", String::from_utf8_lossy(answer));
        }
        let (closed, _) = run(tunnelled(b"HTTP/1.1 200 OK\r\n"));
        assert!(matches!(closed, Err(Trouble::Connection(_))), "{closed:?}");
    }

    #[test]
    fn a_proxy_that_is_no_http_proxy_is_not_gone_around() {
        let service = Url::parse(SERVICE).unwrap();
        for proxy in ["", "proxy.acme.com:8080", "socks5://127.0.0.1:1080", "https://127.0.0.1:8443"] {
            let refused = run(tunnel(proxy, &service));
            assert!(matches!(refused, Err(Trouble::Proxy(_))), "{proxy:?}: {refused:?}");
        }
    }

    #[test]
    fn what_follows_the_head_is_the_services() {
        run(async {
            let (stream, asked) = tunnelled(b"HTTP/1.1 200 Connection established\r\n\r\nhello").await;
            let mut rest = String::new();
            stream.unwrap().read_to_string(&mut rest).await.unwrap();
            assert_eq!(rest, "hello");
            assert_eq!(asked, "CONNECT bonafide.acme.com:443 HTTP/1.1\r\nHost: bonafide.acme.com:443\r\n\r\n");
        });
    }

    #[test]
    fn only_https_has_a_name_to_check() {
        for (url, name) in [
            ("http://acme.com", None),
            ("https://acme.com:8443/x", Some("acme.com")),
            ("https://192.0.2.1", Some("192.0.2.1")),
            ("https://[2001:db8::1]:1", Some("2001:db8::1")),
        ] {
            let found = server_name(&Url::parse(url).unwrap());
            assert_eq!(found.map(|name| name.to_str().into_owned()).as_deref(), name, "{url}");
        }
    }

    #[test]
    fn one_family_without_a_way_is_no_failure() {
        let error = || io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(run(either(async { Err(error()) }, async { Ok(6) })).unwrap(), 6);
        assert_eq!(run(either(async { Ok(4) }, std::future::pending())).unwrap(), 4);
        assert_eq!(run(either(std::future::pending(), async { Ok(6) })).unwrap(), 6);
        assert!(run(either(async { Err::<u8, _>(error()) }, async { Err(error()) })).is_err());
    }
}
