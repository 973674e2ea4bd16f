//! Who may join a team or a process.

use serde_json::{Map, Value};

use super::refusal::{Outcome, Refusal};
use super::request::{Report, join};

/// In order of strictness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Access {
    Public,
    Protected,
    Private,
}

impl Access {
    /// Requests may use lower case.
    pub(super) fn parse(word: &str) -> Option<Access> {
        match word.to_ascii_uppercase().as_str() {
            "PUBLIC" => Some(Access::Public),
            "PROTECTED" => Some(Access::Protected),
            "PRIVATE" => Some(Access::Private),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Access::Public => "PUBLIC",
            Access::Protected => "PROTECTED",
            Access::Private => "PRIVATE",
        }
    }

    /// What the settings of a design offer to its instances.
    pub(super) fn offered(
        settings: &Map<String, Value>,
        base: &str,
        report: &mut Report,
    ) -> Vec<Access> {
        let mut offered = Vec::new();
        for word in report.array(settings, base, "access") {
            match word.as_str().and_then(Access::parse) {
                Some(access) => offered.push(access),
                None => {
                    report.fault(&join(base, "access"), "should hold PUBLIC, PROTECTED or PRIVATE");
                }
            }
        }
        offered
    }

    /// Without a choice an instance takes the strictest access that is offered.
    pub(super) fn strictest(offered: &[Access]) -> Access {
        offered.iter().max().copied().unwrap_or(Access::Private)
    }

    /// The choice of a request out of what a definition offers. An empty word means no choice:
    /// one client echoes an access it was never told.
    pub(super) fn chosen(
        body: &Map<String, Value>,
        offered: &[Access],
        definition: &str,
    ) -> Outcome<Option<Access>> {
        let mut report = Report::default();
        let word = report.text(body, "", "access").filter(|word| !word.is_empty());
        let access = word.as_deref().and_then(Access::parse);
        if word.is_some() && access.is_none() {
            report.fault("access", "should be one of PUBLIC, PROTECTED, PRIVATE");
        }
        report.settle(())?;
        match access {
            Some(access) if !offered.contains(&access) => {
                let text =
                    format!("The access '{}' is not offered by '{definition}'", access.name());
                Err(Refusal::new(400, "invalid_access_setting", text))
            }
            access => Ok(access),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Access, Report};

    fn chosen(access: Value) -> Result<Option<Access>, &'static str> {
        let body = json!({ "access": access });
        let body = body.as_object().cloned().unwrap_or_default();
        Access::chosen(&body, &[Access::Public], "crew").map_err(|refusal| refusal.name)
    }

    #[test]
    fn the_words_may_be_written_in_lower_case() {
        assert_eq!(chosen(json!("public")), Ok(Some(Access::Public)));
        assert_eq!(chosen(json!("PUBLIC")), Ok(Some(Access::Public)));
    }

    #[test]
    fn an_empty_word_and_null_are_no_choice() {
        assert_eq!(chosen(json!("")), Ok(None));
        assert_eq!(chosen(Value::Null), Ok(None));
    }

    #[test]
    fn what_is_not_offered_or_no_access_at_all_is_refused() {
        assert_eq!(chosen(json!("PRIVATE")), Err("invalid_access_setting"));
        assert_eq!(chosen(json!("OPEN")), Err("validation_exception"));
        assert_eq!(chosen(json!(5)), Err("validation_exception"));
    }

    #[test]
    fn the_strictest_of_the_offered_is_the_default() {
        assert_eq!(Access::strictest(&[Access::Protected, Access::Public]), Access::Protected);
        assert_eq!(Access::strictest(&[]), Access::Private);
    }

    #[test]
    fn a_design_offers_only_known_words() {
        let read = |access: Value| {
            let settings = json!({ "access": access });
            let mut report = Report::default();
            let settings = settings.as_object().cloned().unwrap_or_default();
            let offered = Access::offered(&settings, "settings", &mut report);
            report.settle(offered).map_err(|refusal| refusal.name)
        };
        assert_eq!(read(json!(["public", "PRIVATE"])), Ok(vec![Access::Public, Access::Private]));
        assert_eq!(read(json!(["OPEN"])), Err("validation_exception"));
        assert_eq!(read(json!([5])), Err("validation_exception"));
    }
}
