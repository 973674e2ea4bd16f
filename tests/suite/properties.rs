//! What holds for any answer: keys, types of events and numbers of tomorrow survive.

use playoff::model::{Condition, Event, List, Number, Roles, Score};
use playoff::v2::types;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,8}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_object() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map("[a-z_]{1,10}", any_json(), 0..6)
        .prop_map(|map| map.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_event_of_any_type_comes_back_whole(mut keys in any_object(), name in "[a-z:_]{1,12}") {
        keys.insert("event".to_owned(), Value::from(name.clone()));
        let json = Value::Object(keys);
        let event: Event = serde_json::from_value(json.clone()).unwrap();
        prop_assert_eq!(event.event_type().to_string(), name);
        prop_assert_eq!(serde_json::to_value(&event).unwrap(), json);
    }

    #[test]
    fn any_keys_beside_those_of_a_known_event_come_back(mut keys in any_object()) {
        for known in ["action", "count", "changes", "scopes"] {
            keys.remove(known);
        }
        keys.insert("event".to_owned(), json!("action"));
        keys.insert("action".to_owned(), json!({"id": "water"}));
        let json = Value::Object(keys);
        let event: Event = serde_json::from_value(json.clone()).unwrap();
        prop_assert_eq!(serde_json::to_value(&event).unwrap(), json);
    }

    #[test]
    fn any_key_that_is_added_to_a_profile_breaks_nothing(added in any_object()) {
        let mut json = json!({"id": "mira", "alias": "M", "enabled": true,
            "created": "2018-01-05T14:46:31.539Z", "scores": [], "teams": {}});
        for (key, value) in added {
            if json.get(&key).is_none() && !["email", "first_name", "last_name", "bootstrap"].contains(&key.as_str()) {
                json[key] = value;
            }
        }
        let profile: types::PlayerProfile = serde_json::from_value(json).unwrap();
        prop_assert_eq!(profile.id, "mira");
    }

    #[test]
    fn any_score_of_any_metric_keeps_its_value(value in any_json(), metric_type in "[a-z]{1,10}") {
        let json = json!({"metric": {"id": "m", "type": metric_type}, "value": value});
        let score: Score = serde_json::from_value(json.clone()).unwrap();
        prop_assert_eq!(serde_json::to_value(&score).unwrap(), json);
    }

    #[test]
    fn any_numeric_text_is_kept_to_the_letter(text in "-?[0-9]{1,40}(\\.[0-9]{1,20})?") {
        let number: Number = serde_json::from_value(Value::from(text.clone())).unwrap();
        prop_assert_eq!(serde_json::to_value(&number).unwrap(), Value::from(text.clone()));
        prop_assert!(number.as_f64().is_some());
        prop_assert_eq!(text.parse::<Number>().unwrap(), number);
    }

    #[test]
    fn whole_numbers_compare_as_numbers(one: i128, two: i128) {
        let number = |value: i128| value.to_string().parse::<Number>().unwrap();
        prop_assert_eq!(number(one).partial_cmp(&number(two)), Some(one.cmp(&two)));
    }

    #[test]
    fn any_condition_is_read_and_its_double_opposite_is_itself(json in any_json()) {
        let condition = Condition::from(json.clone());
        prop_assert_eq!(&!!condition.clone(), &condition);
        if !json.as_object().is_some_and(|object| object.contains_key("not")) {
            prop_assert_eq!(Value::from(&condition), json);
        }
    }

    #[test]
    fn any_roles_come_back_whole(json in any_json()) {
        let roles: Roles = serde_json::from_value(json.clone()).unwrap();
        prop_assert_eq!(serde_json::to_value(&roles).unwrap(), json);
    }

    #[test]
    fn a_list_reads_items_and_every_kind_of_nothing(items in prop::collection::vec(any::<i64>(), 0..5)) {
        let list: List<i64> = serde_json::from_value(json!(items)).unwrap();
        prop_assert_eq!(list.into_vec(), items);
    }
}
