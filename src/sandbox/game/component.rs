//! The six kinds of components that a design is made of, alike to those who edit them.

use serde_json::{Map, Value, json};

use super::action::Action;
use super::board::Board;
use super::design::Design;
use super::flow;
use super::metric::Metric;
use super::refusal::{Outcome, Refusal};
use super::rule::Rule;
use super::team;

/// What a kind is called in messages and in the names of its errors.
pub(super) struct Words {
    pub(super) kind: &'static str,
    exists: &'static str,
    not_found: &'static str,
}

/// A component: kept as it was designed, and read into what the game needs of it.
pub(super) trait Component: Sized {
    const WORDS: Words;

    /// What such a design may hold, besides what every design has.
    const KEYS: &'static [&'static str];

    /// Whether designs that were not applied yet can be read as a stash.
    const HAS_STASH: bool = false;

    fn read(design: Map<String, Value>) -> Outcome<Self>;

    fn id(&self) -> &str;

    /// The design as it is shown, defaults filled in.
    fn design(&self) -> &Map<String, Value>;

    fn shelf(design: &Design) -> &Vec<Self>;

    fn shelf_mut(design: &mut Design) -> &mut Vec<Self>;

    fn show(&self) -> Value {
        Value::Object(self.design().clone())
    }

    /// Assumption: the type of a component is fixed; a patch only repeats it.
    fn succeeds(&self, old: &Self) -> Outcome<()> {
        let kept = old.design().get("type").is_none_or(|t| self.design().get("type") == Some(t));
        if kept {
            return Ok(());
        }
        Err(Refusal::fault("type", "cannot be changed"))
    }
}

impl Words {
    /// Assumption: all kinds are named after the pattern of `action_exists`, the one on record.
    pub(super) fn exists(&self, id: &str) -> Box<Refusal> {
        let article = if self.kind.starts_with('a') { "An" } else { "A" };
        Refusal::new(
            409,
            self.exists,
            format!("{article} {} with ID '{id}' already exists", self.kind),
        )
    }

    /// Assumption: likewise after `metric_not_found` and `rule_not_found`.
    pub(super) fn not_found(&self, id: &str) -> Box<Refusal> {
        Refusal::new(404, self.not_found, format!("The {} '{id}' does not exist", self.kind))
    }
}

/// What all kinds have in common, once they keep `id` and `design`.
macro_rules! component {
    ($kind:ty, $shelf:ident, $word:literal, $keys:expr $(, $more:item)*) => {
        impl Component for $kind {
            const WORDS: Words = Words {
                kind: $word,
                exists: concat!($word, "_exists"),
                not_found: concat!($word, "_not_found"),
            };

            const KEYS: &'static [&'static str] = &$keys;

            $($more)*

            fn read(design: Map<String, Value>) -> Outcome<Self> {
                <$kind>::read(design)
            }

            fn id(&self) -> &str {
                &self.id
            }

            fn design(&self) -> &Map<String, Value> {
                &self.design
            }

            fn shelf(design: &Design) -> &Vec<Self> {
                &design.$shelf
            }

            fn shelf_mut(design: &mut Design) -> &mut Vec<Self> {
                &mut design.$shelf
            }
        }
    };
}

component!(Metric, metrics, "metric", ["type", "constraints"], const HAS_STASH: bool = true;);
component!(Action, actions, "action", ["requires", "rules", "variables", "probability", "rate"]);
component!(
    Rule,
    rules,
    "rule",
    [
        "type",
        "rules",
        "variables",
        "base_metric",
        "level_metric",
        "levels",
        "achievement",
        "metric",
        "items",
        "requires",
    ]
);
component!(
    Board,
    boards,
    "leaderboard",
    ["type", "entity_type", "scope", "metric", "cycles", "requires",]
);
component!(
    team::Definition,
    teams,
    "team",
    ["permissions", "creator_roles", "settings"],
    const HAS_STASH: bool = true;
);
component!(
    flow::Definition,
    processes,
    "process",
    ["settings", "lanes", "activities", "gateways", "sequence_flows", "conditions",],
    const HAS_STASH: bool = true;
);

impl Design {
    pub(super) fn find<C: Component>(&self, id: &str) -> Option<&C> {
        C::shelf(self).iter().find(|component| component.id() == id)
    }

    /// In the place of the component of the same id, if there is one.
    pub(super) fn put<C: Component>(&mut self, component: C) {
        let shelf = C::shelf_mut(self);
        match shelf.iter_mut().find(|old| old.id() == component.id()) {
            Some(old) => *old = component,
            None => shelf.push(component),
        }
        self.order_compounds();
    }

    pub(super) fn remove<C: Component>(&mut self, id: &str) -> bool {
        let shelf = C::shelf_mut(self);
        let count = shelf.len();
        shelf.retain(|component| component.id() != id);
        let removed = count != shelf.len();
        self.order_compounds();
        removed
    }
}

/// The answer to a deletion, in the words that test suites expect.
pub(super) fn deleted<C: Component>(id: &str) -> Value {
    let message = format!("The {} '{id}' has been deleted successfully", C::WORDS.kind);
    json!({ "message": message })
}
