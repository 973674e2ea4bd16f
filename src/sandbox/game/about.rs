//! What a game says about itself.

use serde_json::{Value, json};

use super::Game;
use super::moment;

#[derive(Clone, Debug)]
pub(super) struct About {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) kind: String,
    pub(super) listed: bool,
    pub(super) access: String,
    pub(super) image: String,
}

impl Default for About {
    fn default() -> About {
        About {
            id: "game".to_owned(),
            title: "Game".to_owned(),
            description: String::new(),
            kind: "native".to_owned(),
            listed: false,
            access: "PRIVATE".to_owned(),
            image: "default-game".to_owned(),
        }
    }
}

impl About {
    pub(super) fn status(game: &Game) -> Value {
        let About { id, title, description, kind, listed, access, image } = &game.about;
        json!({
            "name": "Playoff Hermes",
            "version": "v2",
            "status": "ok",
            "game": {
                "id": id,
                "title": title,
                "description": description,
                "timezone": game.design.zone.iana_name().unwrap_or("UTC"),
                "type": kind,
                "template": "custom",
                "listed": listed,
                "access": access,
                "image": image,
                "created": moment::text(game.created),
            },
        })
    }
}
