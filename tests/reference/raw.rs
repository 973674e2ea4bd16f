//! The raw call that does what a typed one did, made from the request that it sent.

use playoff::routes::{self, Version};
use playoff::{Error, File, Form, Method, Playoff};
use serde_json::{Value, json};

use crate::calls::PICTURE;
use crate::layout;
use crate::message::Message;

pub(crate) struct Raw {
    method: Method,
    version: Version,
    /// Without the version.
    route: String,
    query: Vec<(String, String)>,
    /// The acting player, where it is the last of the query.
    player: Option<String>,
    body: Option<Body>,
    /// The answer is no JSON.
    bytes: bool,
}

enum Body {
    Json(Value),
    Picture,
}

impl Raw {
    pub(crate) fn of(request: &Message, answer: &Message) -> Result<Raw, String> {
        let (method, target) = request.asks();
        let method: Method = method.parse().map_err(|_| format!("the method {method}"))?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (version, route) = path[1..].split_at(path[1..].find('/').unwrap_or(path.len() - 1));
        let version = if version == "v1" { Version::V1 } else { Version::V2 };
        let mut query: Vec<(String, String)> =
            serde_urlencoded::from_str(query).map_err(|error| error.to_string())?;
        let known = routes::find(version, &method, route).map(|(route, _)| route.player);
        let acts = known.is_some_and(|player| player != routes::PlayerScope::None);
        let player = query.pop_if(|(name, _)| acts && name == "player_id").map(|(_, id)| id);
        let body = match request.json() {
            // What a raw call sends anyway.
            Some(body) if body == json!({}) && method != Method::DELETE => None,
            Some(body) => Some(Body::Json(body)),
            None => request.content_type().starts_with("multipart/").then_some(Body::Picture),
        };
        let bytes = !answer.content_type().starts_with("application/json");
        Ok(Raw { method, version, route: route.to_owned(), query, player, body, bytes })
    }

    /// As one would write it.
    pub(crate) fn code(&self) -> String {
        let method = self.method.as_str().to_ascii_lowercase();
        let mut methods = vec![format!(".{method}({:?})", self.route)];
        if self.version == Version::V1 {
            methods.push(".version(Version::V1)".to_owned());
        }
        if !self.query.is_empty() {
            methods.push(format!(".query({:?})", self.query));
        }
        if let Some(player) = &self.player {
            methods.push(format!(".player_id({player:?})"));
        }
        match &self.body {
            Some(Body::Json(body)) => methods.push(format!(".json(json!({body}))")),
            Some(Body::Picture) => {
                let form = "Form::new().file(\"file\", File::new(\"plot.png\", PICTURE))";
                methods.push(format!(".form({form})"));
            }
            None => {}
        }
        if self.bytes {
            methods.push(".bytes()".to_owned());
        }
        methods.push(".await?".to_owned());
        layout::chain(&methods)
    }

    /// Does what [`code`](Raw::code) says, and gives the answer's body.
    pub(crate) async fn perform(&self, playoff: &Playoff) -> Result<Vec<u8>, Error> {
        let mut call = playoff.api(self.method.clone(), &self.route);
        if self.version == Version::V1 {
            call = call.version(Version::V1);
        }
        if !self.query.is_empty() {
            call = call.query(&self.query);
        }
        if let Some(player) = &self.player {
            call = call.player_id(player);
        }
        match &self.body {
            Some(Body::Json(body)) => call = call.json(body),
            Some(Body::Picture) => {
                call = call.form(Form::new().file("file", File::new("plot.png", PICTURE)));
            }
            None => {}
        }
        if self.bytes {
            return Ok(call.bytes().await?.to_vec());
        }
        Ok(call.await?.to_string().into_bytes())
    }
}
