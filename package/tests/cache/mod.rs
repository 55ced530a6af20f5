//! Real packages and tools, from the cache that `scripts/fetch-packages` fills.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The cache's folder. Ends the test where a download fails, and says which.
pub(crate) fn folder() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        // The tests of other crates use it too.
        let mut above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
        let script = above.find_map(|folder| Some(folder.join("scripts/fetch-packages")).filter(|path| path.exists()));
        let script = script.unwrap();
        let output = Command::new("bash").arg(script).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "scripts/fetch-packages failed, so that nothing is proven here:\n{said}");
        String::from_utf8(output.stdout).unwrap().trim().into()
    })
}

/// Runs a tool, and ends the test where it fails.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} (scripts/setup installs it): {error}"));
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{command:?}:\n{said}");
    said
}
