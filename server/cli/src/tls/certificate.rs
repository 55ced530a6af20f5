//! What a certificate says of itself, for the table. Anything that OpenSSL can read gets a row and its pin.

use bonafide_protocol::pin::Pin;
use serde_json::{Value, json};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::public_key::PublicKey;

use crate::exit::{Failure, Outcome};
use crate::out::table::{date, table};

/// A certificate's row.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) pin: Pin,
    pub(crate) subject: String,
    pub(crate) issuer: String,
    /// Unix seconds; `None` where the certificate is too odd to be read beyond its key.
    pub(crate) not_after: Option<i64>,
    pub(crate) key: String,
}

impl Row {
    /// Reads a certificate. Only the way to its key has to be readable: the rest is for people.
    pub(crate) fn read(der: &[u8]) -> Outcome<Self> {
        let pin = Pin::of_certificate(der).map_err(|error| Failure::refused(error.to_string()))?;
        let Ok((_, certificate)) = X509Certificate::from_der(der) else {
            let unread = || "(unreadable)".to_owned();
            return Ok(Self { pin, subject: unread(), issuer: unread(), not_after: None, key: "?".into() });
        };
        Ok(Self {
            pin,
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            not_after: Some(certificate.validity().not_after.timestamp()),
            key: key_type(&certificate),
        })
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "subject": self.subject, "issuer": self.issuer, "not_after": self.not_after, "key": self.key,
            "pin": self.pin
        })
    }
}

/// Certificates as a table, in their order.
pub(crate) fn chain_table(rows: &[Row]) -> String {
    table(
        &["#", "subject", "issuer", "expires", "key", "pin"],
        rows.iter().enumerate().map(|(place, row)| {
            let expires = row.not_after.map_or("?".into(), |end| date(end).chars().take(10).collect());
            vec![
                place.to_string(),
                row.subject.clone(),
                row.issuer.clone(),
                expires,
                row.key.clone(),
                row.pin.to_string(),
            ]
        }),
    )
}

fn key_type(certificate: &X509Certificate<'_>) -> String {
    let key = certificate.public_key();
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) => format!("RSA {}", rsa.key_size()),
        Ok(PublicKey::EC(_)) => {
            let curve = key.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok());
            let curve = curve.map(|oid| oid.to_id_string()).unwrap_or_default();
            let name = match curve.as_str() {
                "1.2.840.10045.3.1.7" => "P-256",
                "1.3.132.0.34" => "P-384",
                "1.3.132.0.35" => "P-521",
                other => other,
            };
            format!("EC {name}").trim_end().to_owned()
        }
        _ => match key.algorithm.algorithm.to_id_string().as_str() {
            "1.3.101.112" => "Ed25519".into(),
            "1.3.101.113" => "Ed448".into(),
            other => other.to_owned(),
        },
    }
}
