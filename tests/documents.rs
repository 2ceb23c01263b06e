//! The documents name what is there.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "it is enough that they compile")]
mod calls;

use std::collections::HashSet;
use std::fs;
use std::path::Path;

#[test]
fn every_test_that_the_guarantees_name_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut tests = HashSet::new();
    for part in ["engineio/src", "socketio/src", "socketio/tests", "tests"] {
        find_tests(&root.join(part), &mut tests);
    }
    let document = fs::read_to_string(root.join("docs/guarantees.md")).unwrap();
    let rows = document.lines().filter(|line| line.starts_with("| "));
    let cells = rows.filter_map(|row| row.split(" | ").nth(1));
    let named: Vec<_> = cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();
    assert!(named.len() > 40, "only {} tests are named", named.len());
    for name in named {
        assert!(tests.contains(name), "there is no test `{name}`");
    }
}

#[test]
fn no_row_of_a_table_stands_twice() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let documents = fs::read_dir(root.join("docs")).unwrap();
    let documents = documents.map(|entry| entry.unwrap().path());
    let files = ["ARCHITECTURE.md", "README.md"].map(|name| root.join(name));
    for path in documents.chain(files) {
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let mut seen = HashSet::new();
        for line in fs::read_to_string(&path).unwrap().lines() {
            let Some(row) = line.strip_prefix("| ") else {
                seen.clear();
                continue;
            };
            let (first, _) = row.split_once(" | ").unwrap_or((row, ""));
            assert!(seen.insert(first.to_owned()), "{}: {first}", path.display());
        }
    }
}

#[test]
fn every_call_that_stands_beside_one_of_node_compiles() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let document = fs::read_to_string(root.join("docs/from-node.md")).unwrap();
    let compiled = without_spaces(include_str!("calls.rs"));
    let (_, tables) = document.split_once("\n## Every call").unwrap();
    let (tables, _) = tables.split_once("\n## ").unwrap();
    let (mut calls, mut columns) = (0, 0);
    for row in tables.lines().filter(|line| line.starts_with("| ")) {
        let row = row.replace(r"\|", "¦");
        let cells: Vec<_> = row.trim_matches('|').split('|').collect();
        if row.starts_with("| Node ") {
            columns = cells.len();
        }
        assert_eq!(cells.len(), columns, "{row}");
        for call in cells[1].split('`').skip(1).step_by(2) {
            let call = without_spaces(&call.replace('¦', "|"));
            assert!(stands_in(&compiled, &call), "{call} is not among the calls");
            calls += 1;
        }
    }
    assert!(calls > 100, "only {calls} calls were found");
}

/// Whether something stands there, with anything where it has an ellipsis.
fn stands_in(text: &str, call: &str) -> bool {
    let (first, rest) = call.split_once('…').unwrap_or((call, ""));
    text.match_indices(first).any(|(start, _)| {
        let statement = &text[start + first.len()..];
        let statement = statement.split(';').next().unwrap();
        rest.is_empty() || stands_in(statement, rest)
    })
}

fn without_spaces(text: &str) -> String {
    text.split_whitespace().collect()
}

/// The names of all tests below a folder.
fn find_tests(folder: &Path, found: &mut HashSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("node_modules") {
                find_tests(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let mut is_test = false;
            for line in fs::read_to_string(&path).unwrap().lines() {
                let line = line.trim_start().trim_start_matches("async ");
                if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                    is_test = true;
                } else if let Some(rest) = line.strip_prefix("fn ") {
                    let name = rest.split_once('(').unwrap().0;
                    if std::mem::take(&mut is_test) {
                        found.insert(name.to_owned());
                    }
                }
            }
        }
    }
}
