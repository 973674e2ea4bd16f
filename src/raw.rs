//! Raw calls: any route, known or not, over the same session as the typed ones.

use std::convert::identity;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::form::Form;
use crate::preview::Preview;
use crate::response::{Answered, Response};
use crate::routes::{self, PlayerScope, Route, Version};
use crate::runtime::CallFuture;
use crate::transport::{Outgoing, Transport};
use crate::{Error, RetryPolicy, path};

/// A call to a route given as text, from [`Playoff::api`](crate::Playoff::api) or
/// [`get`](crate::Playoff::get), [`post`](crate::Playoff::post) and their like.
///
/// Awaiting it gives a [`serde_json::Value`], unless [`decode`](RawCall::decode),
/// [`text`](RawCall::text) or [`bytes`](RawCall::bytes) asked for something else.
/// [`send`](RawCall::send) gives status and headers as well.
///
/// ```no_run
/// # async fn example(playoff: playoff::Playoff) -> Result<(), playoff::Error> {
/// # #[derive(serde::Deserialize)] struct Page { total: u64 }
/// let value = playoff.get("/admin/players").query([("limit", "5")]).await?;
/// let page = playoff.get("/admin/players").decode::<Page>().await?;
/// let picture = playoff.get("/runtime/assets/game").player_id("johny").bytes().await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a call does nothing until it is awaited"]
pub struct RawCall<A = Json<Value>> {
    request: RawRequest,
    answer: PhantomData<fn() -> A>,
}

/// Marks a [`RawCall`] whose answer is decoded from JSON into `T`.
#[derive(Debug)]
pub struct Json<T>(PhantomData<T>);

/// Marks a [`RawCall`] whose answer is read as text.
#[derive(Debug)]
pub struct Text(());

/// Marks a [`RawCall`] whose answer is taken byte for byte.
#[derive(Debug)]
pub struct Binary(());

mod sealed {
    use super::{Answered, Error, Response};

    /// How an answer is read. Only the markers of this module are ways.
    pub trait Read: 'static {
        type Value: Send + 'static;
        const ACCEPT: &'static str;
        #[allow(private_interfaces)]
        fn read(answered: Answered) -> Result<Response<Self::Value>, Error>;
    }
}

use sealed::Read;

impl<T: DeserializeOwned + Send + 'static> Read for Json<T> {
    type Value = T;
    const ACCEPT: &'static str = "application/json";
    #[allow(private_interfaces)]
    fn read(answered: Answered) -> Result<Response<T>, Error> {
        answered.into_json()
    }
}

impl Read for Text {
    type Value = String;
    const ACCEPT: &'static str = "*/*";
    #[allow(private_interfaces)]
    fn read(answered: Answered) -> Result<Response<String>, Error> {
        answered.into_text()
    }
}

impl Read for Binary {
    type Value = Bytes;
    const ACCEPT: &'static str = "*/*";
    #[allow(private_interfaces)]
    fn read(answered: Answered) -> Result<Response<Bytes>, Error> {
        let body = answered.body.clone();
        Ok(answered.with(body))
    }
}

#[derive(Clone)]
struct RawRequest {
    transport: Transport,
    method: Method,
    route: String,
    version: Version,
    player: Option<String>,
    /// Encoded pieces, joined with `&`.
    query: Vec<String>,
    body: Option<Bytes>,
    form: Option<Form>,
    headers: Vec<(String, String)>,
    timeout: Option<Duration>,
    retries: Option<RetryPolicy>,
    /// The first setter that could not do what it was asked; it comes out when the call is sent.
    fault: Option<Error>,
}

impl RawCall {
    pub(crate) fn new(transport: Transport, method: Result<Method, Error>, route: &str) -> Self {
        let (method, fault) = match method {
            Ok(method) => (method, None),
            Err(fault) => (Method::GET, Some(fault)),
        };
        let request = RawRequest {
            version: transport.version(),
            transport,
            method,
            route: route.to_owned(),
            player: None,
            query: Vec::new(),
            body: None,
            form: None,
            headers: Vec::new(),
            timeout: None,
            retries: None,
            fault,
        };
        RawCall { request, answer: PhantomData }
    }
}

impl<A> RawCall<A> {
    /// Adds query parameters: pairs, a map or a struct of plain values.
    ///
    /// A value of `None` leaves no trace; a key given twice is sent twice. They come after those
    /// that the route brings itself.
    pub fn query(mut self, parameters: impl Serialize) -> Self {
        match serde_urlencoded::to_string(parameters) {
            Ok(text) if text.is_empty() => {}
            Ok(text) => self.request.query.push(text),
            Err(error) => self.fault(Error::invalid_call(format!("query: {error}"))),
        }
        self
    }

    /// Sends `body` as JSON. A GET or HEAD has no body; asking for one is an error.
    pub fn json(mut self, body: impl Serialize) -> Self {
        match serde_json::to_vec(&body) {
            Ok(bytes) => self.request.body = Some(Bytes::from(bytes)),
            Err(error) => self.fault(Error::invalid_call(format!("body: {error}"))),
        }
        self
    }

    /// Sends these bytes as the body, as they are. They count as JSON unless
    /// [`header`](RawCall::header) names another `content-type`. A GET or HEAD has no body; asking
    /// for one is an error.
    pub fn body(mut self, bytes: impl Into<Bytes>) -> Self {
        self.request.body = Some(bytes.into());
        self
    }

    /// Sends a multipart form, to upload files.
    pub fn form(mut self, form: Form) -> Self {
        self.request.form = Some(form);
        self
    }

    /// The acting player of this call, instead of the client's default.
    pub fn player_id(mut self, id: impl Into<String>) -> Self {
        self.request.player = Some(id.into());
        self
    }

    /// The API version of this call, instead of the client's.
    pub fn version(mut self, version: Version) -> Self {
        self.request.version = version;
        self
    }

    /// Limits the whole call, its token request and repeats included, instead of the client's own
    /// limit.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.request.timeout = Some(limit);
        self
    }

    /// When this call is sent again after a failure, instead of the client's own policy.
    pub fn retries(mut self, policy: RetryPolicy) -> Self {
        self.request.retries = Some(policy);
        self
    }

    /// Sends one more header with this call.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Reads the answer as JSON into `T`, straight from the bytes.
    pub fn decode<T: DeserializeOwned + Send + 'static>(self) -> RawCall<Json<T>> {
        RawCall { request: self.request, answer: PhantomData }
    }

    /// Reads the answer as text.
    pub fn text(self) -> RawCall<Text> {
        RawCall { request: self.request, answer: PhantomData }
    }

    /// Takes the answer byte for byte, an image for instance.
    pub fn bytes(self) -> RawCall<Binary> {
        RawCall { request: self.request, answer: PhantomData }
    }

    fn fault(&mut self, fault: Error) {
        self.request.fault.get_or_insert(fault);
    }
}

impl<A: Read> RawCall<A> {
    /// What [`send`](RawCall::send) would send, and to where; nothing is sent, and no token asked
    /// for.
    ///
    /// ```
    /// # fn main() -> Result<(), playoff::Error> {
    /// let playoff = playoff::Playoff::client_credentials("client id", "client secret").build()?;
    /// let preview = playoff.get("/admin/players").query([("limit", "5")]).preview()?;
    /// assert_eq!(preview.url(), "https://api.playoffgamification.io/v2/admin/players?limit=5");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `invalid_call` where `send` would refuse the call before it is sent.
    pub fn preview(&self) -> Result<Preview, Error> {
        let (transport, _, mut call) = self.request.clone().outgoing()?;
        call.accept = A::ACCEPT;
        Ok(transport.preview(&call))
    }

    /// Sends the call; the answer comes with its status and headers.
    ///
    /// # Errors
    ///
    /// See [`Error`]. A route that names a host or climbs with `..` is refused before anything is
    /// sent.
    pub async fn send(self) -> Result<Response<A::Value>, Error> {
        self.sending(identity).await
    }

    /// As [`send`](RawCall::send); of what is read, `hand` gives on the part that is wanted.
    fn sending<T>(
        self,
        hand: fn(Response<A::Value>) -> T,
    ) -> impl Future<Output = Result<T, Error>> + Send {
        let version = self.request.version;
        let outgoing = self.request.outgoing().map(|(transport, path, mut call)| {
            call.accept = A::ACCEPT;
            (transport, path, call)
        });
        async move {
            match outgoing {
                Ok((ref transport, ref path, ref call)) => {
                    let sent = transport.send(call, A::read).await.map(hand);
                    sent.map_err(|error| with_nearest(error, version, call.method(), path))
                }
                Err(fault) => Err(fault),
            }
        }
    }
}

/// A route that does not exist is usually misspelt.
fn with_nearest(error: Error, version: Version, method: &Method, path: &str) -> Error {
    if error.name() != "route_not_found" {
        return error;
    }
    let near = routes::nearest(version, method, path);
    if near.is_empty() {
        return error;
    }
    let near: Vec<String> = near.iter().map(ToString::to_string).collect();
    error.with_hint(format!("known routes like it: {}", near.join(", ")))
}

impl<A: Read> IntoFuture for RawCall<A> {
    type Output = Result<A::Value, Error>;
    type IntoFuture = CallFuture<A::Value>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.sending(Response::into_inner))
    }
}

impl<A> Clone for RawCall<A> {
    fn clone(&self) -> Self {
        RawCall { request: self.request.clone(), answer: PhantomData }
    }
}

impl<A> std::fmt::Debug for RawCall<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Query, headers and body are the caller's and may hold secrets.
        f.debug_struct("RawCall")
            .field("method", &self.request.method)
            .field("route", &self.request.route.split('?').next().unwrap_or_default())
            .field("version", &self.request.version)
            .finish_non_exhaustive()
    }
}

impl RawRequest {
    /// The call, and its path without version and query.
    fn outgoing(mut self) -> Result<(Transport, String, Outgoing), Error> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let (path, own_query) = path::route(&self.route)?;
        self.query.splice(0..0, own_query);
        let route = routes::find(self.version, &self.method, &path).map(|(route, _)| route);
        if let Some(player) = self.acting_player(route)? {
            let pair = serde_urlencoded::to_string([("player_id", player)]);
            self.query.push(pair.map_err(Error::invalid_call)?);
        }
        let mut url = self.transport.address(self.version, &path);
        if !self.query.is_empty() {
            url.set_query(Some(&self.query.join("&")));
        }
        let mut call = Outgoing::new(self.method, url);
        call.route = route;
        let method = call.method().as_str();
        let reads = matches!(method, "GET" | "HEAD");
        match (&self.form, self.body) {
            (form, body) if reads && (form.is_some() || body.is_some()) => {
                return Err(Error::invalid_call("a GET carries no body: use .query(…) or POST"));
            }
            (Some(form), _) => call.form(form)?,
            (None, body) => call.json(body),
        }
        call.timeout = self.timeout;
        call.retries = self.retries;
        for (name, value) in &self.headers {
            call.header(name, value)?;
        }
        Ok((self.transport, path, call))
    }

    /// The player to add to the query: none where the query has one, or the route is known not to
    /// act as a player.
    fn acting_player(&self, route: Option<&Route>) -> Result<Option<String>, Error> {
        let pairs = self.query.iter().flat_map(|piece| {
            serde_urlencoded::from_str::<Vec<(String, String)>>(piece).unwrap_or_default()
        });
        let named = pairs.into_iter().any(|(name, _)| name == "player_id");
        if let Some(player) = &self.player {
            if named {
                return Err(Error::invalid_call("the route and .player_id(…) both name a player"));
            }
            return Ok(Some(player.clone()));
        }
        let acts = route.is_none_or(|route| {
            matches!(route.player, PlayerScope::Acting | PlayerScope::Optional)
        });
        let player = self.transport.player().filter(|_| acts && !named);
        Ok(player.map(str::to_owned))
    }
}
