//! How a client gets its token, keeps it and renews it.

mod app;
mod grant;
mod jwt;
mod keeper;
mod login;
mod renewal;
mod session;
mod sessions;
mod source;
mod state;
mod stored;
mod token;
mod wiped;

pub(crate) use app::LoginPage;
pub use app::PlayoffApp;
pub(crate) use grant::{Grant, Source, TokenEndpoint};
pub use jwt::{PlayerToken, PlayerTokenBuilder, scope};
pub(crate) use keeper::Shelf;
pub use login::Login;
pub(crate) use session::{Clock, Issuer, Session};
pub(crate) use source::TokenUrl;
pub(crate) use state::COOLDOWN;
pub(crate) use token::Token;
