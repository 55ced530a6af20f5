//! `bonafide config`: what apps embed and follow.

use std::path::{Path, PathBuf};

use bonafide_protocol::trust::{ConfigFile, Trusted};
use clap::Subcommand;
use serde_json::{Map, Value, json};

use crate::context::{Context, read, write};
use crate::exit::{Failure, Outcome};
use crate::out::table::{cell, table};

#[derive(Subcommand)]
pub(crate) enum Config {
    /// Writes the initial config, the one file that the app embeds. It holds no secret.
    Export {
        /// Where to; without it, to stdout.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Shows the live config, or a file's.
    Show {
        /// What `config export` wrote.
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Shows in what two configs differ.
    Diff {
        /// A file; or EPOCH/VERSION of a published config; or `live`.
        a: String,
        /// Likewise.
        b: String,
    },
}

impl Config {
    pub(crate) async fn run(&self, context: &Context) -> Outcome {
        match self {
            Self::Export { output } => export(context, output.as_deref()).await,
            Self::Show { file: Some(file) } => {
                let trusted = verified(file)?;
                let ConfigFile { roots, config } = trusted.to_file();
                let machine = json!({"roots": roots, "config": config, "content": trusted.config()});
                context.out.result(describe(&json!(trusted.config())), &machine)
            }
            Self::Show { file: None } => {
                let answer = context.operator()?.get(&["config"], &[]).await?;
                let content = answer.get("content").cloned().unwrap_or_default();
                context.out.result(describe(&content), &answer)
            }
            Self::Diff { a, b } => {
                let (before, after) = (content_of(context, a).await?, content_of(context, b).await?);
                let mut changes = Vec::new();
                compare("", &by_host(before), &by_host(after), &mut changes);
                let row = |change: &Value| ["at", "before", "after"].map(|name| cell(change.get(name))).to_vec();
                let text = if changes.is_empty() {
                    "no difference".into()
                } else {
                    table(&["at", "before", "after"], changes.iter().map(row))
                };
                context.out.result(text, &json!({"changes": changes}))
            }
        }
    }
}

async fn export(context: &Context, output: Option<&Path>) -> Outcome {
    let answer = context.operator()?.post(&["config", "export"], &[], &json!({})).await?;
    let file = answer.to_string();
    // The same check that every device makes: what it would refuse is not written.
    let trusted = Trusted::from_initial(file.as_bytes())
        .map_err(|error| Failure::refused(format!("the service gave a config that no device accepts: {error}")))?;
    let (epoch, version) = trusted.position();
    let hosts = trusted.config().hosts.len();
    let Some(path) = output.filter(|path| path.as_os_str() != "-") else {
        return context.out.line(file);
    };
    write(path, format!("{file}\n").as_bytes(), false)?;
    let text = format!(
        "{}: config {epoch}/{version}, hosts: {hosts}\nnext: embed it in the app (Android: assets/bonafide.config; iOS: the main bundle), build, then \
         bonafide app register FILE…",
        path.display()
    );
    let machine = json!({"file": path, "epoch": epoch, "version": version, "hosts": hosts});
    context.out.result(text, &machine)
}

fn verified(path: &Path) -> Outcome<Trusted> {
    Trusted::from_initial(&read(path)?).map_err(|error| {
        Failure::refused(format!("{}: {error}", path.display()))
            .next("bonafide config export -o FILE writes a good one")
    })
}

async fn content_of(context: &Context, name: &str) -> Outcome<Value> {
    if name == "live" {
        let answer = context.operator()?.get(&["config"], &[]).await?;
        return Ok(answer.get("content").cloned().unwrap_or_default());
    }
    let place = name.split_once('/').filter(|(epoch, version)| {
        let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        number(epoch) && number(version)
    });
    match place {
        Some((epoch, version)) if !Path::new(name).exists() => {
            let answer = context.operator()?.get(&["config", version], &[("epoch", epoch)]).await?;
            Ok(answer.get("content").cloned().unwrap_or_default())
        }
        _ => Ok(json!(verified(Path::new(name))?.config())),
    }
}

fn describe(content: &Value) -> String {
    let at = |path: &str| cell(content.pointer(path));
    let mut rows = vec![
        vec!["account".into(), at("/account")],
        vec!["epoch/version".into(), format!("{}/{}", at("/epoch"), at("/version"))],
        vec!["service".into(), at("/service/url")],
        vec!["service pins".into(), at("/service/pins")],
        vec![
            "private roots".into(),
            content.pointer("/service/roots").and_then(Value::as_array).map_or(0, Vec::len).to_string(),
        ],
        vec!["token header".into(), at("/token/header")],
        vec!["refresh".into(), format!("{} s", at("/refresh_seconds"))],
        vec!["stale after".into(), at("/stale_after_seconds")],
    ];
    for host in content.get("hosts").and_then(Value::as_array).into_iter().flatten() {
        let name = cell(host.get("host"));
        let facts = ["mode", "send_token", "audience", "without_token", "pins"]
            .map(|member| format!("{member}={}", cell(host.get(member))));
        rows.push(vec![name, facts.join(" ")]);
    }
    table(&["what", "value"], rows)
}

/// Hosts under their names, so that an inserted one does not shift the others.
fn by_host(mut content: Value) -> Value {
    let hosts = content.get_mut("hosts").map(Value::take);
    let named: Map<String, Value> =
        hosts.iter().filter_map(Value::as_array).flatten().map(|host| (cell(host.get("host")), host.clone())).collect();
    if let Some(members) = content.as_object_mut() {
        members.insert("hosts".into(), Value::Object(named));
    }
    content
}

fn compare(at: &str, before: &Value, after: &Value, changes: &mut Vec<Value>) {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
            names.sort_unstable();
            names.dedup();
            for name in names {
                let none = Value::Null;
                let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                compare(&at, old.get(name).unwrap_or(&none), new.get(name).unwrap_or(&none), changes);
            }
        }
        _ if before == after => {}
        _ => changes.push(json!({"at": at, "before": before, "after": after})),
    }
}
