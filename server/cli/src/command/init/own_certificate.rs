//! The certificate that an operator brings: looked at before devices are told to expect it.

use std::path::Path;

use bonafide_protocol::host::Host;
use bonafide_protocol::pin::Pin;
use bonafide_service::look::server_name;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use webpki::EndEntityCert;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::context::read;
use crate::exit::{Failure, Outcome};
use crate::out::table::date;
use crate::tls::files::certificates;

/// The leaf's pin, if the key is its own, it names the host, and it is valid at `now`. Whether a CA vouches for it is
/// the devices' to say: a private one need not be known here.
pub(super) fn check(cert: &Path, key: &Path, host: &str, now: UnixTime) -> Outcome<Pin> {
    let refused = |why: String| Failure::refused(format!("{}: {why}", cert.display()));
    let chain: Vec<CertificateDer<'_>> = certificates(cert)?.into_iter().map(CertificateDer::from).collect();
    let leaf = chain.first().cloned().unwrap_or_else(|| CertificateDer::from(Vec::new()));
    let pin = Pin::of_certificate(&leaf).map_err(|error| refused(error.to_string()))?;
    let end_entity = EndEntityCert::try_from(&leaf).map_err(|error| refused(error.to_string()))?;

    let names =
        Host::parse(host).ok().filter(|host| end_entity.verify_is_valid_for_subject_name(&server_name(host)).is_ok());
    if names.is_none() {
        let presented = end_entity.valid_dns_names().collect::<Vec<_>>().join(", ");
        return Err(refused(format!("it is for {presented}, and --url names {host}"))
            .next("the leaf comes first in the file; or correct --url"));
    }
    let (_, parsed) = X509Certificate::from_der(&leaf).map_err(|error| refused(error.to_string()))?;
    let (from, until) = (parsed.validity().not_before.timestamp(), parsed.validity().not_after.timestamp());
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    if now > until {
        return Err(refused(format!("it expired at {}", date(until))).next("renew it first, or use --private-ca"));
    }
    if now < from {
        return Err(refused(format!("it is not valid before {}", date(from))).next("is this machine's clock right?"));
    }

    let unreadable = |why: String| Failure::refused(format!("{}: {why}", key.display()));
    let private =
        PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|_| unreadable("no PEM private key in it".into()))?;
    let signing = any_supported_type(&private).map_err(|error| unreadable(error.to_string()))?;
    CertifiedKey::new(chain.clone(), signing).keys_match().map_err(|_| {
        unreadable(format!("it is not the key of {}", cert.display()))
            .next("name the key that the certificate was made for")
    })?;
    Ok(pin)
}
