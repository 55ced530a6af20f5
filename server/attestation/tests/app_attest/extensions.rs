//! What newer systems append to authenticator data, and what nobody may append.

use bonafide_attestation::app_attest::{
    Assertion, AssertionError, Attestation, AttestationError, AuthenticatorDataError, CborError, Extensions,
    MAX_BUNDLE_VERSION, ValidationCategory,
};
use minicbor::Encoder;

use crate::forge::{AT, AssertionForge, ED, Forge, done};

const CATEGORY: &str = "apple_validation_category_01";
const VERSION: &str = "apple_bundle_version_01";

fn attest(flags: u8, tail: &[u8]) -> Result<Attestation, AttestationError> {
    let mut forge = Forge::new();
    (forge.flags, forge.tail) = (flags, tail.to_vec());
    forge.verify(&forge.parts().encode())
}

fn assert(flags: u8, tail: &[u8]) -> Result<Assertion, AssertionError> {
    let mut forge = AssertionForge::new();
    (forge.flags, forge.tail) = (flags, tail.to_vec());
    forge.verify(&forge.encode())
}

type Entry<'a> = &'a dyn Fn(&mut Encoder<Vec<u8>>);

fn map(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut cbor = Encoder::new(Vec::new());
    cbor.map(entries.len() as u64).unwrap();
    entries.iter().for_each(|entry| entry(&mut cbor));
    cbor.into_writer()
}

/// As Apple's example has it: the category in four bytes, lowest first.
fn apples() -> Vec<u8> {
    map(&[&|cbor| done(cbor.str(VERSION).unwrap().str("1").unwrap()), &|cbor| {
        done(cbor.str(CATEGORY).unwrap().bytes(&[3, 0, 0, 0]).unwrap())
    }])
}

#[test]
fn what_is_no_extension_data_is_refused_announced_or_not() {
    let broken = CborError::Type { member: "extensions", expected: "a map of a known length" };
    let number = CborError::Type { member: CATEGORY, expected: "a number of 32 bits" };
    let long = "1".repeat(MAX_BUNDLE_VERSION + 1);
    let deep = |cbor: &mut Encoder<Vec<u8>>| {
        cbor.str("x").unwrap();
        for _ in 0..6 {
            cbor.array(1).unwrap();
        }
    };
    let version: Entry<'_> = &|cbor| done(cbor.str(VERSION).unwrap().str("1").unwrap());
    let table: Vec<(&str, Vec<u8>, CborError)> = vec![
        ("a stray byte", vec![0], broken.clone()),
        ("an array", vec![0x80], broken.clone()),
        ("a map of an unknown length", vec![0xbf, 0xff], broken),
        ("a byte after the map", [apples(), vec![0]].concat(), CborError::Trailing { member: "extensions", length: 1 }),
        (
            "two maps",
            [apples(), apples()].concat(),
            CborError::Trailing { member: "extensions", length: apples().len() },
        ),
        (
            "a name that is a number",
            map(&[&|cbor| done(cbor.u8(1).unwrap().u8(1).unwrap())]),
            CborError::Type { member: "an extension's name", expected: "a text string" },
        ),
        (
            "a name twice",
            map(&[version, version]),
            CborError::DuplicateKey { member: "extensions", key: format!("{VERSION:?}") },
        ),
        ("a deep value", map(&[&deep]), CborError::Depth { member: "extensions" }),
        (
            "a category of three bytes",
            map(&[&|cbor| done(cbor.str(CATEGORY).unwrap().bytes(&[3, 0, 0]).unwrap())]),
            number.clone(),
        ),
        (
            "a category that is text",
            map(&[&|cbor| done(cbor.str(CATEGORY).unwrap().str("4").unwrap())]),
            number.clone(),
        ),
        (
            "a category of more than 32 bits",
            map(&[&|cbor| done(cbor.str(CATEGORY).unwrap().u64(1 << 32).unwrap())]),
            number,
        ),
        (
            "a version that is a number",
            map(&[&|cbor| done(cbor.str(VERSION).unwrap().u8(1).unwrap())]),
            CborError::Type { member: VERSION, expected: "a text string" },
        ),
        (
            "a long version",
            map(&[&|cbor| done(cbor.str(VERSION).unwrap().str(&long).unwrap())]),
            CborError::Type { member: VERSION, expected: "a text of at most 256 bytes" },
        ),
    ];
    for (name, tail, expected) in table {
        let expected = AuthenticatorDataError::Extensions(expected);
        for flags in [AT, AT | ED] {
            let attestation = attest(flags, &tail);
            assert_eq!(attestation, Err(AttestationError::AuthenticatorData(expected.clone())), "{name}");
            assert_eq!(assert(flags, &tail), Err(AssertionError::AuthenticatorData(expected.clone())), "{name}");
        }
    }
    let missing = AuthenticatorDataError::Extensions(CborError::Type {
        member: "extensions",
        expected: "a map of a known length",
    });
    assert_eq!(attest(AT | ED, &[]), Err(AttestationError::AuthenticatorData(missing.clone())));
    assert_eq!(assert(ED, &[]), Err(AssertionError::AuthenticatorData(missing)));
}

#[test]
fn extension_data_is_read_announced_or_not() {
    assert_eq!(apples().len(), 62);
    let expected = Extensions::default();
    let mut expected = Extensions { bundle_version: Some("1".into()), ..expected };
    expected.validation_category = Some(ValidationCategory::Development);
    for flags in [AT, AT | ED] {
        assert_eq!(attest(flags, &apples()).unwrap().extensions, expected);
        assert_eq!(assert(flags, &apples()).unwrap().extensions, expected);
    }
    // iOS announces no credential in an assertion for certain, and need not.
    assert_eq!(assert(0, &apples()).unwrap().extensions, expected);
}

#[test]
fn numbers_and_unknown_names_are_read_too() {
    let tail = map(&[&|cbor| done(cbor.str(CATEGORY).unwrap().u8(4).unwrap()), &|cbor| {
        done(cbor.str("apple_something_02").unwrap().array(1).unwrap().bool(true).unwrap())
    }]);
    let extensions = attest(AT, &tail).unwrap().extensions;
    assert_eq!(extensions.validation_category, Some(ValidationCategory::AppStore));
    assert_eq!(extensions.unknown, ["apple_something_02"]);
}
