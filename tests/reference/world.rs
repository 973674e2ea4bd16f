//! A game in which every operation finds something to do.

use playoff::model::*;
use playoff::{Error, File, Playoff};
use serde::Serialize;
use serde_json::{Value, json};

use crate::calls::PICTURE;

/// The demo game, with teams, processes and a design in which something waits.
#[derive(Serialize)]
pub(crate) struct World {
    pub(crate) crew: Crew,
    pub(crate) run: Run,
    pub(crate) draft: Draft,
}

impl World {
    pub(crate) async fn of(playoff: &Playoff) -> Result<World, Error> {
        Ok(World {
            crew: Crew::of(playoff).await?,
            run: Run::of(playoff).await?,
            draft: Draft::of(playoff).await?,
        })
    }

    /// `code`, with values in the place of what it takes from here.
    pub(crate) fn fill(&self, code: &str) -> String {
        let mut code = code.to_owned();
        let parts = serde_json::to_value(self).unwrap();
        for (part, fields) in parts.as_object().unwrap() {
            for (name, value) in fields.as_object().unwrap() {
                let taken = format!("world.{part}.{name}");
                code = code.replace(&format!("&{taken}"), &value.to_string());
                code = code.replace(&format!("{taken}.clone()"), &format!("json!({value})"));
            }
        }
        code
    }
}

/// What waits in and around the team `plot` of student1, who is also a member of `beds`.
#[derive(Serialize)]
pub(crate) struct Crew {
    /// Of johny, to join; a notification of student1 as well.
    pub(crate) request: String,
    /// An invitation that student1 has sent.
    pub(crate) sent: String,
    /// An invitation that waits for student1.
    pub(crate) received: String,
}

impl Crew {
    async fn of(playoff: &Playoff) -> Result<Crew, Error> {
        let at = |player: &str| playoff.with_player(player).v2();
        let found = at("student1").create_team().definition("crew").name("Plot").id("plot");
        found.access("PROTECTED").await?;
        let found = at("mira").create_team().definition("crew").name("Beds").id("beds");
        found.await?;
        let sower = || TeamRoles::new(["Sower"]);
        for (team, player) in [("plot", "otto"), ("beds", "student1")] {
            let join = playoff.v2().admin_join_team().team_id(team).player_id(player);
            join.requested_roles(sower()).await?;
        }
        let asked = at("johny").join_team().team_id("plot").body(sower()).await?;
        let TeamJoinResult::Requested(request) = asked else { panic!("joined a protected team") };
        let invite = at("student1").send_team_invite().team_id("plot").id("lena");
        let sent = invite.roles(sower()).await?;
        let invite = at("mira").send_team_invite().team_id("team_5c11aa7b7d0ed66b0193a001");
        let received = invite.id("student1").roles(sower()).await?;
        Ok(Crew {
            request: request.id.clone(),
            sent: sent.id.clone(),
            received: received.id.clone(),
        })
    }
}

/// A process of student1, in which mira performs too, with what waits in it, and those of others.
#[derive(Serialize)]
pub(crate) struct Run {
    pub(crate) own: String,
    pub(crate) trigger: String,
    /// Of mira, for other roles.
    pub(crate) request: String,
    /// An invitation that student1 has sent.
    pub(crate) sent: String,
    /// Of mira, for everybody to join.
    pub(crate) open: String,
    /// Of mira, where student1 has joined.
    pub(crate) joined: String,
    /// With which student1 can approve there.
    pub(crate) token: String,
}

fn lanes() -> LaneRoles {
    LaneRoles::new([("main", LaneRole::Player)])
}

impl Run {
    async fn of(playoff: &Playoff) -> Result<Run, Error> {
        let at = |player: &str| playoff.with_player(player).v2();
        let (student, mira) = (at("student1"), at("mira"));
        let own = student.create_process().definition("module1").name("Spring").await?.id;
        let triggers = student.list_process_triggers().process_id(&own).await?;
        let invite = student.send_process_invite().process_id(&own).id("mira");
        let invite = invite.roles(lanes()).await?;
        mira.accept_invite().invite_id(&invite.id).await?;
        let other = LaneRoles::new([("main", LaneRole::Observer)]);
        let asked = mira.change_process_roles().process_id(&own).body(other).await?;
        let RoleChange::Requested(request) = asked else { panic!("changed a private process") };
        let sent = student.send_process_invite().process_id(&own).id("lena");
        let sent = sent.roles(lanes()).await?;
        let open = mira.create_process().definition("module1").access("PUBLIC").await?.id;
        let joined = mira.create_process().definition("plot_check").access("PUBLIC").await?.id;
        let office = LaneRoles::new([("office", LaneRole::Player)]);
        student.join_process().process_id(&joined).body(office).await?;
        mira.play_process().process_id(&joined).trigger("tend").await?;
        let notices = student.list_notifications().await?.data;
        let token = notices.iter().find_map(|notice| match &notice.detail {
            EventDetail::Escalation(call) => call.play_token.as_ref(),
            _ => None,
        });
        Ok(Run {
            own,
            trigger: triggers[0].trigger.clone(),
            request: request.id.clone(),
            sent: sent.id.clone(),
            open,
            joined,
            token: token.unwrap().expose().to_owned(),
        })
    }
}

/// What designers and administrators have made: a custom rule `bonus`, the scope `spring` of `cup`.
#[derive(Serialize)]
pub(crate) struct Draft {
    pub(crate) image: String,
    /// Of a limit that is gone again from the design.
    pub(crate) issue: String,
    pub(crate) fix: Value,
    /// What johny did a moment ago.
    pub(crate) event: String,
}

impl Draft {
    async fn of(playoff: &Playoff) -> Result<Draft, Error> {
        let (v2, student) = (playoff.v2(), playoff.with_player("student1").v2());
        let picture = || File::new("plot.png", PICTURE);
        let image = v2.upload_design_image().file(picture()).await?.id.clone();
        student.upload_own_image().file(picture()).await?;
        let bonus = json!({"id": "bonus", "name": "Bonus", "type": "custom", "variables": [], "rules": [
            {"requires": {}, "rewards": [Reward::point("seeds", RewardVerb::Add, 3)]}]});
        let _: Value = playoff.post("/design/versions/latest/rules").json(bonus).await?;
        v2.deploy_design().version("latest").await?;
        v2.admin_create_leaderboard_scope().leaderboard_id("cup").scope_id("spring").await?;
        for max in [1, 1_000_000] {
            let seeds = v2.update_metric_design().version("latest").component_id("seeds");
            let limit = MetricConstraints::point().with_max(max);
            seeds.type_("point").constraints(limit).await?;
            if max == 1 {
                let refused = v2.simulate_design().version("latest").await.unwrap_err();
                assert_eq!(refused.name(), "design_issues");
            }
        }
        let issues: Value = playoff.get("/design/issues").await?;
        let issue = issues[0]["id"].as_str().unwrap().to_owned();
        let played = v2.play_action().action_id("water").player_id("johny").await?;
        let event = played.events.local[0].id.clone().unwrap();
        Ok(Draft { image, issue, fix: issues[0]["apply"].clone(), event })
    }
}
