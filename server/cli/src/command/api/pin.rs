//! `bonafide api pin`: the pins of a host change, before, with or after its certificate; and what a mismatch leads to.

use std::path::PathBuf;

use bonafide_protocol::config::Mode;
use bonafide_protocol::host::HostPattern;
use bonafide_protocol::pin::Pin;
use clap::Args;
use serde_json::json;

use super::add::ModeName;
use super::change::{Care, Change, describe_impact, entry, impact, live};
use crate::context::Context;
use crate::exit::{Exit, Failure, Outcome};
use crate::operator::Operator;
use crate::out::table::{cell, table};
use crate::tls::elsewhere::compare;
use crate::tls::files::{certificates, pin_of_key_file};
use crate::tls::roots::Roots;
use crate::tls::survey::{Survey, survey};
use crate::tls::target::Target;

#[derive(Args)]
pub(crate) struct PinHost {
    /// The host, as `bonafide api list` shows it; HOST:PORT where it is not served at 443.
    host: String,
    /// Adds a pin.
    #[arg(long, value_name = "PIN")]
    add: Vec<Pin>,
    /// Adds the pin of the certificate that the server will serve next: PEM, the leaf first.
    #[arg(long, value_name = "FILE")]
    next_cert: Vec<PathBuf>,
    /// Adds the pin of a spare key.
    #[arg(long, value_name = "FILE")]
    backup_key: Vec<PathBuf>,
    /// Adds the pin of every leaf that is served now, if the service sees the same ones.
    #[arg(long)]
    from_server: bool,
    /// Removes a pin.
    #[arg(long, value_name = "PIN")]
    remove: Vec<Pin>,
    /// What a mismatch leads to from now on.
    #[arg(long)]
    mode: Option<ModeName>,
    /// Roots to validate against instead of the bundled public ones.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    #[command(flatten)]
    care: Care,
}

impl PinHost {
    pub(crate) async fn run(&self, context: &Context) -> Outcome {
        let changed = self.add.len() + self.next_cert.len() + self.backup_key.len() + self.remove.len();
        if changed == 0 && !self.from_server && self.mode.is_none() {
            return Err(Failure::usage("nothing to change")
                .next("one of --add, --next-cert, --backup-key, --from-server, --remove, --mode; see --help"));
        }
        let operator = context.operator()?;
        let config = live(&operator).await?;
        let (pattern, target) = self.names()?;
        let held = entry(&config, &pattern).ok_or_else(|| {
            Failure::refused(format!("the config has no host {pattern}")).next(format!(
                "bonafide api list shows those it has; a new one: bonafide api add https://{}",
                self.host
            ))
        })?;

        let enforces = held.mode != Mode::Enforce && self.mode == Some(ModeName::Enforce);
        let seen = self.look(context, &operator, target.as_ref(), enforces).await?;
        let mut pins = held.pins.pins().to_vec();
        for pin in self.added(seen.as_ref())? {
            if !pins.contains(&pin) {
                pins.push(pin);
            }
        }
        if let Some(absent) = self.remove.iter().find(|pin| !pins.contains(pin)) {
            return Err(Failure::refused(format!("{pattern} has no pin {absent}")).next("bonafide api list"));
        }
        pins.retain(|pin| !self.remove.contains(pin));

        let before = held.pins.pins();
        let rows =
            before.iter().filter(|pin| !pins.contains(pin)).map(|pin| vec!["-".into(), pin.to_string()]).chain(
                pins.iter().map(|pin| vec![if before.contains(pin) { " " } else { "+" }.into(), pin.to_string()]),
            );
        context.out.say(format!("pins of {pattern}\n{}\n", table(&["", "pin"], rows)))?;
        let enforced = self.mode.map_or(held.mode == Mode::Enforce, |mode| mode == ModeName::Enforce);
        if let Some(mode) = self.mode {
            context.out.say(format!("mode of {pattern}: {} -> {}\n", cell(json!(held).get("mode")), mode.wire()))?;
        }
        let chains = seen.as_ref().map(Survey::pin_chains);
        for (address, error) in seen.iter().flat_map(|found| &found.silent) {
            context
                .out
                .warn(format!("{address} gave no chain ({error}): whether it serves one of these pins is not known"));
        }
        if let (Some(chains), Some(target)) = (&chains, &target) {
            let impact = impact(&operator, target, chains).await?;
            if let Some(text) = describe_impact(&impact) {
                context.out.say(format!(
                    "these configs on devices refuse what is served now; they heal with this one\n{text}\n"
                ))?;
            }
        } else {
            let narrowed = !self.remove.is_empty() || enforces;
            if narrowed && !self.care.force {
                return Err(unseen(&pattern));
            }
            context.out.warn(format!(
                "no valid chain of {pattern} was seen from here: whether it serves one of these pins is not known"
            ));
        }

        let mut body = json!(held);
        if let Some(members) = body.as_object_mut() {
            members.insert("pins".into(), json!(pins));
            if let Some(mode) = self.mode {
                members.insert("mode".into(), json!(mode.wire()));
            }
        }
        let base = config.version;
        let change = Change { pattern: pattern.clone(), body, pins: pins.clone(), chains, enforced, base };
        let answer = change.publish(context, &operator, self.care).await?;
        let version = answer.get("version").cloned().unwrap_or_default();
        let machine =
            json!({"host": pattern.to_string(), "version": version, "pins": pins, "change": answer.get("change")});
        context.out.result(format!("published config {version}: running apps take it up by themselves"), &machine)
    }

    /// The entry's pattern, and the server behind it unless it is a wildcard.
    fn names(&self) -> Outcome<(HostPattern, Option<Target>)> {
        if self.host.starts_with('*') {
            let pattern = HostPattern::parse(&self.host).map_err(|error| Failure::usage(error.to_string()))?;
            return Ok((pattern, None));
        }
        let target = Target::parse(&self.host)?;
        Ok((HostPattern::Exact(target.host.clone()), Some(target)))
    }

    /// What is served now. Only pins taken from it need it to be reachable and valid; they, and pins that are enforced from
    /// now on, need the service to see the same.
    async fn look(
        &self,
        context: &Context,
        operator: &Operator,
        target: Option<&Target>,
        enforces: bool,
    ) -> Outcome<Option<Survey>> {
        let Some(target) = target else {
            return if self.from_server {
                Err(Failure::usage("--from-server needs one host, not a pattern"))
            } else {
                Ok(None)
            };
        };
        let roots = Roots::load(self.ca.as_deref())?;
        match survey(target, &roots, context.out).await {
            // A chain that is not valid here (a private CA without --ca) says nothing about devices.
            Ok(found) if !self.from_server && found.valid().is_err() => Ok(None),
            Ok(found) if self.from_server || enforces => {
                context.out.say(found.describe())?;
                found.valid()?;
                let elsewhere = compare(operator, &found, context.out).await?;
                elsewhere.accept(target, self.care.force, context.out)?;
                context.out.say(format!("{elsewhere}\n"))?;
                Ok(Some(found))
            }
            Ok(found) => Ok(Some(found)),
            Err(failure) if self.from_server => Err(failure),
            Err(_) => Ok(None),
        }
    }

    fn added(&self, seen: Option<&Survey>) -> Outcome<Vec<Pin>> {
        let mut pins = self.add.clone();
        for file in &self.next_cert {
            let leaf = certificates(file)?.into_iter().next().unwrap_or_default();
            pins.push(
                Pin::of_certificate(&leaf).map_err(|error| Failure::refused(format!("{}: {error}", file.display())))?,
            );
        }
        for file in &self.backup_key {
            pins.push(pin_of_key_file(file)?);
        }
        if self.from_server {
            pins.extend(seen.iter().flat_map(|found| found.pin_chains()).filter_map(|chain| chain.first().copied()));
        }
        Ok(pins)
    }
}

/// A pin is removed, and pins are enforced, only beside what is served: it may need the very one that is not there.
fn unseen(pattern: &HostPattern) -> Failure {
    Failure::new(
        Exit::LockOut,
        format!("no valid chain of {pattern} was seen from here: this change may lock devices out"),
    )
    .next("name the port (HOST:PORT), or your own CA with --ca FILE; --force makes it unseen")
}
