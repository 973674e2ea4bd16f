//! `playoff export`: a whole game into a file.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use clap::Args;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use playoff::model::ScoreValue;
use playoff::v2::types::{PlayerProfile, Team as ServerTeam};
use playoff::{Error, Playoff};
use serde_json::Value;

use crate::caller::{Caller, is_gone};
use crate::connection::Connection;
use crate::design::{self, image_at, image_slots};
use crate::failure::Failure;
use crate::game_file::{GameWriter, Image, Kind, Membership, Player, Score, Section, Team};
use crate::output::say;
use crate::part::{Part, Parts};
use crate::progress::Progress;
use crate::stopped::stopped;
use crate::whole_file::{PRIVATE, WholeFile};

/// Writes the game into a file: designs with their images, players, teams, scores.
///
/// The file is JSON with one item a line, for `playoff import` and for programs of your own: after
/// the keys format ("playoff-game"), format_version (1), exported and game come the lists images,
/// team_designs, metric_designs, action_designs, leaderboard_designs, rule_designs, process_designs,
/// teams and players, those that are asked for. Designs are as the API gives them. An image is {id,
/// type, base64}, its id made of the SHA-256 of its content; a team {id, name, definition, access,
/// owner, locked}; a player {id, alias, email, teams, scores}, teams being a list of {team, roles} and
/// scores one of {type, metric, value}: a number as text, counts by name of the item, or the name of
/// the state.
///
/// It is written beside its place and moved there at the end: a file that is there already stays as
/// it is until then, and its mode for good. A new one is readable by its owner alone.
///
/// Not in it, because the API does not give it or takes no such thing back: how often players did
/// which action, activities and notifications, what leaderboards held in past cycles and custom
/// scopes, running processes, pending invitations and requests, pictures of players, the settings of
/// the game itself, and e-mail addresses where the API does not show them.
#[derive(Args)]
#[command(after_help = "\
Examples:
  playoff export game.json
  playoff export design.json --only designs --profile shop")]
pub(crate) struct Options {
    /// The file to write
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    parts: Parts,

    /// So many requests at a time
    #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,

    #[command(flatten)]
    connection: Connection,
}

pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let export = Export {
        caller: Caller { playoff: options.connection.playoff()?, progress: Progress::default() },
        parts: options.parts,
        jobs: options.jobs.into(),
    };
    // Whoever gives up finds the old file, and no half of a new one.
    let counts = tokio::select! {
        done = export.write(&options.file) => done?,
        () = stopped() => return Err("interrupted: nothing was written".into()),
    };
    let Counts { designs, images, teams, players } = counts;
    let file = options.file.display();
    say(&format!("{file}: designs {designs}, images {images}, teams {teams}, players {players}"));
    Ok(())
}

struct Export {
    caller: Caller,
    parts: Parts,
    jobs: usize,
}

#[derive(Default)]
struct Counts {
    designs: usize,
    images: usize,
    teams: usize,
    players: usize,
}

impl Export {
    async fn write(&self, path: &Path) -> Result<Counts, Failure> {
        // It is for its user alone, for it tells who the players are.
        let file = WholeFile::create(path, PRIVATE)?;
        // Without patience: wrong credentials, or no network, are told at once.
        let status = self.caller.playoff.v2().admin_get_status().await?;
        let mut file = GameWriter::of(file, &status.game)?;
        let mut counts = Counts::default();
        if self.parts.has(Part::Designs) {
            self.designs(&mut file, &mut counts).await?;
        }
        if self.parts.has(Part::Teams) {
            self.teams(&mut file, &mut counts).await?;
        }
        if self.parts.has_players() {
            self.players(&mut file, &mut counts).await?;
        }
        file.finish()?;
        Ok(counts)
    }

    async fn designs(&self, file: &mut GameWriter, counts: &mut Counts) -> Result<(), Failure> {
        let mut shelves = Vec::new();
        for kind in Kind::ALL {
            shelves.push((kind, self.shelf(kind).await?));
        }
        file.begin(Section::Images)?;
        let bar = self.caller.progress.bar("images", None);
        let mut names: HashMap<String, Option<String>> = HashMap::new();
        for (kind, design) in shelves
            .iter_mut()
            .flat_map(|(kind, shelf)| shelf.iter_mut().map(|design| (*kind, design)))
        {
            for slot in image_slots(design) {
                let Some(id) = image_at(design, &slot).map(str::to_owned) else { continue };
                if !names.contains_key(&id) {
                    let image = self.image(kind, design, &id).await?;
                    let name = image.as_ref().map(|image| image.id.clone());
                    let is_new = name.is_some() && !names.values().any(|known| *known == name);
                    if let Some(image) = image.filter(|_| is_new) {
                        file.item(&image)?;
                        counts.images += 1;
                        bar.step();
                    }
                    names.insert(id.clone(), name);
                }
                if let (Some(Some(name)), Some(place)) = (names.get(&id), design.pointer_mut(&slot))
                {
                    *place = Value::from(name.as_str());
                }
            }
        }
        for (kind, shelf) in &shelves {
            file.begin(Section::Designs(*kind))?;
            for design in shelf {
                file.item(design)?;
                counts.designs += 1;
            }
        }
        Ok(())
    }

    /// All designs of a kind, in the order of the game.
    async fn shelf(&self, kind: Kind) -> Result<Vec<Value>, Failure> {
        let ids = design::ids(&self.caller, kind).await?;
        let bar = self.caller.progress.bar(kind.route(), Some(ids.len() as u64));
        let designs = stream::iter(ids).map(|id| async move {
            let design = design::get(&self.caller, kind, &id).await;
            self.still_there(format!("{} '{id}'", kind.word()), design)
        });
        let designs = designs.buffered(self.jobs).inspect(|_| bar.step());
        Ok(designs.try_filter_map(|design| async move { Ok(design) }).try_collect().await?)
    }

    /// The image as it was uploaded; none where the API does not give it.
    async fn image(&self, kind: Kind, design: &Value, id: &str) -> Result<Option<Image>, Failure> {
        let what = || format!("{} '{}'", kind.word(), design["id"].as_str().unwrap_or_default());
        match design::image(&self.caller, id).await {
            Ok(image) => {
                let kind = image.content_type().unwrap_or("image/png");
                Ok(Some(Image::new(kind, image.bytes())))
            }
            Err(error) if is_gone(&error) => {
                let line =
                    format!("{}: its image '{id}' is not to be had, so its id stays", what());
                self.caller.progress.say(&line);
                Ok(None)
            }
            Err(error) => Err(format!("image of {}: {error}", what()).into()),
        }
    }

    async fn teams(&self, file: &mut GameWriter, counts: &mut Counts) -> Result<(), Failure> {
        file.begin(Section::Teams)?;
        let ids = self.caller.ids(
            |playoff, skip, limit| playoff.v2().admin_list_teams().skip(skip).limit(limit),
            |page| (page.data.into_iter().map(|team| team.id).collect(), page.total),
        );
        let ids = ids.await.map_err(|error| format!("list of teams: {error}"))?;
        let bar = self.caller.progress.bar("teams", Some(ids.len() as u64));
        // The list does not tell which ones are locked.
        let teams = stream::iter(ids).map(|id| async move {
            let read = |playoff: &Playoff| playoff.v2().admin_get_team().team_id(&id);
            self.still_there(format!("team '{id}'"), self.caller.call(read).await)
        });
        let mut teams = std::pin::pin!(teams.buffered(self.jobs));
        while let Some(team) = teams.try_next().await? {
            let Some(team) = team else { continue };
            file.item(&to_team(&team))?;
            counts.teams += 1;
            bar.step();
        }
        Ok(())
    }

    async fn players(&self, file: &mut GameWriter, counts: &mut Counts) -> Result<(), Failure> {
        file.begin(Section::Players)?;
        let ids = self.caller.ids(
            |playoff, skip, limit| playoff.v2().admin_list_players().skip(skip).limit(limit),
            |page| (page.data.into_iter().map(|player| player.id).collect(), page.total),
        );
        let ids = ids.await.map_err(|error| format!("list of players: {error}"))?;
        let bar = self.caller.progress.bar("players", Some(ids.len() as u64));
        let players = stream::iter(ids).map(|id| async move {
            let read = |playoff: &Playoff| playoff.v2().admin_get_player().player_id(&id);
            self.still_there(format!("player '{id}'"), self.caller.call(read).await)
        });
        let mut players = std::pin::pin!(players.buffered(self.jobs));
        while let Some(player) = players.try_next().await? {
            let Some(player) = player else { continue };
            let exported = self.to_player(&player);
            file.item(&exported.map_err(|problem| format!("player '{}': {problem}", player.id))?)?;
            counts.players += 1;
            bar.step();
        }
        Ok(())
    }

    /// What was deleted since it was listed is not exported, and that is said.
    fn still_there<T>(&self, what: String, read: Result<T, Error>) -> Result<Option<T>, String> {
        match read {
            Ok(value) => Ok(Some(value)),
            Err(error) if is_gone(&error) => {
                self.caller.progress.say(&format!("{what} is gone, and left out: {error}"));
                Ok(None)
            }
            Err(error) => Err(format!("{what}: {error}")),
        }
    }

    fn to_player(&self, profile: &PlayerProfile) -> Result<Player, String> {
        let mut teams: Vec<Membership> = profile.teams.iter().map(to_membership).collect();
        teams.sort_by(|one, other| one.team.cmp(&other.team));
        let has_scores = self.parts.has(Part::Scores);
        let scores = profile.scores.iter().filter(|_| has_scores);
        let scores = scores.filter_map(|score| to_score(score).transpose());
        let mut scores: Vec<Score> = scores.collect::<Result<_, String>>()?;
        // Profiles list them in no fixed order.
        scores.sort_by(|one, other| one.metric().cmp(other.metric()));
        Ok(Player {
            id: profile.id.clone(),
            alias: profile.alias.clone(),
            email: profile.email.clone(),
            teams: self.parts.has(Part::Teams).then_some(teams),
            scores: has_scores.then_some(scores),
        })
    }
}

fn to_team(team: &ServerTeam) -> Team {
    Team {
        id: team.id.clone(),
        name: team.name.clone(),
        definition: team.definition.id().to_owned(),
        access: team.access.as_str().to_owned(),
        owner: team.owner.as_ref().and_then(|owner| owner.id()).map(str::to_owned),
        locked: team.locked.unwrap_or_default(),
    }
}

fn to_membership(team: &playoff::model::PlayerTeam) -> Membership {
    let mut roles = team.roles.clone();
    roles.sort();
    Membership { team: team.id.clone(), roles }
}

/// None of a compound, which is worked out from the others, and of a type of tomorrow. Items go by
/// their names in profiles, so two of one name cannot be told apart.
fn to_score(score: &playoff::model::Score) -> Result<Option<Score>, String> {
    let metric = score.metric.id.clone();
    let is_compound = score.metric.metric_type == Some(playoff::model::MetricType::Compound);
    Ok(match &score.value {
        ScoreValue::Number(value) if !is_compound => {
            Some(Score::Point { metric, value: value.clone() })
        }
        ScoreValue::Set(set) => {
            let mut value = BTreeMap::new();
            for item in set.items.iter().filter(|item| item.count != 0) {
                if value.insert(item.name.clone(), item.count.clone()).is_some() {
                    return Err(format!(
                        "two items of '{metric}' are named '{}': give one another name, or leave \
                         scores out with --only",
                        item.name
                    ));
                }
            }
            Some(Score::Set { metric, value })
        }
        ScoreValue::State(state) => Some(Score::State { metric, value: state.name.clone() }),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn two_items_of_one_name_are_refused_and_not_made_one() {
        let score = |other: &str| {
            let items = json!([{ "name": "Rake", "count": "1" }, { "name": other, "count": "2" }]);
            let score = json!({ "metric": { "id": "shed", "type": "set" }, "value": items });
            to_score(&serde_json::from_value(score).unwrap())
        };
        assert!(score("Hoe").is_ok_and(|score| score.is_some()));
        assert!(score("Rake").unwrap_err().starts_with("two items of 'shed' are named 'Rake'"));
    }
}
