//! The program `playoff`.

mod api;
mod browser;
mod caller;
mod completions;
mod config;
mod connection;
mod design;
mod duration;
mod export;
mod failure;
mod game_file;
mod identity;
mod import;
mod json;
mod jwt;
mod kept;
mod leaderboard;
mod login;
mod logout;
mod output;
mod part;
mod player;
mod profiles;
mod progress;
mod prompt;
mod routes;
mod sandbox;
mod secrets;
mod stopped;
mod token;
mod watch;
mod whoami;
mod whole_file;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Playoff at the command line: any call, boards and feeds, whole games, and a sandbox to try it on.
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
    Player(player::Options),
    Leaderboard(leaderboard::Options),
    Watch(watch::Options),
    Export(export::Options),
    Import(import::Options),
    Sandbox(sandbox::Options),
    Completions(completions::Options),
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
        Command::Export(options) => export::run(options).await,
        Command::Import(options) => import::run(options).await,
        Command::Leaderboard(options) => leaderboard::run(options).await,
        Command::Player(options) => player::run(options).await,
        Command::Sandbox(options) => sandbox::run(options).await,
        Command::Watch(options) => watch::run(options).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
