//! `bonafide service`: where the service is, and how devices recognise it.

use std::path::PathBuf;

use bonafide_protocol::pin::Pin;
use clap::Subcommand;
use serde_json::{Value, json};

use super::api::forceable;
use crate::context::Context;
use crate::exit::{Exit, Failure, Outcome};
use crate::out::table::{cell, table};
use crate::tls::files::{certificates, pin_of_key_file};
use crate::tls::roots::Roots;
use crate::tls::survey::survey;
use crate::tls::target::Target;

#[derive(Subcommand)]
pub(crate) enum Service {
    /// Shows the service's address and pins.
    Show,
    /// Changes the pins of the service itself. Add the next one before you replace its certificate.
    Pin {
        /// Adds a pin.
        #[arg(long, value_name = "PIN")]
        add: Vec<Pin>,
        /// Adds the pin of a certificate: PEM, the leaf first.
        #[arg(long, visible_alias = "next-cert", value_name = "FILE")]
        add_cert: Vec<PathBuf>,
        /// Adds the pin of a key, PEM.
        #[arg(long, value_name = "FILE")]
        backup_key: Vec<PathBuf>,
        /// Removes a pin.
        #[arg(long, value_name = "PIN")]
        remove: Vec<Pin>,
        /// Answers the question.
        #[arg(long)]
        yes: bool,
        /// Publishes even what leaves devices with the recovery call alone.
        #[arg(long)]
        force: bool,
    },
}

impl Service {
    pub(crate) async fn run(&self, context: &Context) -> Outcome {
        let operator = context.operator()?;
        let account = operator.get(&["account"], &[]).await?;
        let service = account.get("service").cloned().unwrap_or_default();
        let held: Vec<Pin> = serde_json::from_value(service.get("pins").cloned().unwrap_or_default())
            .map_err(|error| Failure::refused(format!("the service's pins cannot be read: {error}")))?;
        let Self::Pin { add, add_cert, backup_key, remove, yes, force } = self else {
            let rows = held.iter().map(|pin| vec![pin.to_string()]);
            let text = format!("{}\n{}", cell(service.get("url")), table(&["pins"], rows));
            return context.out.result(text, &service);
        };
        let mut pins = held.clone();
        pins.extend(add);
        for file in add_cert {
            let leaf = certificates(file)?.into_iter().next().unwrap_or_default();
            pins.push(Pin::of_certificate(&leaf).map_err(|error| Failure::refused(error.to_string()))?);
        }
        for file in backup_key {
            pins.push(pin_of_key_file(file)?);
        }
        let mut seen = Vec::new();
        pins.retain(|pin| {
            !remove.contains(pin) && !seen.contains(pin) && {
                seen.push(*pin);
                true
            }
        });
        if pins == held {
            return Err(Failure::usage("nothing to change").next("one of --add, --add-cert, --backup-key, --remove"));
        }
        let rows = held
            .iter()
            .filter(|pin| !pins.contains(pin))
            .map(|pin| vec!["-".into(), pin.to_string()])
            .chain(pins.iter().map(|pin| vec![if held.contains(pin) { " " } else { "+" }.into(), pin.to_string()]));
        context.out.say(format!("pins of the service\n{}\n", table(&["", "pin"], rows)))?;
        let base = cell(account.get("version"));
        let flag = if *force { "true" } else { "false" };
        let chains = served(context, &service).await;
        if chains.is_none() && !remove.is_empty() && !force {
            let message = "what the service serves was not seen from here: removing a pin may lock devices out";
            return Err(Failure::new(Exit::LockOut, message).next("bonafide doctor; --force removes it unseen"));
        }
        let body = json!({"pins": pins, "chains": chains});
        let refused = |failure| forceable(failure, "the service");
        let query = [("force", flag), ("base", &base), ("dry_run", "true")];
        operator.put(&["service"], &query, &body).await.map_err(refused)?;
        context.out.confirm("Publish this?", *yes)?;
        let answer = operator.put(&["service"], &[("force", flag), ("base", &base)], &body).await.map_err(refused)?;
        let version = answer.get("version").cloned().unwrap_or(Value::Null);
        context.out.result(format!("published config {version}"), &json!({"version": version, "pins": pins}))
    }
}

/// What the service serves now, if it can be looked at from here: the new pins have to fit it.
async fn served(context: &Context, service: &Value) -> Option<Vec<Vec<Pin>>> {
    let look = async {
        let target = Target::parse(&cell(service.get("url")))?;
        let roots: Vec<String> =
            service.get("roots").and_then(|roots| serde_json::from_value(roots.clone()).ok()).unwrap_or_default();
        let roots = if roots.is_empty() { Roots::load(None)? } else { Roots::from_config(&roots)? };
        let found = survey(&target, &roots, context.out).await?;
        found.valid()?;
        Ok::<_, Failure>(found.pin_chains())
    };
    match look.await {
        Ok(chains) => Some(chains),
        Err(failure) => {
            context
                .out
                .warn(format!("whether the service serves one of these pins is not known: {}", failure.message()));
            None
        }
    }
}
