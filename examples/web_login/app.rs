//! Login, callback, home and logout of a web application whose users are players.

#[path = "../web/page.rs"]
mod page;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::middleware::map_response;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use playoff::{Error, ExposeSecret, Playoff, PlayoffApp};

/// Cookie of a browser whose user is logged in: the name of the session in [`PlayoffApp`].
const SESSION: &str = "session";
/// Cookie of a browser whose user is away to log in: what the callback is checked against.
const LOGIN: &str = "login";

const LOG_IN: &str = "<p><a class=\"button main\" href=\"/login\">Log in</a></p>";
const LOG_OUT: &str = "<form method=\"post\" action=\"/logout\"><button>Log out</button></form>";

/// One for all users: whose request it is, its cookies say.
#[derive(Clone)]
struct Web {
    app: PlayoffApp,
    /// Browsers are to send the cookies by https alone.
    secure: bool,
}

/// The application; the redirect URI of `app` must lead to its `/callback`.
pub(crate) fn router(app: PlayoffApp) -> Router {
    let secure = app.redirect_uri().starts_with("https:");
    Router::new()
        .route("/", get(home))
        .route("/login", get(log_in))
        .route("/callback", get(callback))
        // Only by POST, which does not bring the cookies along from another site's page.
        .route("/logout", post(log_out))
        .layer(map_response(page::guarded))
        .with_state(Web { app, secure })
}

async fn home(State(web): State<Web>, headers: HeaderMap) -> Response {
    let Some(session) = cookie(&headers, SESSION) else { return welcome() };
    match profile(&web.app.session(session)).await {
        Ok(page) => page,
        Err(error) if error.is_login_required() => welcome(),
        Err(error) => page::fault(&error, LOG_OUT),
    }
}

fn welcome() -> Response {
    let body = format!("<p>See your scores and who plays with you.</p>{LOG_IN}");
    page::page(StatusCode::OK, "Welcome", &body)
}

async fn profile(playoff: &Playoff) -> Result<Response, Error> {
    let player = playoff.v2().get_player().await?;
    let players = playoff.v2().list_players().limit(100).await?;
    let scores = player
        .scores
        .iter()
        .map(|score| [score.metric.display_name().to_owned(), score.value.to_string()]);
    let body = format!(
        "<h2>Your scores</h2>{}<h2>Players</h2>{}{LOG_OUT}",
        page::table(["Metric", "Score"], scores),
        page::players(&players),
    );
    Ok(page::page(StatusCode::OK, &format!("Hello, {}", player.alias), &body))
}

async fn log_in(State(web): State<Web>) -> Response {
    let login = web.app.login();
    let kept = web.cookie(LOGIN, login.keep().expose_secret());
    (AppendHeaders([kept]), Redirect::to(&login.url())).into_response()
}

async fn callback(
    State(web): State<Web>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let kept = cookie(&headers, LOGIN).unwrap_or_default();
    let query = query.unwrap_or_default();
    // A new name at each login: one that somebody planted in this browser opens nothing.
    let session = web.app.new_session_name();
    let login =
        async { web.app.resume_login(kept)?.user(&session).exchange_redirect(&query).await };
    let answer = match login.await {
        Ok(_) => {
            (AppendHeaders([web.cookie(SESSION, &session)]), Redirect::to("/")).into_response()
        }
        Err(error) => not_logged_in(&error),
    };
    (AppendHeaders([web.no_cookie(LOGIN)]), answer).into_response()
}

fn not_logged_in(error: &Error) -> Response {
    let (status, title, text) = match error {
        _ if error.is_invalid_state() => (
            StatusCode::BAD_REQUEST,
            "This login was not begun here",
            "The link belongs to another browser or to a login that is over. Nobody is logged in \
             by it.",
        ),
        _ if error.is_invalid_grant() => (
            StatusCode::BAD_REQUEST,
            "This login is over",
            "Its code was used before, or waited too long.",
        ),
        _ if error.is_access_denied() => {
            (StatusCode::FORBIDDEN, "You refused the login", "Without it there is nothing to show.")
        }
        _ => return page::fault(error, LOG_IN),
    };
    page::page(status, title, &format!("<p>{text}</p>{LOG_IN}"))
}

async fn log_out(State(web): State<Web>, headers: HeaderMap) -> Response {
    let session = cookie(&headers, SESSION).unwrap_or_default();
    // Forgotten here in any case; the error is that Playoff may not know.
    let answer = match web.app.session(session).logout().await {
        Ok(()) => Redirect::to("/").into_response(),
        Err(error) => page::fault(&error, LOG_IN),
    };
    (AppendHeaders([web.no_cookie(SESSION)]), answer).into_response()
}

impl Web {
    /// A cookie that scripts cannot read, and that comes along only when a user follows a link.
    fn cookie(&self, name: &str, value: &str) -> (HeaderName, String) {
        let secure = if self.secure { "; Secure" } else { "" };
        (SET_COOKIE, format!("{name}={value}; HttpOnly; SameSite=Lax; Path=/{secure}"))
    }

    fn no_cookie(&self, name: &str) -> (HeaderName, String) {
        let (header, cookie) = self.cookie(name, "");
        (header, cookie + "; Max-Age=0")
    }
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split("; "))
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}
