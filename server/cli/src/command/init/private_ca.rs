//! A private CA for self-hosters: its root, a certificate for the service, and a spare key.

use std::path::Path;

use bonafide_protocol::pin::Pin;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PublicKeyData as _,
};

use crate::context::write;
use crate::exit::{Failure, Outcome};

/// How long the root is good for, in years.
const ROOT_YEARS: i32 = 20;

/// Apple's platforms take no server certificate that is good for longer, in days (support.apple.com/en-us/102028).
const LEAF_DAYS: i64 = 825;

/// All that was made.
pub(crate) struct PrivateCa {
    pub(crate) root_der: Vec<u8>,
    pub(crate) server_pin: Pin,
    pub(crate) backup_pin: Pin,
    files: Vec<(&'static str, String, bool)>,
}

impl PrivateCa {
    /// Makes a root, and under it a certificate for `host`.
    pub(crate) fn make(host: &str, account: &str) -> Outcome<Self> {
        Self::try_make(host, account)
            .map_err(|error| Failure::refused(format!("no certificate could be made: {error}")))
    }

    fn try_make(host: &str, account: &str) -> Result<Self, rcgen::Error> {
        let root_key = KeyPair::generate()?;
        let mut root = CertificateParams::new([])?;
        root.distinguished_name.push(DnType::CommonName, format!("Bonafide private CA of {account}"));
        root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let today = today();
        root.not_before = today;
        root.not_after = today.replace_year(today.year() + ROOT_YEARS).unwrap_or(today);
        let root_certificate = root.self_signed(&root_key)?;
        let issuer = Issuer::from_params(&root, &root_key);

        let server_key = KeyPair::generate()?;
        // An IPv6 address stands in brackets in a URL, and bare in a certificate.
        let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let mut server = CertificateParams::new([name.clone()])?;
        server.distinguished_name.push(DnType::CommonName, name);
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        server.use_authority_key_identifier_extension = true;
        server.not_before = today;
        server.not_after = today + std::time::Duration::from_secs(LEAF_DAYS.unsigned_abs() * 86_400);
        let server_certificate = server.signed_by(&server_key, &issuer)?;
        let backup_key = KeyPair::generate()?;
        Ok(Self {
            root_der: root_certificate.der().to_vec(),
            server_pin: Pin::of_spki(&server_key.subject_public_key_info()),
            backup_pin: Pin::of_spki(&backup_key.subject_public_key_info()),
            files: vec![
                ("ca.pem", root_certificate.pem(), false),
                ("ca.key", root_key.serialize_pem(), true),
                ("server.pem", server_certificate.pem(), false),
                ("server.key", server_key.serialize_pem(), true),
                ("backup.key", backup_key.serialize_pem(), true),
            ],
        })
    }

    /// Writes what was made into a folder that only its owner enters.
    pub(crate) fn write(&self, folder: &Path) -> Outcome {
        use std::os::unix::fs::DirBuilderExt as _;
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| Failure::io(format!("{} cannot be made", folder.display()), &error))?;
        self.files.iter().try_for_each(|(name, content, secret)| write(&folder.join(name), content.as_bytes(), *secret))
    }
}

/// Midnight before now, so that a device whose clock is a little behind takes the certificate.
fn today() -> ::time::OffsetDateTime {
    (::time::OffsetDateTime::now_utc() - std::time::Duration::from_secs(86_400)).replace_time(::time::Time::MIDNIGHT)
}
