//! What the service has noted, as lists.

use clap::Args;
use serde_json::{Value, json};

use crate::context::Context;
use crate::exit::{Exit, Outcome};
use crate::out::table::{list, table};

#[derive(Args)]
pub(crate) struct Limit {
    /// How many to show.
    #[arg(long, default_value_t = 50)]
    limit: u64,
}

impl Limit {
    pub(crate) async fn appraisals(&self, context: &Context) -> Outcome {
        let columns = [
            ("time", "time"),
            ("app", "app.id"),
            ("version", "app.version"),
            ("audience", "audience"),
            ("passed", "passed"),
            ("findings", "findings"),
            ("forced", "forced"),
            ("installation", "installation"),
            ("why evidence was refused", "reason"),
        ];
        let mut rows = self.fetch(context, "appraisals").await?;
        // Codes alone: `bonafide arc` and docs/cli.md explain them.
        for findings in rows.as_array_mut().into_iter().flatten().filter_map(|row| row.get_mut("findings")) {
            let codes = findings.as_array().into_iter().flatten().map(|one| one.get("code").unwrap_or(one).clone());
            *findings = codes.collect();
        }
        context.out.result(list(&rows, &columns), &rows)
    }

    pub(crate) async fn reports(&self, context: &Context) -> Outcome {
        let columns = [
            ("time", "time"),
            ("host", "host"),
            ("enforced", "enforced"),
            ("app", "app.id"),
            ("version", "app.version"),
            ("served (leaf first)", "served"),
        ];
        self.show(context, "reports", &columns).await
    }

    pub(crate) async fn audit(&self, context: &Context) -> Outcome {
        let columns = [("time", "time"), ("actor", "actor"), ("action", "action"), ("subject", "subject")];
        self.show(context, "audit", &columns).await
    }

    pub(crate) async fn devices(&self, context: &Context) -> Outcome {
        let columns = [
            ("installation", "installation"),
            ("app", "app.id"),
            ("version", "app.version"),
            ("config", "version"),
            ("seen", "seen_at"),
        ];
        self.show(context, "installations", &columns).await
    }

    pub(crate) async fn policies(&self, context: &Context) -> Outcome {
        let columns = [("version", "version"), ("set", "set_at"), ("by", "set_by"), ("policy", "policy")];
        self.show(context, "policies", &columns).await
    }

    async fn show(&self, context: &Context, what: &str, columns: &[(&str, &str)]) -> Outcome {
        let rows = self.fetch(context, what).await?;
        context.out.result(list(&rows, columns), &rows)
    }

    async fn fetch(&self, context: &Context, what: &str) -> Outcome<Value> {
        context.operator()?.get(&[what], &[("limit", &self.limit.to_string())]).await
    }
}

/// `bonafide metrics`: the page as Prometheus reads it.
pub(crate) async fn metrics(context: &Context) -> Outcome {
    let page = context.operator()?.page(&["metrics"], &[]).await?;
    context.out.result(&page, &json!({"metrics": page}))
}

/// `bonafide exit-codes`.
pub(crate) fn exit_codes(context: &Context) -> Outcome {
    let rows = Exit::ALL.map(|exit| vec![exit.code().to_string(), exit.meaning().to_owned()]);
    let machine = Exit::ALL.map(|exit| json!({"code": exit.code(), "meaning": exit.meaning()}));
    context.out.result(table(&["code", "meaning"], rows), &json!(machine))
}
