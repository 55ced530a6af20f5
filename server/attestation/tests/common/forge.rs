//! Chains to order: a whole valid one, of which a test changes one thing.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use bonafide_attestation::android_key::{KEY_DESCRIPTION_OID, Roots};
use bonafide_protocol::encoding::to_base64;
use serde_json::json;

use super::der::{bits, boolean, explicit, integer, octets, oid, sequence, set, tlv};
use super::description::Description;

/// The challenge of every forged chain.
pub(crate) const CHALLENGE: &[u8] = b"the challenge";

/// The time at which forged chains are verified, in Unix seconds: 14 November 2023.
pub(crate) const NOW: u64 = 1_700_000_000;

const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";
const PAST: &str = "20200101000000Z";
const FUTURE: &str = "20300101000000Z";

/// Key usages, as the first octet of the bit string.
pub(crate) const DIGITAL_SIGNATURE: u8 = 0x80;
pub(crate) const CERTIFICATE_SIGN: u8 = 0x04;

/// Name attributes.
pub(crate) const COMMON_NAME: &str = "2.5.4.3";
pub(crate) const SERIAL_NUMBER: &str = "2.5.4.5";
pub(crate) const ORGANIZATION: &str = "2.5.4.10";

/// A P-256 key.
pub(crate) fn key() -> EcdsaKeyPair {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap()
}

/// A name of attributes.
pub(crate) fn name(attributes: &[(&str, &str)]) -> Vec<u8> {
    let attribute = |(kind, value): &(&str, &str)| set(&[sequence(&[oid(kind), tlv(&[0x0c], value.as_bytes())])]);
    sequence(&attributes.iter().map(attribute).collect::<Vec<_>>())
}

/// A certificate before it is signed.
pub(crate) struct Draft {
    pub(crate) serial: Vec<u8>,
    pub(crate) algorithm: Vec<u8>,
    pub(crate) issuer: Vec<u8>,
    pub(crate) not_before: String,
    pub(crate) not_after: String,
    pub(crate) subject: Vec<u8>,
    pub(crate) key: EcdsaKeyPair,
    /// The key that signs, if not that of the next draft.
    pub(crate) signer: Option<EcdsaKeyPair>,
    /// The DER of the public key, if not that of `key`.
    pub(crate) public_key: Option<Vec<u8>>,
    pub(crate) authority: Option<(bool, Option<u64>)>,
    pub(crate) usage: Option<u8>,
    /// Further extensions: identifier, critical, value.
    pub(crate) extensions: Vec<(String, bool, Vec<u8>)>,
    /// Changes the finished certificate.
    pub(crate) spoil: Option<fn(&mut Vec<u8>)>,
}

impl Draft {
    /// An authority without limits.
    pub(crate) fn new(serial: u64, subject: Vec<u8>, issuer: Vec<u8>) -> Self {
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
        let p256 = sequence(&[
            sequence(&[oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7")]),
            bits(self.key.public_key().as_ref()),
        ]);
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
pub(crate) struct Forge {
    pub(crate) drafts: Vec<Draft>,
    pub(crate) description: Option<Description>,
    /// Changes the finished chain.
    pub(crate) spoil: Option<fn(&mut Vec<Vec<u8>>)>,
}

impl Forge {
    /// A chain as the network provisions it.
    pub(crate) fn remote() -> Self {
        let mut forge = Self::of([(COMMON_NAME, "Droid CA"), (ORGANIZATION, "Test LLC")]);
        let info = vec![0xa2, 0x01, 0x05, 0x03, 0x64, b'A', b'c', b'm', b'e'];
        forge.draft(1).extensions.push(("1.3.6.1.4.1.11129.2.1.30".into(), false, info));
        forge
    }

    /// A chain as the factory provisions it.
    pub(crate) fn factory() -> Self {
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

    pub(crate) fn draft(&mut self, link: usize) -> &mut Draft {
        self.drafts.get_mut(link).unwrap()
    }

    pub(crate) fn description(&mut self) -> &mut Description {
        self.description.as_mut().unwrap()
    }

    /// The extension with the description as it stands.
    pub(crate) fn description_extension(&self) -> (String, bool, Vec<u8>) {
        (KEY_DESCRIPTION_OID.into(), false, self.description.as_ref().unwrap().to_der())
    }

    /// Signs a further certificate with the attested key, as whoever may use that key could.
    pub(crate) fn extend(&mut self) {
        let mut leaf = Draft::new(2, name(&[(COMMON_NAME, "Forged")]), self.draft(0).subject.clone());
        leaf.authority = None;
        leaf.usage = Some(DIGITAL_SIGNATURE);
        self.drafts.insert(0, leaf);
    }

    /// The root as the operator would configure it.
    pub(crate) fn roots(&self) -> Roots {
        let root = self.drafts.last().unwrap();
        roots_of(&root.sign(&root.key))
    }

    /// The signed chain.
    pub(crate) fn chain(&mut self) -> Vec<Vec<u8>> {
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
pub(crate) fn roots_of(der: &[u8]) -> Roots {
    Roots::from_json(json!([pem(der)]).to_string().as_bytes()).unwrap()
}

/// A certificate as text.
pub(crate) fn pem(der: &[u8]) -> String {
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", to_base64(der))
}
