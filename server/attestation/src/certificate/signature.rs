//! Which signatures are checked, and how.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey,
    VerificationAlgorithm,
};
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_PKCS1_RSAENCRYPTION, OID_PKCS1_SHA256WITHRSA,
    OID_PKCS1_SHA384WITHRSA, OID_PKCS1_SHA512WITHRSA, OID_SIG_ECDSA_WITH_SHA256, OID_SIG_ECDSA_WITH_SHA384, Oid,
};
use x509_parser::x509::SubjectPublicKeyInfo;

use super::CertificateError;

/// Refuses a `signature` over `message` that `key` did not make with the algorithm `named`.
pub(super) fn verify(
    named: &Oid<'_>,
    key: &SubjectPublicKeyInfo<'_>,
    message: &[u8],
    signature: &[u8],
) -> Result<(), CertificateError> {
    let algorithm = algorithm(named, key).ok_or_else(|| CertificateError::UnknownAlgorithm {
        signature: named.to_id_string(),
        key: key.algorithm.algorithm.to_id_string(),
    })?;
    UnparsedPublicKey::new(algorithm, &key.subject_public_key.data)
        .verify(message, signature)
        .map_err(|_| CertificateError::BadSignature)
}

/// The curve of an elliptic-curve key.
pub(super) fn curve<'a>(key: &'a SubjectPublicKeyInfo<'_>) -> Option<Oid<'a>> {
    (key.algorithm.algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY).then_some(())?;
    key.algorithm.parameters.as_ref()?.as_oid().ok()
}

fn algorithm(named: &Oid<'_>, key: &SubjectPublicKeyInfo<'_>) -> Option<&'static dyn VerificationAlgorithm> {
    if key.algorithm.algorithm == OID_PKCS1_RSAENCRYPTION {
        let table: [(Oid<'_>, &dyn VerificationAlgorithm); 3] = [
            (OID_PKCS1_SHA256WITHRSA, &RSA_PKCS1_2048_8192_SHA256),
            (OID_PKCS1_SHA384WITHRSA, &RSA_PKCS1_2048_8192_SHA384),
            (OID_PKCS1_SHA512WITHRSA, &RSA_PKCS1_2048_8192_SHA512),
        ];
        return table.into_iter().find(|(oid, _)| oid == named).map(|(_, algorithm)| algorithm);
    }
    let curve = curve(key)?;
    let table: [(Oid<'_>, Oid<'_>, &dyn VerificationAlgorithm); 4] = [
        (OID_EC_P256, OID_SIG_ECDSA_WITH_SHA256, &ECDSA_P256_SHA256_ASN1),
        (OID_EC_P256, OID_SIG_ECDSA_WITH_SHA384, &ECDSA_P256_SHA384_ASN1),
        (OID_NIST_EC_P384, OID_SIG_ECDSA_WITH_SHA256, &ECDSA_P384_SHA256_ASN1),
        (OID_NIST_EC_P384, OID_SIG_ECDSA_WITH_SHA384, &ECDSA_P384_SHA384_ASN1),
    ];
    table.into_iter().find(|(on, oid, _)| *on == curve && oid == named).map(|(_, _, algorithm)| algorithm)
}
