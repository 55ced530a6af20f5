//! The verdict on evidence, and all that it says, for people and for scripts.

use std::fmt::Display;
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use crate::context::Context;
use crate::exit::{Exit, Failure, Outcome};
use crate::out::table::{cell, date, table};
use crate::tls::certificate::{Row, chain_table};

/// What becomes of evidence. The names are those of the JSON form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Accepted,
    Refused,
    /// All else holds.
    ChallengeNotChecked,
    NotEvidence,
}

impl Verdict {
    fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::ChallengeNotChecked => "challenge_not_checked",
            Self::NotEvidence => "not_evidence",
        }
    }

    /// The same for people.
    fn words(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::ChallengeNotChecked => "not accepted, for the challenge was not checked",
            Self::NotEvidence => "not evidence",
        }
    }

    fn exit(self) -> Exit {
        match self {
            Self::Accepted => Exit::Done,
            Self::Refused | Self::ChallengeNotChecked => Exit::Refused,
            Self::NotEvidence => Exit::Usage,
        }
    }
}

/// Whether the evidence was compared with the challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    Checked,
    NotChecked,
    /// This kind of evidence answers none.
    NotApplicable,
}

impl Challenge {
    fn name(self) -> &'static str {
        match self {
            Self::Checked => "checked",
            Self::NotChecked => "not_checked",
            Self::NotApplicable => "not_applicable",
        }
    }
}

/// A verdict with its grounds.
pub(super) struct Report {
    /// As on the command line.
    kind: &'static str,
    at: i64,
    verdict: Verdict,
    reason: Option<String>,
    /// The refusal's facts.
    error: Value,
    next: Option<&'static str>,
    challenge: Challenge,
    /// Whether what stands under `evidence` has been proven.
    verified: bool,
    /// What was found out besides, in the order in which people see it.
    facts: Vec<(&'static str, Value)>,
    certificates: Vec<Vec<u8>>,
    evidence: Value,
}

impl Report {
    pub(super) fn new(kind: &'static str, at: i64) -> Self {
        Self {
            kind,
            at,
            verdict: Verdict::Refused,
            reason: None,
            error: Value::Null,
            next: None,
            challenge: Challenge::NotChecked,
            verified: false,
            facts: Vec::new(),
            certificates: Vec::new(),
            evidence: Value::Null,
        }
    }

    /// Everything holds; whether it answers the challenge, `challenge` says.
    pub(super) fn holds(mut self, challenge: Challenge) -> Self {
        self.challenge = challenge;
        if challenge == Challenge::NotChecked {
            return self.challenge_not_checked();
        }
        self.verdict = Verdict::Accepted;
        self
    }

    /// Whatever can be checked without the challenge holds.
    pub(super) fn challenge_not_checked(mut self) -> Self {
        self.verdict = Verdict::ChallengeNotChecked;
        self.reason = Some("it may answer another request's challenge: none was named to compare it with".into());
        self.next = Some("name the challenge of the request that it came with: --challenge VALUE");
        self
    }

    pub(super) fn refused(mut self, error: &(impl Display + Serialize)) -> Self {
        self.verdict = Verdict::Refused;
        self.reason = Some(error.to_string());
        // A fact that JSON cannot hold leaves the message.
        self.error = serde_json::to_value(error).unwrap_or_default();
        self
    }

    pub(super) fn next(mut self, step: Option<&'static str>) -> Self {
        self.next = step;
        self
    }

    pub(super) fn not_evidence(mut self, why: impl Into<String>) -> Self {
        self.verdict = Verdict::NotEvidence;
        self.reason = Some(why.into());
        self.next = Some("`bonafide evidence verify --help` names the kinds of evidence");
        self
    }

    pub(super) fn compared(mut self, challenge: Challenge) -> Self {
        self.challenge = challenge;
        self
    }

    /// What it says; `verified` if that has been proven.
    pub(super) fn evidence(mut self, evidence: &impl Serialize, verified: bool) -> Self {
        self.evidence = serde_json::to_value(evidence).unwrap_or_default();
        self.verified = verified;
        self
    }

    pub(super) fn certificates(mut self, chain: &[Vec<u8>]) -> Self {
        self.certificates = chain.to_vec();
        self
    }

    pub(super) fn fact(mut self, name: &'static str, value: impl Serialize) -> Self {
        self.facts.push((name, serde_json::to_value(value).unwrap_or_default()));
        self
    }

    /// Prints it, and ends the command as the verdict demands.
    pub(super) fn show(self, context: &Context, file: &Path) -> Outcome {
        let line = match &self.reason {
            None => self.verdict.words().to_owned(),
            Some(reason) => format!("{}: {reason}", self.verdict.words()),
        };
        context.out.verdict(self.verdict == Verdict::Accepted, &line)?;
        context.out.result(self.human(), &self.machine())?;
        let subject = format!("{} as {}", file.display(), self.kind);
        let failure = Failure::new(self.verdict.exit(), format!("{subject}: {line}"));
        match (self.verdict, self.next) {
            (Verdict::Accepted, _) => Ok(()),
            (_, Some(step)) => Err(failure.next(step)),
            (_, None) => Err(failure),
        }
    }

    fn human(&self) -> String {
        let challenge = match self.challenge {
            Challenge::Checked => "checked",
            Challenge::NotChecked => "NOT CHECKED",
            Challenge::NotApplicable => "not applicable: it answers none",
        };
        let mut rows = vec![row("kind", self.kind), row("at", date(self.at)), row("challenge", challenge)];
        if self.verdict != Verdict::NotEvidence {
            rows.push(row("proven", if self.verified { "yes" } else { "NO: it is shown as it stands" }));
        }
        for (name, value) in &self.facts {
            flatten(name, value, &mut rows);
        }
        let mut text = table(&["what", "value"], rows);
        if !self.certificates.is_empty() {
            let readable: Vec<Row> = self.certificates.iter().filter_map(|der| Row::read(der).ok()).collect();
            text.push_str(&format!("\n\n{}", chain_table(&readable)));
        }
        if !self.evidence.is_null() {
            let mut rows = Vec::new();
            flatten("", &self.evidence, &mut rows);
            text.push_str(&format!("\n\n{}", table(&["it says", "value"], rows)));
        }
        text
    }

    fn machine(&self) -> Value {
        let certificate = |der: &Vec<u8>| Row::read(der).map_or(Value::Null, |row| row.to_json());
        let mut machine = json!({
            "kind": self.kind,
            "verdict": self.verdict.name(),
            "reason": self.reason.as_ref().map(|message| json!({"message": message, "error": self.error})),
            "at": self.at,
            "challenge": self.challenge.name(),
            "verified": self.verified,
            "certificates": self.certificates.iter().map(certificate).collect::<Vec<_>>(),
            "evidence": self.evidence,
        });
        if let Some(members) = machine.as_object_mut() {
            members.extend(self.facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        }
        machine
    }
}

fn row(name: &str, value: impl Into<String>) -> Vec<String> {
    vec![name.into(), value.into()]
}

/// A row for each leaf of a JSON value; lists of plain values stay together.
fn flatten(path: &str, value: &Value, rows: &mut Vec<Vec<String>>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| flatten(&below(name), value, rows)),
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            items.iter().enumerate().for_each(|(place, item)| flatten(&below(&place.to_string()), item, rows));
        }
        Value::Array(items) if items.is_empty() => rows.push(row(path, "none")),
        _ => rows.push(row(path, cell(Some(value)))),
    }
}
