//! The program `playoff`.

mod api;
mod browser;
mod completions;
mod config;
mod connection;
mod duration;
mod failure;
mod identity;
mod json;
mod jwt;
mod login;
mod logout;
mod output;
mod profiles;
mod prompt;
mod routes;
mod sandbox;
mod secrets;
mod token;
mod whoami;
mod whole_file;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Playoff at the command line: any call, credentials, and a sandbox to try it on.
///
/// Credentials come from `playoff login`, which keeps them as a profile, or from the environment:
/// PLAYOFF_CLIENT_ID and PLAYOFF_CLIENT_SECRET; PLAYOFF_HOST, or PLAYOFF_AUTH_URL and
/// PLAYOFF_API_URL, for an installation of its own; PLAYOFF_PLAYER_ID for a default player. What the
/// environment says wins over a default profile, and options win over both.
#[derive(Parser)]
#[command(version, arg_required_else_help = true, max_term_width = 100)]
struct Playoff {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Api(api::Options),
    Routes(routes::Options),
    Login(login::Options),
    Logout(logout::Options),
    Whoami(whoami::Options),
    Profiles(profiles::Options),
    Token(token::Options),
    Jwt(jwt::Options),
    Completions(completions::Options),
    Sandbox(sandbox::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Playoff::parse().command {
        Command::Api(options) => api::run(options).await,
        Command::Routes(options) => routes::run(&options),
        Command::Login(options) => login::run(options).await,
        Command::Logout(options) => logout::run(options).await,
        Command::Whoami(options) => whoami::run(options).await,
        Command::Profiles(options) => profiles::run(&options).await,
        Command::Token(options) => token::run(options).await,
        Command::Jwt(options) => jwt::run(options),
        Command::Completions(options) => completions::run(&options),
        Command::Sandbox(options) => sandbox::run(options).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
