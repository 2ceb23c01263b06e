//! Each public item has an example.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

/// An item is shown by an example in its own documentation, or by one that calls it:
/// that of its type, or of a function that it links to. What sets a field is described
/// there.
#[test]
fn every_public_item_has_an_example() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for source in ["engineio/src", "socketio/src"].map(|source| root.join(source)) {
        let exported = exported(&fs::read_to_string(source.join("lib.rs")).unwrap());
        let (mut items, mut shown_with) = (Vec::new(), HashMap::new());
        sources(&source, &mut |path, code| {
            let path = path.strip_prefix(&source).unwrap().with_extension("");
            if !path.iter().any(|part| part == "tests") {
                read_items(code, &mut items, &mut shown_with);
            }
        });
        items.retain(|item| exported.contains(item.owner.as_ref().unwrap_or(&item.name)));
        assert!(items.len() > 100, "only {} items are public", items.len());
        let without: Vec<_> = items
            .iter()
            .filter(|item| !item.is_shown(&shown_with, &items))
            .map(|Item { name, owner, .. }| match owner {
                Some(owner) => format!("{owner}::{name}"),
                None => name.clone(),
            })
            .collect();
        assert!(without.is_empty(), "no example of {}", without.join(", "));
    }
}

/// What others can name, or call.
struct Item {
    docs: String,
    name: String,
    /// The type or trait that it is a function of.
    owner: Option<String>,
}

impl Item {
    fn is_shown(&self, shown_with: &HashMap<String, String>, items: &[Self]) -> bool {
        let calls_it = |docs: &str| {
            let is_call = |before: &str, rest: &str| {
                let is_function = [".", "::", "fn "].iter().any(|sign| before.ends_with(sign));
                is_function && ["(", "<", "::<"].iter().any(|sign| rest.starts_with(sign))
            };
            let mut found = docs.match_indices(&self.name);
            docs.contains("```")
                && found.any(|(at, name)| is_call(&docs[..at], &docs[at + name.len()..]))
        };
        let of_type = self.owner.as_ref().and_then(|owner| shown_with.get(owner));
        let mut linked = items.iter().filter(|item| {
            item.owner == self.owner && self.docs.contains(&format!("(Self::{})", item.name))
        });
        self.docs.contains("```")
            || self.docs.trim_start().starts_with("Sets [`")
            || of_type.is_some_and(|docs| calls_it(docs))
            || linked.any(|item| calls_it(&item.docs))
    }
}

/// The names that a crate gives away.
fn exported(lib: &str) -> HashSet<String> {
    let uses = lib.split("\npub use ").skip(1);
    let lists = uses.filter_map(|rest| rest.split_once(';'));
    let names = lists.flat_map(|(list, _)| list.split([':', '{', '}', ',', ' ', '\n']));
    names.map(str::to_owned).collect()
}

/// Finds the public items of a file, and the documentation of each type together
/// with that of its `impl`s.
fn read_items(code: &str, items: &mut Vec<Item>, shown_with: &mut HashMap<String, String>) {
    let (mut docs, mut owner, mut is_trait) = (String::new(), None, false);
    let (mut is_attribute, mut is_hidden) = (false, false);
    let code = code.split("#[cfg(test)]\nmod tests").next().unwrap();
    for line in code.lines() {
        let text = line.trim();
        if let Some(doc) = text.strip_prefix("///") {
            docs.push_str(doc);
            docs.push('\n');
            continue;
        }
        if is_attribute || text.starts_with("#[") {
            is_attribute = !text.ends_with(']');
            is_hidden |= text == "#[doc(hidden)]";
            continue;
        }
        let docs = std::mem::take(&mut docs);
        let is_hidden = std::mem::take(&mut is_hidden);
        let item = text
            .strip_prefix("pub ")
            .or_else(|| is_trait.then_some(text));
        if !line.starts_with([' ', '}']) && !line.is_empty() {
            owner = owner_of(text);
            is_trait = text.starts_with("pub trait ");
            if let Some(owner) = &owner {
                shown_with.entry(owner.clone()).or_default().push_str(&docs);
            }
        } else if line == "}" {
            (owner, is_trait) = (None, false);
        }
        let is_inside = line.starts_with(' ');
        if let Some((kind, name)) = item.and_then(kind_and_name)
            && (kind == "fn" || !is_inside)
            && !is_hidden
        {
            let owner = owner.clone().filter(|_| is_inside);
            items.push(Item { docs, name, owner });
        }
    }
}

/// The type that a line opens, or that the functions behind it belong to.
fn owner_of(line: &str) -> Option<String> {
    let Some(header) = line.strip_prefix("impl") else {
        let (kind, name) = kind_and_name(line.strip_prefix("pub ")?)?;
        return (kind != "fn").then_some(name);
    };
    if header.contains(" for ") {
        return None;
    }
    let (_, name) = header.split_once("> ").unwrap_or(("", header));
    Some(identifier(name.trim_start()))
}

fn kind_and_name(item: &str) -> Option<(&str, String)> {
    let item = item.strip_prefix("const ").unwrap_or(item);
    let item = item.strip_prefix("async ").unwrap_or(item);
    let (kind, rest) = item.split_once(' ')?;
    let is_item = ["enum", "fn", "struct", "trait", "type"].contains(&kind);
    is_item.then(|| (kind, identifier(rest)))
}

fn identifier(text: &str) -> String {
    let is_part = |character: &char| character.is_alphanumeric() || *character == '_';
    text.chars().take_while(is_part).collect()
}

/// Reads all code below a folder.
fn sources(folder: &Path, read: &mut dyn FnMut(&Path, &str)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, read);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            read(&path, &fs::read_to_string(&path).unwrap());
        }
    }
}
