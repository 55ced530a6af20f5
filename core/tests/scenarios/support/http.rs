//! As much HTTP/1.1 as the core speaks.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

pub struct Received {
    /// `POST /v1/tokens`, without the query.
    pub line: String,
    pub query: String,
    pub body: Vec<u8>,
}

pub struct Answer {
    pub status: u16,
    pub headers: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(value: &impl serde::Serialize) -> Self {
        Self { status: 200, headers: String::new(), body: serde_json::to_vec(value).unwrap() }
    }

    pub fn refusal(status: u16, code: &str) -> Self {
        let body = serde_json::json!({ "code": code, "message": "as scripted" });
        Self { status, ..Self::json(&body) }
    }

    pub fn head(&self) -> Vec<u8> {
        let (status, length) = (self.status, self.body.len());
        format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{}\r\n", self.headers).into_bytes()
    }
}

/// The next request; `None` when the connection is closed.
pub async fn receive(stream: &mut (impl AsyncRead + Unpin)) -> Option<Received> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, value)| value.trim().parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let mut words = head.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Some(Received { line: format!("{method} {path}"), query: query.into(), body })
}

pub async fn answer(stream: &mut (impl AsyncWrite + Unpin), answer: &Answer) -> Option<()> {
    stream.write_all(&answer.head()).await.ok()?;
    stream.write_all(&answer.body).await.ok()?;
    stream.flush().await.ok()
}
