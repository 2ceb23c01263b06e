//! The place of the figures in `docs/benchmarks.md`.

use std::fs;
use std::io;
use std::path::Path;

const START: &str = "<!-- figures: written by `cargo run --release -p bench -- --write` -->\n";
const END: &str = "<!-- end of the figures -->\n";

const PICTURE: &str = "![The ratios as bars](benchmarks.svg)\n";

/// Replaces the figures and the picture.
pub(crate) fn write(root: &Path, figures: &str, picture: &str) -> io::Result<()> {
    let docs = root.join("docs");
    let document = docs.join("benchmarks.md");
    let text = with_figures(&fs::read_to_string(&document)?, figures)
        .ok_or_else(|| io::Error::other("it has no place for figures"))?;
    fs::write(document, text)?;
    fs::write(docs.join("benchmarks.svg"), picture)
}

fn with_figures(document: &str, figures: &str) -> Option<String> {
    let (before, rest) = document.split_once(START)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!(
        "{before}{START}\n{PICTURE}\n{figures}\n{END}{after}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_figures_are_replaced() {
        let document =
            |figures| format!("Before.\n\n{START}\n{PICTURE}\n{figures}\n{END}\nAfter.\n");
        let old = document("| old |\n");
        assert_eq!(with_figures(&old, "| new |\n"), Some(document("| new |\n")));
        assert_eq!(with_figures("Nothing.", "| new |\n"), None);
    }
}
