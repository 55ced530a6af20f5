//! `bonafide arc`: what a user read out.

use bonafide_protocol::finding::Finding;
use clap::Args;
use serde_json::Value;

use crate::context::Context;
use crate::exit::{Failure, Outcome};
use crate::out::table::{cell, date};

#[derive(Args)]
pub(crate) struct Arc {
    /// The code, as the app shows it.
    code: String,
}

impl Arc {
    pub(crate) async fn run(&self, context: &Context) -> Outcome {
        let code: String = self.code.split_whitespace().collect();
        if code.len() != bonafide_protocol::arc::ARC_LEN {
            let message = format!("{} characters, but every code has {}", code.len(), bonafide_protocol::arc::ARC_LEN);
            return Err(Failure::usage(message).next("have the user read it out again; copying is safer"));
        }
        let answer = context.operator()?.get(&["arc", &code], &[]).await?;
        let time = answer.get("time").and_then(Value::as_i64).map_or("-".into(), date);
        let mut text = format!("time          {time}\ninstallation  {}\n", cell(answer.get("installation")));
        let findings = answer.get("findings").and_then(Value::as_array).cloned().unwrap_or_default();
        let unknown = answer.get("unknown_bits").and_then(Value::as_array).cloned().unwrap_or_default();
        if findings.is_empty() && unknown.is_empty() {
            text.push_str("findings      none: the app got a genuine token, unless a failure was forced on it\n");
        }
        // What follows from a finding is the policy's to say: `bonafide appraisals` tells what did.
        for finding in &findings {
            let code = cell(finding.get("code").or(Some(finding)));
            let explanation = Finding::from_code(&code).map_or("unknown to this version", Finding::explanation);
            text.push_str(&format!("finding       {code}: {explanation}\n"));
        }
        for bit in &unknown {
            text.push_str(&format!("finding       number {bit}: unknown to this version of the service\n"));
        }
        context.out.result(text, &answer)
    }
}
