//! `bonafide api add`: from a URL to a pinned, protected host.

use std::path::PathBuf;

use bonafide_protocol::host::HostPattern;
use bonafide_protocol::pin::Pin;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::change::{Care, Change, describe_impact, entry, impact, live};
use crate::command::app::PlatformName;
use crate::context::Context;
use crate::exit::{Failure, Outcome};
use crate::out::table::{cell, table};
use crate::tls::certificate::Row;
use crate::tls::elsewhere::compare;
use crate::tls::files::pin_of_key_file;
use crate::tls::roots::Roots;
use crate::tls::survey::survey;
use crate::tls::target::Target;

#[derive(Args)]
pub(crate) struct Add {
    /// The API, for instance https://api.acme.com.
    url: String,
    /// Roots to validate against instead of the bundled public ones. The machine's own store is never asked.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The spare key that the server will move to when the one in use is lost: PEM, private or public.
    #[arg(long, value_name = "FILE")]
    backup_key: Vec<PathBuf>,
    /// The pin of such a key, where the key itself is elsewhere.
    #[arg(long, value_name = "PIN")]
    backup_pin: Vec<Pin>,
    /// What a mismatch leads to.
    #[arg(long, default_value = "enforce")]
    mode: ModeName,
    /// The audience of its tokens; the default is the account.
    #[arg(long)]
    audience: Option<String>,
    /// Sends no token there: pins only.
    #[arg(long)]
    no_token: bool,
    /// What happens to a request for which no token could be had in time.
    #[arg(long, default_value = "send", value_parser = ["send", "fail"])]
    without_token: String,
    /// A platform whose apps get tokens for its audience, and no other then; repeatable. Left out, what was set stays;
    /// at first Android and iOS.
    #[arg(long)]
    platform: Vec<PlatformName>,
    /// How safely the install key has to be held on the platforms named; desktops reach `software` only.
    #[arg(long, requires = "platform", default_value = "platform", value_parser = ["software", "platform", "hardware"])]
    least_key_level: String,
    #[command(flatten)]
    care: Care,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModeName {
    /// The request is stopped.
    Enforce,
    /// The request goes on, and the mismatch is reported.
    Report,
    /// Pins are not looked at.
    Off,
}

impl ModeName {
    pub(crate) fn wire(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Report => "report",
            Self::Off => "off",
        }
    }
}

/// A proposed pin and where it comes from.
struct Proposal {
    pin: Pin,
    role: &'static str,
    why: String,
}

impl Add {
    pub(crate) async fn run(&self, context: &Context) -> Outcome {
        let target = Target::parse(&self.url)?;
        let roots = Roots::load(self.ca.as_deref())?;
        let spare = self.spare_pins()?;
        let found = survey(&target, &roots, context.out).await?;
        context.out.say(found.describe())?;
        let paths = found.valid()?;
        let proposals = propose(&paths, &spare)?;
        let rows = proposals.iter().map(|one| vec![one.role.to_owned(), one.pin.to_string(), one.why.clone()]);
        context.out.say(format!("pins for {}\n{}\n", target.host, table(&["role", "pin", "why"], rows)))?;

        let operator = context.operator()?;
        let elsewhere = compare(&operator, &found, context.out).await?;
        elsewhere.accept(&target, self.care.force, context.out)?;
        context.out.say(format!("validated against {}; {elsewhere}\n", roots.name))?;
        let pattern = HostPattern::Exact(target.host.clone());
        let host = target.host.to_string();
        let config = live(&operator).await?;
        let pins: Vec<Pin> = proposals.iter().map(|one| one.pin).collect();
        let body = self.body(&pins);
        let held = entry(&config, &pattern).map(|held| json!(held));
        if let Some(held) = &held {
            let rows = replaced(held, &body, &config.account);
            let said = if rows.is_empty() { "stays as it is".into() } else { table(&["", "was -> will be"], rows) };
            context.out.say(format!("{host} is there already, and is replaced:\n{said}\n"))?;
        }
        if let Some(text) = describe_impact(&impact(&operator, &target, &found.pin_chains()).await?) {
            context.out.say(format!(
                "these configs on devices refuse what is served now; they heal with this one\n{text}\n"
            ))?;
        }
        let change = Change {
            pattern,
            body,
            pins: pins.clone(),
            chains: Some(found.pin_chains()),
            enforced: self.mode == ModeName::Enforce,
            base: config.version,
        };
        let answer = change.publish(context, &operator, self.care).await?;
        let version = answer.get("version").cloned().unwrap_or_default();
        let machine = json!({
            "host": host, "version": version, "pins": pins, "mode": self.mode.wire(), "survey": found.to_json(),
            "service": elsewhere.to_json(), "change": answer.get("change"), "replaced": held,
        });
        let text = format!(
            "published config {version}: {host} is in it\nnext: bonafide config export -o bonafide.config, for apps that are built from now on; running ones follow by themselves"
        );
        context.out.result(text, &machine)
    }

    fn spare_pins(&self) -> Outcome<Vec<Pin>> {
        let from_files = self.backup_key.iter().map(|file| pin_of_key_file(file)).collect::<Outcome<Vec<_>>>()?;
        Ok([from_files, self.backup_pin.clone()].concat())
    }

    fn body(&self, pins: &[Pin]) -> serde_json::Value {
        let mut body = json!({
            "pins": pins, "mode": self.mode.wire(), "send_token": !self.no_token, "without_token": self.without_token,
        });
        let mut put = |name: &str, value: serde_json::Value| {
            if let Some(members) = body.as_object_mut() {
                members.insert(name.into(), value);
            }
        };
        if let Some(audience) = &self.audience {
            put("audience", json!(audience));
        }
        if !self.platform.is_empty() {
            let platforms: Vec<&str> = self.platform.iter().map(|platform| platform.wire()).collect();
            put("policy", json!({"platforms": platforms, "least_key_level": self.least_key_level}));
        }
        body
    }
}

/// What the host's new entry changes: each member that is another one, before and after. Left out of an entry, a member
/// has its default; the audience's is the account.
fn replaced(held: &Value, body: &Value, account: &str) -> Vec<Vec<String>> {
    let shown = |entry: &Value, name: &str| match entry.get(name) {
        None | Some(Value::Null) if name == "audience" => account.to_owned(),
        Some(Value::Array(pins)) => pins.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        value => cell(value),
    };
    ["mode", "send_token", "audience", "without_token", "pins"]
        .into_iter()
        .map(|name| (name, shown(held, name), shown(body, name)))
        .filter(|(_, before, after)| before != after)
        .map(|(name, before, after)| vec![name.to_owned(), format!("{before} -> {after}")])
        .collect()
}

/// Every leaf, and the spare keys; without any, the authority that issued the leaf.
fn propose(paths: &[&[Row]], spare: &[Pin]) -> Outcome<Vec<Proposal>> {
    let mut proposals: Vec<Proposal> = Vec::new();
    let mut add = |pin: Pin, role, why: String| {
        if !proposals.iter().any(|known| known.pin == pin) {
            proposals.push(Proposal { pin, role, why });
        }
    };
    for path in paths {
        if let Some(leaf) = path.first() {
            add(leaf.pin, "leaf", format!("served now: {} ({})", leaf.subject, leaf.key));
        }
    }
    for pin in spare {
        add(*pin, "backup", "the spare key given".into());
    }
    if spare.is_empty() {
        for path in paths {
            if let Some(issuer) = path.get(1) {
                let why = format!(
                    "the issuing authority, {}: any certificate by it passes; a spare key (--backup-key) is stricter",
                    issuer.subject
                );
                add(issuer.pin, "backup", why);
            }
        }
    }
    if proposals.len() < 2 {
        return Err(Failure::refused("there is no second pin: when this one key is lost, every app is locked out").next(
            "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out spare.key, then --backup-key spare.key",
        ));
    }
    Ok(proposals)
}
