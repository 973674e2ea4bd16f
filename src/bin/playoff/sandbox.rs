//! `playoff sandbox`: a Playoff-compatible server until Ctrl-C.

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use playoff::sandbox::{Certificate, Sandbox, SandboxBuilder};

use crate::failure::Failure;
use crate::output::say;
use crate::stopped::stopped;

/// Runs a Playoff-compatible server on this machine, for development without an account.
///
/// It keeps its state in memory and speaks to this machine alone. Open its address in a browser to
/// watch the game.
#[derive(Args)]
#[command(after_help = "\
Examples:
  playoff sandbox --port 4000
  playoff sandbox --seed game.yaml --frozen")]
pub(crate) struct Options {
    /// Port to listen on; a free one when left out
    #[arg(long, default_value_t = 0)]
    port: u16,

    /// The game to start with, a YAML or JSON file; a demo game when left out
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,

    /// Start with an empty game
    #[arg(long, conflicts_with = "seed")]
    empty: bool,

    /// Let design changes act at once, without simulate or deploy
    #[arg(long)]
    deploy_at_once: bool,

    /// The moment to start at, such as 2026-03-01T09:00:00Z; now when left out
    #[arg(long, value_name = "MOMENT")]
    time: Option<Timestamp>,

    /// Let time stand still until POST /sandbox/clock moves it
    #[arg(long)]
    frozen: bool,

    /// Where the randomness of rewards starts
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    random: u64,

    #[command(flatten)]
    tls: Tls,
}

#[derive(Args)]
#[command(next_help_heading = "TLS")]
struct Tls {
    /// Speak TLS with a self-signed certificate
    #[arg(long)]
    tls: bool,

    /// Name or address that the self-signed certificate is for; localhost and 127.0.0.1 when left out
    #[arg(long, value_name = "NAME", requires = "tls")]
    name: Vec<String>,

    /// Write the self-signed certificate here, for clients to trust
    #[arg(long, value_name = "FILE", requires = "tls")]
    write_cert: Option<PathBuf>,

    /// Speak TLS with this certificate, a PEM file with its chain
    #[arg(long, value_name = "FILE", requires = "key", conflicts_with = "tls")]
    cert: Option<PathBuf>,

    /// The key of that certificate, a PEM file
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
}

pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let started = builder(&options).map_err(|error| error.to_string())?.start().await;
    let sandbox = started.map_err(|error| match (error.kind(), &options.seed) {
        (io::ErrorKind::InvalidData, Some(path)) => at(path, &error),
        (io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied, _) => {
            format!("port {}: {error}", options.port)
        }
        _ => error.to_string(),
    })?;
    let url = sandbox.url();
    // One line, for scripts that wait for it.
    writeln!(io::stdout(), "Playoff sandbox ready at {url}")?;
    say(&format!("Any client id and secret will do. Tokens: {url}/auth/token, API: {url}/v2"));
    say(&format!("A page to look at: {url}/  Ctrl-C ends it."));
    stopped().await;
    Ok(())
}

fn builder(options: &Options) -> Result<SandboxBuilder, Box<dyn Error>> {
    let mut builder = Sandbox::builder().port(options.port).seed(options.random);
    if let Some(path) = &options.seed {
        builder = builder.seed_file(path);
    }
    if options.empty {
        builder = builder.empty();
    }
    if options.deploy_at_once {
        builder = builder.deploy_at_once();
    }
    if let Some(time) = options.time {
        builder = builder.time(time);
    }
    if options.frozen {
        builder = builder.frozen();
    }
    if let Some(certificate) = certificate(&options.tls)? {
        builder = builder.tls(certificate);
    }
    Ok(builder)
}

fn certificate(tls: &Tls) -> Result<Option<Certificate>, Box<dyn Error>> {
    if let (Some(cert), Some(key)) = (&tls.cert, &tls.key) {
        return Ok(Some(Certificate::from_pem(&read(cert)?, &read(key)?)?));
    }
    if !tls.tls {
        return Ok(None);
    }
    let names = match tls.name.as_slice() {
        [] => ["localhost", "127.0.0.1"].map(str::to_owned).to_vec(),
        names => names.to_vec(),
    };
    let certificate = Certificate::self_signed(names)?;
    if let Some(path) = &tls.write_cert {
        fs::write(path, certificate.pem()).map_err(|error| at(path, &error))?;
    }
    Ok(Some(certificate))
}

fn read(path: &Path) -> Result<String, Box<dyn Error>> {
    Ok(fs::read_to_string(path).map_err(|error| at(path, &error))?)
}

fn at(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}
