//! Makes attestations and assertions from nothing, under an own root, with any one thing forged.

use aws_lc_rs::digest::{SHA256, digest};
use bonafide_attestation::app_attest::{
    AppId, Assertion, AssertionError, AssertionExpectation, Attestation, AttestationError, AttestationExpectation,
    Environment, PublicKey, Roots, verify_assertion, verify_attestation,
};
use minicbor::Encoder;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PublicKeyData, SigningKey as _,
};
use time::{Duration, OffsetDateTime};

pub const NOW: i64 = 1_800_000_000;
pub const NONCE_OID: &[u64] = &[1, 2, 840, 113_635, 100, 8, 2];
pub const CLIENT_DATA_HASH: [u8; 32] = [7; 32];
pub const RECEIPT: &[u8] = b"a receipt";

/// Flags: a credential is there, extension data are announced.
pub const AT: u8 = 0x40;
pub const ED: u8 = 0x80;

pub fn sha256(data: &[u8]) -> [u8; 32] {
    digest(&SHA256, data).as_ref().try_into().unwrap()
}

/// Ends a chain of calls on an encoder.
pub fn done(_: &mut Encoder<Vec<u8>>) {}

/// Whoever signs certificates: what its own certificate says, and its key.
pub struct Authority {
    pub params: CertificateParams,
    pub key: KeyPair,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = params(name, 3650);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Self { params, key: KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap() }
    }

    pub fn self_signed(&self) -> Vec<u8> {
        self.params.self_signed(&self.key).unwrap().der().to_vec()
    }

    pub fn issue(&self, params: &CertificateParams, key: &impl PublicKeyData) -> Vec<u8> {
        params.signed_by(key, &Issuer::from_params(&self.params, &self.key)).unwrap().der().to_vec()
    }
}

/// A certificate's content, valid for `days` from a minute before [`NOW`].
pub fn params(name: &str, days: i64) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let start = OffsetDateTime::from_unix_timestamp(NOW - 60).unwrap();
    (params.not_before, params.not_after) = (start, start + Duration::days(days));
    params
}

/// The credential's key in COSE form; a member that is `None` is left out.
pub struct Cose {
    pub integers: Vec<(i64, i64)>,
    pub coordinates: Vec<(i64, Vec<u8>)>,
}

impl Cose {
    pub fn of(point: &[u8]) -> Self {
        Self {
            integers: vec![(1, 2), (3, -7), (-1, 1)],
            coordinates: vec![(-2, point[1..33].to_vec()), (-3, point[33..].to_vec())],
        }
    }

    fn encode(&self) -> Vec<u8> {
        let mut cbor = Encoder::new(Vec::new());
        cbor.map((self.integers.len() + self.coordinates.len()) as u64).unwrap();
        for (label, value) in &self.integers {
            cbor.i64(*label).unwrap().i64(*value).unwrap();
        }
        for (label, value) in &self.coordinates {
            cbor.i64(*label).unwrap().bytes(value).unwrap();
        }
        cbor.into_writer()
    }
}

/// Everything that an attestation is made of. What [`Forge::new`] gives is valid.
pub struct Forge {
    pub app_id: AppId,
    pub root: Authority,
    pub intermediate: Authority,
    pub leaf: CertificateParams,
    pub key: KeyPair,
    pub client_data_hash: Vec<u8>,
    /// Instead of the true one.
    pub nonce_extension: Option<Vec<u8>>,
    pub flags: u8,
    pub counter: u32,
    pub aaguid: [u8; 16],
    pub credential_id: Vec<u8>,
    pub cose: Cose,
    /// Whatever follows the credential.
    pub tail: Vec<u8>,
}

/// The members of an attestation object.
#[derive(Clone)]
pub struct Parts {
    pub x5c: Vec<Vec<u8>>,
    pub receipt: Vec<u8>,
    pub authenticator_data: Vec<u8>,
}

impl Forge {
    pub fn new() -> Self {
        let root = Authority::new("Own Root");
        let mut intermediate = Authority::new("Own CA 1");
        intermediate.params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let mut leaf = params("Leaf", 3);
        leaf.is_ca = IsCa::ExplicitNoCa;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        Self {
            app_id: AppId::new("TEAM123456", "com.acme.app"),
            credential_id: sha256(key.public_key_raw()).to_vec(),
            cose: Cose::of(key.public_key_raw()),
            root,
            intermediate,
            leaf,
            key,
            client_data_hash: CLIENT_DATA_HASH.to_vec(),
            nonce_extension: None,
            flags: AT,
            counter: 0,
            aaguid: *b"appattest\0\0\0\0\0\0\0",
            tail: Vec::new(),
        }
    }

    pub fn public_key(&self) -> PublicKey {
        PublicKey::from_point(self.key.public_key_raw()).unwrap()
    }

    pub fn roots(&self) -> Roots {
        Roots::from_der(vec![self.root.self_signed()]).unwrap()
    }

    pub fn authenticator_data(&self) -> Vec<u8> {
        let head = [&sha256(self.app_id.as_str().as_bytes())[..], &[self.flags], &self.counter.to_be_bytes()].concat();
        let length = u16::try_from(self.credential_id.len()).unwrap().to_be_bytes();
        [&head, &self.aaguid[..], &length, &self.credential_id, &self.cose.encode(), &self.tail].concat()
    }

    /// The leaf's certificate for these authenticator data.
    pub fn leaf(&self, authenticator_data: &[u8]) -> Vec<u8> {
        let nonce = sha256(&[authenticator_data, &self.client_data_hash].concat());
        let extension =
            self.nonce_extension.clone().unwrap_or_else(|| [&[0x30, 0x24, 0xa1, 0x22, 4, 32][..], &nonce].concat());
        let mut leaf = self.leaf.clone();
        leaf.custom_extensions.push(CustomExtension::from_oid_content(NONCE_OID, extension));
        self.intermediate.issue(&leaf, &self.key)
    }

    pub fn parts(&self) -> Parts {
        let authenticator_data = self.authenticator_data();
        let leaf = self.leaf(&authenticator_data);
        let intermediate = self.root.issue(&self.intermediate.params, &self.intermediate.key);
        Parts { x5c: vec![leaf, intermediate], receipt: RECEIPT.to_vec(), authenticator_data }
    }

    /// Verifies an attestation against what a true one of this forge has.
    pub fn verify(&self, attestation: &[u8]) -> Result<Attestation, AttestationError> {
        verify_attestation(
            attestation,
            &AttestationExpectation {
                app_id: &AppId::new("TEAM123456", "com.acme.app"),
                key_id: &sha256(self.key.public_key_raw()),
                client_data_hash: &CLIENT_DATA_HASH,
                environments: &[Environment::Production],
                roots: &self.roots(),
                time: NOW,
            },
        )
    }
}

impl Parts {
    pub fn encode(&self) -> Vec<u8> {
        let mut cbor = Encoder::new(Vec::new());
        cbor.map(3).unwrap().str("fmt").unwrap().str("apple-appattest").unwrap();
        cbor.str("attStmt").unwrap();
        self.encode_statement(&mut cbor);
        cbor.str("authData").unwrap().bytes(&self.authenticator_data).unwrap();
        cbor.into_writer()
    }

    pub fn encode_statement(&self, cbor: &mut Encoder<Vec<u8>>) {
        cbor.map(2).unwrap().str("x5c").unwrap();
        self.encode_x5c(cbor);
        cbor.str("receipt").unwrap().bytes(&self.receipt).unwrap();
    }

    pub fn encode_x5c(&self, cbor: &mut Encoder<Vec<u8>>) {
        cbor.array(self.x5c.len() as u64).unwrap();
        for certificate in &self.x5c {
            cbor.bytes(certificate).unwrap();
        }
    }
}

/// Everything that an assertion is made of. What [`AssertionForge::new`] gives is valid.
pub struct AssertionForge {
    pub app_id: AppId,
    pub key: KeyPair,
    pub signer: Option<KeyPair>,
    pub client_data_hash: Vec<u8>,
    pub flags: u8,
    pub counter: u32,
    pub tail: Vec<u8>,
}

/// The counter of the last accepted assertion.
pub const LAST: u32 = 41;

impl AssertionForge {
    pub fn new() -> Self {
        Self {
            app_id: AppId::new("TEAM123456", "com.acme.app"),
            key: KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap(),
            signer: None,
            client_data_hash: CLIENT_DATA_HASH.to_vec(),
            flags: AT,
            counter: LAST + 1,
            tail: Vec::new(),
        }
    }

    /// Signature and authenticator data.
    pub fn parts(&self) -> (Vec<u8>, Vec<u8>) {
        let id = sha256(self.app_id.as_str().as_bytes());
        let data = [&id[..], &[self.flags], &self.counter.to_be_bytes(), &self.tail].concat();
        let nonce = sha256(&[&data[..], &self.client_data_hash].concat());
        (self.signer.as_ref().unwrap_or(&self.key).sign(&nonce).unwrap(), data)
    }

    pub fn encode(&self) -> Vec<u8> {
        let (signature, data) = self.parts();
        encode_assertion(&signature, &data)
    }

    /// Verifies an assertion against what a true one of this forge has.
    pub fn verify(&self, assertion: &[u8]) -> Result<Assertion, AssertionError> {
        verify_assertion(
            assertion,
            &AssertionExpectation {
                app_id: &AppId::new("TEAM123456", "com.acme.app"),
                public_key: &PublicKey::from_point(self.key.public_key_raw()).unwrap(),
                client_data_hash: &CLIENT_DATA_HASH,
                counter: LAST,
            },
        )
    }
}

pub fn encode_assertion(signature: &[u8], data: &[u8]) -> Vec<u8> {
    let mut cbor = Encoder::new(Vec::new());
    cbor.map(2).unwrap().str("signature").unwrap().bytes(signature).unwrap();
    cbor.str("authenticatorData").unwrap().bytes(data).unwrap();
    cbor.into_writer()
}
