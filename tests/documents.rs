//! The documents name what is there.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashSet;
use std::fs;
use std::path::Path;

#[test]
fn every_test_that_the_guarantees_name_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut tests = HashSet::new();
    for part in ["engineio/src", "socketio/src", "socketio/tests", "tests"] {
        functions(&root.join(part), &mut tests);
    }
    let document = fs::read_to_string(root.join("docs/guarantees.md")).unwrap();
    let named: Vec<_> = document
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| name.contains('_'))
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

/// The names of all functions below a folder.
fn functions(folder: &Path, found: &mut HashSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("node_modules") {
                functions(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let code = fs::read_to_string(&path).unwrap();
            let names = code.split("fn ").skip(1);
            found.extend(names.filter_map(|rest| Some(rest.split_once('(')?.0.to_owned())));
        }
    }
}
