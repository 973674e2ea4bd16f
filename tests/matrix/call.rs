//! The ways to call, idempotent and not.

use playoff::{Error, File, Form, Method, Playoff};
use serde_json::json;

use crate::scripted::Reply;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Read,
    RawRead,
    StreamedRead,
    /// A list, page after page.
    PagedRead,
    /// A PUT: no upload on record is idempotent.
    RawUpload,
    Play,
    RawPlay,
    Upload,
}

/// A stream that is not idempotent does not exist: only reads are streamed.
pub(crate) const ALL: [Call; 8] = [
    Call::Read,
    Call::RawRead,
    Call::StreamedRead,
    Call::PagedRead,
    Call::RawUpload,
    Call::Play,
    Call::RawPlay,
    Call::Upload,
];

impl Call {
    pub(crate) fn is_idempotent(self) -> bool {
        !matches!(self, Call::Play | Call::RawPlay | Call::Upload)
    }

    pub(crate) fn is_raw(self) -> bool {
        matches!(self, Call::RawRead | Call::RawPlay | Call::RawUpload)
    }

    pub(crate) fn is_stream(self) -> bool {
        self == Call::StreamedRead
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Call::Read | Call::Play => "typed",
            Call::RawRead | Call::RawPlay => "raw",
            Call::StreamedRead => "stream",
            Call::PagedRead => "pages",
            Call::RawUpload | Call::Upload => "upload",
        }
    }

    /// The JSON that this call wants to see.
    pub(crate) fn answer(self) -> String {
        let answer = match self {
            Call::Read | Call::RawRead | Call::StreamedRead => {
                json!({"id": "johny", "alias": "Johny", "enabled": true, "scores": [], "teams": [],
                    "created": "2026-03-01T09:00:00.000Z"})
            }
            Call::PagedRead => json!({"data": [], "total": 0}),
            Call::Play | Call::RawPlay => {
                json!({"actions": [], "events": {"local": [], "global": []}})
            }
            Call::Upload | Call::RawUpload => json!({"id": "picture"}),
        };
        answer.to_string()
    }

    pub(crate) fn success(self) -> Reply {
        Reply::json(200, &self.answer())
    }

    pub(crate) async fn perform(self, playoff: &Playoff) -> Result<(), Error> {
        let picture = || File::new("x.png", b"picture".to_vec());
        match self {
            Call::Read => playoff.v2().get_player().await.map(drop),
            Call::RawRead => playoff.get("/runtime/player").await.map(drop),
            Call::StreamedRead => {
                let mut image = playoff.v2().get_game_image().stream().await?;
                while image.try_next().await?.is_some() {}
                Ok(())
            }
            Call::PagedRead => {
                let mut players = playoff.v2().admin_list_players().stream();
                while players.try_next().await?.is_some() {}
                Ok(())
            }
            Call::RawUpload => {
                let form = Form::new().file("file", picture());
                playoff.api(Method::PUT, "/runtime/player/image").form(form).await.map(drop)
            }
            Call::Play => playoff.v2().play_action().action_id("water").await.map(drop),
            Call::RawPlay => playoff.post("/runtime/actions/water/play").await.map(drop),
            Call::Upload => playoff.v2().upload_design_image().file(picture()).await.map(drop),
        }
    }
}
