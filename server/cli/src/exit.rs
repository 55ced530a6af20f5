//! Exit codes, and the failure that every command ends with when it does not succeed.

use std::ffi::OsString;
use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use serde_json::json;

use crate::out::table::clean_lines;

/// What the process ends with. Scripts rely on it: docs/cli.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    Refused,
    Usage,
    Unreachable,
    LockOut,
}

impl Exit {
    pub(crate) const ALL: [Self; 5] = [Self::Done, Self::Refused, Self::Usage, Self::Unreachable, Self::LockOut];

    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
            Self::LockOut => 4,
        }
    }

    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done; or the verdict is good",
            Self::Refused => "refused: an invalid chain, a mismatch, a bad token, a failed check, the service said no",
            Self::Usage => {
                "wrong usage; a question with no terminal to ask it at (--yes answers it); or a file that is no evidence at all"
            }
            Self::Unreachable => "a server could not be reached, a file not read or written, a port not opened",
            Self::LockOut => "it would lock devices out; --force does it anyway",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// What was typed is no command: clap's own words for people, and for `--json` what every other failure looks like.
pub(crate) fn misread(error: &clap::Error, arguments: impl Iterator<Item = OsString>) -> ExitCode {
    // After `--` it is somebody's argument.
    let as_json = arguments.take_while(|argument| argument != "--").any(|argument| argument == "--json");
    // Help and versions, which come as errors too, are what was asked for.
    if !as_json || !error.use_stderr() {
        error.exit();
    }
    let text = error.render().to_string();
    let message = text.trim().strip_prefix("error: ").unwrap_or(text.trim());
    Failure::usage(message).next("bonafide --help").show(true);
    Exit::Usage.into()
}

/// Why a command did not succeed, and what to type next.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    message: String,
    next: Option<String>,
    /// What a machine wants besides, as members of the JSON form.
    facts: Option<serde_json::Value>,
}

/// What commands return.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), next: None, facts: None }
    }

    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(Exit::Refused, message)
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    pub(crate) fn io(what: impl Display, error: &dyn Display) -> Self {
        Self::new(Exit::Unreachable, format!("{what}: {error}"))
    }

    /// What went wrong, without what to do next.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// What to do next, where that is known.
    pub(crate) fn next_step(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// The same failure, said of something larger.
    pub(crate) fn within(mut self, what: &str) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    pub(crate) fn next(mut self, step: impl Into<String>) -> Self {
        self.next = Some(step.into());
        self
    }

    pub(crate) fn facts(mut self, facts: serde_json::Value) -> Self {
        self.facts = Some(facts);
        self
    }

    /// Whether the service answered that what is there stands against it.
    pub(crate) fn is_conflict(&self) -> bool {
        self.code() == Some("conflict")
    }

    /// The code that the service refused with.
    pub(crate) fn code(&self) -> Option<&str> {
        self.facts.as_ref()?.get("code")?.as_str()
    }

    pub(crate) fn into_lock_out(mut self) -> Self {
        self.exit = Exit::LockOut;
        self
    }

    /// To stderr, in the form that was asked for.
    pub(crate) fn show(&self, as_json: bool) {
        let mut stderr = std::io::stderr().lock();
        // Where stderr is closed, the exit code still tells.
        let _ = if as_json {
            let error = json!({
                "exit": self.exit.code(), "message": self.message, "next": self.next, "facts": self.facts
            });
            writeln!(stderr, "{}", json!({"error": error}))
        } else {
            let label = if stderr.is_terminal() { "\u{1b}[31merror:\u{1b}[0m" } else { "error:" };
            writeln!(stderr, "{label} {}", self.human())
        };
    }

    /// For people. An issuer's name or a server's answer may stand in it, so that nothing of it steers the terminal.
    fn human(&self) -> String {
        let next = self.next.as_ref().map(|step| format!("\n  next: {step}")).unwrap_or_default();
        clean_lines(&format!("{}{next}", self.message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_name_in_a_message_does_not_steer_the_terminal() {
        let issuer = "CN=\u{1b}[2J\u{1b}[Hok\r\u{9b}1m\u{202e}ko";
        let failure = Failure::refused(format!("unknown issuer: {issuer}")).next("stop");
        let shown = failure.human();
        assert!(!shown.contains(['\u{1b}', '\r', '\u{9b}', '\u{202e}']), "{shown:?}");
        assert!(shown.starts_with("unknown issuer: CN=") && shown.ends_with("\n  next: stop"), "{shown:?}");
    }
}
