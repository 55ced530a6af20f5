//! Receipts from nothing, under an own root, with any one thing forged.

use bonafide_attestation::app_attest::{
    AppId, PublicKey, Receipt, ReceiptError, ReceiptExpectation, Roots, verify_receipt,
};
use rcgen::{CertificateParams, CustomExtension, KeyPair, PKCS_ECDSA_P256_SHA256, SigningKey as _};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::ber::{identifier, indefinite, integer, octets, sequence, set, value};
use super::forge::{Authority, NOW, params};

pub const DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
pub const SIGNED_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
pub const SHA256: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x01";
pub const SHA384: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x02";
pub const ECDSA_SHA256: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x02";
pub const ECDSA_SHA384: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x03";
pub const NULL: &[u8] = &[5, 0];

/// Everything that a receipt is made of. What [`Forge::new`] gives is valid.
pub struct Forge {
    pub root: Authority,
    pub intermediate: Authority,
    pub signer: CertificateParams,
    pub key: KeyPair,
    pub attested: KeyPair,
    pub fields: Vec<(u8, Vec<u8>)>,
    pub version: u8,
    pub signer_version: u8,
    pub content_type: &'static [u8],
    pub inner_type: &'static [u8],
    pub digest: &'static [u8],
    pub signature_algorithm: &'static [u8],
    pub parameters: &'static [u8],
    pub signers: usize,
    /// Instead of the true one.
    pub content: Option<Vec<u8>>,
    pub more_content: Vec<u8>,
    pub more_certificates: Vec<Vec<u8>>,
    pub in_pieces: bool,
}

impl Forge {
    pub fn new() -> Self {
        let (root, intermediate) = (Authority::new("Own Root G3"), Authority::new("Own Integration CA"));
        let mut signer = params("Receipt Signing", 365);
        let right = CustomExtension::from_oid_content(&[1, 2, 840, 113_635, 100, 12, 15], NULL.to_vec());
        signer.custom_extensions.push(right);
        let attested = KeyPair::generate().unwrap();
        let certificate = intermediate.issue(&params("Attested", 3), &attested);
        let fields: Vec<(u8, Vec<u8>)> = vec![
            (2, b"TEAM123456.com.acme.app".to_vec()),
            (3, certificate),
            (4, vec![7; 32]),
            (5, b"token".to_vec()),
            (6, b"RECEIPT".to_vec()),
            (7, b"production".to_vec()),
            (12, b"2027-01-15T08:00:00.5Z".to_vec()),
            (17, b"2".to_vec()),
            (19, b"2027-01-16T08:00:00Z".to_vec()),
            (21, b"2027-04-15T08:00:00Z".to_vec()),
            (99, b"of tomorrow".to_vec()),
        ];
        Self {
            root,
            intermediate,
            signer,
            key: KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap(),
            attested,
            fields,
            version: 1,
            signer_version: 1,
            content_type: SIGNED_DATA,
            inner_type: DATA,
            digest: SHA256,
            signature_algorithm: ECDSA_SHA256,
            parameters: NULL,
            signers: 1,
            content: None,
            more_content: Vec::new(),
            more_certificates: Vec::new(),
            in_pieces: false,
        }
    }

    pub fn field(&mut self, kind: u8, value: &[u8]) {
        self.fields.iter_mut().find(|field| field.0 == kind).unwrap().1 = value.to_vec();
    }

    pub fn without(&mut self, kind: u8) {
        self.fields.retain(|field| field.0 != kind);
    }

    pub fn encode(&self) -> Vec<u8> {
        let fields: Vec<_> =
            self.fields.iter().map(|(kind, value)| sequence(&[&integer(*kind), &integer(1), &octets(value)])).collect();
        let true_content = set(&fields.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let content = self.content.as_ref().unwrap_or(&true_content);
        let leaf = self.intermediate.issue(&self.signer, &self.key);
        let (_, parsed) = X509Certificate::from_der(&leaf).unwrap();
        let serial_number = value(2, &[parsed.raw_serial()]);
        let digest = sequence(&[&identifier(self.digest), self.parameters]);
        let signature = self.key.sign(content).unwrap();
        let signer = sequence(&[
            &integer(self.signer_version),
            &sequence(&[parsed.issuer().as_raw(), &serial_number]),
            &digest,
            &sequence(&[&identifier(self.signature_algorithm)]),
            &octets(&signature),
        ]);
        let issuer = self.root.issue(&self.intermediate.params, &self.intermediate.key);
        let certificates = [leaf.clone(), issuer, self.more_certificates.concat()].concat();
        let signers = set(&vec![signer.as_slice(); self.signers]);
        let content_type = identifier(self.content_type);
        let inner_type = identifier(self.inner_type);
        if self.in_pieces {
            let (first, second) = content.split_at(100);
            let content = indefinite(0x24, &[&octets(first), &octets(second)]);
            let inner = indefinite(0x30, &[&inner_type, &indefinite(0xa0, &[&content, &self.more_content])]);
            let certificates = indefinite(0xa0, &[&certificates]);
            let data = indefinite(0x30, &[&integer(1), &set(&[&digest]), &inner, &certificates, &signers]);
            return indefinite(0x30, &[&content_type, &indefinite(0xa0, &[&data])]);
        }
        let inner = sequence(&[&inner_type, &value(0xa0, &[&octets(content), &self.more_content])]);
        let certificates = value(0xa0, &[&certificates]);
        let data = sequence(&[&integer(self.version), &set(&[&digest]), &inner, &certificates, &signers]);
        sequence(&[&content_type, &value(0xa0, &[&data])])
    }

    pub fn verify(&self, receipt: &[u8]) -> Result<Receipt, ReceiptError> {
        verify_receipt(
            receipt,
            &ReceiptExpectation {
                app_id: &AppId::new("TEAM123456", "com.acme.app"),
                public_key: &PublicKey::from_point(self.attested.public_key_raw()).unwrap(),
                roots: &Roots::from_der(vec![self.root.self_signed()]).unwrap(),
                time: NOW,
            },
        )
    }
}
