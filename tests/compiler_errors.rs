//! The compiler says what `docs/compiler-errors.md` says that it does.
//!
//! Of its own words only the error's code is compared, as others come with other
//! versions. What is bold is ours, and has to be said.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

#[test]
fn mistakes_have_the_errors_that_are_documented() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let document = fs::read_to_string(root.join("docs/compiler-errors.md")).unwrap();
    let mistakes = mistakes(&document);
    assert!(mistakes.len() > 10, "only {} were found", mistakes.len());
    let errors = check(&root, &mistakes);
    for (number, mistake) in mistakes.iter().enumerate() {
        let Mistake { code, title, .. } = mistake;
        let errors = errors.get(&name(number));
        let errors = errors.unwrap_or_else(|| panic!("{title}: it compiles"));
        for error in errors {
            assert_eq!(error.code, *code, "{title}:\n{}", error.text);
        }
        for sentence in &mistake.sentences {
            let is_said = errors.iter().any(|error| error.text.contains(sentence));
            assert!(is_said, "{title}: {sentence:?} in none of\n{errors:#?}");
        }
    }
}

/// A snippet that is not to compile.
struct Mistake {
    code: Option<String>,
    /// What the compiler is to say.
    sentences: Vec<String>,
    snippet: String,
    title: String,
}

#[derive(Debug)]
struct Error {
    code: Option<String>,
    text: String,
}

fn mistakes(document: &str) -> Vec<Mistake> {
    let mut found = Vec::new();
    for chapter in document.split("\n## ").skip(1) {
        let title = chapter.lines().next().unwrap();
        for part in chapter.split("```rust,compile_fail").skip(1) {
            let (snippet, behind) = part.split_once("```").unwrap();
            let (code, snippet) = snippet.split_once('\n').unwrap();
            let code = code.strip_prefix(',').map(str::to_owned);
            let quote = behind.trim_start().lines();
            let quote: Vec<_> = quote.map_while(|line| line.strip_prefix("> ")).collect();
            let quote = quote.join(" ");
            assert!(!quote.is_empty(), "{title}: what does the compiler say?");
            let bold = quote.split("**").skip(1).step_by(2);
            let mut sentences: Vec<_> = bold.map(str::to_owned).collect();
            if code.is_none() {
                let first = quote.split(" […] ").next().unwrap();
                sentences.push(first.to_owned());
            }
            found.push(Mistake {
                code,
                sentences,
                snippet: shown(snippet),
                title: title.to_owned(),
            });
        }
    }
    found
}

/// A snippet as rustdoc compiles it, hidden lines included.
fn shown(snippet: &str) -> String {
    let lines = snippet.lines();
    let lines = lines.map(|line| line.strip_prefix("# ").unwrap_or(line));
    format!(
        "fn main() {{\n{}\n}}\n",
        lines.collect::<Vec<_>>().join("\n")
    )
}

/// Compiles each snippet as a program of a package of its own, which has the
/// dependencies of this one.
fn check(root: &Path, mistakes: &[Mistake]) -> HashMap<String, Vec<Error>> {
    let package = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("compiler-errors");
    let programs = package.join("src/bin");
    if programs.exists() {
        fs::remove_dir_all(&programs).unwrap();
    }
    fs::create_dir_all(&programs).unwrap();
    for (number, mistake) in mistakes.iter().enumerate() {
        let path = programs.join(name(number)).with_extension("rs");
        fs::write(path, &mistake.snippet).unwrap();
    }
    let socketio = root.join("socketio").canonicalize().unwrap();
    let manifest = format!(
        "[package]\nname = \"snippets\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n\
         serde = {{ version = \"1\", features = [\"derive\"] }}\n\
         socketio = {{ path = {socketio:?} }}\n"
    );
    fs::write(package.join("Cargo.toml"), manifest).unwrap();
    fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock")).unwrap();
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["check", "--offline", "--bins", "--keep-going"])
        .args(["--message-format", "json", "--target-dir"])
        .arg(package.join("target"))
        .current_dir(&package)
        .output()
        .unwrap();
    let mut errors: HashMap<_, Vec<_>> = HashMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let (target, message) = (&line["target"]["name"], &line["message"]);
        if message["level"] == "error" {
            let name = target.as_str().unwrap().to_owned();
            errors.entry(name).or_default().push(Error {
                code: message["code"]["code"].as_str().map(str::to_owned),
                text: message["rendered"].as_str().unwrap().to_owned(),
            });
        }
    }
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(!errors.is_empty(), "nothing was compiled:\n{log}");
    errors
}

fn name(number: usize) -> String {
    format!("mistake-{number}")
}
