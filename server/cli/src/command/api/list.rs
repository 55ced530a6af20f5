//! `bonafide api list` and `remove`.

use bonafide_protocol::host::HostPattern;
use clap::Args;
use serde_json::json;

use super::change::{Care, forceable, live};
use crate::context::Context;
use crate::exit::{Failure, Outcome};
use crate::out::table::table;
use crate::tls::target::Target;

pub(super) async fn list(context: &Context) -> Outcome {
    let config = live(&context.operator()?).await?;
    if config.hosts.is_empty() {
        return context.out.result("none\nnext: bonafide api add https://HOST", &json!([]));
    }
    let mut rows = Vec::new();
    for entry in &config.hosts {
        let token = if entry.send_token { config.audience(entry) } else { "-" };
        let mode = json!(entry.mode).as_str().unwrap_or_default().to_owned();
        let mut first = vec![entry.host.to_string(), mode, token.to_owned()];
        for pin in entry.pins.pins() {
            rows.push(vec![first.remove(0), first.remove(0), first.remove(0), pin.to_string()]);
            first = vec![String::new(); 3];
        }
        if entry.pins.pins().is_empty() {
            first.push("-".into());
            rows.push(first);
        }
    }
    context.out.result(table(&["host", "mode", "token for", "pins"], rows), &json!(config.hosts))
}

#[derive(Args)]
pub(crate) struct Remove {
    /// The host or pattern, as `bonafide api list` shows it.
    host: String,
    #[command(flatten)]
    care: Care,
}

impl Remove {
    pub(super) async fn run(&self, context: &Context) -> Outcome {
        let pattern = if self.host.starts_with('*') {
            HostPattern::parse(&self.host).map_err(|error| Failure::usage(error.to_string()))?
        } else {
            HostPattern::Exact(Target::parse(&self.host)?.host)
        };
        let name = pattern.to_string();
        let operator = context.operator()?;
        let force = if self.care.force { "true" } else { "false" };
        let query = [("force", force), ("dry_run", "true")];
        operator.delete(&["hosts", &name], &query).await.map_err(|failure| forceable(failure, &name))?;
        context
            .out
            .confirm(&format!("Remove {name}? Apps go on without pins and without tokens there."), self.care.yes)?;
        let answer = operator
            .delete(&["hosts", &name], &[("force", force)])
            .await
            .map_err(|failure| forceable(failure, &name))?;
        context.out.result(format!("{name} is removed"), &answer)
    }
}
