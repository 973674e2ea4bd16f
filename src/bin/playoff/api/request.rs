//! What a raw call sends, read from the command line.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use bytes::Bytes;
use clap::Args;
use playoff::routes::Version;
use playoff::{File, Form, Playoff};

use super::Call;
use super::fields::Fields;
use crate::failure::Failure;
use crate::whole_file::at;

#[derive(Args)]
#[command(next_help_heading = "Request")]
pub(super) struct Asked {
    /// HTTP method, as `gh api` takes it
    #[arg(short = 'X', long = "method", value_name = "METHOD", conflicts_with = "method")]
    named_method: Option<String>,

    /// Add a parameter to the query
    #[arg(short, long, value_name = "KEY=VALUE")]
    query: Vec<String>,

    #[command(flatten)]
    fields: Fields,

    /// Send this file, or stdin for `-`, as the whole body; it counts as JSON unless a header says
    /// otherwise
    #[arg(long, value_name = "FILE")]
    input: Option<String>,

    /// Add a part to a multipart form: text, or the file that follows an @
    #[arg(long, value_name = "NAME=VALUE", conflicts_with_all = ["input", "field", "raw-field"])]
    form: Vec<String>,

    /// Add a header
    #[arg(short = 'H', long, value_name = "NAME:VALUE")]
    header: Vec<String>,

    /// Call API version 1
    #[arg(long)]
    v1: bool,

    /// Call API version 2, which is the default unless the profile says otherwise
    #[arg(long, conflicts_with = "v1")]
    v2: bool,
}

pub(super) struct Request {
    pub(super) method: String,
    /// Without its version.
    pub(super) route: String,
    version: Option<Version>,
    pub(super) query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Option<Body>,
}

enum Body {
    Bytes(Bytes),
    Form(Form),
}

impl Request {
    pub(super) fn read(
        method: Option<String>,
        route: &str,
        options: Asked,
    ) -> Result<Request, Failure> {
        let (version, route) = version_of(route, &options)?;
        filled(route)?;
        let mut sources = Sources::default();
        let mut query = pairs("query", &options.query, '=')?;
        let has_body =
            options.input.is_some() || !options.form.is_empty() || !options.fields.is_empty();
        let usual = if has_body { "POST" } else { "GET" };
        let method = method.or(options.named_method).unwrap_or_else(|| usual.to_owned());
        let method = method.to_ascii_uppercase();
        let reads = matches!(method.as_str(), "GET" | "HEAD");
        if reads && (options.input.is_some() || !options.form.is_empty()) {
            return Err(format!("a {method} has no body: leave the method out, or use POST").into());
        }
        let has_fields = !options.fields.is_empty();
        let fields = options.fields.read(&mut sources)?;
        let body = match options.input {
            Some(input) => {
                query.extend(fields.into_query());
                Some(Body::Bytes(sources.bytes(&input)?.into()))
            }
            None if reads => {
                query.extend(fields.into_query());
                None
            }
            None if has_fields => {
                let json = serde_json::to_vec(&fields).map_err(io::Error::from)?;
                Some(Body::Bytes(json.into()))
            }
            None if options.form.is_empty() => None,
            None => Some(Body::Form(form(&options.form, &mut sources)?)),
        };
        let headers = pairs("header", &options.header, ':')?;
        Ok(Request { method, route: route.to_owned(), version, query, headers, body })
    }

    pub(super) fn call(&self, playoff: &Playoff) -> Call {
        self.call_with(playoff, &self.route, &self.query)
    }

    /// The call with another route and query.
    pub(super) fn call_with(
        &self,
        playoff: &Playoff,
        route: &str,
        query: &[(String, String)],
    ) -> Call {
        let mut call = playoff.api(self.method.as_str(), route).bytes().query(query);
        if let Some(version) = self.version {
            call = call.version(version);
        }
        for (name, value) in &self.headers {
            call = call.header(name, value);
        }
        match &self.body {
            Some(Body::Bytes(bytes)) => call.body(bytes.clone()),
            Some(Body::Form(form)) => call.form(form.clone()),
            None => call,
        }
    }
}

/// The version that the route or an option names, and the rest of the route.
fn version_of<'r>(route: &'r str, options: &Asked) -> Result<(Option<Version>, &'r str), Failure> {
    let wanted = match (options.v1, options.v2) {
        (true, _) => Some(Version::V1),
        (_, true) => Some(Version::V2),
        _ => None,
    };
    for version in [Version::V1, Version::V2] {
        let rest = route.trim_start_matches('/').strip_prefix(version.as_str());
        let Some(rest) = rest.filter(|rest| rest.starts_with('/')) else { continue };
        if wanted.is_some_and(|wanted| wanted != version) {
            return Err(format!("the route names {version}, and an option another version").into());
        }
        return Ok((Some(version), rest));
    }
    Ok((wanted, route))
}

/// Refuses `/players/{player_id}`, as it stands in the list of routes.
fn filled(route: &str) -> Result<(), Failure> {
    let path = route.split('?').next().unwrap_or_default();
    let open = path.split('/').find(|part| part.starts_with('{') && part.ends_with('}'));
    match open {
        Some(part) => Err(format!("put an id in the place of {part}").into()),
        None => Ok(()),
    }
}

fn pairs(what: &str, texts: &[String], separator: char) -> Result<Vec<(String, String)>, Failure> {
    let pair = |text: &String| {
        // The value may be a secret: it is not repeated.
        let (name, value) = text.split_once(separator).ok_or_else(|| {
            Failure::from(format!("--{what} takes a name and a value: name{separator}value"))
        })?;
        let value = if separator == ':' { value.trim() } else { value };
        Ok((name.to_owned(), value.to_owned()))
    };
    texts.iter().map(pair).collect()
}

fn form(parts: &[String], sources: &mut Sources) -> Result<Form, Failure> {
    let mut form = Form::new();
    for (name, value) in pairs("form", parts, '=')? {
        form = match value.strip_prefix('@') {
            Some(source) => {
                let file = Path::new(source).file_name().unwrap_or_default().to_string_lossy();
                form.file(name, File::new(file, sources.bytes(source)?))
            }
            None => form.text(name, value),
        };
    }
    Ok(form)
}

/// Files, and stdin, which can be read once.
#[derive(Default)]
pub(super) struct Sources {
    stdin_is_read: bool,
}

impl Sources {
    pub(super) fn text(&mut self, source: &str) -> Result<String, Failure> {
        let name = if source == "-" { "stdin" } else { source };
        String::from_utf8(self.bytes(source)?)
            .map_err(|_| format!("{name} is no UTF-8 text, so it cannot be a field").into())
    }

    fn bytes(&mut self, source: &str) -> Result<Vec<u8>, Failure> {
        if source != "-" {
            return fs::read(source).map_err(|error| at(Path::new(source), &error));
        }
        if self.stdin_is_read {
            return Err("stdin is asked for twice, and can be read once".into());
        }
        self.stdin_is_read = true;
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes).map_err(|error| format!("stdin: {error}"))?;
        Ok(bytes)
    }
}
