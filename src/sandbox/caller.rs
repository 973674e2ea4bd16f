//! Who sends an API request, and as which player.

use std::collections::BTreeMap;

use hyper::header::{AUTHORIZATION, HeaderMap};

use super::game::{Environment, Outcome, Refusal, World};
use super::rights::Right;
use crate::routes::{PlayerScope, Route};

#[derive(Debug)]
pub(super) struct Caller {
    pub(super) rights: Vec<Right>,
    /// Who logged in, or is named by the JWT.
    pub(super) player: Option<String>,
    /// Where it takes effect.
    pub(super) environment: Environment,
}

impl Caller {
    pub(super) fn need(&self, right: Right) -> Outcome<()> {
        if self.rights.contains(&right) {
            return Ok(());
        }
        Err(Refusal::access_denied("You are not allowed to access this api route"))
    }

    /// The player who acts on `route`: the one of the query, else the one of the credential.
    pub(super) fn acting_player(
        &self,
        route: &Route,
        query: &BTreeMap<String, String>,
        world: &World,
    ) -> Outcome<Option<String>> {
        let (named, own) = (query.get("player_id"), self.player.as_ref());
        let id = match route.player {
            // Nobody acts; who is logged in may be asked for all the same.
            PlayerScope::None => {
                let game = world.game(self.environment);
                return Ok(own.filter(|id| game.has_player(id)).cloned());
            }
            // Such a route says whose data it is about; nobody acts there.
            PlayerScope::Required => named,
            PlayerScope::Acting | PlayerScope::Optional => {
                if named.zip(own).is_some_and(|(named, own)| named != own) {
                    return Err(Refusal::access_denied("You may not act as another player"));
                }
                named.or(own)
            }
        };
        let id = match id {
            None if route.player == PlayerScope::Optional => return Ok(None),
            id => id.ok_or_else(Refusal::invalid_player)?,
        };
        if !world.game(self.environment).has_player(id) {
            return Err(Refusal::player_not_found(id));
        }
        Ok(Some(id.clone()))
    }
}

/// The token or JWT of a request.
pub(super) fn credential(query: &BTreeMap<String, String>, headers: &HeaderMap) -> Option<String> {
    let bearer = || {
        let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
    };
    query.get("access_token").or_else(|| query.get("jwt")).cloned().or_else(bearer)
}

#[cfg(test)]
mod tests {
    use hyper::Method;
    use jiff::Timestamp;

    use super::*;
    use crate::routes::{self, Version};

    /// The acting player of a caller bound to `own`, where the query names `named`.
    fn acting(path: &str, own: Option<&str>, named: Option<&str>) -> Result<String, &'static str> {
        let environment = Environment::Production;
        let caller = Caller { rights: Vec::new(), player: own.map(str::to_owned), environment };
        let query = named.map(|id| ("player_id".to_owned(), id.to_owned())).into_iter().collect();
        let (route, _) = routes::find(Version::V2, &Method::GET, path).unwrap();
        let world = World::demo(Timestamp::UNIX_EPOCH, 0);
        let player = caller.acting_player(route, &query, &world);
        player.map(Option::unwrap_or_default).map_err(|refusal| refusal.name)
    }

    #[test]
    fn the_player_of_the_credential_acts_unless_the_query_names_one() {
        let path = "/runtime/player";
        assert_eq!(acting(path, None, None), Err("invalid_player"));
        assert_eq!(acting(path, None, Some("mira")).as_deref(), Ok("mira"));
        assert_eq!(acting(path, Some("mira"), None).as_deref(), Ok("mira"));
        assert_eq!(acting(path, Some("mira"), Some("mira")).as_deref(), Ok("mira"));
        assert_eq!(acting(path, Some("nobody"), None), Err("player_not_found"));
    }

    #[test]
    fn a_bound_credential_acts_for_nobody_else() {
        assert_eq!(acting("/runtime/player", Some("mira"), Some("johny")), Err("access_denied"));
        // Node clients name a player on every route; an administrator's takes no notice.
        assert_eq!(acting("/admin/players", Some("mira"), Some("johny")).as_deref(), Ok("mira"));
    }
}
