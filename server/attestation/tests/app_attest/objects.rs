//! Attestation objects that are broken, or of another form.

use bonafide_attestation::app_attest::{AttestationError, CborError, MAX_ATTESTATION};
use minicbor::Encoder;

use crate::forge::{Forge, Parts, done};

type Member<'a> = &'a dyn Fn(&mut Encoder<Vec<u8>>);

#[test]
fn broken_objects_are_refused() {
    let forge = Forge::new();
    let parts = forge.parts();
    let good = parts.encode();
    let object = |members: &[Member<'_>]| {
        let mut cbor = Encoder::new(Vec::new());
        cbor.map(members.len() as u64).unwrap();
        members.iter().for_each(|member| member(&mut cbor));
        cbor.into_writer()
    };
    let format: Member<'_> = &|cbor| done(cbor.str("fmt").unwrap().str("apple-appattest").unwrap());
    let statement: Member<'_> = &|cbor| {
        cbor.str("attStmt").unwrap();
        parts.encode_statement(cbor);
    };
    let data: Member<'_> = &|cbor| done(cbor.str("authData").unwrap().bytes(&parts.authenticator_data).unwrap());
    let x5c: Member<'_> = &|cbor| {
        cbor.str("x5c").unwrap();
        parts.encode_x5c(cbor);
    };
    let receipt: Member<'_> = &|cbor| done(cbor.str("receipt").unwrap().bytes(&[]).unwrap());
    let with_statement = |encode: Member<'_>| {
        let statement: Member<'_> = &|cbor| {
            cbor.str("attStmt").unwrap();
            encode(cbor);
        };
        object(&[format, statement, data])
    };
    let with_members = |members: &[Member<'_>]| {
        with_statement(&|cbor| {
            cbor.map(members.len() as u64).unwrap();
            members.iter().for_each(|member| member(cbor));
        })
    };
    let missing = |member| CborError::Missing { member };
    let wrong = |member, expected| CborError::Type { member, expected };
    let table: Vec<(&str, Vec<u8>, CborError)> = vec![
        ("nothing", vec![], wrong("the object", "a map of a known length")),
        ("an array", vec![0x80], wrong("the object", "a map of a known length")),
        ("an empty map", object(&[]), missing("fmt")),
        ("no format", object(&[statement, data]), missing("fmt")),
        ("no statement", object(&[format, data]), missing("attStmt")),
        ("no data", object(&[format, statement]), missing("authData")),
        (
            "data twice",
            object(&[format, statement, data, data]),
            CborError::DuplicateKey { member: "the object", key: "\"authData\"".into() },
        ),
        (
            "a format that is bytes",
            object(&[&|cbor| done(cbor.str("fmt").unwrap().bytes(b"apple-appattest").unwrap()), statement, data]),
            wrong("fmt", "a text string"),
        ),
        (
            "data that are text",
            object(&[format, statement, &|cbor| done(cbor.str("authData").unwrap().str("data").unwrap())]),
            wrong("authData", "a byte string"),
        ),
        (
            "a name that is a number",
            object(&[&|cbor| done(cbor.u8(1).unwrap().u8(1).unwrap())]),
            wrong("a member's name", "a text string"),
        ),
        ("no receipt", with_members(&[x5c]), missing("receipt")),
        ("no certificates", with_members(&[receipt]), missing("x5c")),
        (
            "certificates twice",
            with_members(&[x5c, x5c, receipt]),
            CborError::DuplicateKey { member: "attStmt", key: "\"x5c\"".into() },
        ),
        (
            "a certificate that is text",
            with_members(&[&|cbor| done(cbor.str("x5c").unwrap().array(1).unwrap().str("x").unwrap())]),
            wrong("x5c", "a byte string"),
        ),
        (
            "more certificates than any list may have",
            with_members(&[&|cbor| done(cbor.str("x5c").unwrap().array(u64::MAX).unwrap())]),
            CborError::Entries { member: "x5c", found: u64::MAX },
        ),
        (
            "certificates of an unknown number",
            with_members(&[&|cbor| done(cbor.str("x5c").unwrap().begin_array().unwrap().end().unwrap())]),
            wrong("x5c", "an array of a known length"),
        ),
        (
            "a statement that is an array",
            with_statement(&|cbor| done(cbor.array(0).unwrap())),
            wrong("attStmt", "a map of a known length"),
        ),
        (
            "more members than any map may have",
            vec![0xba, 1, 0, 0, 0],
            CborError::Entries { member: "the object", found: 1 << 24 },
        ),
        (
            "a deep member",
            object(&[&|cbor| {
                cbor.str("x").unwrap();
                (0..6).for_each(|_| done(cbor.array(1).unwrap()));
            }]),
            CborError::Depth { member: "the object" },
        ),
        (
            "a byte after the object",
            [good.as_slice(), &[0]].concat(),
            CborError::Trailing { member: "the object", length: 1 },
        ),
    ];
    for (name, attestation, expected) in table {
        assert_eq!(forge.verify(&attestation), Err(AttestationError::Cbor(expected)), "{name}");
    }
    for length in 0..good.len() {
        assert!(matches!(forge.verify(&good[..length]), Err(AttestationError::Cbor(_))), "cut at {length}");
    }

    // A member of another name is no reason.
    let more = object(&[&|cbor| done(cbor.str("ep").unwrap().bool(true).unwrap()), format, statement, data]);
    assert!(forge.verify(&more).is_ok());
}

#[test]
fn other_formats_and_sizes_are_refused() {
    let forge = Forge::new();
    let good = forge.parts().encode();
    let at = good.windows(15).position(|window| window == b"apple-appattest").unwrap();
    let mut other = good.clone();
    other[at..at + 15].copy_from_slice(b"apple-appattesT");
    assert_eq!(forge.verify(&other), Err(AttestationError::Format { found: "apple-appattesT".into() }));

    let parts = forge.parts();
    let padded = |receipt: usize| Parts { receipt: vec![0; receipt], ..parts.clone() }.encode();
    let room = MAX_ATTESTATION - padded(1000).len() + 1000;
    assert!(forge.verify(&padded(room)).is_ok());
    let refusal = forge.verify(&padded(room + 1)).unwrap_err();
    assert_eq!(refusal, AttestationError::TooLong { length: MAX_ATTESTATION + 1 });
}
