//! A page, and the code that it shows.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{env, error, fs};

use playoff::sandbox::{Sandbox, SandboxBuilder};
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag};
use snapbox::data::DataFormat;
use snapbox::{Assert, Data};

pub(crate) type Outcome = Result<(), Box<dyn error::Error + Send + Sync>>;

/// Says `overwrite` to put what is true into the pages; the same variable as for their sessions.
const ACCEPT: &str = "TRYCMD";

/// File, line and text of each `println!` so far.
static PRINTED: Mutex<Vec<(&str, u32, String)>> = Mutex::new(Vec::new());

/// Held while a page is read and written.
static PAGES: Mutex<()> = Mutex::new(());

pub(crate) fn printed(file: &'static str, line: u32, text: String) {
    PRINTED.lock().unwrap_or_else(PoisonError::into_inner).push((file, line, text));
}

pub(crate) fn pages() -> MutexGuard<'static, ()> {
    PAGES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The demo game, at a moment that does not pass.
pub(crate) fn sandbox() -> SandboxBuilder {
    Sandbox::builder().time("2026-03-01T09:00:00Z".parse().expect("a moment")).frozen()
}

/// A path from the root of the project.
pub(crate) fn at_root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The pages of the guide.
pub(crate) fn guide() -> Vec<PathBuf> {
    let entries = fs::read_dir(at_root("docs/guide")).expect("the guide is there");
    let mut pages: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    pages.sort();
    pages
}

/// The fenced code blocks of a page: their language and where their text is.
pub(crate) fn blocks(page: &str) -> impl Iterator<Item = (String, Range<usize>)> {
    Parser::new(page).into_offset_iter().filter_map(|(event, whole)| match event {
        Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
            let block = &page[whole.clone()];
            let first = block.find('\n').map_or(block.len(), |end| end + 1);
            let last = block.rfind("```").unwrap_or(block.len());
            Some((language.to_string(), whole.start + first..whole.start + last.max(first)))
        }
        _ => None,
    })
}

/// Says that the code of `file` has run: its page must show it, and what it printed.
pub(crate) fn has_run(file: &str) {
    let name = Path::new(file).file_stem().and_then(|name| name.to_str()).expect("a file name");
    let path = at_root(&format!("docs/guide/{}.md", name.replace('_', "-")));
    let source = fs::read_to_string(at_root(file)).expect("the test can be read");
    let _alone = pages();
    let page = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    let woven = weave(&page, &regions(file, &source));
    let woven = woven.unwrap_or_else(|problem| panic!("{}: {problem}", path.display()));
    let assert = Assert::new().action_env(ACCEPT);
    assert.eq(woven, Data::read_from(&path, Some(DataFormat::Text)).raw());
}

/// A piece of code that a page shows, and what it printed.
struct Region {
    code: String,
    output: String,
}

fn regions(file: &str, source: &str) -> Vec<Region> {
    let printed = PRINTED.lock().unwrap_or_else(PoisonError::into_inner);
    let mut regions = Vec::new();
    let mut open: Option<(usize, String, Range<u32>)> = None;
    for (number, line) in (1..).zip(source.lines()) {
        match (line.trim_start(), &mut open) {
            ("// #region", None) => {
                open = Some((line.len() - "// #region".len(), String::new(), number..number));
            }
            ("// #endregion", Some(_)) => {
                let (_, code, lines) = open.take().expect("it is open");
                let within = printed
                    .iter()
                    .filter(|(of, line, _)| *of == file && (lines.start..number).contains(line));
                let output = within.map(|(_, _, text)| format!("{text}\n")).collect();
                regions.push(Region { code, output });
            }
            ("// #region" | "// #endregion", _) => panic!("{file}:{number}: a stray mark"),
            (_, Some((indent, code, _))) => {
                code.push_str(line.get(*indent..).unwrap_or_default());
                code.push('\n');
            }
            (_, None) => {}
        }
    }
    assert!(open.is_none(), "{file}: a region without an end");
    regions
}

/// The page with its Rust blocks replaced by the regions, each `text` block by what the code above
/// it printed.
fn weave(page: &str, regions: &[Region]) -> Result<String, String> {
    let mut woven = String::new();
    let mut written = 0;
    let mut regions = regions.iter();
    let mut output: Option<&str> = None;
    let unshown = |output: Option<&str>| match output {
        Some(text) if !text.is_empty() => Err(format!("no text block shows\n{text}")),
        _ => Ok(()),
    };
    for (language, place) in blocks(page) {
        let text = match language.as_str() {
            "rust" => {
                unshown(output)?;
                let Some(region) = regions.next() else {
                    return Err(format!("no region has\n{}", &page[place]));
                };
                output = Some(&region.output);
                &region.code
            }
            "text" => match output.take() {
                Some(text) if !text.is_empty() => text,
                _ => return Err(format!("no code above printed\n{}", &page[place])),
            },
            _ => continue,
        };
        woven.push_str(&page[written..place.start]);
        woven.push_str(text);
        written = place.end;
    }
    unshown(output)?;
    if let Some(region) = regions.next() {
        return Err(format!("no rust block shows\n{}", region.code));
    }
    woven.push_str(&page[written..]);
    Ok(woven)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn woven(page: &str, regions: &[(&str, &str)]) -> Result<String, String> {
        let regions = regions.iter();
        let regions: Vec<Region> = regions
            .map(|(code, output)| Region { code: (*code).to_owned(), output: (*output).to_owned() })
            .collect();
        weave(page, &regions)
    }

    #[test]
    fn code_and_output_come_into_the_blocks_and_the_rest_stays() {
        let page =
            "# A\n```rust\nold\n```\nso\n\n```text\n```\n\n```toml\nx = 1\n```\n```rust\n```\nB\n";
        let new = "# A\n```rust\na();\n```\nso\n\n```text\n1\n```\n\n```toml\nx = 1\n```\n```rust\nb();\n```\nB\n";
        assert_eq!(woven(page, &[("a();\n", "1\n"), ("b();\n", "")]).as_deref(), Ok(new));
    }

    #[test]
    fn what_is_not_shown_or_did_not_run_is_an_error() {
        let code = "```rust\n```\n";
        let output = "```rust\n```\n```text\n```\n";
        for (page, regions) in [
            (code, [].as_slice()),
            ("", &[("a();\n", "")]),
            (code, &[("a();\n", ""), ("b();\n", "")]),
            (code, &[("a();\n", "1\n")]),
            (output, &[("a();\n", "")]),
            ("```text\n1\n```\n", &[]),
        ] {
            assert!(woven(page, regions).is_err(), "{page}");
        }
    }

    #[test]
    fn a_region_loses_its_indent_and_has_what_was_printed_within_it() {
        let source =
            "fn a() {\n    // #region\n    if b {\n        c();\n\n    }\n    // #endregion\n}\n";
        printed("tests/guide/a.rs", 4, "within".to_owned());
        printed("tests/guide/a.rs", 8, "after".to_owned());
        printed("tests/guide/b.rs", 4, "elsewhere".to_owned());
        let found = regions("tests/guide/a.rs", source);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].code, "if b {\n    c();\n\n}\n");
        assert_eq!(found[0].output, "within\n");
    }
}
