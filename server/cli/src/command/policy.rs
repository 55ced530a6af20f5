//! `bonafide policy`: what follows from findings; tried before it is set.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::{Value, json};

use super::lists::Limit;
use crate::context::{Context, read};
use crate::exit::{Exit, Failure, Outcome};
use crate::operator::Operator;
use crate::out::table::{cell, list, table};

#[derive(Subcommand)]
pub(crate) enum Policy {
    /// Shows what follows from each finding, and what each audience allows.
    Show {
        /// Prints the policy alone, in the form that `set` and `try` read.
        #[arg(long)]
        document: bool,
        /// A former version's, from `bonafide policy history`; goes with --document.
        #[arg(long, value_name = "VERSION", requires = "document")]
        at: Option<u64>,
    },
    /// Sets the policy on findings as a whole: a finding that the file does not name rejects. Says first what would
    /// change.
    Set {
        /// The policy, in JSON: docs/policy.md.
        file: PathBuf,
        /// Goes on although installations that pass would fail.
        #[arg(long)]
        force: bool,
        /// Answers the question.
        #[arg(long)]
        yes: bool,
    },
    /// Says what the last appraisals would have become under this policy, and changes nothing.
    Try {
        /// The policy, in JSON: docs/policy.md.
        file: PathBuf,
        /// On how many appraisals that passed, and on as many that failed.
        #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=10_000))]
        last: u64,
    },
    /// Lists the versions of the policy, the newest first.
    History(Limit),
}

impl Policy {
    pub(crate) async fn run(&self, context: &Context) -> Outcome {
        match self {
            Self::Show { document: false, .. } => show(context).await,
            Self::Show { at, .. } => document(context, *at).await,
            Self::Set { file, force, yes } => set(context, file, *force, *yes).await,
            Self::Try { file, last } => {
                let last = last.to_string();
                let operator = context.operator()?;
                let answer = operator.post_text(&["policy", "try"], &[("last", &last)], read(file)?).await;
                let answer = answer.map_err(|failure| of(file, failure))?;
                context.out.result(told(&answer), &answer)
            }
            Self::History(limit) => limit.policies(context).await,
        }
    }
}

async fn show(context: &Context) -> Outcome {
    let answer = context.operator()?.get(&["policy"], &[]).await?;
    let findings = rows(answer.get("findings")).map(|finding| {
        let always = finding.get("always_rejects").is_some_and(|why| !why.is_null());
        let action = if always { "reject (always)".to_owned() } else { effect(Some(finding)) };
        let platforms = finding.get("platforms").and_then(Value::as_object).into_iter().flatten();
        let platforms: Vec<String> = platforms.map(|(name, one)| format!("{name}: {}", effect(Some(one)))).collect();
        vec![cell(finding.get("code")), action, platforms.join(", "), cell(finding.get("explanation"))]
    });
    let mut text = table(&["finding", "action", "but on", "what it means"], findings);
    let unknown = cell(answer.get("unknown"));
    if !unknown.is_empty() {
        text.push_str(&format!("\n\nunknown to this version of the service: {unknown}"));
    }
    let columns = [
        ("audience", "audience"),
        ("hosts", "hosts"),
        ("platforms", "platforms"),
        ("least key level", "least_key_level"),
    ];
    let audiences = match answer.get("audiences") {
        Some(audiences) if rows(Some(audiences)).next().is_some() => list(audiences, &columns),
        _ => "no audience: no host is sent tokens".into(),
    };
    let version = answer.get("version").and_then(Value::as_u64).unwrap_or_default();
    let version = if version == 0 { "none was set: the defaults hold".into() } else { format!("version {version}") };
    let evidence = cell(answer.get("evidence"));
    context
        .out
        .result(format!("policy on findings: {version}\n\n{text}\n\nevidence: {evidence}\n\n{audiences}"), &answer)
}

/// The policy alone, in either form of output: it goes into a file.
async fn document(context: &Context, at: Option<u64>) -> Outcome {
    let operator = context.operator()?;
    let policy = match at {
        None => operator.get(&["policy"], &[]).await?.get("policy").cloned(),
        Some(version) => {
            let all = operator.get(&["policies"], &[("limit", "1000")]).await?;
            let mut all = all.as_array().into_iter().flatten();
            all.find(|row| row.get("version").and_then(Value::as_u64) == Some(version))
                .and_then(|row| row.get("policy").cloned())
        }
    };
    let policy = policy.ok_or_else(|| {
        Failure::refused("there is no such version of the policy").next("bonafide policy history --limit 1000")
    })?;
    // A Value always serialises.
    context.out.line(serde_json::to_string_pretty(&policy).unwrap_or_default())
}

async fn set(context: &Context, file: &Path, force: bool, yes: bool) -> Outcome {
    let operator = context.operator()?;
    let text = read(file)?;
    // Forced, since it changes nothing: what stands against it is to be seen whole, not as a refusal.
    let dry = put(&operator, &[("dry_run", "true"), ("force", "true")], text.clone()).await;
    let dry = dry.map_err(|failure| of(file, failure))?;
    context.out.say(told(&dry))?;
    let lost = dry.pointer("/tried/installations/pass_to_fail").and_then(Value::as_u64).unwrap_or_default();
    if lost > 0 && !force {
        let message = format!("{lost} installations that pass now would fail");
        return Err(Failure::new(Exit::LockOut, message)
            .facts(dry)
            .next("annotate the finding first, or set it all the same with --force"));
    }
    context.out.confirm(&format!("Set this as version {} of the policy?", cell(dry.get("version"))), yes)?;
    let base = cell(dry.get("replaces"));
    let force = if force { "true" } else { "false" };
    let answer = put(&operator, &[("base", &base), ("force", force)], text).await?;
    let text = format!("version {} of the policy is in force", cell(answer.get("version")));
    context.out.result(text, &answer)
}

async fn put(operator: &Operator, query: &[(&str, &str)], text: Vec<u8>) -> Outcome<Value> {
    operator.put_text(&["policy"], query, text).await
}

/// What is wrong with a file is said of it.
fn of(file: &Path, failure: Failure) -> Failure {
    if failure.code() == Some("malformed_request") {
        return failure.within(&file.display().to_string()).next("correct the file; nothing was changed");
    }
    failure
}

/// The differences, and what they would have made of the last appraisals.
fn told(answer: &Value) -> String {
    let changes: Vec<Vec<String>> = rows(answer.get("change"))
        .map(|change| {
            let platform =
                change.get("platform").filter(|name| !name.is_null()).map_or("all".into(), |it| cell(Some(it)));
            vec![cell(change.get("finding")), platform, effect(change.get("before")), effect(change.get("after"))]
        })
        .collect();
    let mut text = if changes.is_empty() {
        "nothing changes: what follows from each finding stays as it is".to_owned()
    } else {
        table(&["finding", "platforms", "now", "then"], changes)
    };
    let none = json!({});
    let tried = answer.get("tried").unwrap_or(&none);
    let number = |path: &str| cell(tried.pointer(path));
    for (when, side) in [("now", "before"), ("then", "after")] {
        if let Some(evidence) = answer.pointer(&format!("/evidence/{side}")) {
            text.push_str(&format!("\nevidence, {when}: {evidence}"));
        }
    }
    text.push_str(&format!(
        "\n\nof the last {} appraisals {} pass now, {} then; pass to fail: {} on {} installations, fail to pass: {} on {}",
        number("/appraisals"),
        number("/now/passed"),
        number("/then/passed"),
        number("/pass_to_fail"),
        number("/installations/pass_to_fail"),
        number("/fail_to_pass"),
        number("/installations/fail_to_pass"),
    ));
    for (member, names) in
        [("findings", &["code"][..]), ("platforms", &["platform"]), ("versions", &["platform", "app", "version"])]
    {
        let changed = rows(tried.get(member)).filter(|row| {
            ["pass_to_fail", "fail_to_pass"].iter().any(|turn| row.get(*turn).and_then(Value::as_u64) > Some(0))
        });
        let columns = ["appraisals", "pass_to_fail", "fail_to_pass"];
        let body: Vec<Vec<String>> =
            changed.map(|row| names.iter().chain(&columns).map(|name| cell(row.get(*name))).collect()).collect();
        if !body.is_empty() {
            let header = [names, &["appraisals", "pass to fail", "fail to pass"]].concat();
            text.push_str(&format!("\n\n{}", table(&header, body)));
        }
    }
    text
}

fn rows(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn effect(value: Option<&Value>) -> String {
    let action = cell(value.and_then(|value| value.get("action")));
    let open = value.and_then(|value| value.get("open")).and_then(Value::as_bool) == Some(true);
    if open { format!("{action}, open") } else { action }
}
