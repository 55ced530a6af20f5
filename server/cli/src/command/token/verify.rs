//! `bonafide token verify` and `decode`.

use std::io::Read as _;
use std::sync::Arc;

use bonafide_gateway::{Clock as _, Freshness, Keys, SystemClock, TokenVerifier, VerifierSettings};
use bonafide_protocol::encoding::from_base64url;
use clap::Args;
use serde_json::{Value, json};

use crate::command::gateway::key_cache;
use crate::context::Context;
use crate::exit::{Failure, Outcome};
use crate::out::table::{cell, date, table};

/// Tokens are under 1 KiB; more than this is none.
const MAX_INPUT: u64 = 64 * 1024;

#[derive(Args)]
pub(crate) struct Verify {
    /// The token; `-` reads it from stdin.
    token: String,
    /// Whose token it has to be; the default is the service's account.
    #[arg(long)]
    account: Option<String>,
    /// For which audience; the default is the account.
    #[arg(long)]
    audience: Option<String>,
    /// The JWKS, a URL or a file; the default is the service's.
    #[arg(long, value_name = "URL|FILE")]
    jwks: Option<String>,
    /// The data that it has to be bound to.
    #[arg(long)]
    binding: Option<String>,
}

impl Verify {
    pub(crate) async fn run(&self, context: &Context) -> Outcome {
        let token = token_from(&self.token)?;
        let clock = Arc::new(SystemClock::new());
        let (account, live, decoys) = match (&self.account, &self.jwks) {
            (Some(account), Some(jwks)) => (account.clone(), key_cache(jwks, None, &clock)?, None),
            (account, jwks) => {
                let operator = context.operator()?;
                let account = match account {
                    Some(account) => account.clone(),
                    None => cell(operator.get(&["account"], &[]).await?.get("account")),
                };
                let own = operator.url(&[".well-known", "jwks.json"], &[("account", &account)]).to_string();
                let decoys = operator.url(&["admin", "v1", "decoy-keys"], &[]).to_string();
                let decoys = key_cache(&decoys, Some(operator.token().to_owned()), &clock)?;
                (account, key_cache(jwks.as_deref().unwrap_or(&own), None, &clock)?, Some(decoys))
            }
        };
        let audience = self.audience.as_deref().unwrap_or(&account);
        let verifier = TokenVerifier::new(Keys::Published { live, decoys }, VerifierSettings::new(&account), clock);
        if !verifier.warm().await {
            return Err(Failure::new(crate::exit::Exit::Unreachable, "the JWKS cannot be had")
                .next("name it with --jwks, or start the service"));
        }
        let outcome = match &self.binding {
            Some(data) => verifier.verify_bound(&token, audience, Some(data.as_bytes())).await,
            None => verifier.verify(&token, audience).await,
        };
        match outcome {
            Ok(verified) => {
                let fresh = verified.freshness == Freshness::Fresh;
                let claims = json!(verified.claims);
                let text = format!("good for {audience}\n{}", claims_table(&claims));
                context.out.result(text, &json!({"good": true, "fresh": fresh, "claims": claims}))
            }
            Err(refusal) => {
                let reason = refusal.reason();
                context.out.result(format!("refused: {reason}"), &json!({"good": false, "reason": reason}))?;
                Err(Failure::refused(refusal.to_string()).next(match reason {
                    "decoy" => "bonafide appraisals",
                    "expired" | "not_yet_valid" => "bonafide doctor",
                    _ => "bonafide token decode TOKEN",
                }))
            }
        }
    }
}

/// `bonafide token decode`.
pub(super) fn decode(context: &Context, token: &str) -> Outcome {
    let token = token_from(token)?;
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, _] = parts.as_slice() else {
        return Err(Failure::refused("not a compact JWS: expected three parts with dots between them"));
    };
    let read = |part: &str| from_base64url(part).and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let (Some(header), Some(claims)) = (read(header), read(payload)) else {
        return Err(Failure::refused("not a JWT: header and payload are not JSON in base64url"));
    };
    let text = format!("NOT VERIFIED (bonafide token verify)\nheader  {header}\n{}", claims_table(&claims));
    context.out.result(text, &json!({"verified": false, "header": header, "claims": claims}))
}

fn claims_table(claims: &Value) -> String {
    let now = i64::try_from(SystemClock::new().unix_seconds()).unwrap_or(i64::MAX);
    let rows = claims.as_object().into_iter().flatten().map(|(name, value)| {
        let text = match value.as_i64() {
            Some(time) if matches!(name.as_str(), "iat" | "exp") => format!("{} ({:+} s)", date(time), time - now),
            _ => cell(Some(value)),
        };
        vec![name.clone(), text]
    });
    table(&["claim", "value"], rows)
}

fn token_from(argument: &str) -> Outcome<String> {
    if argument != "-" {
        return Ok(argument.trim().to_owned());
    }
    let mut text = String::new();
    std::io::stdin()
        .take(MAX_INPUT)
        .read_to_string(&mut text)
        .map_err(|error| Failure::io("stdin cannot be read", &error))?;
    Ok(text.trim().to_owned())
}
