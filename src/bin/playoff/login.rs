//! `playoff login`: credentials that are checked, then kept under a name.

use std::time::Duration;

use clap::Args;
use playoff::routes::Version;
use playoff::{ExposeSecret, SecretString};

use crate::browser::{self, Loopback};
use crate::config::{Config, Kind, Profile, read_version};
use crate::connection::{Connection, Hosts, secret_of, variable};
use crate::failure::Failure;
use crate::identity::Identity;
use crate::kept::Kept;
use crate::output::say;
use crate::secrets::Secrets;
use crate::{duration, prompt};

/// Checks credentials by fetching a token, and keeps them as a profile.
///
/// What the options and the environment leave out is asked for. The profile goes into a file without
/// secrets (config.toml; PLAYOFF_CONFIG names another), the secret into one beside it that only you
/// can read. The first profile becomes the default.
#[derive(Args)]
#[command(after_help = "\
Examples:
  playoff login
  playoff login --profile shop --client-id NmQ0ODE1 --with-secret-stdin < secret.txt
  playoff login --profile local --auth-url http://127.0.0.1:4000 --api-url http://127.0.0.1:4000
  playoff login --profile johny --browser")]
pub(crate) struct Options {
    /// Read the client secret from stdin
    #[arg(long)]
    with_secret_stdin: bool,

    /// Log a player in with the browser (authorization code with PKCE)
    ///
    /// The browser comes back to http://127.0.0.1:8721/callback, which the client's settings must
    /// have as a redirect URI. Calls of the profile are then made as this player.
    #[arg(long)]
    browser: bool,

    /// Print the address of the login and open no browser
    #[arg(long, requires = "browser")]
    no_open: bool,

    /// Port that the browser comes back to; 0 for any free one
    #[arg(long, requires = "browser", default_value_t = browser::PORT)]
    port: u16,

    /// How long to wait for the browser
    #[arg(long, requires = "browser", value_name = "TIME", default_value = "5m", value_parser = duration::parse)]
    timeout: Duration,

    /// API version of the profile's raw calls, v1 or v2
    #[arg(long, value_name = "VERSION", value_parser = read_version)]
    api_version: Option<Version>,

    #[command(flatten)]
    connection: Connection,
}

pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let config = Config::load()?;
    let secrets = Secrets::beside(config.path())?;
    let name = profile_name(&options.connection, &config)?;
    let old = config.profiles().get(&name);
    let profile = profile(old, &options)?;
    let known = old.is_some_and(|old| {
        options.browser && old.client_id == profile.client_id && old.hosts() == profile.hosts()
    });
    let kept = secrets.get(&name).filter(|_| known).cloned();
    let secret = secret(&profile.client_id, kept, &options)?;
    let identity = Identity::of_profile(config.path(), &name, &profile, Some(secret.clone()));
    // A token is asked for whether one is there or not: it is what proves the secret.
    match profile.kind {
        Kind::ClientCredentials => identity.playoff()?.renew_token().await?,
        Kind::AuthorizationCode => log_in(&identity, &options).await?,
    }
    // Other logins may have come and gone meanwhile: a browser takes its time.
    let mut kept = Kept::locked()?;
    if let Some(old) = kept.config.profiles().get(&name) {
        let old = Identity::of_profile(kept.config.path(), &name, old, None);
        if !old.shares_token_with(&identity) {
            old.forget_token().await?;
        }
    }
    kept.secrets.set(&name, secret);
    kept.secrets.save()?;
    kept.config.set(&name, &profile)?;
    if kept.config.default().is_none() {
        kept.config.set_default(&name);
    }
    kept.config.save()?;
    let host = identity.settings.hosts.auth();
    say(&format!("Logged in at {host} as client {}: profile '{name}'.", profile.client_id));
    Ok(())
}

/// What is to be kept, without the secret.
fn profile(old: Option<&Profile>, options: &Options) -> Result<Profile, Failure> {
    let settings = options.connection.new_settings(old);
    let client_id = client_id(settings.client_id, options)?;
    let Hosts { host, auth_url, api_url } = settings.hosts;
    let (kind, player) = match options.browser {
        true => (Kind::AuthorizationCode, None),
        false => (Kind::ClientCredentials, settings.player),
    };
    let version = options.api_version.or(old.and_then(|old| old.version));
    Ok(Profile { host, auth_url, api_url, client_id, kind, player, version })
}

fn profile_name(connection: &Connection, config: &Config) -> Result<String, Failure> {
    let named = connection.profile.clone().or_else(|| variable("PLAYOFF_PROFILE"));
    let name = named.or_else(|| config.default().map(str::to_owned));
    let name = name.unwrap_or_else(|| "default".to_owned());
    if name.is_empty() { Err("the profile needs a name".into()) } else { Ok(name) }
}

/// One of a profile that is there is a suggestion to the person at the terminal, and good enough
/// where nobody is.
fn client_id(known: Option<String>, options: &Options) -> Result<String, Failure> {
    let given = options.connection.client_id.is_some() || variable("PLAYOFF_CLIENT_ID").is_some();
    let answer = match &known {
        Some(_) if given => None,
        Some(known) => prompt::line(&format!("Client id [{known}]"))?,
        None => prompt::line("Client id")?,
    };
    let answer = answer.filter(|answer| !answer.is_empty());
    answer.or(known).ok_or_else(|| "there is no client id: give --client-id".into())
}

fn secret(
    client_id: &str,
    kept: Option<SecretString>,
    options: &Options,
) -> Result<SecretString, Failure> {
    let secret = match options.with_secret_stdin {
        true => Some(prompt::secret_from_stdin()?),
        false => secret_of(client_id).or(kept),
    };
    let secret = match secret {
        Some(secret) => Some(secret),
        None => prompt::secret("Client secret")?,
    };
    secret.filter(|secret| !secret.expose_secret().is_empty()).ok_or_else(|| {
        "there is no client secret: give it by --with-secret-stdin or PLAYOFF_CLIENT_SECRET".into()
    })
}

/// Sends the browser to log a player in, and waits for it to come back.
async fn log_in(identity: &Identity, options: &Options) -> Result<(), Failure> {
    let loopback = Loopback::listen(options.port).await?;
    let app = identity.app(loopback.redirect_uri())?;
    let login = app.login();
    let (url, kept) = (login.url(), login.keep());
    say(&format!("Log in at this address: {url}"));
    if !options.no_open && open::that_detached(&url).is_err() {
        say("No browser could be opened: open the address yourself.");
    }
    let coming = loopback.wait(&app, &kept, identity.user());
    let came = tokio::time::timeout(options.timeout, coming).await;
    came.map_err(|_| format!("nobody logged in within {:?}", options.timeout))??;
    // The library goes on without a store that fails; this program ends, and the token with it.
    match identity.has_token().await? {
        true => Ok(()),
        false => Err("the token of the login could not be kept".into()),
    }
}
