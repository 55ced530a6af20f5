//! Every `bonafide …` line of README and docs is one that the command understands.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use assert_cmd::Command;

/// The command lines in the shell blocks of a page, comments cut off, continued lines joined.
fn commands(page: &str) -> Vec<String> {
    let shell = page
        .split("```")
        .skip(1)
        .step_by(2)
        .filter(|block| block.starts_with("sh\n") || block.starts_with("console\n"));
    shell
        .flat_map(|block| block.replace("\\\n", " ").lines().map(str::to_owned).collect::<Vec<_>>())
        .map(|line| line.trim_start_matches("$ ").split(" #").next().unwrap_or_default().trim().to_owned())
        .filter(|line| line.starts_with("bonafide "))
        .collect()
}

fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let docs = std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    docs.filter(|path| path.extension().is_some_and(|end| end == "md")).chain([root.join("README.md")]).collect()
}

#[test]
fn the_documented_commands_parse() {
    let mut seen = 0;
    for page in pages() {
        for line in commands(&std::fs::read_to_string(&page).unwrap()) {
            seen += 1;
            // `--help` ends the parsing before anything is done, and after every word before it has been understood.
            let words: Vec<&str> = line.split_whitespace().skip(1).chain(["--help"]).collect();
            let output = Command::cargo_bin("bonafide").unwrap().args(&words).output().unwrap();
            assert!(output.status.success(), "{}: {line}\n{}", page.display(), String::from_utf8_lossy(&output.stderr));
        }
    }
    assert!(seen >= 6, "only {seen} commands found");
}
