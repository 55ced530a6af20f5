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

/// Which appraisals are shown.
#[derive(Args)]
pub(crate) struct Appraisals {
    #[command(flatten)]
    limit: Limit,
    /// Only those that said this of the user (`userProperty` in the app).
    #[arg(long, value_name = "PROPERTY", allow_hyphen_values = true)]
    user: Option<String>,
    /// Only that with this trace id, from the app's log, a token's `trace` or the header `Bonafide-Trace`.
    #[arg(long, value_name = "ID")]
    trace: Option<String>,
}

impl Appraisals {
    pub(crate) async fn run(&self, context: &Context) -> Outcome {
        let columns = [
            ("time", "time"),
            ("app", "app.id"),
            ("version", "app.version"),
            ("audience", "audience"),
            ("passed", "passed"),
            ("findings", "findings"),
            ("differs", "differences"),
            ("forced", "forced"),
            ("development", "development.name"),
            ("user", "user"),
            ("installation", "installation"),
            ("trace", "trace"),
            ("why evidence was refused", "reason"),
        ];
        let sought = [("user", self.user.as_deref()), ("trace", self.trace.as_deref())];
        let mut rows = self.limit.fetch(context, "appraisals", &sought).await?;
        // Codes alone: `bonafide arc` and docs/cli.md explain them.
        for findings in rows.as_array_mut().into_iter().flatten().filter_map(|row| row.get_mut("findings")) {
            let codes = findings.as_array().into_iter().flatten().map(|one| one.get("code").unwrap_or(one).clone());
            *findings = codes.collect();
        }
        let mut shown = rows.clone();
        for differences in shown.as_array_mut().into_iter().flatten().filter_map(|row| row.get_mut("differences")) {
            *differences =
                json!(differences.as_array().into_iter().flatten().map(difference).collect::<Vec<_>>().join("; "));
        }
        context.out.result(list(&shown, &columns), &rows)
    }
}

impl Limit {
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

    pub(crate) async fn devices(&self, context: &Context, user: Option<&str>) -> Outcome {
        let columns = [
            ("installation", "installation"),
            ("app", "app.id"),
            ("version", "app.version"),
            ("config", "version"),
            ("user", "user"),
            ("seen", "seen_at"),
        ];
        let rows = self.fetch(context, "installations", &[("user", user)]).await?;
        context.out.result(list(&rows, &columns), &rows)
    }

    pub(crate) async fn policies(&self, context: &Context) -> Outcome {
        let columns = [("version", "version"), ("set", "set_at"), ("by", "set_by"), ("policy", "policy")];
        self.show(context, "policies", &columns).await
    }

    async fn show(&self, context: &Context, what: &str, columns: &[(&str, &str)]) -> Outcome {
        let rows = self.fetch(context, what, &[]).await?;
        context.out.result(list(&rows, columns), &rows)
    }

    async fn fetch(&self, context: &Context, what: &str, sought: &[(&str, Option<&str>)]) -> Outcome<Value> {
        let limit = self.limit.to_string();
        let sought = sought.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
        let query: Vec<(&str, &str)> = sought.chain([("limit", limit.as_str())]).collect();
        context.operator()?.get(&[what], &query).await
    }
}

/// In what an app differs from the registered build: `code classes.dex 0a1b2c3d4e5f, not 5f4e3d2c1b0a`.
fn difference(one: &Value) -> String {
    let text = |member: &str| one.get(member).and_then(Value::as_str);
    let (what, name) = (text("what").unwrap_or_default(), text("name").unwrap_or_default());
    match (text("found"), text("expected")) {
        (Some(found), Some(expected)) => format!("{what} {name} {found}, not {expected}"),
        (Some(found), None) => format!("{what} {name} {found}"),
        (None, Some(expected)) => format!("{what} {name} missing, {expected}"),
        (None, None) => format!("{what} {name}"),
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
