//! One forgery at a time in what an attestation is about, each refused for its own reason.

use bonafide_attestation::app_attest::{
    AppId, AttestationError, AuthenticatorDataError, CborError, Environment, UnusableKey,
};
use rcgen::KeyPair;

use crate::forge::{AT, Cose, Forge, Parts, RECEIPT, sha256};

#[test]
fn the_unforged_one_passes() {
    let forge = Forge::new();
    let proven = forge.verify(&forge.parts().encode()).unwrap();
    assert_eq!(proven.public_key, forge.public_key());
    assert_eq!(proven.key_id.0, sha256(forge.public_key().as_point()));
    assert_eq!(proven.environment, Environment::Production);
    assert_eq!(proven.receipt, RECEIPT);
}

/// What is forged, how, and how the refusal is recognised.
type Row = (&'static str, fn(&mut Forge), fn(&AttestationError) -> bool);

#[test]
fn forged_authenticator_data_and_nonces_are_refused() {
    use AttestationError as E;
    use AuthenticatorDataError as A;
    let table: &[Row] = &[
        ("other client data", |f| f.client_data_hash[0] ^= 1, |e| matches!(e, E::Nonce { .. })),
        ("a longer client data hash", |f| f.client_data_hash.push(0), |e| matches!(e, E::Nonce { .. })),
        ("a bare nonce", |f| f.nonce_extension = Some([&[4, 32][..], &[0; 32]].concat()), |e| *e == E::NonceExtension),
        (
            "a nonce with a byte more",
            |f| f.nonce_extension = Some([&[0x30, 0x24, 0xa1, 0x22, 4, 32][..], &[0; 33]].concat()),
            |e| *e == E::NonceExtension,
        ),
        ("an empty nonce", |f| f.nonce_extension = Some(Vec::new()), |e| *e == E::NonceExtension),
        (
            "another app",
            |f| f.app_id = AppId::new("TEAM123456", "com.acme.apq"),
            |e| matches!(e, E::AuthenticatorData(A::RpIdHash { .. })),
        ),
        (
            "another team",
            |f| f.app_id = AppId::new("TEAM123457", "com.acme.app"),
            |e| matches!(e, E::AuthenticatorData(A::RpIdHash { .. })),
        ),
        ("a key in use", |f| f.counter = 1, |e| *e == E::Counter { found: 1 }),
        (
            "a development key",
            |f| f.aaguid = *b"appattestdevelop",
            |e| *e == E::Environment { found: Environment::Development },
        ),
        (
            "another authenticator",
            |f| f.aaguid[15] = 1,
            |e| *e == E::AuthenticatorData(A::Aaguid { found: "61707061747465737400000000000001".into() }),
        ),
        ("another credential id", |f| f.credential_id[31] ^= 1, |e| matches!(e, E::CredentialId { .. })),
        ("no credential id", |f| f.credential_id.clear(), |e| matches!(e, E::CredentialId { .. })),
        ("a longer credential id", |f| f.credential_id.push(0), |e| matches!(e, E::CredentialId { .. })),
        ("no flag for the credential", |f| f.flags = 0, |e| *e == E::AuthenticatorData(A::NoCredential { flags: 0 })),
        (
            "another credential key",
            |f| f.cose = Cose::of(KeyPair::generate().unwrap().public_key_raw()),
            |e| *e == E::CredentialKey,
        ),
        (
            "a credential key off the curve",
            |f| f.cose.coordinates[1].1[31] ^= 1,
            |e| *e == E::AuthenticatorData(A::Key(UnusableKey::Point)),
        ),
        (
            "a short coordinate",
            |f| f.cose.coordinates[1].1.truncate(31),
            |e| *e == E::AuthenticatorData(A::Key(UnusableKey::Length { found: 64 })),
        ),
        (
            "another key type",
            |f| f.cose.integers[0].1 = 1,
            |e| *e == E::AuthenticatorData(A::CoseValue { label: 1, expected: 2, found: 1 }),
        ),
        (
            "another algorithm",
            |f| f.cose.integers[1].1 = -35,
            |e| *e == E::AuthenticatorData(A::CoseValue { label: 3, expected: -7, found: -35 }),
        ),
        (
            "another curve",
            |f| f.cose.integers[2].1 = 2,
            |e| *e == E::AuthenticatorData(A::CoseValue { label: -1, expected: 1, found: 2 }),
        ),
        (
            "no algorithm",
            |f| f.cose.integers.retain(|(label, _)| *label != 3),
            |e| *e == E::AuthenticatorData(A::CoseKey(CborError::Missing { member: "alg" })),
        ),
        (
            "no coordinate",
            |f| f.cose.coordinates.retain(|(label, _)| *label != -2),
            |e| *e == E::AuthenticatorData(A::CoseKey(CborError::Missing { member: "x" })),
        ),
        (
            "an algorithm twice",
            |f| f.cose.integers.push((3, -7)),
            |e| matches!(e, E::AuthenticatorData(A::CoseKey(CborError::DuplicateKey { .. }))),
        ),
        (
            "a label of another key type",
            |f| f.cose.integers.push((-4, 1)),
            |e| matches!(e, E::AuthenticatorData(A::CoseKey(CborError::Type { .. }))),
        ),
        (
            "an algorithm that is no number",
            |f| f.cose.coordinates.push((3, vec![1])),
            |e| matches!(e, E::AuthenticatorData(A::CoseKey(CborError::DuplicateKey { .. }))),
        ),
    ];
    for (name, forgery, expected) in table {
        let mut forge = Forge::new();
        forgery(&mut forge);
        let refusal = forge.verify(&forge.parts().encode()).unwrap_err();
        assert!(expected(&refusal), "{name}: {refusal:?}");
    }
}

#[test]
fn another_key_id_is_refused() {
    let (forge, mut other) = (Forge::new(), Forge::new());
    let attestation = forge.parts().encode();
    // The same roots, the key of another.
    other.root = forge.root;
    let refusal = other.verify(&attestation).unwrap_err();
    assert!(matches!(refusal, AttestationError::KeyId { .. }), "{refusal:?}");
}

#[test]
fn authenticator_data_cut_anywhere_are_refused() {
    let forge = Forge::new();
    let whole = forge.authenticator_data();
    for length in 0..whole.len() {
        let authenticator_data = whole[..length].to_vec();
        let x5c = vec![forge.leaf(&authenticator_data), forge.parts().x5c[1].clone()];
        let parts = Parts { x5c, receipt: Vec::new(), authenticator_data };
        let refusal = forge.verify(&parts.encode()).unwrap_err();
        let AttestationError::AuthenticatorData(refusal) = refusal else { panic!("{length}: {refusal:?}") };
        let too_short = matches!(refusal, AuthenticatorDataError::TooShort { length: found, .. } if found == length);
        let cut_key = matches!(refusal, AuthenticatorDataError::CoseKey(_));
        assert!(if length < 87 { too_short } else { cut_key }, "{length}: {refusal:?}");
    }
    assert_eq!(whole[32], AT);
}
