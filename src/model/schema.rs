//! JSON Schemas of the models whose wire form serde cannot tell schemars.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{
    Condition, Event, EventBundle, EventType, Number, ProcessPlayResult, Score, SetItemScore,
    SetScore, Trigger,
};

impl JsonSchema for Number {
    fn schema_name() -> Cow<'static, str> {
        "Number".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["string", "number"], "examples": ["42", "-1.5", "Infinity"]})
    }
}

impl JsonSchema for Condition {
    fn schema_name() -> Cow<'static, str> {
        "Condition".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "properties": {
                "type": {"type": "string"},
                "not": {"type": "boolean"},
                "context": {"type": "object"},
                "expression": {"type": "array", "items": {"$ref": "#/$defs/Condition"}},
            },
        })
    }
}

impl JsonSchema for Event {
    fn schema_name() -> Cow<'static, str> {
        "Event".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let event = generator.subschema_for::<EventType>();
        json_schema!({
            "type": "object",
            "properties": {
                "event": event,
                "timestamp": {"type": "string"},
                "id": {"type": "string"},
                "admin": {"type": "string"},
                "seen": {"type": "boolean"},
            },
            "additionalProperties": true,
        })
    }
}

impl JsonSchema for ProcessPlayResult {
    fn schema_name() -> Cow<'static, str> {
        "ProcessPlayResult".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let triggers = generator.subschema_for::<Vec<Trigger>>();
        let scores = generator.subschema_for::<Vec<Score>>();
        let events = generator.subschema_for::<EventBundle>();
        json_schema!({
            "oneOf": [
                {
                    "type": "object",
                    "properties": {"triggers": triggers, "events": events},
                    "required": ["triggers", "events"],
                },
                {"type": "array", "prefixItems": [triggers, scores, events]},
            ],
        })
    }
}

impl JsonSchema for SetScore {
    fn schema_name() -> Cow<'static, str> {
        "SetScore".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let item = generator.subschema_for::<SetItemScore>();
        json_schema!({
            "oneOf": [{"type": "array", "items": item}, {"type": "object"}],
        })
    }
}
