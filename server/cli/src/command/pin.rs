//! `bonafide pin`: the pins of what is served or lies in files, and the verdict that a device would give.

use std::path::PathBuf;

use bonafide_protocol::trust::Trusted;
use bonafide_protocol::verdict::{PinVerdict, judge};
use clap::Subcommand;
use serde_json::{Value, json};

use crate::context::{Context, read};
use crate::exit::{Exit, Failure, Outcome};
use crate::tls::certificate::{Row, chain_table};
use crate::tls::files::certificates;
use crate::tls::roots::Roots;
use crate::tls::survey::survey;
use crate::tls::target::Target;

#[derive(Subcommand)]
pub(crate) enum Pin {
    /// Shows the pins of a served chain (HOST[:PORT]) or of certificates in PEM or DER files.
    Show {
        /// A host, or files. What exists as a file is one.
        #[arg(required = true, value_name = "HOST[:PORT]|FILE")]
        what: Vec<String>,
        /// Roots to validate against instead of the bundled public ones.
        #[arg(long, value_name = "FILE")]
        ca: Option<PathBuf>,
    },
    /// Gives the verdict that a device with this config would give.
    Check {
        /// The config that the device has: what `bonafide config export` wrote.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// The host that the device talks to.
        #[arg(long)]
        host: String,
        /// The validated chain, leaf first, PEM.
        chain: PathBuf,
    },
}

impl Pin {
    pub(crate) async fn run(&self, context: &Context) -> Outcome {
        match self {
            Self::Show { what, ca } => show(context, what, ca.as_deref()).await,
            Self::Check { config, host, chain } => check(context, config, host, chain),
        }
    }
}

async fn show(context: &Context, what: &[String], ca: Option<&std::path::Path>) -> Outcome {
    let mut text = String::new();
    let mut machine = Vec::new();
    let mut exit = None;
    for name in what {
        let path = PathBuf::from(name);
        if path.exists() || name.contains('/') && !name.contains("://") {
            let rows = certificates(&path)?
                .iter()
                .map(|der| Row::read(der))
                .collect::<Outcome<Vec<_>>>()
                .map_err(|failure| failure.within(&path.display().to_string()))?;
            text.push_str(&format!("{name}\n{}\n\n", chain_table(&rows)));
            machine.push(json!({"file": name, "certificates": rows.iter().map(Row::to_json).collect::<Vec<_>>()}));
        } else {
            let found = survey(&Target::parse(name)?, &Roots::load(ca)?, context.out).await?;
            text.push_str(&found.describe());
            machine.push(found.to_json());
            exit = exit.or(found.exit());
        }
    }
    context.out.result(text, &Value::Array(machine))?;
    match exit {
        None => Ok(()),
        Some(exit) => Err(Failure::new(exit, "a served chain is not valid: do not take pins from it")
            .next("if this is your own CA, name it with --ca FILE")),
    }
}

fn check(context: &Context, config: &std::path::Path, host: &str, chain: &std::path::Path) -> Outcome {
    let trusted = Trusted::from_initial(&read(config)?)
        .map_err(|error| Failure::refused(format!("{}: {error}", config.display())))?;
    let chain = certificates(chain)?;
    let (name, mismatch, reason) = match judge(trusted.config(), host, &chain) {
        PinVerdict::Pinned { pin } => {
            return context.out.result(format!("pinned by {pin}"), &json!({"verdict": "pinned", "pin": pin}));
        }
        PinVerdict::Unpinned => {
            let text = format!("unpinned: the config has no pins for {host}; the platform's trust alone decides");
            return context.out.result(text, &json!({"verdict": "unpinned"}));
        }
        PinVerdict::ReportOnly(mismatch) => ("report_only", mismatch.clone(), mismatch.reason),
        PinVerdict::Mismatch(mismatch) => ("mismatch", mismatch.clone(), mismatch.reason),
    };
    let lines = |pins: &[bonafide_protocol::pin::Pin]| pins.iter().map(|pin| format!("\n  {pin}")).collect::<String>();
    let text = format!(
        "{name}: {reason}\nserved, leaf first:{}\npins of the config:{}",
        lines(&mismatch.served),
        lines(&mismatch.expected)
    );
    context.out.result(text, &json!({"verdict": name, "mismatch": mismatch}))?;
    if name == "report_only" {
        // The request goes on, and is reported.
        return Ok(());
    }
    Err(Failure::new(Exit::Refused, format!("a device would refuse this connection to {host}"))
        .next(format!("bonafide api check {host}")))
}
