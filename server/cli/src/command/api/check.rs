//! `bonafide api check`: what would devices make of what is served now?

use std::path::PathBuf;

use bonafide_protocol::config::{HostEntry, Mode};
use bonafide_protocol::host::HostPattern;
use clap::Args;
use serde_json::{Value, json};

use super::change::{describe_impact, impact, live};
use crate::context::Context;
use crate::exit::{Failure, Outcome};
use crate::operator::Operator;
use crate::tls::elsewhere::{Elsewhere, compare};
use crate::tls::roots::Roots;
use crate::tls::survey::survey;
use crate::tls::target::Target;

#[derive(Args)]
pub(crate) struct Check {
    /// The host; without it every host of the config that is no pattern. HOST:PORT where it is not served at 443.
    host: Option<String>,
    /// Roots to validate against instead of the bundled public ones.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Does not mind that the service sees another certificate, for instance of a host that is served by region.
    #[arg(long)]
    force: bool,
}

/// What was found of one host.
pub(crate) struct Finding {
    pub(crate) target: Target,
    /// Every served chain is valid and, where pins are enforced, has a pin of the live config.
    pub(crate) good: bool,
    /// Every served chain has a pin of the live config, enforced or not.
    pub(crate) pinned: bool,
    /// Every served chain leads to one of the roots.
    valid: bool,
    pub(crate) text: String,
    /// What the service sees in its place.
    pub(crate) elsewhere: Elsewhere,
    /// Unix seconds of the first leaf to expire.
    pub(crate) first_expiry: Option<i64>,
    machine: Value,
}

impl Check {
    pub(crate) async fn run(&self, context: &Context) -> Outcome {
        let operator = context.operator()?;
        let config = live(&operator).await?;
        let roots = Roots::load(self.ca.as_deref())?;
        let targets = match &self.host {
            Some(host) => vec![Target::parse(host)?],
            None => config.hosts.iter().filter_map(target_of).collect(),
        };
        if targets.is_empty() {
            return Err(Failure::refused("the config has no host").next("bonafide api add https://HOST"));
        }
        let mut looked = Vec::new();
        for target in targets {
            let entry = config.entry(&target.host).ok_or_else(|| {
                Failure::refused(format!("the config does not cover {}", target.host))
                    .next(format!("bonafide api add https://{target}"))
            })?;
            // One host that is down hides nothing of the others.
            let found = examine(context, &operator, &roots, &target, entry).await;
            looked.push(found.map_err(|failure| (target.clone(), elsewhere_perhaps(failure, &target))));
        }
        let text: Vec<String> = looked.iter().map(text_of).collect();
        let machine: Vec<Value> = looked.iter().map(machine_of).collect();
        context.out.result(text.join("\n\n"), &json!(machine))?;
        if let Some(bad) = looked.iter().flatten().find(|finding| !finding.good) {
            return Err(bad.refused());
        }
        for finding in looked.iter().flatten() {
            finding.elsewhere.accept(&finding.target, self.force, context.out)?;
        }
        looked.into_iter().find_map(Result::err).map_or(Ok(()), |(_, failure)| Err(failure))
    }
}

impl Finding {
    fn refused(&self) -> Failure {
        let Target { host, port } = &self.target;
        let place = if *port == 443 { host.to_string() } else { self.target.to_string() };
        let next = if self.valid {
            format!(
                "if the certificate was changed on purpose: bonafide api pin {place} --from-server; if not, somebody intercepts"
            )
        } else {
            "if this is your own CA, name it with --ca FILE; if not, renew the certificate, or somebody intercepts"
                .into()
        };
        Failure::refused(format!("{host} serves what devices refuse")).next(next)
    }
}

/// The config holds no ports: at 443 there may be nobody.
fn elsewhere_perhaps(failure: Failure, target: &Target) -> Failure {
    match target.port {
        443 => failure.next(format!("not at port 443? bonafide api check {}:PORT", target.host)),
        _ => failure,
    }
}

/// A host that was looked at, or why it could not be.
type Looked = Result<Finding, (Target, Failure)>;

fn text_of(looked: &Looked) -> String {
    match looked {
        Ok(finding) => finding.text.clone(),
        Err((target, failure)) => format!("{target}\nNOT CHECKED: {}", failure.message()),
    }
}

fn machine_of(looked: &Looked) -> Value {
    match looked {
        Ok(finding) => finding.machine.clone(),
        Err((target, failure)) => {
            json!({"host": target.host.to_string(), "ok": false, "not_checked": failure.message()})
        }
    }
}

/// The server of an entry; a pattern has none.
pub(crate) fn target_of(entry: &HostEntry) -> Option<Target> {
    match &entry.host {
        HostPattern::Exact(host) => Some(Target { host: host.clone(), port: 443 }),
        _ => None,
    }
}

/// Looks at one host.
pub(crate) async fn examine(
    context: &Context,
    operator: &Operator,
    roots: &Roots,
    target: &Target,
    entry: &HostEntry,
) -> Outcome<Finding> {
    let found = survey(target, roots, context.out).await?;
    let elsewhere = compare(operator, &found, context.out).await?;
    let pins = entry.pins.pins();
    let chains = found.pin_chains();
    let unmatched = chains.iter().filter(|chain| !chain.iter().any(|pin| pins.contains(pin))).count();
    let valid = found.valid().is_ok();
    let pinned = unmatched == 0;
    let good = valid && (pinned || entry.mode != Mode::Enforce);
    let impact = impact(operator, target, &chains).await?;
    let mut text = found.describe();
    text.push_str(&match (unmatched, chains.len()) {
        (0, 0) => "no chain is valid: devices refuse it before pins are looked at".into(),
        (0, _) => format!("ok: every chain has a pin of the live config ({} pins)", pins.len()),
        (bad, all) => format!("MISMATCH: {bad} of {all} chains have no pin of the live config"),
    });
    text.push_str(&format!("\n{elsewhere}"));
    if let Some(table) = describe_impact(&impact) {
        text.push_str(&format!("\nconfigs that refuse what is served now:\n{table}"));
    }
    let first_expiry = found.served.iter().filter_map(|served| served.path.as_ref().ok()?.first()?.not_after).min();
    let machine = json!({
        "host": target.host.to_string(), "ok": good && !elsewhere.differs(), "unmatched_chains": unmatched, "survey": found.to_json(),
        "impact": impact, "service": elsewhere.to_json(),
    });
    Ok(Finding { target: target.clone(), good, pinned, valid, text, elsewhere, first_expiry, machine })
}
