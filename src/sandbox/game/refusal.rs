//! Refusals: the error codes of the API with their statuses and texts.

use serde_json::{Value, json};

/// An answer with a status of 400 or more.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) name: &'static str,
    pub(crate) text: String,
    pub(crate) data: Option<Value>,
    /// Seconds after which the same request may succeed.
    pub(crate) retry_after: Option<u64>,
}

/// Boxed, because refusals are rare and much larger than what they stand in for.
pub(crate) type Outcome<T> = Result<T, Box<Refusal>>;

impl Refusal {
    pub(crate) fn new(status: u16, name: &'static str, text: impl Into<String>) -> Box<Refusal> {
        Box::new(Refusal { status, name, text: text.into(), data: None, retry_after: None })
    }

    /// The report of a request that does not fit its schema. Only `valid` is on record.
    pub(crate) fn invalid(faults: Vec<Value>) -> Box<Refusal> {
        let mut refusal = Refusal::new(400, "validation_exception", "Invalid request");
        refusal.data = Some(json!({ "valid": false, "errors": faults }));
        refusal
    }

    pub(crate) fn fault(path: &str, message: impl Into<String>) -> Box<Refusal> {
        Refusal::invalid(vec![json!({ "path": path, "message": message.into() })])
    }

    pub(crate) fn invalid_player() -> Box<Refusal> {
        let text = "The 'player_id' parameter should be specified in the query";
        Refusal::new(400, "invalid_player", text)
    }

    pub(crate) fn player_not_found(id: &str) -> Box<Refusal> {
        Refusal::new(404, "player_not_found", format!("Player with ID '{id}' does not exist"))
    }

    pub(crate) fn player_exists(id: &str) -> Box<Refusal> {
        Refusal::new(409, "player_exists", format!("A player with ID '{id}' already exists"))
    }

    pub(crate) fn metric_not_found(id: &str) -> Box<Refusal> {
        Refusal::new(404, "metric_not_found", format!("The metric '{id}' does not exist"))
    }

    /// Assumption: an unknown action is called `action_not_found`.
    pub(crate) fn action_not_found(id: &str) -> Box<Refusal> {
        Refusal::new(404, "action_not_found", format!("The action '{id}' does not exist"))
    }

    /// Assumption: an unknown leaderboard is called `leaderboard_not_found`.
    pub(crate) fn leaderboard_not_found(id: &str) -> Box<Refusal> {
        Refusal::new(404, "leaderboard_not_found", format!("The leaderboard '{id}' does not exist"))
    }

    /// Assumption: an unknown process and an unknown process definition are `process_not_found`.
    pub(crate) fn process_not_found(id: &str) -> Box<Refusal> {
        Refusal::new(404, "process_not_found", format!("The process '{id}' does not exist"))
    }

    /// Assumption: an unknown team is called `team_not_found`.
    pub(crate) fn team_not_found(id: &str) -> Box<Refusal> {
        Refusal::new(404, "team_not_found", format!("The team '{id}' does not exist"))
    }

    pub(crate) fn team_definition_not_found(id: &str) -> Box<Refusal> {
        let text = format!("The team definition '{id}' does not exist");
        Refusal::new(404, "team_definition_not_found", text)
    }

    pub(crate) fn not_in_team(id: &str) -> Box<Refusal> {
        Refusal::access_denied(format!("You are not a member of the team '{id}'"))
    }

    /// The same name as for a taken player id, with another meaning.
    pub(crate) fn already_in_team(id: &str) -> Box<Refusal> {
        let text = format!("The player is already a member of the team '{id}'");
        Refusal::new(409, "player_exists", text)
    }

    pub(crate) fn already_in_process(id: &str) -> Box<Refusal> {
        let text = format!("The player is already a performer in the process '{id}'");
        Refusal::new(409, "player_exists", text)
    }

    pub(crate) fn member_not_found(player: &str, team: &str) -> Box<Refusal> {
        let text = format!("The player '{player}' is not a member of the team '{team}'");
        Refusal::new(404, "member_not_found", text)
    }

    pub(crate) fn performer_not_found(player: &str, process: &str) -> Box<Refusal> {
        let text = format!("The player '{player}' is not a performer in the process '{process}'");
        Refusal::new(404, "performer_not_found", text)
    }

    pub(crate) fn invalid_role(text: impl Into<String>) -> Box<Refusal> {
        Refusal::new(400, "invalid_role", text)
    }

    pub(crate) fn forbidden(text: impl Into<String>) -> Box<Refusal> {
        Refusal::new(403, "forbidden", text)
    }

    pub(crate) fn access_denied(text: impl Into<String>) -> Box<Refusal> {
        Refusal::new(401, "access_denied", text)
    }

    pub(crate) fn image_not_found(text: &str) -> Box<Refusal> {
        Refusal::new(404, "image_not_found", text)
    }

    pub(crate) fn invalid_date(key: &str, text: &str) -> Box<Refusal> {
        Refusal::new(400, "invalid_date", format!("The '{key}' date '{text}' is malformed"))
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal;

    #[test]
    fn a_validation_report_says_that_the_request_is_not_valid() {
        let refusal = Refusal::fault("id", "is required");
        assert_eq!((refusal.status, refusal.name), (400, "validation_exception"));
        assert_eq!(refusal.text, "Invalid request");
        let data = refusal.data.expect("a report");
        assert_eq!(data["valid"], false);
        assert_eq!(data["errors"][0]["path"], "id");
    }

    #[test]
    fn an_unknown_player_is_named_in_the_text() {
        let refusal = Refusal::player_not_found("nobody");
        assert_eq!(refusal.status, 404);
        assert!(refusal.text.contains("Player with ID 'nobody'"));
    }
}
