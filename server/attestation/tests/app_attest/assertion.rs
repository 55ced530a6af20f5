//! One forgery at a time in an assertion, each refused for its own reason.

use bonafide_attestation::app_attest::{
    AppId, AssertionError, AuthenticatorDataError, CborError, Extensions, MAX_ASSERTION,
};
use minicbor::Encoder;
use rcgen::{KeyPair, SigningKey as _};

use crate::forge::{AssertionForge, LAST, encode_assertion};

#[test]
fn the_unforged_one_passes() {
    let forge = AssertionForge::new();
    let proven = forge.verify(&forge.encode()).unwrap();
    assert_eq!((proven.counter, proven.extensions), (LAST + 1, Extensions::default()));
}

#[test]
fn forgeries_are_refused() {
    use AssertionError as E;
    type Row = (&'static str, fn(&mut AssertionForge), fn(&AssertionError) -> bool);
    let table: &[Row] = &[
        ("other client data", |f| f.client_data_hash[31] ^= 1, |e| *e == E::Signature),
        ("a shorter client data hash", |f| f.client_data_hash.truncate(31), |e| *e == E::Signature),
        ("another signer", |f| f.signer = Some(KeyPair::generate().unwrap()), |e| *e == E::Signature),
        (
            "another app",
            |f| f.app_id = AppId::new("TEAM123456", "com.acme.apq"),
            |e| matches!(e, E::AuthenticatorData(AuthenticatorDataError::RpIdHash { .. })),
        ),
        ("the last counter", |f| f.counter = LAST, |e| *e == E::Counter { last: LAST, found: LAST }),
        ("a lower counter", |f| f.counter = LAST - 1, |e| *e == E::Counter { last: LAST, found: LAST - 1 }),
        ("no counter", |f| f.counter = 0, |e| *e == E::Counter { last: LAST, found: 0 }),
    ];
    for (name, forgery, expected) in table {
        let mut forge = AssertionForge::new();
        forgery(&mut forge);
        let refusal = forge.verify(&forge.encode()).unwrap_err();
        assert!(expected(&refusal), "{name}: {refusal:?}");
    }
    let mut far = AssertionForge::new();
    far.counter = u32::MAX;
    assert_eq!(far.verify(&far.encode()).unwrap().counter, u32::MAX);
}

#[test]
fn authenticator_data_cut_anywhere_are_refused() {
    let forge = AssertionForge::new();
    let (_, whole) = forge.parts();
    for length in 0..whole.len() {
        let data = &whole[..length];
        let nonce = crate::forge::sha256(&[data, &forge.client_data_hash].concat());
        let refusal = forge.verify(&encode_assertion(&forge.key.sign(&nonce).unwrap(), data)).unwrap_err();
        assert!(
            matches!(refusal, AssertionError::AuthenticatorData(AuthenticatorDataError::TooShort { .. })),
            "{length}: {refusal:?}"
        );
    }
}

#[test]
fn broken_objects_are_refused() {
    let forge = AssertionForge::new();
    let (signature, data) = forge.parts();
    let good = encode_assertion(&signature, &data);
    let object = |members: &[(&str, &[u8])]| {
        let mut cbor = Encoder::new(Vec::new());
        cbor.map(members.len() as u64).unwrap();
        for (name, value) in members {
            cbor.str(name).unwrap().bytes(value).unwrap();
        }
        cbor.into_writer()
    };
    let text = [&[0xa1, 0x69][..], b"signature", &[0x61, b'x']].concat();
    let indefinite = [&[0xa1, 0x69][..], b"signature", &[0x5f, 0x41, 0, 0xff]].concat();
    let table: Vec<(&str, Vec<u8>, CborError)> = vec![
        ("nothing", vec![], CborError::Type { member: "the object", expected: "a map of a known length" }),
        (
            "a map of an unknown length",
            [&[0xbf][..], &good[1..], &[0xff]].concat(),
            CborError::Type { member: "the object", expected: "a map of a known length" },
        ),
        ("no signature", object(&[("authenticatorData", &data)]), CborError::Missing { member: "signature" }),
        ("no data", object(&[("signature", &signature)]), CborError::Missing { member: "authenticatorData" }),
        (
            "a signature twice",
            object(&[("signature", &[]), ("authenticatorData", &data), ("signature", &signature)]),
            CborError::DuplicateKey { member: "the object", key: "\"signature\"".into() },
        ),
        ("a signature that is text", text, CborError::Type { member: "signature", expected: "a byte string" }),
        ("a signature in pieces", indefinite, CborError::Type { member: "signature", expected: "a byte string" }),
        (
            "bytes after the object",
            [good.as_slice(), &[0, 0]].concat(),
            CborError::Trailing { member: "the object", length: 2 },
        ),
    ];
    for (name, assertion, expected) in table {
        assert_eq!(forge.verify(&assertion), Err(AssertionError::Cbor(expected)), "{name}");
    }
    let long = vec![0; MAX_ASSERTION + 1];
    assert_eq!(forge.verify(&long), Err(AssertionError::TooLong { length: MAX_ASSERTION + 1 }));
    for broken in [&signature[1..], &[], &[0x30, 0], &[0x30, 6, 2, 1, 0, 2, 1, 0]] {
        assert_eq!(forge.verify(&encode_assertion(broken, &data)), Err(AssertionError::Signature), "{broken:02x?}");
    }
    let followed = [signature.as_slice(), &[0]].concat();
    assert_eq!(forge.verify(&encode_assertion(&followed, &data)), Err(AssertionError::Signature));
}
