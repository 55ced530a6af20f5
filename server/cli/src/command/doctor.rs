//! `bonafide doctor`: is all well, and if not, what to type next.

use std::path::PathBuf;

use bonafide_gateway::{Clock as _, KeySet, SystemClock};
use bonafide_protocol::config::{Config, Mode};
use clap::Args;
use serde_json::{Value, json};

use crate::command::api::{examine, live, target_of};
use crate::context::Context;
use crate::exit::{Failure, Outcome};
use crate::operator::Operator;
use crate::out::table::table;
use crate::tls::roots::Roots;
use crate::tls::survey::survey;
use crate::tls::target::Target;

/// Clocks further apart than this make fresh tokens look expired or not yet valid, in seconds.
const SKEW_FAILS: u64 = 30;

/// A certificate that ends within so many days is worth a warning.
const EXPIRY_WARNS: i64 = 21;

#[derive(Args)]
pub(crate) struct Doctor {
    /// Where hosts are served that are not at port 443.
    #[arg(value_name = "HOST:PORT")]
    at: Vec<String>,
    /// Roots to validate the APIs against instead of the bundled public ones.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Ok,
    Warn,
    Fail,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "FAIL",
        }
    }
}

/// What was looked at, what was found, what to do.
struct Check {
    what: String,
    state: State,
    found: String,
    next: String,
}

#[derive(Default)]
struct Checks(Vec<Check>);

impl Checks {
    fn add(&mut self, what: impl Into<String>, state: State, found: impl Into<String>, next: impl Into<String>) {
        self.0.push(Check { what: what.into(), state, found: found.into(), next: next.into() });
    }
}

impl Doctor {
    pub(crate) async fn run(&self, context: &Context) -> Outcome {
        let mut checks = Checks::default();
        match self.examine(context, &mut checks).await {
            Ok(()) => {}
            // Nothing further can be looked at without the service.
            Err(failure) => {
                let next = failure.next_step().unwrap_or("bonafide serve");
                checks.add("service", State::Fail, failure.message(), next);
            }
        }
        let rows = checks.0.iter().map(|check| {
            vec![check.state.name().to_owned(), check.what.clone(), check.found.clone(), check.next.clone()]
        });
        let machine: Vec<Value> = checks
            .0
            .iter()
            .map(|check| {
                let state = check.state.name().to_ascii_lowercase();
                json!({"check": check.what, "state": state, "found": check.found, "next": check.next})
            })
            .collect();
        context.out.result(table(&["", "what", "found", "next"], rows), &json!(machine))?;
        match checks.0.iter().filter(|check| check.state == State::Fail).count() {
            0 => Ok(()),
            failed => Err(Failure::refused(format!("{failed} of {} checks failed", checks.0.len()))),
        }
    }

    async fn examine(&self, context: &Context, checks: &mut Checks) -> Outcome {
        let operator = context.operator()?;
        let account = operator.get(&["account"], &[]).await?;
        checks.add("service", State::Ok, format!("answers at {}", operator.base()), "");
        clock(&account, checks);
        let beside = account.get("root_key_on_this_machine").and_then(Value::as_bool).unwrap_or(false);
        if beside || context.root_key().exists() {
            checks.add("root key", State::Warn, "lies beside the service", "move root.key off the machine, back it up");
        } else {
            checks.add("root key", State::Ok, "is not on this machine", "");
        }
        jwks(&operator, &account, checks).await;
        let config = live(&operator).await?;
        own_certificate(context, &config, checks).await;
        apps(&operator, checks).await?;
        self.hosts(context, &operator, &config, checks).await
    }

    async fn hosts(&self, context: &Context, operator: &Operator, config: &Config, checks: &mut Checks) -> Outcome {
        let roots = Roots::load(self.ca.as_deref())?;
        let given = self.at.iter().map(|text| Target::parse(text)).collect::<Outcome<Vec<_>>>()?;
        if config.hosts.is_empty() {
            checks.add("hosts", State::Warn, "none: no token is given", "bonafide api add https://HOST");
        }
        for entry in &config.hosts {
            let what = entry.host.to_string();
            let Some(usual) = target_of(entry) else {
                checks.add(what, State::Ok, "a pattern: not looked at", "");
                continue;
            };
            let target = given.iter().find(|target| target.host == usual.host).unwrap_or(&usual);
            match examine(context, operator, &roots, target, entry).await {
                Err(failure) => checks.add(
                    what,
                    State::Warn,
                    failure.message(),
                    format!("not at port 443? bonafide doctor {}:PORT", usual.host),
                ),
                Ok(finding) if !finding.good => checks.add(
                    what,
                    State::Fail,
                    "devices refuse what is served now",
                    format!("bonafide api check {target}"),
                ),
                Ok(finding) if finding.elsewhere.differs() => checks.add(
                    what,
                    State::Warn,
                    "the service sees another certificate than this machine",
                    format!("bonafide api check {target}"),
                ),
                Ok(finding) => {
                    let renew = format!("bonafide api pin {target} --next-cert FILE");
                    let (state, ends, renew) = expiry(finding.first_expiry, &renew);
                    let (pins, next) = pins(entry.mode, finding.pinned, target);
                    // Pins that do not match come first, then what ends: that locks out, and a host that is not enforced
                    // lets in.
                    let urgent = entry.mode != Mode::Off && !finding.pinned;
                    match next {
                        Some(next) if urgent || state == State::Ok => {
                            checks.add(what, State::Warn, format!("{pins}; {ends}"), next);
                        }
                        _ => checks.add(what, state, format!("{pins}; {ends}"), renew),
                    }
                }
            }
        }
        Ok(())
    }
}

/// What devices make of the pins of a host that they do not refuse, and what to do where they do not enforce them.
fn pins(mode: Mode, pinned: bool, target: &Target) -> (&'static str, Option<String>) {
    let enforce = || Some(format!("bonafide api pin {target} --mode enforce"));
    match mode {
        Mode::Report if pinned => ("pins match, and a mismatch would only be reported", enforce()),
        Mode::Report => ("pins DO NOT match, which is only reported", Some(format!("bonafide api check {target}"))),
        Mode::Off if pinned => ("pins are not looked at", enforce()),
        Mode::Off => ("pins are not looked at, and DO NOT match", Some(format!("bonafide api check {target}"))),
        _ => ("pins match", None),
    }
}

fn clock(account: &Value, checks: &mut Checks) {
    let here = SystemClock::new().unix_seconds();
    match account.get("server_time").and_then(Value::as_u64) {
        None => checks.add("clock", State::Warn, "the service does not tell its time", ""),
        Some(there) if there.abs_diff(here) > SKEW_FAILS => {
            let found = format!("{} s apart from the service's", there.abs_diff(here));
            checks.add("clock", State::Fail, found, "set both clocks (NTP)");
        }
        Some(there) => {
            checks.add("clock", State::Ok, format!("{} s apart from the service's", there.abs_diff(here)), "")
        }
    }
}

async fn jwks(operator: &Operator, account: &Value, checks: &mut Checks) {
    let name = account.get("account").and_then(Value::as_str).unwrap_or_default();
    match operator.page(&[".well-known", "jwks.json"], &[("account", name)]).await {
        Err(failure) => checks.add("JWKS", State::Fail, failure.message(), "look at the service's log"),
        Ok(text) => match KeySet::from_jwks(text.as_bytes()) {
            // With HS256 tokens there is none to publish.
            Ok(keys) if keys.is_empty() => {
                checks.add("JWKS", State::Warn, "has no key to verify tokens with", "bonafide key rotate token");
            }
            Ok(_) => checks.add("JWKS", State::Ok, "has a key to verify tokens with", ""),
            Err(error) => checks.add("JWKS", State::Warn, error.to_string(), "bonafide key rotate token"),
        },
    }
}

/// Without a build that is genuine nobody gets a token that the API takes.
async fn apps(operator: &Operator, checks: &mut Checks) -> Outcome {
    let builds = operator.get(&["apps"], &[]).await?;
    let in_use = |build: &&Value| build.get("retired_at").is_none_or(Value::is_null);
    match builds.as_array().into_iter().flatten().filter(in_use).count() {
        0 => checks.add("apps", State::Warn, "none is registered: each gets decoys", "bonafide app register FILE…"),
        count => checks.add("apps", State::Ok, format!("registered builds: {count}"), ""),
    }
    Ok(())
}

/// The service's pins match the leaf only.
async fn own_certificate(context: &Context, config: &Config, checks: &mut Checks) {
    let what = "service's certificate";
    let look = async {
        let target = Target::parse(&config.service.url)?;
        let roots = if config.service.roots.is_empty() {
            Roots::load(None)?
        } else {
            Roots::from_config(&config.service.roots)?
        };
        survey(&target, &roots, context.out).await
    };
    let found = match look.await {
        Ok(found) => found,
        Err(failure) => return checks.add(what, State::Fail, failure.message(), "is --listen the port of the URL?"),
    };
    if let Err(failure) = found.valid() {
        return checks.add(what, State::Fail, failure.message(), "let the service serve a valid chain");
    }
    let leaves: Vec<_> = found.pin_chains().into_iter().filter_map(|chain| chain.first().copied()).collect();
    if leaves.iter().any(|leaf| !config.service.pins.pins().contains(leaf)) {
        let next = "bonafide service pin --add-cert FILE";
        return checks.add(what, State::Fail, "none of its pins: devices have the recovery call alone", next);
    }
    let ends = found.served.iter().filter_map(|served| served.path.as_ref().ok()?.first()?.not_after).min();
    let (state, text, next) = expiry(ends, "bonafide service pin --add-cert FILE, then replace the certificate");
    checks.add(what, state, format!("pins match; {text}"), next);
}

fn expiry(ends: Option<i64>, renew: &str) -> (State, String, String) {
    let now = i64::try_from(SystemClock::new().unix_seconds()).unwrap_or(i64::MAX);
    match ends.map(|ends| ends.saturating_sub(now) / 86_400) {
        Some(days) if days < EXPIRY_WARNS => (State::Warn, format!("ends in {days} days"), renew.to_owned()),
        Some(days) => (State::Ok, format!("ends in {days} days"), String::new()),
        None => (State::Ok, "end unknown".into(), String::new()),
    }
}
