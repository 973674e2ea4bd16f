//! The hand-written models against the specs that name them.

use playoff::model::*;
use serde_json::Value;

fn spec(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

fn specs() -> [Value; 2] {
    [spec(include_str!("../../spec/v1.yaml")), spec(include_str!("../../spec/v2.yaml"))]
}

#[test]
fn the_enums_know_exactly_the_values_that_the_specs_list() {
    let known: &[(&str, &[&str])] = &[
        ("AccessSetting", AccessSetting::KNOWN),
        ("EntityType", EntityType::KNOWN),
        ("GameType", GameType::KNOWN),
        ("ImageSize", ImageSize::KNOWN),
        ("LaneRole", LaneRole::KNOWN),
        ("LeaderboardCycle", LeaderboardCycle::KNOWN),
        ("LeaderboardScopeType", LeaderboardScopeType::KNOWN),
        ("MetricType", MetricType::KNOWN),
        ("ProcessStatus", ProcessStatus::KNOWN),
        ("RankingMode", RankingMode::KNOWN),
        ("RateLimitType", RateLimitType::KNOWN),
        ("ActivityType", ActivityType::KNOWN),
        ("GatewayType", GatewayType::KNOWN),
        ("RequestState", RequestState::KNOWN),
        ("RuleType", RuleType::KNOWN),
        ("RewardVerb", RewardVerb::KNOWN),
        ("SortOrder", SortOrder::KNOWN),
        ("VariableType", VariableType::KNOWN),
    ];
    let mut seen = std::collections::BTreeSet::new();
    for spec in specs() {
        for (name, schema) in spec["components"]["schemas"].as_object().unwrap() {
            let Some(values) = schema["enum"].as_array() else { continue };
            let model = schema["x-playoff-model"].as_str().unwrap();
            let (_, known) = known.iter().find(|(enumeration, _)| *enumeration == model).unwrap();
            let mut values: Vec<&str> =
                values.iter().map(|value| value.as_str().unwrap()).collect();
            let mut known = known.to_vec();
            values.sort_unstable();
            known.sort_unstable();
            assert_eq!(values, known, "{name}");
            seen.insert(model.to_owned());
        }
    }
    assert_eq!(seen.len(), known.len(), "an enum is in no spec");
}

#[test]
fn all_57_and_132_operations_are_there_each_with_its_evidence() {
    use playoff::routes::{self, Evidence, Version};
    for (version, spec, count) in [(Version::V1, &specs()[0], 57), (Version::V2, &specs()[1], 132)]
    {
        let routes = || routes::all().filter(|route| route.version == version);
        assert_eq!(routes().count(), count);
        for route in routes() {
            let operation = &spec["paths"][route.path][route.method.as_str().to_ascii_lowercase()];
            assert_eq!(operation["operationId"], route.operation);
            assert!(!operation["x-playoff-source"].as_str().unwrap().is_empty());
            let evidence = match operation["x-playoff-evidence"].as_str().unwrap() {
                "documented" => Evidence::Documented,
                "recorded" => Evidence::Recorded,
                "sdk-test" => Evidence::SdkTest,
                "app" => Evidence::App,
                "inferred" => Evidence::Inferred,
                other => panic!("{}: {other}", route.operation),
            };
            assert_eq!(route.evidence, evidence, "{}", route.operation);
        }
    }
}

#[test]
fn an_answer_with_keys_of_tomorrow_is_read() {
    let profile = r#"{"id":"mira","alias":"Mira K","enabled":true,"created":"2018-01-05T14:46:31.539Z",
        "scores":[{"metric":{"id":"xp","type":"point","colour":"red"},"value":"1","trend":"up"}],
        "teams":{},"shoe_size":38}"#;
    let profile: playoff::v2::types::PlayerProfile = serde_json::from_str(profile).unwrap();
    assert_eq!((profile.scores.len(), profile.teams.len()), (1, 0));
}

#[test]
fn a_request_cannot_be_read_off_a_missing_field() {
    let missing = playoff::v2::types::PlayerCreate::builder().id("zoe");
    let error = playoff::v2::types::PlayerCreate::try_from(missing).unwrap_err();
    assert!(error.to_string().contains("alias"), "{error}");
}
