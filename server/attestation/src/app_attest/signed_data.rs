//! CMS SignedData (RFC 5652 section 5), as Apple signs receipts: one signer with ECDSA and SHA-256 over the content
//! itself, without signed attributes. Apple encodes some receipts in BER with indefinite lengths.

use der::asn1::{Any, AnyRef, ObjectIdentifier, OctetString, OctetStringRef, SetOfVec};
use der::{Decode, Encode, Sequence, Tag, TagNumber, Tagged, ValueOrd};
use x509_parser::der_parser::asn1_rs::oid;
use x509_parser::der_parser::oid::Oid;
use x509_parser::prelude::X509Certificate;

use super::chain;
use super::public_key::PublicKey;
use super::receipt::ReceiptError;
use super::roots::Roots;

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");

const OCTET_STRING: u8 = 0x04;
/// An octet string in pieces, of an indefinite length (X.690 sections 8.1.3.6 and 8.7.3).
const PIECES: [u8; 2] = [0x24, 0x80];
const END_OF_CONTENTS: [u8; 2] = [0, 0];

/// The extension of certificates that may sign receipts. Apple's root has issued others, for other purposes.
const RECEIPT_SIGNING: Oid<'static> = oid!(1.2.840.113635.100.12.15);

/// The content of `receipt`, if the signer that it names has signed it and has a path to one of `roots` at `time`.
pub(super) fn verify(receipt: &[u8], roots: &Roots, time: i64) -> Result<Vec<u8>, ReceiptError> {
    let info = ContentInfo::from_ber(receipt).map_err(|_| ReceiptError::SignedData)?;
    let data = info.content;
    expect_oid("contentType", SIGNED_DATA, info.content_type)?;
    expect_version("version", data.version)?;
    for digest in data.digest_algorithms.iter() {
        digest.expect("digestAlgorithms", SHA256)?;
    }
    expect_oid("eContentType", DATA, data.content_info.content_type)?;
    let signer = match data.signer_infos.as_slice() {
        [signer] => signer,
        signers => return Err(ReceiptError::Signers { found: signers.len() }),
    };
    expect_version("signerInfo.version", signer.version)?;
    signer.digest_algorithm.expect("signerInfo.digestAlgorithm", SHA256)?;
    signer.signature_algorithm.expect("signerInfo.signatureAlgorithm", ECDSA_SHA256)?;

    let certificates = tagged(data.certificates).and_then(certificates).ok_or(ReceiptError::SignedData)?;
    let path = path(&certificates, &signer.signer)?;
    // A path begins with the signer. Its one signature costs less than those of its path, and comes first.
    let leaf = path.first().ok_or(ReceiptError::UnknownSigner)?;
    let key = PublicKey::from_parsed(leaf.public_key()).map_err(ReceiptError::SignerKey)?;
    let content = tagged(data.content_info.content).and_then(octets).ok_or(ReceiptError::SignedData)?;
    if !key.verifies(&content, signer.signature.as_bytes()) {
        return Err(ReceiptError::Signature);
    }
    chain::verify(&path, roots, time)?;
    if !matches!(leaf.get_extension_unique(&RECEIPT_SIGNING), Ok(Some(_))) {
        return Err(ReceiptError::NotAReceiptSigner { subject: leaf.subject().to_string() });
    }
    Ok(content)
}

/// The certificates in the order of their path, from the signer on. All of them have to be part of it.
fn path<'a>(certificates: &[&'a [u8]], signer: &SignerIdentifier) -> Result<Vec<X509Certificate<'a>>, ReceiptError> {
    let issuer = signer.issuer.to_der().map_err(|_| ReceiptError::SignedData)?;
    let mut left = certificates.iter().map(|der| chain::parse(0, der)).collect::<Result<Vec<_>, _>>()?;
    let mut path: Vec<X509Certificate<'a>> = Vec::new();
    while !left.is_empty() {
        let next = left.iter().position(|certificate| match path.last() {
            Some(last) => certificate.subject().as_raw() == last.issuer().as_raw(),
            None => {
                let is_number = signer.serial_number.tag() == Tag::Integer;
                is_number
                    && certificate.issuer().as_raw() == issuer
                    && certificate.raw_serial() == signer.serial_number.value()
            }
        });
        match next {
            Some(next) => path.push(left.swap_remove(next)),
            None if path.is_empty() => return Err(ReceiptError::UnknownSigner),
            None => return Err(ReceiptError::UnusedCertificates { count: left.len() }),
        }
    }
    Ok(path)
}

/// The bytes inside the tag `[0]`. If their length was indefinite, the end-of-contents marker is still among them.
fn tagged(value: AnyRef<'_>) -> Option<&[u8]> {
    let expected = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
    (value.tag() == expected).then(|| value.value())
}

/// The certificates one after another, each as it stands there.
fn certificates(mut rest: &[u8]) -> Option<Vec<&[u8]>> {
    let mut certificates = Vec::new();
    while !rest.is_empty() && rest != END_OF_CONTENTS {
        let (_, left) = AnyRef::from_der_partial(rest).ok()?;
        let (certificate, _) = rest.split_at_checked(rest.len().checked_sub(left.len())?)?;
        certificates.push(certificate);
        rest = left;
    }
    Some(certificates)
}

/// The content of an octet string, in one piece or in several. The library reads both as well, but takes a piece that
/// is marked as made of pieces for one that is not.
fn octets(value: &[u8]) -> Option<Vec<u8>> {
    let pieces = value.strip_prefix(&PIECES);
    let mut rest = pieces.unwrap_or(value);
    let mut content = Vec::new();
    while rest.first() == Some(&OCTET_STRING) && (pieces.is_some() || content.is_empty()) {
        let (piece, left) = <&OctetStringRef>::from_der_partial(rest).ok()?;
        content.extend(piece.as_bytes());
        rest = left;
    }
    let rest = if pieces.is_some() { rest.strip_prefix(&END_OF_CONTENTS)? } else { rest };
    (rest.is_empty() || rest == END_OF_CONTENTS).then_some(content)
}

fn expect_oid(field: &'static str, expected: ObjectIdentifier, found: ObjectIdentifier) -> Result<(), ReceiptError> {
    if found == expected {
        return Ok(());
    }
    Err(ReceiptError::Identifier { field, expected: expected.to_string(), found: found.to_string() })
}

fn expect_version(field: &'static str, found: u8) -> Result<(), ReceiptError> {
    if found == 1 { Ok(()) } else { Err(ReceiptError::Version { field, found }) }
}

#[derive(Sequence)]
struct ContentInfo<'a> {
    content_type: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    content: SignedData<'a>,
}

#[derive(Sequence)]
struct SignedData<'a> {
    version: u8,
    digest_algorithms: SetOfVec<AlgorithmIdentifier>,
    content_info: EncapsulatedContentInfo<'a>,
    /// `[0] IMPLICIT`; optional in CMS, not in a receipt.
    certificates: AnyRef<'a>,
    signer_infos: SetOfVec<SignerInfo>,
}

#[derive(Sequence)]
struct EncapsulatedContentInfo<'a> {
    content_type: ObjectIdentifier,
    /// `[0] EXPLICIT OCTET STRING`; optional in CMS, not in a receipt.
    content: AnyRef<'a>,
}

#[derive(Sequence, ValueOrd)]
struct AlgorithmIdentifier {
    algorithm: ObjectIdentifier,
    parameters: Option<Any>,
}

impl AlgorithmIdentifier {
    /// RFC 5754: parameters are absent or NULL.
    fn expect(&self, field: &'static str, expected: ObjectIdentifier) -> Result<(), ReceiptError> {
        if self.parameters.as_ref().is_some_and(|parameters| !parameters.is_null()) {
            return Err(ReceiptError::Parameters { field });
        }
        expect_oid(field, expected, self.algorithm)
    }
}

#[derive(Sequence, ValueOrd)]
struct SignerInfo {
    version: u8,
    signer: SignerIdentifier,
    digest_algorithm: AlgorithmIdentifier,
    signature_algorithm: AlgorithmIdentifier,
    signature: OctetString,
}

#[derive(Sequence, ValueOrd)]
struct SignerIdentifier {
    issuer: Any,
    serial_number: Any,
}
