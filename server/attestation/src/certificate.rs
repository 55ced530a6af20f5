//! One X.509 certificate (RFC 5280) and its relation to the one that issued it.

mod error;
mod signature;

use der::asn1::{AnyRef, BitStringRef};
use der::{Decode as _, Reader as _, SliceReader, Tag, Tagged as _};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{ParsedExtension, X509Extension};
use x509_parser::oid_registry::OID_EC_P256;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::{SubjectPublicKeyInfo, X509Name};

pub use error::CertificateError;

/// The longest certificate that is read, in bytes. Those of phones stay under 2 KiB.
pub const MAX_CERTIFICATE_BYTES: usize = 8 * 1024;

/// The most extensions that one certificate may have. Those of phones have under ten.
pub const MAX_EXTENSIONS: usize = 32;

/// The longest identifier of an extension, in bytes of DER. Longer ones cost time to print and to compare.
pub const MAX_IDENTIFIER_BYTES: usize = 32;

/// A certificate that has been read; nothing of it is trusted yet.
///
/// The envelope has to be canonical DER, so that no bit outside of the signed part can differ unnoticed. Two
/// extensions of one kind are refused.
#[derive(Debug)]
pub struct Certificate<'a> {
    parsed: X509Certificate<'a>,
    signed: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Reads one DER certificate of at most [`MAX_CERTIFICATE_BYTES`] with at most [`MAX_EXTENSIONS`], whose identifiers
    /// have at most [`MAX_IDENTIFIER_BYTES`].
    pub fn parse(der: &'a [u8]) -> Result<Self, CertificateError> {
        if der.len() > MAX_CERTIFICATE_BYTES {
            return Err(CertificateError::TooLong { length: der.len() });
        }
        let envelope = Envelope::read(der)?;
        if envelope.algorithm != envelope.signed_algorithm {
            return Err(CertificateError::AlgorithmsDiffer);
        }
        let (rest, parsed) = X509Certificate::from_der(der).map_err(|_| CertificateError::NotCertificate)?;
        if !rest.is_empty() {
            return Err(CertificateError::NotCertificate);
        }
        check_extensions(parsed.extensions())?;
        Ok(Self { parsed, signed: envelope.signed, signature: envelope.signature })
    }

    /// The issuer's name, DER.
    pub fn issuer(&self) -> &[u8] {
        self.parsed.issuer().as_raw()
    }

    /// The subject's name, DER.
    pub fn subject(&self) -> &[u8] {
        self.parsed.subject().as_raw()
    }

    /// The subject's name, taken apart.
    pub fn subject_name(&self) -> &X509Name<'a> {
        &self.parsed.tbs_certificate.subject
    }

    /// The serial number in lower-case hexadecimal without leading zeros.
    pub fn serial(&self) -> String {
        let hex: String = self.parsed.raw_serial().iter().map(|byte| format!("{byte:02x}")).collect();
        let digits = hex.trim_start_matches('0');
        if digits.is_empty() { "0".into() } else { digits.into() }
    }

    /// The public key with its algorithm.
    pub fn public_key(&self) -> &SubjectPublicKeyInfo<'a> {
        &self.parsed.tbs_certificate.subject_pki
    }

    /// The public key's uncompressed point (SEC 1 section 2.3.3), where it is one over P-256.
    pub fn p256_point(&self) -> Option<&[u8]> {
        let key = self.public_key();
        (signature::curve(key)? == OID_EC_P256).then_some(&key.subject_public_key.data)
    }

    /// The value of the extension with this dotted identifier.
    pub fn extension(&self, oid: &str) -> Option<&'a [u8]> {
        self.parsed.extensions().iter().find(|extension| extension.oid.to_id_string() == oid).map(|found| found.value)
    }

    /// The last Unix second at which it is valid.
    pub fn not_after(&self) -> i64 {
        self.parsed.validity().not_after.timestamp()
    }

    /// The first Unix second at which it is valid.
    pub fn not_before(&self) -> i64 {
        self.parsed.validity().not_before.timestamp()
    }

    /// Refuses one that is not yet valid at `now` (Unix seconds).
    pub fn check_started(&self, now: i64) -> Result<(), CertificateError> {
        let not_before = self.not_before();
        if now < not_before { Err(CertificateError::NotYetValid { now, not_before }) } else { Ok(()) }
    }

    /// Refuses one that is no longer valid at `now` (Unix seconds).
    pub fn check_not_expired(&self, now: i64) -> Result<(), CertificateError> {
        let not_after = self.not_after();
        if now > not_after { Err(CertificateError::Expired { now, not_after }) } else { Ok(()) }
    }

    /// Refuses critical extensions other than basic constraints, key usage and those in `known`
    /// (RFC 5280 section 4.2).
    pub fn check_critical_extensions(&self, known: &[&str]) -> Result<(), CertificateError> {
        let understood = |extension: &X509Extension<'_>| {
            matches!(extension.parsed_extension(), ParsedExtension::BasicConstraints(_) | ParsedExtension::KeyUsage(_))
                || known.contains(&extension.oid.to_id_string().as_str())
        };
        match self.parsed.extensions().iter().find(|extension| extension.critical && !understood(extension)) {
            Some(extension) => Err(CertificateError::UnknownCritical { oid: extension.oid.to_id_string() }),
            None => Ok(()),
        }
    }

    /// Refuses one that may not issue certificates: no authority, not meant to sign certificates, or with more
    /// than the allowed number of intermediates between it and the leaf (RFC 5280 sections 4.2.1.3 and 4.2.1.9).
    pub fn check_may_issue(&self, intermediates_below: u32) -> Result<(), CertificateError> {
        let constraints = self.parsed.basic_constraints().ok().flatten().map(|extension| extension.value);
        let constraints = constraints.filter(|constraints| constraints.ca).ok_or(CertificateError::NotAuthority)?;
        let usage = self.parsed.key_usage().ok().flatten();
        if usage.is_some_and(|usage| !usage.value.key_cert_sign()) {
            return Err(CertificateError::MayNotSign);
        }
        match constraints.path_len_constraint {
            Some(allowed) if intermediates_below > allowed => {
                Err(CertificateError::PathTooLong { allowed, found: intermediates_below })
            }
            _ => Ok(()),
        }
    }

    /// Refuses a certificate whose issuer is not the subject of `issuer`. Names are compared byte for byte.
    pub fn check_named_by(&self, issuer: &Certificate<'_>) -> Result<(), CertificateError> {
        if self.issuer() == issuer.subject() {
            return Ok(());
        }
        Err(CertificateError::IssuerMismatch {
            expected: self.parsed.issuer().to_string(),
            found: issuer.parsed.subject().to_string(),
        })
    }

    /// Refuses a certificate that the key of `issuer` did not sign. RSA PKCS #1 v1.5 of 2048 to 8192 bits with SHA-256,
    /// SHA-384 or SHA-512, and ECDSA over P-256 or P-384 with SHA-256 or SHA-384.
    pub fn check_signed_by(&self, issuer: &Certificate<'_>) -> Result<(), CertificateError> {
        signature::verify(&self.parsed.signature_algorithm.algorithm, issuer.public_key(), self.signed, self.signature)
    }
}

/// The outermost layer of a certificate, read strictly.
struct Envelope<'a> {
    signed: &'a [u8],
    algorithm: &'a [u8],
    signed_algorithm: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Envelope<'a> {
    fn read(der: &'a [u8]) -> Result<Self, CertificateError> {
        let outer = AnyRef::from_der(der)?;
        let mut fields = sequence(outer)?;
        let signed = fields.tlv_bytes()?;
        let algorithm = fields.tlv_bytes()?;
        let signature = BitStringRef::decode(&mut fields)?;
        fields.finish()?;

        let mut body = sequence(AnyRef::from_der(signed)?)?;
        if matches!(Tag::peek(&body)?, Tag::ContextSpecific { .. }) {
            body.tlv_bytes()?;
        }
        let _serial = body.tlv_bytes()?;
        let signed_algorithm = body.tlv_bytes()?;
        let signature = signature.as_bytes().ok_or(CertificateError::NotCertificate)?;
        Ok(Self { signed, algorithm, signed_algorithm, signature })
    }
}

fn sequence(any: AnyRef<'_>) -> Result<SliceReader<'_>, CertificateError> {
    if any.tag() != Tag::Sequence {
        return Err(CertificateError::NotCertificate);
    }
    Ok(SliceReader::new(any.value())?)
}

fn check_extensions(extensions: &[X509Extension<'_>]) -> Result<(), CertificateError> {
    if extensions.len() > MAX_EXTENSIONS {
        return Err(CertificateError::TooManyExtensions { count: extensions.len() });
    }
    for (place, extension) in extensions.iter().enumerate() {
        let length = extension.oid.as_bytes().len();
        if length > MAX_IDENTIFIER_BYTES {
            return Err(CertificateError::LongIdentifier { length });
        }
        let oid = || extension.oid.to_id_string();
        if extensions.iter().take(place).any(|earlier| earlier.oid == extension.oid) {
            return Err(CertificateError::DuplicateExtension { oid: oid() });
        }
        if matches!(extension.parsed_extension(), ParsedExtension::ParseError { .. }) {
            return Err(CertificateError::MalformedExtension { oid: oid() });
        }
    }
    Ok(())
}
