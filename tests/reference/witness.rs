//! Calls one operation, typed and raw, each in a fresh world, and keeps what went over the wire.

use std::error::Error;

use playoff::Playoff;
use playoff::sandbox::Sandbox;
use serde_json::Value;

use crate::calls::Call;
use crate::message::Message;
use crate::raw::Raw;
use crate::tee::Tee;
use crate::world::World;

type Failure = Box<dyn Error + Send + Sync>;

/// Monday morning: every sandbox starts here, and stays.
const NOW: &str = "2026-03-02T09:00:00Z";

/// What was seen of an operation.
pub(crate) struct Witness {
    pub(crate) version: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) typed: String,
    pub(crate) raw: String,
    pub(crate) request: Message,
    pub(crate) answer: Message,
    /// The answer in Rust, by its `Debug`.
    pub(crate) value: String,
    /// What must not stand on a page.
    pub(crate) secrets: Vec<String>,
}

impl Witness {
    pub(crate) async fn of(call: &Call) -> Result<Witness, Failure> {
        let stage = Stage::set().await?;
        let value = (call.start)(&stage.playoff, &stage.world)?.await?;
        let (request, answer) = stage.heard()?;
        let raw = Raw::of(&request, &answer)?;
        proven(&raw, &request, &answer).await?;
        let secrets = secrets(&stage.world, &request, &answer);
        Ok(Witness {
            version: call.version,
            operation: call.operation,
            typed: call.code(&stage.world),
            raw: raw.code(),
            request,
            answer,
            value,
            secrets,
        })
    }
}

/// A sandbox whose world is prepared, and a client that is listened to.
pub(crate) struct Stage {
    /// Its end would be the server's.
    pub(crate) sandbox: Sandbox,
    tee: Tee,
    pub(crate) world: World,
    pub(crate) playoff: Playoff,
}

impl Stage {
    pub(crate) async fn set() -> Result<Stage, Failure> {
        let sandbox = Sandbox::builder().time(NOW.parse()?).frozen().start().await?;
        let tee = Tee::to(sandbox.url().trim_start_matches("http://")).await?;
        let playoff = sandbox.playoff_builder().api_url(tee.url.as_str()).build()?;
        let world = World::of(&playoff).await?;
        tee.forget();
        Ok(Stage { sandbox, tee, world, playoff })
    }

    /// The one request that was sent, and its answer.
    fn heard(&self) -> Result<(Message, Message), String> {
        let (asked, answered) = self.tee.heard();
        Ok((Message::read(&asked)?, Message::read(&answered)?))
    }
}

/// Sees to it that `raw` sends and gets in a world of its own what the typed call did.
async fn proven(raw: &Raw, request: &Message, answer: &Message) -> Result<(), Failure> {
    let stage = Stage::set().await?;
    let got = raw.perform(&stage.playoff).await?;
    let (again, answered) = stage.heard()?;
    let differs =
        |what: &str| Err(format!("{}: the raw call has another {what}", raw.code()).into());
    if again.start != request.start {
        return differs("target");
    }
    let same = again.content_type() == request.content_type()
        && match (again.json(), request.json()) {
            (None, None) => again.body == request.body,
            (json, expected) => json == expected,
        };
    if !same {
        return differs("body");
    }
    if answered.start != answer.start || answered.body != answer.body {
        return differs("answer");
    }
    // Read by the library, it is the JSON that came, or the bytes.
    let read: Option<Value> = serde_json::from_slice(&got).ok();
    if read != answered.json() || read.is_none() && got != answered.body {
        return differs("value");
    }
    Ok(())
}

/// Tokens: the one that opened the API, that of the world, and those in the answer.
fn secrets(world: &World, request: &Message, answer: &Message) -> Vec<String> {
    let mut secrets = vec![world.run.token.clone()];
    let bearer = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    secrets.extend(bearer.map(str::to_owned));
    if let Some(answer) = answer.json() {
        collect(&answer, &mut secrets);
    }
    secrets
}

fn collect(value: &Value, secrets: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(token) if name == "token" || name.ends_with("_token") => {
                        secrets.push(token.clone());
                    }
                    _ => collect(value, secrets),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, secrets)),
        _ => {}
    }
}
