//! Forged certificates, and chains that do not hang together.

use bonafide_attestation::app_attest::{AttestationError, ChainError, UnusableKey};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, IsCa, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P384_SHA384,
    PKCS_ED25519,
};
use time::Duration;

use crate::forge::{Authority, Forge, NONCE_OID, Parts, sha256};

/// What is forged, how, and how the refusal is recognised.
type Row = (&'static str, fn(&mut Forge), fn(&AttestationError) -> bool);

#[test]
fn forged_certificates_are_refused() {
    use AttestationError as E;
    use ChainError as C;
    let table: &[Row] = &[
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
