//! `bonafide token example`: what the tests of an API need.

use std::path::Path;

use bonafide_gateway::{Clock as _, SystemClock};
use bonafide_protocol::claims::{Claims, Confirmation, TOKEN_TYPE, issuer};
use bonafide_protocol::encoding::{sha256, to_base64, to_base64url};
use bonafide_protocol::key::{KeyError, P256Key};
use bonafide_protocol::measurement::{App, Platform};
use serde_json::{Value, json};

use crate::context::{Context, write};
use crate::exit::{Failure, Outcome};
use crate::out::table::table;

/// What the bound example is bound to.
const BOUND_TO: &str = "Bearer alice";

struct Example {
    name: &'static str,
    token: String,
    /// The gateway's reason; `None` for a good one.
    refused: Option<&'static str>,
}

/// Writes `jwks.json` and `tokens.json`.
pub(super) fn write_examples(
    context: &Context,
    folder: &Path,
    account: &str,
    audience: &str,
    lifetime: u64,
) -> Outcome {
    let failed = |error: KeyError| Failure::refused(error.to_string());
    let now = SystemClock::new().unix_seconds();
    let key = P256Key::generate().map_err(failed)?;
    let public = key.public_key().map_err(failed)?;
    let kid = public.thumbprint();
    let mut jwk = public.to_jwk();
    if let Some(members) = jwk.as_object_mut() {
        for (name, value) in [("kid", kid.as_str()), ("use", "sig"), ("alg", "ES256")] {
            members.insert(name.into(), value.into());
        }
    }
    let claims = Claims {
        iss: issuer(account),
        aud: audience.into(),
        sub: "example-installation".into(),
        iat: now,
        exp: now + lifetime,
        jti: "example".into(),
        cnf: Confirmation { jkt: kid.clone() },
        app: App {
            platform: Platform::Android,
            id: "com.example.app".into(),
            version: "1.0".into(),
            build: "1".into(),
        },
        pay: None,
        anno: Vec::new(),
        user: None,
        trace: None,
    };
    let examples = examples(&key, &kid, &claims).map_err(failed)?;
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::io(format!("{} cannot be made", folder.display()), &error))?;
    let pretty = |value: &Value| format!("{value:#}\n").into_bytes();
    let tokens: Vec<Value> = examples
        .iter()
        .map(|one| json!({"name": one.name, "good": one.refused.is_none(), "reason": one.refused, "token": one.token}))
        .collect();
    let file = json!({
        "account": account, "audience": audience, "good_until": claims.exp, "bound_to": BOUND_TO, "tokens": tokens
    });
    write(&folder.join("jwks.json"), &pretty(&json!({"keys": [jwk]})), false)?;
    write(&folder.join("tokens.json"), &pretty(&file), false)?;
    let rows = examples.iter().map(|one| vec![one.name.to_owned(), one.refused.unwrap_or("good").to_owned()]);
    let text = format!(
        "{}\n\nin {}: tokens.json, and jwks.json to verify them with",
        table(&["token", "has to be"], rows),
        folder.display()
    );
    context.out.result(text, &file)
}

fn examples(key: &P256Key, kid: &str, good: &Claims) -> Result<Vec<Example>, KeyError> {
    let header = json!({"alg": "ES256", "typ": TOKEN_TYPE, "kid": kid});
    let headed = |name: &str, value: Value| {
        let mut header = header.clone();
        if let Some(members) = header.as_object_mut() {
            members.insert(name.into(), value);
        }
        header
    };
    let sign = |key: &P256Key, header: &Value, claims: &Claims| -> Result<String, KeyError> {
        let input = input(header, claims);
        Ok(format!("{input}.{}", to_base64url(&key.sign(input.as_bytes())?)))
    };
    let stranger = P256Key::generate()?;
    let bound = Claims { pay: Some(to_base64(&sha256(BOUND_TO.as_bytes()))), ..good.clone() };
    let tampered = {
        let token = sign(key, &header, good)?;
        let other = Claims { sub: "somebody-else".into(), ..good.clone() };
        let signature = token.rsplit('.').next().unwrap_or_default().to_owned();
        format!("{}.{signature}", input(&header, &other))
    };
    let made = [
        ("good", sign(key, &header, good)?, None),
        ("good and bound", sign(key, &header, &bound)?, None),
        (
            "expired",
            sign(key, &header, &Claims { iat: good.iat - 600, exp: good.iat - 300, ..good.clone() })?,
            Some("expired"),
        ),
        (
            "from the future",
            sign(key, &header, &Claims { iat: good.exp, exp: good.exp + 300, ..good.clone() })?,
            Some("not_yet_valid"),
        ),
        ("another audience", sign(key, &header, &Claims { aud: "another".into(), ..good.clone() })?, Some("audience")),
        ("another issuer", sign(key, &header, &Claims { iss: issuer("another"), ..good.clone() })?, Some("issuer")),
        ("another typ", sign(key, &headed("typ", json!("JWT")), good)?, Some("typ")),
        ("unknown kid", sign(key, &headed("kid", json!("unknown")), good)?, Some("unknown_kid")),
        ("another key, as a decoy has", sign(&stranger, &header, good)?, Some("signature")),
        ("tampered", tampered, Some("signature")),
        ("alg none", format!("{}.", input(&headed("alg", json!("none")), good)), Some("algorithm")),
        ("alg HS256", sign(key, &headed("alg", json!("HS256")), good)?, Some("algorithm")),
        ("no JWT", "not.a.token".to_owned(), Some("malformed")),
    ];
    Ok(made.into_iter().map(|(name, token, refused)| Example { name, token, refused }).collect())
}

fn input(header: &Value, claims: &Claims) -> String {
    format!("{}.{}", to_base64url(header.to_string().as_bytes()), to_base64url(json!(claims).to_string().as_bytes()))
}
