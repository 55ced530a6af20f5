//! One forgery at a time in an attestation, each refused for its own reason.

use bonafide_attestation::app_attest::{
    AppId, AttestationError, AuthenticatorDataError, CborError, ChainError, Environment, MAX_ATTESTATION, UnusableKey,
};
use minicbor::Encoder;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, IsCa, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P384_SHA384,
    PKCS_ED25519,
};
use time::Duration;

use crate::forge::{AT, Authority, Cose, Forge, NONCE_OID, Parts, RECEIPT, done, sha256};

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
type Row<Forged> = (&'static str, fn(&mut Forged), fn(&AttestationError) -> bool);

#[test]
fn forged_authenticator_data_and_nonces_are_refused() {
    use AttestationError as E;
    use AuthenticatorDataError as A;
    let table: &[Row<Forge>] = &[
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
fn forged_certificates_are_refused() {
    use AttestationError as E;
    use ChainError as C;
    let table: &[Row<Forge>] = &[
        (
            "an expired leaf",
            |f| f.leaf.not_after = f.leaf.not_before + Duration::seconds(59),
            |e| matches!(e, E::Chain(C::Expired { index: 0, .. })),
        ),
        (
            "a leaf of tomorrow",
            |f| f.leaf.not_before += Duration::days(1),
            |e| matches!(e, E::Chain(C::NotYetValid { index: 0, .. })),
        ),
        (
            "an expired issuer",
            |f| f.intermediate.params.not_after = f.leaf.not_before,
            |e| matches!(e, E::Chain(C::Expired { index: 1, .. })),
        ),
        (
            "an expired root",
            |f| f.root.params.not_after = f.leaf.not_before,
            |e| matches!(e, E::Chain(C::Expired { index: 2, .. })),
        ),
        (
            "a leaf that is a CA",
            |f| f.leaf.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
            |e| *e == E::Chain(C::LeafIsIssuer),
        ),
        (
            "an issuer that is no CA",
            |f| f.intermediate.params.is_ca = IsCa::ExplicitNoCa,
            |e| *e == E::Chain(C::NotAnIssuer { index: 1 }),
        ),
        (
            "an issuer that says nothing of being a CA",
            |f| f.intermediate.params.is_ca = IsCa::NoCa,
            |e| *e == E::Chain(C::NotAnIssuer { index: 1 }),
        ),
        (
            "an issuer whose key is for other things",
            |f| f.intermediate.params.key_usages = vec![KeyUsagePurpose::DigitalSignature],
            |e| *e == E::Chain(C::NotAnIssuer { index: 1 }),
        ),
        (
            "a root that is no CA",
            |f| f.root.params.is_ca = IsCa::ExplicitNoCa,
            |e| *e == E::Chain(C::NotAnIssuer { index: 2 }),
        ),
        (
            "a root that allows no issuers below it",
            |f| f.root.params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)),
            |e| *e == E::Chain(C::PathLength { index: 2, limit: 0 }),
        ),
        (
            "a critical extension of an unknown kind",
            |f| {
                let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
                extension.set_criticality(true);
                f.leaf.custom_extensions.push(extension);
            },
            |e| *e == E::Chain(C::CriticalExtension { index: 0, oid: "1.2.3.4".into() }),
        ),
        (
            "an issuer that signs with another algorithm",
            |f| f.intermediate.key = KeyPair::generate_for(&PKCS_ED25519).unwrap(),
            |e| matches!(e, E::Chain(C::Algorithm { index: 0, .. })),
        ),
        (
            "a leaf with a key of another curve",
            |f| f.key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap(),
            |e| *e == E::LeafKey(UnusableKey::Algorithm),
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
fn chains_that_do_not_hang_together_are_refused() {
    use ChainError as C;
    let forge = Forge::new();
    let true_parts = forge.parts();
    let other = Authority::new("Own CA 1");
    let stranger = Authority::new("Other CA");
    let other_leaf = |issuer: &Authority| {
        let data = forge.authenticator_data();
        let nonce = sha256(&[&data[..], &forge.client_data_hash].concat());
        let extension = [&[0x30, 0x24, 0xa1, 0x22, 4, 32][..], &nonce].concat();
        let mut leaf = forge.leaf.clone();
        leaf.custom_extensions.push(CustomExtension::from_oid_content(NONCE_OID, extension));
        issuer.issue(&leaf, &forge.key)
    };
    let intermediate_of = |root: &Authority| root.issue(&forge.intermediate.params, &forge.intermediate.key);
    let flipped = |der: &[u8]| {
        let mut der = der.to_vec();
        *der.last_mut().unwrap() ^= 1;
        der
    };
    let leaf = true_parts.x5c[0].clone();
    let issuer = true_parts.x5c[1].clone();
    let trailing = [leaf.as_slice(), &[0]].concat();
    let table: Vec<(&str, Vec<Vec<u8>>, C)> = vec![
        ("no certificate", vec![], C::Length { found: 0, limit: 4 }),
        ("too many", vec![leaf.clone(); 5], C::Length { found: 5, limit: 4 }),
        ("an empty one", vec![vec![], issuer.clone()], C::Malformed { index: 0 }),
        ("bytes after the leaf", vec![trailing, issuer.clone()], C::Malformed { index: 0 }),
        ("a leaf signed by another of that name", vec![other_leaf(&other), issuer.clone()], C::Signature { index: 0 }),
        (
            "a leaf of another issuer",
            vec![other_leaf(&stranger), issuer.clone()],
            C::Issuer { index: 0, expected: "CN=Other CA".into(), found: "CN=Own CA 1".into() },
        ),
        ("the leaf alone", vec![leaf.clone()], C::UnknownRoot { issuer: "CN=Own CA 1".into() }),
        (
            "an issuer of another root",
            vec![leaf.clone(), intermediate_of(&stranger)],
            C::UnknownRoot { issuer: "CN=Other CA".into() },
        ),
        (
            "an issuer of another root of that name",
            vec![leaf.clone(), intermediate_of(&Authority::new("Own Root"))],
            C::Signature { index: 1 },
        ),
        ("a broken signature of the leaf", vec![flipped(&leaf), issuer.clone()], C::Signature { index: 0 }),
        ("a broken signature of the issuer", vec![leaf.clone(), flipped(&issuer)], C::Signature { index: 1 }),
        ("the wrong order", vec![issuer.clone(), leaf.clone()], C::LeafIsIssuer),
        (
            "an other root brought along",
            vec![leaf.clone(), issuer.clone(), Authority::new("Own Root").self_signed()],
            C::Signature { index: 1 },
        ),
    ];
    for (name, x5c, expected) in table {
        let parts = Parts { x5c, ..true_parts.clone() };
        assert_eq!(forge.verify(&parts.encode()), Err(AttestationError::Chain(expected)), "{name}");
    }
    // A whole chain of strangers, root and all.
    let other = Forge::new();
    let mut strange = other.parts();
    strange.x5c.push(other.root.self_signed());
    let expected = AttestationError::Chain(ChainError::Signature { index: 2 });
    assert_eq!(forge.verify(&strange.encode()), Err(expected));
    // The root itself may be part of the chain.
    let parts = Parts { x5c: vec![leaf, issuer, forge.root.self_signed()], ..true_parts };
    assert!(forge.verify(&parts.encode()).is_ok());
}

#[test]
fn a_leaf_without_a_nonce_or_with_two_is_refused() {
    let forge = Forge::new();
    let parts = forge.parts();
    let without = forge.intermediate.issue(&forge.leaf, &forge.key);
    let mut params: CertificateParams = forge.leaf.clone();
    for _ in 0..2 {
        params.custom_extensions.push(CustomExtension::from_oid_content(NONCE_OID, vec![5, 0]));
    }
    let twice = forge.intermediate.issue(&params, &forge.key);
    for (leaf, expected) in [
        (without, AttestationError::NonceExtension),
        (twice, AttestationError::Chain(ChainError::Malformed { index: 0 })),
    ] {
        let parts = Parts { x5c: vec![leaf, parts.x5c[1].clone()], ..parts.clone() };
        assert_eq!(forge.verify(&parts.encode()), Err(expected));
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
