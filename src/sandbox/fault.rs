//! Faults on demand: what a client under test has to live through.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::StatusCode;
use hyper::header::{CONTENT_LENGTH, HeaderValue, RETRY_AFTER};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::answer::{self, Answer};
use super::line::Cut;

/// Something that goes wrong with the next calls of an operation.
///
/// What replaces the answer keeps the call from the game; what delays, cuts or garbles the answer
/// lets the call have its effect, as a network does.
///
/// ```
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use playoff::sandbox::{Fault, Sandbox};
///
/// let sandbox = Sandbox::start().await?;
/// let playoff = sandbox.playoff().with_player("johny");
/// sandbox.inject(Fault::status(503).on("play_action").times(2));
///
/// for _ in 0..2 {
///     let error = playoff.v2().play_action().action_id("water").await.unwrap_err();
///     assert_eq!(error.status().unwrap(), 503);
/// }
/// playoff.v2().play_action().action_id("water").await?;
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
/// #     .block_on(example()).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[must_use = "Sandbox::inject makes it happen"]
pub struct Fault {
    /// The operation it waits for; any of the API when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    #[serde(default = "once")]
    times: u32,
    #[serde(flatten)]
    kind: Kind,
}

fn once() -> u32 {
    1
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
enum Kind {
    Status {
        status: u16,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
    },
    Html {
        status: u16,
    },
    Answer {
        status: u16,
        content_type: String,
        body: String,
    },
    Silence,
    Delay {
        milliseconds: u64,
    },
    CutHead {
        bytes: usize,
    },
    CutBody {
        bytes: usize,
    },
    TruncatedJson,
    MalformedJson,
}

impl Fault {
    fn new(kind: Kind) -> Fault {
        Fault { operation: None, times: 1, kind }
    }

    /// An answer with this status and the error `sandbox_fault`.
    pub fn status(status: u16) -> Fault {
        Fault::new(Kind::Status { status, retry_after: None })
    }

    /// 429 with `Retry-After` in whole seconds.
    pub fn too_many_requests(retry_after: Duration) -> Fault {
        Fault::new(Kind::Status { status: 429, retry_after: Some(retry_after.as_secs()) })
    }

    /// A page of HTML with this status, as a proxy in between would answer.
    pub fn html(status: u16) -> Fault {
        Fault::new(Kind::Html { status })
    }

    /// Any answer at all.
    pub fn answer(status: u16, content_type: impl Into<String>, body: impl Into<String>) -> Fault {
        let (content_type, body) = (content_type.into(), body.into());
        Fault::new(Kind::Answer { status, content_type, body })
    }

    /// No answer: the connection stays open and nothing comes.
    pub fn silence() -> Fault {
        Fault::new(Kind::Silence)
    }

    /// The right answer, later.
    pub fn delay(by: Duration) -> Fault {
        let milliseconds = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        Fault::new(Kind::Delay { milliseconds })
    }

    /// The connection is closed after so many bytes of the answer; 0 for none at all.
    pub fn cut_head(bytes: usize) -> Fault {
        Fault::new(Kind::CutHead { bytes })
    }

    /// The connection is closed after so many bytes of the answer's body.
    pub fn cut_body(bytes: usize) -> Fault {
        Fault::new(Kind::CutBody { bytes })
    }

    /// The first half of the right answer, as if that were all of it.
    pub fn truncated_json() -> Fault {
        Fault::new(Kind::TruncatedJson)
    }

    /// The right answer with a comma too many.
    pub fn malformed_json() -> Fault {
        Fault::new(Kind::MalformedJson)
    }

    /// Only calls of this operation, such as `play_action`, in both versions; `token` and `login` are
    /// the requests of the login host. Without this any call of the API, but those two.
    pub fn on(mut self, operation: impl Into<String>) -> Fault {
        self.operation = Some(operation.into());
        self
    }

    /// So many calls; 1 unless told otherwise.
    pub fn times(mut self, times: u32) -> Fault {
        self.times = times;
        self
    }

    fn concerns(&self, operation: Option<&str>) -> bool {
        match &self.operation {
            Some(wanted) => Some(wanted.as_str()) == operation,
            None => !matches!(operation, Some("token" | "login")),
        }
    }

    /// What is wrong with it, for whoever wrote it as JSON.
    pub(super) fn flaw(&self) -> Option<String> {
        let status = match self.kind {
            Kind::Status { status, .. } | Kind::Html { status } | Kind::Answer { status, .. } => {
                status
            }
            _ => 200,
        };
        if !(200..=599).contains(&status) {
            return Some(format!("status: {status} should be from 200 to 599"));
        }
        let operation = self.operation.as_deref()?;
        let known = matches!(operation, "token" | "login")
            || crate::routes::all().any(|route| route.operation == operation);
        (!known).then(|| format!("operation: there is no operation '{operation}'"))
    }

    /// The answer that goes out instead of that of the game; `None` where the game answers.
    pub(super) fn instead(&self) -> Option<Answer> {
        match &self.kind {
            Kind::Status { status, retry_after } => {
                let text = "A fault that the sandbox was asked for";
                let body = json!({"error": "sandbox_fault", "error_description": text});
                let mut answer = answer::json(*status, &body);
                if let Some(seconds) = *retry_after {
                    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
                }
                Some(answer)
            }
            Kind::Html { status } => {
                let page = "<html><head><title>Bad Gateway</title></head><body>proxy</body></html>";
                Some(answer::whole(*status, "text/html", page.into()))
            }
            Kind::Answer { status, content_type, body } => {
                Some(answer::whole(*status, content_type, body.clone().into()))
            }
            _ => None,
        }
    }

    pub(super) fn delay_of(&self) -> Option<Duration> {
        match self.kind {
            Kind::Delay { milliseconds } => Some(Duration::from_millis(milliseconds)),
            _ => None,
        }
    }

    pub(super) fn is_silence(&self) -> bool {
        self.kind == Kind::Silence
    }

    pub(super) fn cut_of(&self) -> Option<Cut> {
        match self.kind {
            Kind::CutHead { bytes } => Some(Cut::Head(bytes)),
            Kind::CutBody { bytes } => Some(Cut::Body(bytes)),
            _ => None,
        }
    }

    /// Garbles the body of the game's answer, where that is the fault.
    pub(super) async fn garble(&self, answer: Answer) -> Answer {
        let garbled: fn(&Bytes) -> Bytes = match self.kind {
            Kind::TruncatedJson => |body| body.slice(..body.len() / 2),
            Kind::MalformedJson => |body| {
                let (first, rest) = body.split_at(body.len().min(1));
                Bytes::from([first, b",", rest].concat())
            },
            _ => return answer,
        };
        let (mut head, body) = answer.into_parts();
        let Ok(body) = body.collect().await;
        head.headers.remove(CONTENT_LENGTH);
        Answer::from_parts(head, garbled(&body.to_bytes()).into())
    }
}

/// The faults that are still to come, in the order in which they were asked for.
#[derive(Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn add(&mut self, fault: Fault) {
        if fault.times > 0 {
            self.0.push(fault);
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn all(&self) -> Vec<Fault> {
        self.0.clone()
    }

    /// The fault of this call, if one waits for it.
    pub(super) fn take(&mut self, operation: Option<&str>) -> Option<Fault> {
        let index = self.0.iter().position(|fault| fault.concerns(operation))?;
        let fault = self.0.get_mut(index)?;
        fault.times -= 1;
        if fault.times > 0 { Some(fault.clone()) } else { Some(self.0.remove(index)) }
    }
}

/// A status from a fault that was checked.
pub(super) fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_meets_the_operation_it_waits_for_so_many_times() {
        let mut faults = Faults::default();
        faults.add(Fault::status(503).on("play_action").times(2));
        faults.add(Fault::html(502));
        faults.add(Fault::silence().times(0));
        assert_eq!(faults.take(Some("token")), None);
        assert!(faults.take(Some("play_action")).is_some());
        assert!(faults.take(Some("play_action")).is_some());
        assert_eq!(
            faults.take(Some("play_action")).map(|fault| fault.kind),
            Some(Kind::Html { status: 502 })
        );
        assert_eq!(faults.take(None), None);
    }

    #[test]
    fn a_fault_is_written_as_json() {
        let text = r#"{"fault":"status","status":429,"retry_after":7,"operation":"get_player"}"#;
        let fault: Fault = serde_json::from_str(text).unwrap();
        assert_eq!(fault, Fault::too_many_requests(Duration::from_secs(7)).on("get_player"));
        let fault: Fault = serde_json::from_str(r#"{"fault":"cut_body","bytes":3}"#).unwrap();
        assert_eq!(fault, Fault::cut_body(3));
        for fault in [Fault::status(99), Fault::silence().on("play_akzion")] {
            assert!(fault.flaw().is_some(), "{fault:?}");
        }
        assert_eq!(Fault::silence().on("token").flaw(), None);
    }
}
