//! Chains to order: a whole valid one, of which a test changes one thing.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use bonafide_attestation::android_key::{KEY_DESCRIPTION_OID, Roots};
use bonafide_protocol::encoding::to_base64;
use serde_json::json;

use super::der::{bits, boolean, explicit, integer, octets, oid, sequence, set, tlv};
use super::description::Description;

/// The challenge of every forged chain.
pub const CHALLENGE: &[u8] = b"the challenge";

/// The time at which forged chains are verified, in Unix seconds: 14 November 2023.
pub const NOW: u64 = 1_700_000_000;

const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";
const PAST: &str = "20200101000000Z";
const FUTURE: &str = "20300101000000Z";

/// Key usages, as the first octet of the bit string.
pub const DIGITAL_SIGNATURE: u8 = 0x80;
pub const CERTIFICATE_SIGN: u8 = 0x04;

/// Name attributes.
pub const COMMON_NAME: &str = "2.5.4.3";
pub const SERIAL_NUMBER: &str = "2.5.4.5";
pub const ORGANIZATION: &str = "2.5.4.10";

/// A P-256 key.
pub fn key() -> EcdsaKeyPair {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap()
}

/// A name of attributes.
pub fn name(attributes: &[(&str, &str)]) -> Vec<u8> {
    let attribute = |(kind, value): &(&str, &str)| set(&[sequence(&[oid(kind), tlv(&[0x0c], value.as_bytes())])]);
    sequence(&attributes.iter().map(attribute).collect::<Vec<_>>())
}

/// The SubjectPublicKeyInfo of a key on P-256, from its uncompressed point.
pub fn p256_info(point: &[u8]) -> Vec<u8> {
    sequence(&[sequence(&[oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7")]), bits(point)])
}

/// A certificate before it is signed.
pub struct Draft {
    pub serial: Vec<u8>,
    pub algorithm: Vec<u8>,
    pub issuer: Vec<u8>,
    pub not_before: String,
    pub not_after: String,
    pub subject: Vec<u8>,
    pub key: EcdsaKeyPair,
    /// The key that signs, if not that of the next draft.
    pub signer: Option<EcdsaKeyPair>,
    /// The DER of the public key, if not that of `key`.
    pub public_key: Option<Vec<u8>>,
    pub authority: Option<(bool, Option<u64>)>,
    pub usage: Option<u8>,
    /// Further extensions: identifier, critical, value.
    pub extensions: Vec<(String, bool, Vec<u8>)>,
    /// Changes the finished certificate.
    pub spoil: Option<fn(&mut Vec<u8>)>,
}

impl Draft {
    /// An authority without limits.
    pub fn new(serial: u64, subject: Vec<u8>, issuer: Vec<u8>) -> Self {
        Self {
            serial: integer(serial),
            algorithm: sequence(&[oid(ECDSA_SHA256)]),
            issuer,
            not_before: PAST.into(),
            not_after: FUTURE.into(),
            subject,
            key: key(),
            signer: None,
            public_key: None,
            authority: Some((true, None)),
            usage: Some(CERTIFICATE_SIGN),
            extensions: Vec::new(),
            spoil: None,
        }
    }

    fn sign(&self, next: &EcdsaKeyPair) -> Vec<u8> {
        let extension = |(kind, critical, value): &(String, bool, Vec<u8>)| {
            let flag = if *critical { boolean(true) } else { Vec::new() };
            sequence(&[oid(kind), flag, octets(value)])
        };
        let mut extensions = self.extensions.clone();
        if let Some((authority, length)) = self.authority {
            let flag = if authority { boolean(true) } else { Vec::new() };
            let constraints = sequence(&[flag, length.map(integer).unwrap_or_default()]);
            extensions.push(("2.5.29.19".into(), true, constraints));
        }
        if let Some(usage) = self.usage {
            extensions.push(("2.5.29.15".into(), true, tlv(&[0x03], &[2, usage])));
        }
        let p256 = p256_info(self.key.public_key().as_ref());
        let time = |text: &String| tlv(&[0x18], text.as_bytes());
        let signed = sequence(&[
            explicit(0, &integer(2)),
            self.serial.clone(),
            self.algorithm.clone(),
            self.issuer.clone(),
            sequence(&[time(&self.not_before), time(&self.not_after)]),
            self.subject.clone(),
            self.public_key.clone().unwrap_or(p256),
            explicit(3, &sequence(&extensions.iter().map(extension).collect::<Vec<_>>())),
        ]);
        let signature = self.signer.as_ref().unwrap_or(next).sign(&SystemRandom::new(), &signed).unwrap();
        let mut der = sequence(&[signed, sequence(&[oid(ECDSA_SHA256)]), bits(signature.as_ref())]);
        if let Some(spoil) = self.spoil {
            spoil(&mut der);
        }
        der
    }
}

/// A whole chain before it is signed: the attested key, the attestation key, an intermediate, a root.
pub struct Forge {
    pub drafts: Vec<Draft>,
    pub description: Option<Description>,
    /// Changes the finished chain.
    pub spoil: Option<fn(&mut Vec<Vec<u8>>)>,
}

impl Forge {
    /// A chain as the network provisions it.
    pub fn remote() -> Self {
        let mut forge = Self::of([(COMMON_NAME, "Droid CA"), (ORGANIZATION, "Test LLC")]);
        let info = vec![0xa2, 0x01, 0x05, 0x03, 0x64, b'A', b'c', b'm', b'e'];
        forge.draft(1).extensions.push(("1.3.6.1.4.1.11129.2.1.30".into(), false, info));
        forge
    }

    /// A chain as the factory provisions it.
    pub fn factory() -> Self {
        Self::of([(SERIAL_NUMBER, "87f4514475ba0a2b"), ("2.5.4.12", "TEE")])
    }

    fn of(intermediate: [(&str, &str); 2]) -> Self {
        let leaf = name(&[(COMMON_NAME, "Android Keystore Key")]);
        let attestation = name(&[(COMMON_NAME, "65d2949536924da6"), (ORGANIZATION, "TEE")]);
        let intermediate = name(&intermediate);
        let root = name(&[(SERIAL_NUMBER, "f92009e853b6b045")]);
        let mut forge = Self {
            drafts: vec![
                Draft::new(1, leaf, attestation.clone()),
                Draft::new(0xabc1, attestation, intermediate.clone()),
                Draft::new(0xabc2, intermediate, root.clone()),
                Draft::new(0xabc3, root.clone(), root),
            ],
            description: Some(Description::healthy(CHALLENGE)),
            spoil: None,
        };
        let leaf = forge.draft(0);
        leaf.authority = None;
        leaf.usage = Some(DIGITAL_SIGNATURE);
        leaf.not_before = "19700101000000Z".into();
        leaf.not_after = "20480101000000Z".into();
        forge
    }

    pub fn draft(&mut self, link: usize) -> &mut Draft {
        self.drafts.get_mut(link).unwrap()
    }

    pub fn description(&mut self) -> &mut Description {
        self.description.as_mut().unwrap()
    }

    /// The extension with the description as it stands.
    pub fn description_extension(&self) -> (String, bool, Vec<u8>) {
        (KEY_DESCRIPTION_OID.into(), false, self.description.as_ref().unwrap().to_der())
    }

    /// Signs a further certificate with the attested key, as whoever may use that key could.
    pub fn extend(&mut self) {
        let mut leaf = Draft::new(2, name(&[(COMMON_NAME, "Forged")]), self.draft(0).subject.clone());
        leaf.authority = None;
        leaf.usage = Some(DIGITAL_SIGNATURE);
        self.drafts.insert(0, leaf);
    }

    /// The root's certificate.
    pub fn root(&self) -> Vec<u8> {
        let root = self.drafts.last().unwrap();
        root.sign(&root.key)
    }

    /// The root as the operator would configure it.
    pub fn roots(&self) -> Roots {
        roots_of(&self.root())
    }

    /// The signed chain.
    pub fn chain(&mut self) -> Vec<Vec<u8>> {
        if self.description.is_some() {
            let extension = self.description_extension();
            self.draft(0).extensions.push(extension);
        }
        let next = self.drafts.iter().skip(1).chain(self.drafts.last());
        let mut chain: Vec<_> = self.drafts.iter().zip(next).map(|(draft, next)| draft.sign(&next.key)).collect();
        if let Some(spoil) = self.spoil {
            spoil(&mut chain);
        }
        chain
    }
}

/// A list of this one root.
pub fn roots_of(der: &[u8]) -> Roots {
    Roots::from_json(json!([pem(der)]).to_string().as_bytes()).unwrap()
}

/// A certificate as text.
pub fn pem(der: &[u8]) -> String {
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", to_base64(der))
}
