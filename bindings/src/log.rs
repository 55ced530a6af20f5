//! Logs, without tracing-subscriber: a level switch, and a few lines that hand events to the platform's logger.
//!
//! Only Bonafide's own events pass. Those carry no user data, token, key or full URL; what a library underneath logs
//! may, and so never leaves it.

use std::fmt::{self, Write};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Once, RwLock};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};

use crate::port::PortError;

/// How much is logged. Complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// What needs somebody to act.
    Error,
    /// Mismatches, refused documents, set-aside records.
    Warn,
    /// What changed: a start, a new config.
    Info,
    /// Every step.
    Debug,
}

/// Where log lines go: logcat, os_log, java.util.logging. Called from any thread; must not block.
#[uniffi::export(foreign)]
pub trait Logger: Send + Sync {
    /// One line, without user data.
    fn log(&self, level: LogLevel, target: String, message: String) -> Result<(), PortError>;
}

/// Sends the log of this process to `logger` from now on, down to `level`. Process-wide; the last call wins.
#[uniffi::export]
pub fn set_logger(level: LogLevel, logger: Arc<dyn Logger>) {
    if let Ok(mut current) = LOGGER.write() {
        *current = Some(logger);
    }
    LEVEL.store(rank(level), Ordering::Relaxed);
    // An app in Rust that has set a subscriber of its own keeps it.
    INSTALLED.call_once(|| drop(tracing::subscriber::set_global_default(Forwarder)));
}

/// Changes how much of this process is logged.
#[uniffi::export]
pub fn set_log_level(level: LogLevel) {
    LEVEL.store(rank(level), Ordering::Relaxed);
}

struct Forwarder;

impl Subscriber for Forwarder {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if is_ours(metadata) { Interest::sometimes() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_ours(metadata) && rank(level_of(metadata)) <= LEVEL.load(Ordering::Relaxed)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let logger = LOGGER.read().ok().and_then(|logger| logger.clone());
        let Some(logger) = logger else { return };
        let mut line = Line::default();
        event.record(&mut line);
        // A logger that fails has nowhere to say so.
        let _ = logger.log(level_of(event.metadata()), event.metadata().target().to_owned(), line.text());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The message, then the fields.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Line {
    fn text(mut self) -> String {
        self.message.push_str(&self.fields);
        self.message
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a String cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.target().split("::").next().is_some_and(|root| root == "bonafide" || root.starts_with("bonafide_"))
}

fn level_of(metadata: &Metadata<'_>) -> LogLevel {
    match *metadata.level() {
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warn,
        Level::INFO => LogLevel::Info,
        Level::DEBUG | Level::TRACE => LogLevel::Debug,
    }
}

fn rank(level: LogLevel) -> u8 {
    match level {
        LogLevel::Off => 0,
        LogLevel::Error => 1,
        LogLevel::Warn => 2,
        LogLevel::Info => 3,
        LogLevel::Debug => 4,
    }
}

// tracing has one subscriber for a process, and so this is for a process, too.
static INSTALLED: Once = Once::new();
static LEVEL: AtomicU8 = AtomicU8::new(0);
static LOGGER: RwLock<Option<Arc<dyn Logger>>> = RwLock::new(None);

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::sync::Mutex;
    use std::thread::{self, ThreadId};

    use super::*;

    /// What one thread has logged: the other tests run beside, and log too.
    struct Lines(ThreadId, Mutex<Vec<(LogLevel, String, String)>>);

    impl Logger for Lines {
        fn log(&self, level: LogLevel, target: String, message: String) -> Result<(), PortError> {
            if thread::current().id() == self.0 {
                self.1.lock().unwrap().push((level, target, message));
            }
            Ok(())
        }
    }

    // One test, since there is one logger in a process.
    #[test]
    fn own_events_pass_down_to_the_level_and_nothing_else_does() {
        let lines = Arc::new(Lines(thread::current().id(), Mutex::default()));
        set_logger(LogLevel::Info, lines.clone());
        tracing::error!(target: "reqwest::connect", url = "https://secret", "foreign");
        tracing::error!(target: "bonafidelity", "foreign, with a similar name");
        tracing::debug!(target: "bonafide_core::token", "too much");
        tracing::warn!(target: "bonafide_core::pins", host = "api.acme.com", served = ?["sha256/A"], "mismatch");
        set_log_level(LogLevel::Off);
        tracing::error!(target: "bonafide_core", "switched off");
        let expected = (
            LogLevel::Warn,
            "bonafide_core::pins".to_owned(),
            "mismatch host=api.acme.com served=[\"sha256/A\"]".to_owned(),
        );
        assert_eq!(*lines.1.lock().unwrap(), [expected]);
    }
}
