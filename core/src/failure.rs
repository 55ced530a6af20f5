use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bonafide_protocol::status::Status;

/// What went wrong: a status of the closed list, its facts, and what to do next. Cheap to clone, so that everybody who
/// waited for the same call gets it.
#[derive(Clone, Debug)]
pub struct Failure {
    status: Status,
    facts: Vec<(&'static str, String)>,
    retry_after: Option<Duration>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl Failure {
    /// A failure without facts.
    pub fn new(status: Status) -> Self {
        Self { status, facts: Vec::new(), retry_after: None, source: None }
    }

    /// Adds a fact under a stable name such as `host`. Never a token, a key, a path or a query.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.facts.push((name, value.to_string()));
        self
    }

    /// Adds what led to it.
    #[must_use]
    pub fn because(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    pub(crate) fn retry_after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    /// Which status of the closed list; its class says what the caller should do.
    pub fn status(&self) -> Status {
        self.status
    }

    /// The facts by name.
    pub fn facts(&self) -> &[(&'static str, String)] {
        &self.facts
    }

    /// The fact of this name.
    pub fn fact(&self, name: &str) -> Option<&str> {
        self.facts.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// How long the service asked to be left alone, if it did.
    pub fn wait(&self) -> Option<Duration> {
        self.retry_after
    }

    /// What to do next, with the facts filled in.
    pub fn next_step(&self) -> String {
        match self.fact("host") {
            Some(host) => self.status.next_step().replace("HOST", host),
            None => self.status.next_step().to_owned(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.status.message())?;
        for (name, value) in &self.facts {
            write!(f, " {name}: {value}.")?;
        }
        write!(f, " {} ({})", self.next_step(), self.status.code())
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_its_facts_and_the_command_to_run() {
        let failure = Failure::new(Status::PinMismatch).with("host", "api.acme.com");
        let text = failure.to_string();
        assert!(text.contains("`bonafide api check api.acme.com`"), "{text}");
        assert!(text.ends_with("(pin_mismatch)"), "{text}");
    }
}
