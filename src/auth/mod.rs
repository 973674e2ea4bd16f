//! How a client gets its token, keeps it and renews it.

mod grant;
mod jwt;
mod keeper;
mod login;
mod session;
mod source;
mod state;
mod stored;
mod token;
mod wiped;

pub(crate) use grant::{Grant, Source, TokenEndpoint};
pub use jwt::{PlayerToken, PlayerTokenBuilder, scope};
pub(crate) use keeper::Shelf;
pub(crate) use login::LoginPage;
pub use login::{Login, PlayoffApp};
pub(crate) use session::{Clock, Issuer, Session};
pub(crate) use source::TokenUrl;
pub(crate) use token::Token;
