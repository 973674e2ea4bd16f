//! How a client gets its token, keeps it and renews it.

mod grant;
mod session;
mod token;

pub(crate) use grant::ClientCredentials;
pub(crate) use session::{Clock, Session};
pub(crate) use token::Token;
