//! What generated calls stand on.

use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Url;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::form::{File, Form};
use crate::response::{Answered, Image, ImageStream, Response};
use crate::routes::{PlayerScope, Route};
use crate::transport::{Outgoing, Transport};
use crate::{Error, RetryPolicy, path};

/// What awaiting a call polls.
pub(crate) type CallFuture<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// What does not fit is told as `problem`.
pub(crate) fn or_say<T, E>(value: Result<T, E>, problem: &str) -> Result<T, String> {
    value.map_err(|_| problem.to_owned())
}

/// What does not fit is told as `problem`, and why.
pub(crate) fn or_explain<T>(value: Result<T, impl Display>, problem: &str) -> Result<T, String> {
    value.map_err(|error| format!("{problem}: {error}"))
}

/// A request body with one more field, unless one of the two is missing.
pub(crate) fn with<B, T>(
    body: Result<B, String>,
    field: Result<T, String>,
    set: impl FnOnce(B, T) -> B,
) -> Result<B, String> {
    body.and_then(|body| Ok(set(body, field?)))
}

/// A typed call in the making. Setters keep what they were given; the first fault comes out when
/// the call is sent.
#[derive(Clone)]
pub(crate) struct Call {
    transport: Transport,
    route: &'static Route,
    /// Path parameters, encoded, in the order of the path.
    segments: Vec<(&'static str, String)>,
    query: Vec<(&'static str, String)>,
    body: Option<Bytes>,
    form: Option<Form>,
    headers: Vec<(String, String)>,
    timeout: Option<Duration>,
    retries: Option<RetryPolicy>,
    /// The first thing that cannot be sent.
    fault: Option<Error>,
}

impl Call {
    pub(crate) fn new(transport: Transport, route: &'static Route) -> Self {
        Call {
            transport,
            route,
            segments: Vec::new(),
            query: Vec::new(),
            body: None,
            form: None,
            headers: Vec::new(),
            timeout: None,
            retries: None,
            fault: None,
        }
    }

    pub(crate) fn timeout(&mut self, limit: Duration) {
        self.timeout = Some(limit);
    }

    pub(crate) fn retries(&mut self, policy: RetryPolicy) {
        self.retries = Some(policy);
    }

    pub(crate) fn header(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn path(&mut self, name: &'static str, value: Result<impl Display, String>) {
        let Some(value) = self.given(value) else { return };
        let wide = self.route.wide == Some(name);
        match path::segment(name, &value.to_string(), wide) {
            Ok(segment) => self.segments.push((name, segment)),
            Err(error) => self.fault(error),
        }
    }

    pub(crate) fn query(&mut self, name: &'static str, value: Result<impl Display, String>) {
        self.query_option(name, value.map(Some));
    }

    pub(crate) fn query_option(
        &mut self,
        name: &'static str,
        value: Result<Option<impl Display>, String>,
    ) {
        if let Some(value) = self.given(value).flatten() {
            self.query.push((name, value.to_string()));
        }
    }

    /// Several values in one, joined by commas, the way Playoff reads lists.
    pub(crate) fn query_list(
        &mut self,
        name: &'static str,
        values: Result<Option<Vec<impl Display>>, String>,
    ) {
        let values = self.given(values).flatten().unwrap_or_default();
        let values: Vec<String> = values.iter().map(ToString::to_string).collect();
        if let Some(odd) = values.iter().find(|value| value.contains(',')) {
            self.invalid(format!("`{name}` holds `{odd}`, whose comma would make it two"));
        } else if !values.is_empty() {
            self.query.push((name, values.join(",")));
        }
    }

    pub(crate) fn body(&mut self, body: Result<impl Serialize, String>) {
        let Some(body) = self.given(body) else { return };
        match serde_json::to_vec(&body) {
            Ok(bytes) => self.body = Some(Bytes::from(bytes)),
            Err(error) => self.invalid(error),
        }
    }

    /// A multipart body of this one file.
    // v1 has no uploads.
    #[cfg_attr(not(feature = "v2"), allow(dead_code))]
    pub(crate) fn file(&mut self, name: &str, file: Result<File, String>) {
        self.form = self.given(file).map(|file| Form::new().file(name, file));
    }

    fn given<T>(&mut self, value: Result<T, String>) -> Option<T> {
        value.map_err(|problem| self.invalid(problem)).ok()
    }

    fn invalid(&mut self, problem: impl Display) {
        self.fault(Error::invalid_call(format!("{}: {problem}", self.route.operation)));
    }

    fn fault(&mut self, fault: Error) {
        self.fault.get_or_insert(fault);
    }

    /// As [`sending`](Self::sending), decoded.
    pub(crate) fn json<T: DeserializeOwned, A>(
        self,
        hand: fn(Response<T>) -> A,
    ) -> impl Future<Output = Result<A, Error>> + Send {
        self.sending("application/json", Answered::into_json, hand)
    }

    pub(crate) fn image<A>(
        self,
        hand: fn(Response<Image>) -> A,
    ) -> impl Future<Output = Result<A, Error>> + Send {
        self.sending("image/*, */*", |answered| Ok(answered.into_image()), hand)
    }

    /// Sends the call; of what is read, `hand` gives on the part that is wanted.
    ///
    /// A future has room for all places that a value in it moves through. So what is sent, a form
    /// too, is made before the future is polled, and stays where it is: calls are boxed, and the more
    /// memory they touch the more they take out of the processor's caches.
    fn sending<T, A>(
        self,
        accept: &'static str,
        read: fn(Answered) -> Result<Response<T>, Error>,
        hand: fn(Response<T>) -> A,
    ) -> impl Future<Output = Result<A, Error>> + Send {
        let outgoing = self.outgoing(accept);
        async move {
            match outgoing {
                Ok((ref transport, ref call)) => transport.send(call, read).await.map(hand),
                Err(fault) => Err(fault),
            }
        }
    }

    pub(crate) async fn image_stream(self) -> Result<ImageStream, Error> {
        let (transport, call) = self.outgoing("image/*, */*")?;
        transport.open(&call).await
    }

    fn outgoing(mut self, accept: &'static str) -> Result<(Transport, Outgoing), Error> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let mut url = self.transport.address(self.route.version, &self.filled_path());
        let named = self.query.iter().any(|(name, _)| *name == "player_id");
        if matches!(self.route.player, PlayerScope::Acting | PlayerScope::Optional)
            && !named
            && let Some(player) = self.transport.player()
        {
            self.query.push(("player_id", player.to_owned()));
        }
        append(&mut url, &self.query);
        let mut call = Outgoing::new(self.route.method.clone(), url);
        call.route = Some(self.route);
        call.accept = accept;
        call.json(self.body);
        if let Some(form) = &self.form {
            call.form(form)?;
        }
        call.timeout = self.timeout;
        call.retries = self.retries;
        for (name, value) in &self.headers {
            call.header(name, value)?;
        }
        Ok((self.transport, call))
    }

    fn filled_path(&self) -> String {
        let mut path = String::with_capacity(self.route.path.len() + 32);
        let mut pieces = self.route.path.split(['{', '}']);
        path.extend(pieces.next());
        // By turns a name and the text behind it.
        while let (Some(wanted), Some(text)) = (pieces.next(), pieces.next()) {
            let value = self.segments.iter().find(|(name, _)| *name == wanted);
            path.extend(value.map(|(_, value)| value.as_str()));
            path += text;
        }
        path
    }
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The headers are the caller's and may hold secrets.
        write!(f, "{} /{}{}", self.route.method, self.route.version, self.route.path)
    }
}

fn append(url: &mut Url, query: &[(&'static str, String)]) {
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
}

/// A free-form object of a request body, from anything that serializes to one.
// v1 has no such body.
#[cfg_attr(not(feature = "v2"), allow(dead_code))]
pub(crate) fn json_object(
    name: &str,
    fields: impl Serialize,
) -> Result<Map<String, Value>, String> {
    match serde_json::to_value(fields) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(format!("`{name}` is no JSON object")),
        Err(error) => Err(format!("`{name}`: {error}")),
    }
}
