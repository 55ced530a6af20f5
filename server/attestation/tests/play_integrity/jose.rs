//! Forged encryption and signatures.

use aws_lc_rs::hmac;
use bonafide_attestation::play_integrity::{JoseError, MAX_TOKEN, PlayIntegrityError};
use serde_json::json;

use crate::forge::{Forge, base64url};

type Row = (&'static str, fn(&mut Forge), PlayIntegrityError);

fn algorithm(member: &'static str, expected: &'static str, found: &str) -> JoseError {
    JoseError::Algorithm { member, expected, found: found.into() }
}

#[test]
fn the_unforged_one_passes() {
    let forge = Forge::new();
    forge.verify(&forge.token()).unwrap();
}

#[test]
fn forged_encryption_is_refused() {
    use PlayIntegrityError::Jwe;
    let table: Vec<Row> = vec![
        ("another key", |f| f.decryption[31] ^= 1, Jwe(JoseError::KeyUnwrap)),
        ("no wrapping", |f| f.jwe_header["alg"] = json!("dir"), Jwe(algorithm("alg", "A256KW", "dir"))),
        ("a smaller wrap", |f| f.jwe_header["alg"] = json!("A128KW"), Jwe(algorithm("alg", "A256KW", "A128KW"))),
        ("an RSA wrap", |f| f.jwe_header["alg"] = json!("RSA-OAEP"), Jwe(algorithm("alg", "A256KW", "RSA-OAEP"))),
        ("a lower case name", |f| f.jwe_header["alg"] = json!("a256kw"), Jwe(algorithm("alg", "A256KW", "a256kw"))),
        ("a signature's name", |f| f.jwe_header["alg"] = json!("none"), Jwe(algorithm("alg", "A256KW", "none"))),
        (
            "another encryption",
            |f| f.jwe_header["enc"] = json!("A128CBC-HS256"),
            Jwe(algorithm("enc", "A256GCM", "A128CBC-HS256")),
        ),
        ("no encryption", |f| f.jwe_header = json!({"alg": "A256KW"}), Jwe(algorithm("enc", "A256GCM", ""))),
        ("no algorithm", |f| f.jwe_header = json!({"enc": "A256GCM"}), Jwe(JoseError::Header)),
        ("an algorithm that is no text", |f| f.jwe_header["alg"] = json!(1), Jwe(JoseError::Header)),
        ("a header that is no object", |f| f.jwe_header = json!("A256KW"), Jwe(JoseError::Header)),
        ("compression", |f| f.jwe_header["zip"] = json!("DEF"), Jwe(JoseError::Extension { member: "zip" })),
        ("compression by null", |f| f.jwe_header["zip"] = json!(null), Jwe(JoseError::Extension { member: "zip" })),
        ("a demand", |f| f.jwe_header["crit"] = json!(["exp"]), Jwe(JoseError::Extension { member: "crit" })),
        ("a demand for nothing", |f| f.jwe_header["crit"] = json!([]), Jwe(JoseError::Extension { member: "crit" })),
        (
            "a smaller content key",
            |f| f.content_key.truncate(16),
            Jwe(JoseError::Length { part: "encrypted key", expected: 40, found: 24 }),
        ),
        (
            "a longer nonce",
            |f| f.iv.push(0),
            Jwe(JoseError::Length { part: "initialization vector", expected: 12, found: 13 }),
        ),
        ("content bound to another header", |f| f.bound_to = Some("e30".into()), Jwe(JoseError::Decryption)),
        ("content bound to no header", |f| f.bound_to = Some(String::new()), Jwe(JoseError::Decryption)),
        ("content that is no text", |f| f.content = Some(vec![0xff]), Jwe(JoseError::Content)),
    ];
    for (name, forgery, expected) in table {
        let mut forge = Forge::new();
        forgery(&mut forge);
        assert_eq!(forge.verify(&forge.token()), Err(expected), "{name}");
    }
}

#[test]
fn forged_headers_text_is_refused() {
    let forge = Forge::new();
    for (header, expected) in [
        (r#"{"alg":"A256KW","alg":"A256KW","enc":"A256GCM"}"#, JoseError::Header),
        (r#"{"alg":"A256KW","enc":"A256GCM","enc":"A256GCM"}"#, JoseError::Header),
        (r#"{"alg":"A256KW","enc":"A256GCM"}{}"#, JoseError::Header),
        (r#"["A256KW","A256GCM"]"#, JoseError::Header),
        ("", JoseError::Header),
    ] {
        assert_eq!(forge.verify(&forge.encrypt(header)), Err(PlayIntegrityError::Jwe(expected)), "{header}");
    }
    assert!(forge.verify(&forge.encrypt(r#" {"enc":"A256GCM","alg":"A256KW","kid":"1","typ":"JWT"}"#)).is_ok());
}

#[test]
fn broken_tokens_are_refused() {
    let forge = Forge::new();
    let token = forge.token();
    let parts: Vec<&str> = token.split('.').collect();
    let with = |index: usize, part: &str| {
        let mut parts = parts.clone();
        parts[index] = part;
        parts.join(".")
    };
    let refused = |token: &str| match forge.verify(token) {
        Err(PlayIntegrityError::Jwe(error)) => error,
        other => unreachable!("{other:?}"),
    };
    for (text, found) in [("", 1), ("....", 5), ("a.b.c.d", 4), ("a.b.c.d.e.f", 6), (forge.jws().as_str(), 3)] {
        if found != 5 {
            assert_eq!(refused(text), JoseError::Parts { expected: 5, found }, "{text}");
        }
    }
    assert_eq!(refused("...."), JoseError::Header);
    let names = ["header", "encrypted key", "initialization vector", "ciphertext", "authentication tag"];
    for (index, part) in names.into_iter().enumerate() {
        for broken in ["!", "=", " ", &format!("{}=", parts[index]), &format!("{} ", parts[index])] {
            assert_eq!(refused(&with(index, broken)), JoseError::Base64 { part }, "{part}: {broken}");
        }
    }
    let short = |part, expected| JoseError::Length { part, expected, found: 0 };
    assert_eq!(refused(&with(1, "")), short("encrypted key", 40));
    assert_eq!(refused(&with(2, "")), short("initialization vector", 12));
    assert_eq!(refused(&with(3, "")), JoseError::Decryption);
    assert_eq!(refused(&with(4, "")), short("authentication tag", 16));
    assert_eq!(
        refused(&with(4, &base64url([0; 12]))),
        JoseError::Length { part: "authentication tag", expected: 16, found: 12 }
    );
    let long = "a".repeat(MAX_TOKEN + 1);
    assert_eq!(forge.verify(&long), Err(PlayIntegrityError::TooLong { length: MAX_TOKEN + 1 }));
}

#[test]
fn no_flipped_letter_passes() {
    let forge = Forge::new();
    let token = forge.token();
    for index in 0..token.len() {
        for bit in 0..7 {
            let mut bytes = token.clone().into_bytes();
            bytes[index] ^= 1 << bit;
            let twin = String::from_utf8(bytes).unwrap();
            assert!(forge.verify(&twin).is_err(), "bit {bit} of letter {index}");
        }
    }
}

#[test]
fn forged_signatures_are_refused() {
    use PlayIntegrityError::Jws;
    let table: Vec<Row> = vec![
        ("no signature", |f| f.jws_header["alg"] = json!("none"), Jws(algorithm("alg", "ES256", "none"))),
        ("a longer signature", |f| f.jws_header["alg"] = json!("ES384"), Jws(algorithm("alg", "ES256", "ES384"))),
        ("a lower case name", |f| f.jws_header["alg"] = json!("es256"), Jws(algorithm("alg", "ES256", "es256"))),
        ("no algorithm", |f| f.jws_header = json!({}), Jws(JoseError::Header)),
        ("a list of values", |f| f.jws_header = json!(["ES256", null]), Jws(JoseError::Header)),
        ("a demand", |f| f.jws_header["crit"] = json!(["b64"]), Jws(JoseError::Extension { member: "crit" })),
        ("compression", |f| f.jws_header["zip"] = json!("DEF"), Jws(JoseError::Extension { member: "zip" })),
        ("no token inside", |f| f.content = Some(Vec::new()), Jws(JoseError::Parts { expected: 3, found: 1 })),
        (
            "a token without a signature",
            |f| {
                let jws = f.jws();
                let (input, _) = jws.rsplit_once('.').unwrap();
                f.content = Some(format!("{input}.").into_bytes());
            },
            Jws(JoseError::Signature),
        ),
        (
            "an unsigned token",
            |f| {
                f.jws_header = json!({"alg": "none"});
                let jws = f.jws();
                let (input, _) = jws.rsplit_once('.').unwrap();
                f.content = Some(format!("{input}.").into_bytes());
            },
            Jws(algorithm("alg", "ES256", "none")),
        ),
        (
            "another token's signature",
            |f| {
                let (one, other) = (f.jws(), Forge::new().jws());
                let ((input, _), (_, signature)) = (one.rsplit_once('.').unwrap(), other.rsplit_once('.').unwrap());
                f.content = Some(format!("{input}.{signature}").into_bytes());
            },
            Jws(JoseError::Signature),
        ),
        (
            "a token in a token",
            |f| f.content = Some(f.token().into_bytes()),
            Jws(JoseError::Parts { expected: 3, found: 5 }),
        ),
        (
            "padding",
            |f| f.content = Some(format!("{}=", f.jws()).into_bytes()),
            Jws(JoseError::Base64 { part: "signature" }),
        ),
    ];
    for (name, forgery, expected) in table {
        let mut forge = Forge::new();
        forgery(&mut forge);
        assert_eq!(forge.verify(&forge.token()), Err(expected), "{name}");
    }
}

#[test]
fn another_signer_is_refused() {
    let (mut forge, other) = (Forge::new(), Forge::new());
    forge.content = Some(other.jws().into_bytes());
    assert_eq!(forge.verify(&forge.token()), Err(PlayIntegrityError::Jws(JoseError::Signature)));
}

/// The public key, which is no secret, must not serve as one.
#[test]
fn a_mac_with_the_public_key_is_refused() {
    let mut forge = Forge::new();
    for secret in [forge.spki(), forge.spki()[26..].to_vec()] {
        let header = base64url(json!({"alg": "HS256"}).to_string());
        let input = format!("{header}.{}", base64url(forge.payload.to_string()));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), input.as_bytes());
        forge.content = Some(format!("{input}.{}", base64url(tag)).into_bytes());
        let expected = PlayIntegrityError::Jws(algorithm("alg", "ES256", "HS256"));
        assert_eq!(forge.verify(&forge.token()), Err(expected));
    }
}
