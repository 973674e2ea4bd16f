//! JSON as it is shown and filtered: by jq in Rust, which leaves every number as it was written.

use std::io::{self, Write};

use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, compile, data, load};
pub(crate) use jaq_json::Val;
use jaq_json::read;
use jaq_json::write::{Pp, Styles, write};

use crate::failure::Failure;
use crate::output;

/// What jq has and its Rust twin has not.
const MORE: &str = r#"
def field($format): if type == "array" or type == "object"
    then error("\(tojson) cannot be a field of \($format)") else . end;
def @csv: map(field("@csv") | if . == null then "" elif type == "string"
    then "\"" + (split("\"") | join("\"\"")) + "\"" else tojson end) | join(",");
def @tsv: map(field("@tsv") | if . == null then "" elif type == "string"
    then split("\\") | join("\\\\") | split("\t") | join("\\t") | split("\n") | join("\\n")
        | split("\r") | join("\\r") else tojson end) | join("\t");
"#;

/// A filter in the language of jq.
pub(crate) struct Filter(jaq_core::Filter<data::JustLut<Val>>);

impl Filter {
    pub(crate) fn new(code: &str) -> Result<Filter, Failure> {
        let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let more = load::parse(MORE, |parser| parser.defs()).unwrap_or_default();
        let defs = defs.chain(more);
        let funs = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
        let arena = Arena::default();
        let modules = Loader::new(defs)
            .load(&arena, File { code, path: () })
            .map_err(|errors| wrong(errors.into_iter().map(|(_, error)| unread(error))))?;
        let filter = Compiler::default()
            .with_funs(funs)
            .compile(modules)
            .map_err(|errors| wrong(errors.into_iter().map(|(_, error)| undefined(&error))))?;
        Ok(Filter(filter))
    }

    /// Hands on each value that the filter makes of `input`, as it comes.
    pub(crate) fn apply(
        &self,
        input: Val,
        mut each: impl FnMut(&Val) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let context = Ctx::<data::JustLut<Val>>::new(&self.0.lut, Vars::new([]));
        for value in self.0.id.run((context, input)) {
            match value {
                Ok(value) => each(&value)?,
                Err(exception) => {
                    return match exception.get_err() {
                        Ok(error) => Err(format!("--jq: {}", message(error)).into()),
                        // The filter said `halt`.
                        Err(_) => Ok(()),
                    };
                }
            }
        }
        Ok(())
    }
}

/// Messages of jq repeat the values that they are about, and those may be long.
fn message(error: jaq_core::Error<Val>) -> String {
    const LONGEST: usize = 200;
    let mut message = match error.into_val() {
        Val::TStr(text) => String::from_utf8_lossy(&text).into_owned(),
        value => value.to_string(),
    };
    if let Some((end, _)) = message.char_indices().nth(LONGEST) {
        message.truncate(end);
        message.push('…');
    }
    message
}

fn wrong(problems: impl Iterator<Item = String>) -> Failure {
    format!("--jq: {}", problems.collect::<Vec<_>>().join("; ")).into()
}

fn unread(error: load::Error<&str>) -> String {
    let near = |found: &str| match found.lines().next() {
        Some(found) if !found.is_empty() => format!(" at `{found}`"),
        _ => " at the end".to_owned(),
    };
    match error {
        load::Error::Lex(errors) => errors
            .first()
            .map(|(expected, found)| format!("{} is missing{}", expected.as_str(), near(found))),
        load::Error::Parse(errors) => errors
            .first()
            .map(|(expected, found)| format!("{} is missing{}", expected.as_str(), near(found))),
        load::Error::Io(errors) => errors.first().map(|(path, error)| format!("{path}: {error}")),
    }
    .unwrap_or_else(|| "it cannot be read".to_owned())
}

fn undefined(errors: &[compile::Error<&str>]) -> String {
    let names = errors.iter().map(|(name, what)| match what {
        compile::Undefined::Filter(arity) if *arity > 0 => {
            format!("there is no filter `{name}` with {arity} arguments")
        }
        what => format!("there is no {} `{name}`", what.as_str()),
    });
    names.collect::<Vec<_>>().join("; ")
}

/// Far more than any answer has. The reader goes down by recursion, and would leave its stack.
const DEEPEST: usize = 500;

/// The one value that `text` is, or what it is instead.
pub(crate) fn parse(text: &[u8]) -> Result<Val, &'static str> {
    if depth(text) > DEEPEST {
        return Err("nested too deeply to be read");
    }
    read::parse_single(text).map_err(|_| "no JSON")
}

/// How many arrays and objects are open at once.
fn depth(text: &[u8]) -> usize {
    let (mut open, mut deepest, mut in_text) = (0_usize, 0, false);
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            // What it escapes ends no text.
            b'\\' if in_text => drop(bytes.next()),
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => open += 1,
            b']' | b'}' if !in_text => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    deepest
}

/// How values are written: for a person at a terminal, or in one line.
pub(crate) struct Style {
    format: Pp,
    /// What is written goes to a terminal, which the texts in it shall not steer.
    is_screen: bool,
}

impl Style {
    pub(crate) fn of_stdout() -> Style {
        let is_screen = output::is_terminal();
        let styles = if output::has_colours() { Styles::ansi() } else { Styles::default() };
        let indent = is_screen.then(|| "  ".to_owned());
        let format = Pp { sep_space: is_screen, indent, styles, sort_keys: false };
        Style { format, is_screen }
    }

    /// In lines, without colours.
    pub(crate) fn plain() -> Style {
        let format = Pp { indent: Some("  ".to_owned()), sep_space: true, ..Pp::default() };
        Style { format, is_screen: false }
    }

    /// `level` counts the arrays and objects around the value.
    pub(crate) fn write(&self, out: &mut dyn Write, value: &Val, level: usize) -> io::Result<()> {
        if !self.is_screen {
            return write(out, &self.format, level, value);
        }
        let mut json = Vec::new();
        write(&mut json, &self.format, level, value)?;
        out.write_all(output::plain_json(&String::from_utf8_lossy(&json)).as_bytes())
    }

    /// A text as it is, without quotes; anything else as JSON.
    pub(crate) fn write_raw(&self, out: &mut dyn Write, value: &Val) -> io::Result<()> {
        match value {
            Val::TStr(text) if self.is_screen => {
                out.write_all(output::plain_lines(&String::from_utf8_lossy(text)).as_bytes())?;
            }
            Val::TStr(text) => out.write_all(text)?,
            value => self.write(out, value, 0)?,
        }
        writeln!(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_outside_of_texts() {
        for (text, deepest) in
            [("1", 0), (r#"{"a":[1],"b":[]}"#, 2), (r#"["[[[", "\"[[", "\\"]"#, 1), ("]]][", 1)]
        {
            assert_eq!(depth(text.as_bytes()), deepest, "{text}");
        }
    }
}
