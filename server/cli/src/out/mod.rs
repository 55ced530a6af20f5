//! What the operator sees: plain text for people, JSON for scripts, never both.

pub(crate) mod table;

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use crate::exit::{Failure, Outcome};

/// Where output goes, and in which form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Out {
    pub(crate) json: bool,
}

impl Out {
    /// The result: `human` for people, `machine` for scripts.
    pub(crate) fn result(self, human: impl AsRef<str>, machine: &Value) -> Outcome {
        if self.json {
            // A Value always serialises.
            self.line(serde_json::to_string_pretty(machine).unwrap_or_default())
        } else {
            self.line(table::clean_lines(human.as_ref().trim_end()))
        }
    }

    /// A verdict for people, in one line; green or red on a terminal.
    pub(crate) fn verdict(self, good: bool, line: &str) -> Outcome {
        let line = table::clean(line);
        match (self.json, std::io::stdout().is_terminal()) {
            (true, _) => Ok(()),
            (_, false) => self.line(line),
            (_, true) => self.line(format!("\u{1b}[{}m{line}\u{1b}[0m", if good { 32 } else { 31 })),
        }
    }

    /// A line for people; nothing when the output is for a script.
    pub(crate) fn say(self, line: impl AsRef<str>) -> Outcome {
        if self.json { Ok(()) } else { self.line(table::clean_lines(line.as_ref())) }
    }

    /// Something to mind, on stderr, so that it spoils no pipe.
    pub(crate) fn warn(self, line: impl AsRef<str>) {
        let mut stderr = std::io::stderr().lock();
        let label = if stderr.is_terminal() { "\u{1b}[33mwarning:\u{1b}[0m" } else { "warning:" };
        // A warning that nobody can read is no reason to stop.
        let _ = writeln!(stderr, "{label} {}", table::clean_lines(line.as_ref()));
    }

    /// Writes as it is, in either form.
    pub(crate) fn line(self, line: impl AsRef<str>) -> Outcome {
        let mut stdout = std::io::stdout().lock();
        match writeln!(stdout, "{}", line.as_ref()).and_then(|()| stdout.flush()) {
            // Whoever read us has had enough: `bonafide audit | head`.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(Failure::io("stdout cannot be written", &error)),
            Ok(()) => Ok(()),
        }
    }

    /// A spinner while something takes its time; it shows on a terminal only, and goes when dropped.
    pub(crate) fn spin(self, what: impl Into<String>) -> Spinner {
        if self.json || !std::io::stderr().is_terminal() {
            return Spinner(None);
        }
        let bar = ProgressBar::new_spinner().with_message(what.into());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Spinner(Some(bar))
    }

    /// Asks. `yes` answers; where nobody can, the failure says how to answer.
    pub(crate) fn confirm(self, question: &str, yes: bool) -> Outcome {
        if yes {
            return Ok(());
        }
        if self.json || !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
            return Err(Failure::usage(format!("{question} There is no terminal to ask at"))
                .next("read what it would do, then run it again with --yes"));
        }
        match dialoguer::Confirm::new().with_prompt(question).default(false).interact() {
            Ok(true) => Ok(()),
            Ok(false) => Err(Failure::refused("nothing was changed")),
            Err(error) => Err(Failure::io("the answer cannot be read", &error)),
        }
    }
}

/// A spinner that goes when it is dropped.
pub(crate) struct Spinner(Option<ProgressBar>);

impl Drop for Spinner {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
