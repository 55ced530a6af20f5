//! What every command has at hand: the global options, the output, the way to the service.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::cli::Globals;
use crate::exit::{Failure, Outcome};
use crate::operator::Operator;
use crate::out::Out;

/// What `bonafide init` leaves for the other commands.
const OPERATOR_FILE: &str = "operator.json";
const ROOT_KEY_FILE: &str = "root.key";

/// Passed to every command.
pub(crate) struct Context {
    pub(crate) out: Out,
    pub(crate) data: PathBuf,
    globals: Globals,
}

#[derive(Deserialize)]
struct OperatorFile {
    url: String,
    token: String,
}

impl Context {
    pub(crate) fn new(globals: Globals) -> Self {
        Self { out: Out { json: globals.json }, data: globals.data.clone(), globals }
    }

    /// The way to the service, from the options or else from what `init` left.
    pub(crate) fn operator(&self) -> Outcome<Operator> {
        let (url, token) = match (&self.globals.operator_url, &self.globals.operator_token) {
            (Some(url), Some(token)) => (url.clone(), token.clone()),
            (url, token) => {
                let file = self.operator_file()?;
                (url.clone().unwrap_or(file.url), token.clone().unwrap_or(file.token))
            }
        };
        self.remind_of_root_key();
        Operator::new(&url, token)
    }

    fn operator_file(&self) -> Outcome<OperatorFile> {
        let path = self.data.join(OPERATOR_FILE);
        let text = std::fs::read(&path).map_err(|error| {
            Failure::io(format!("{} cannot be read", path.display()), &error).next(
                "run `bonafide init`, or name the service with --data, or with --operator-url and --operator-token",
            )
        })?;
        serde_json::from_slice(&text)
            .map_err(|error| Failure::io(format!("{} is not what `bonafide init` wrote", path.display()), &error))
    }

    /// Where the root key lies as long as nobody has moved it away.
    pub(crate) fn root_key(&self) -> PathBuf {
        self.data.join(ROOT_KEY_FILE)
    }

    /// A thief of this machine would have the root key as well: said until it has been moved.
    pub(crate) fn remind_of_root_key(&self) {
        let path = self.root_key();
        if path.exists() {
            self.out.warn(format!(
                "{} is still on this machine: back it up, move it off, keep it offline (`bonafide root show`)",
                path.display()
            ));
        }
    }
}

/// Reads a file, or says which one cannot be read.
pub(crate) fn read(path: &Path) -> Outcome<Vec<u8>> {
    std::fs::read(path).map_err(|error| Failure::io(format!("{} cannot be read", path.display()), &error))
}

/// Replaces a file as a whole: a reader sees the old content or the new one. `secret` files only their owner reads.
pub(crate) fn write(path: &Path, content: &[u8], secret: bool) -> Outcome {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let failed = |error: std::io::Error| Failure::io(format!("{} cannot be written", path.display()), &error);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let fresh = path.with_file_name(name);
    // Left over from a run that was killed; and a link that somebody laid there is not followed.
    let _ = std::fs::remove_file(&fresh);
    let mode = if secret { 0o600 } else { 0o644 };
    let written =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&fresh).and_then(|mut file| {
            file.write_all(content)?;
            file.sync_all()
        });
    written.and_then(|()| std::fs::rename(&fresh, path)).map_err(failed)
}
