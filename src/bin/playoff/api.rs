//! `playoff api`: any route, by any method.

mod answer;
mod fields;
mod mask;
mod pages;
mod request;
mod transcript;

use std::io;

use clap::Args;
use playoff::{Error, Playoff};

use crate::connection::Connection;
use crate::failure::Failure;
use crate::json::Style;
use answer::Printer;
use mask::Mask;
use request::Request;
use transcript::Transcript;

const FIELDS: &str = r#"Fields:
  They make a JSON body; with GET and HEAD, and beside --input, they go to the query.
    -f n=1                        {"n":"1"}
    -F n=1 -F t=true -F z=null    {"n":1,"t":true,"z":null}
    -F bio=@bio.txt -F pin=@-     texts from a file and from stdin
    -F a[b]=1 -F a[c]=2           {"a":{"b":1,"c":2}}
    -F l[]=1 -F l[]=2             {"l":[1,2]}
    -F l[]                        {"l":[]}
    -F l[][a]=1 -F l[][b]=2 -F l[][a]=3
                                  {"l":[{"a":1,"b":2},{"a":3}]}
  They act in the order in which they are given: a key that comes again begins the next object.

"#;

const EXAMPLES: &str = r#"Examples:
  playoff api /admin/players -q limit=5
  playoff api /runtime/player --player johny --jq '.scores[] | "\(.metric.id): \(.value)"'
  playoff api POST /runtime/actions/water/play --player johny -F count=2
  playoff api /admin/players -f id=zoe -f alias=Zoë --dry-run
  playoff api PATCH /runtime/player --player zoe --input zoe.json
  playoff api /admin/players --paginate --jq '[.id, .alias] | @csv'
  playoff api /runtime/assets/game --player johny --raw game.png"#;

/// Calls any route, in the manner of `gh api`.
///
/// The method is GET, or POST where there are fields or a body, unless it is named. The route is
/// what follows the version, `/runtime/player`; one that starts with /v1/ or /v2/ names its version
/// itself. `playoff routes` finds it.
///
/// At a terminal JSON comes in lines and colours; through a pipe it comes byte for byte as it was
/// received. Of an answer that is no success nothing goes to stdout: the error is told on stderr, and
/// the exit status is 1.
#[derive(Args)]
#[command(
    allow_missing_positional = true,
    after_help = EXAMPLES,
    after_long_help = [FIELDS, EXAMPLES].concat()
)]
pub(crate) struct Options {
    /// HTTP method, in any case
    #[arg(value_name = "METHOD")]
    method: Option<String>,

    /// Path of the route after the version, with or without a query
    #[arg(value_name = "ROUTE")]
    route: String,

    #[command(flatten)]
    request: request::Asked,

    #[command(flatten)]
    answer: answer::Shown,

    #[command(flatten)]
    connection: Connection,
}

pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let answer = &options.answer;
    let request = Request::read(options.method, &options.route, options.request)?;
    let printer = Printer::new(answer)?;
    let mask = Mask::default();
    if answer.dry_run {
        // None is needed, but one that is there does not show.
        if let Some(secret) = options.connection.identity().ok().and_then(|who| who.secret) {
            mask.hide(&secret);
        }
        let playoff = options.connection.playoff_without_credentials()?;
        let preview = request.call(&playoff).preview()?;
        return Ok(Transcript::plain(&mask).request(&mut io::stdout().lock(), &preview)?);
    }
    let identity = options.connection.identity()?;
    let playoff = identity.playoff()?;
    mask.hide(identity.secret()?);
    let (verbose, include) = (answer.verbose, answer.include);
    let exchange = Exchange { playoff: &playoff, mask: &mask, verbose, include };
    match answer.paginate {
        true => pages::print(&request, &exchange, printer).await,
        false => printer.print(exchange.send(request.call(&playoff)).await?),
    }
}

/// Calls and their answers, shown as far as was asked for.
struct Exchange<'p> {
    playoff: &'p Playoff,
    mask: &'p Mask,
    verbose: bool,
    include: bool,
}

type Call = playoff::RawCall<playoff::Binary>;
type Answer = playoff::Response<bytes::Bytes>;

impl Exchange<'_> {
    async fn send(&self, call: Call) -> Result<Answer, Failure> {
        if !self.verbose && !self.include {
            return call.send().await.map_err(|error| with_data(&error));
        }
        let loud = Transcript::marked(self.mask);
        if self.verbose {
            loud.request(&mut io::stderr().lock(), &call.preview()?)?;
        }
        // What the server may repeat is known before and after: a token may be renewed in between.
        self.mask.hide(&self.playoff.access_token().await?);
        let outcome = call.send().await;
        if let Ok(token) = self.playoff.access_token().await {
            self.mask.hide(&token);
        }
        let (status, headers) = match &outcome {
            Ok(answer) => (Some(answer.status()), Some(answer.headers())),
            Err(error) => (error.status(), error.headers()),
        };
        if let (Some(status), Some(headers)) = (status, headers) {
            if self.verbose {
                loud.head(&mut io::stderr().lock(), status, headers)?;
            }
            if self.include {
                Transcript::plain(self.mask).head(&mut io::stdout().lock(), status, headers)?;
            }
        }
        outcome.or_else(|error| self.failed(&error))
    }

    /// Who asked to see the answer sees that of an error too.
    fn failed(&self, error: &Error) -> Result<Answer, Failure> {
        if let Some(body) = error.body() {
            if self.verbose {
                Transcript::marked(self.mask).body(&mut io::stderr().lock(), body)?;
            }
            if self.include {
                Transcript::plain(self.mask).body(&mut io::stdout().lock(), body)?;
            }
        }
        Err(with_data(error))
    }
}

/// The error, and below it what the server says is wrong with the fields.
fn with_data(error: &Error) -> Failure {
    let line = Failure::from(error.clone());
    let data = error.data().and_then(|data| crate::json::parse(data.to_string().as_bytes()).ok());
    let Some(data) = data else { return line };
    let mut text = Vec::new();
    match Style::plain().write(&mut text, &data, 0) {
        Ok(()) => line.with(&String::from_utf8_lossy(&text)),
        Err(_) => line,
    }
}
