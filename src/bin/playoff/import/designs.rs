//! Designs: compared key by key, created and changed in the order in which one may need the other.

use std::collections::{BTreeMap, HashMap, HashSet};

use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::Value;

use super::plan::Row;
use super::scores::Metrics;
use super::{Fault, Import};
use crate::design::{self, differences, image_at, image_slots, patch, route};
use crate::game_file::{Kind, Section, is_image_id};
use crate::part::Part;

/// The designs of the file that the game has too, as they are there.
pub(super) type There = BTreeMap<(Kind, String), Value>;

impl Import {
    pub(super) async fn designs(&self) -> Result<(), String> {
        let there = self.designs_there().await?;
        let images = self.images(&there).await?;
        let mut is_changed = false;
        for (kind, shelf) in &self.file.designs {
            let bar = self.caller.progress.bar(kind.route(), Some(shelf.len() as u64));
            for design in shelf {
                let id = design["id"].as_str().unwrap_or_default();
                let own = there.get(&(*kind, id.to_owned()));
                let done = match with_images(design, &images) {
                    Ok(wanted) => self.design(*kind, id, &wanted, own).await,
                    Err(problem) => Err(Fault::said(format!("{} '{id}'", kind.word()), problem)),
                };
                match done {
                    Ok(did) => is_changed |= did,
                    Err(fault) => self.passed(Err(fault))?,
                }
                bar.step();
            }
        }
        self.deploy(is_changed).await
    }

    async fn designs_there(&self) -> Result<There, String> {
        let mut there = There::new();
        for (kind, shelf) in &self.file.designs {
            let kind = *kind;
            let ids = design::ids(&self.caller, kind).await;
            let ids = ids.map_err(|error| format!("list of {}: {error}", kind.route()))?;
            let ids: HashSet<String> = ids.into_iter().collect();
            let both = shelf.iter().filter_map(|design| design["id"].as_str());
            let both = both.filter(|id| ids.contains(*id)).map(|id| async move {
                let design = design::get(&self.caller, kind, id).await;
                let design = design.map_err(|error| format!("{} '{id}': {error}", kind.word()))?;
                Ok::<_, String>(((kind, id.to_owned()), design))
            });
            let both: Vec<_> = stream::iter(both).buffered(self.jobs).try_collect().await?;
            there.extend(both);
        }
        Ok(there)
    }

    /// Whether the design was, or would be, changed.
    async fn design(
        &self,
        kind: Kind,
        id: &str,
        wanted: &Value,
        own: Option<&Value>,
    ) -> Result<bool, Fault> {
        let row = Row::Designs(kind);
        let Some(own) = own else {
            self.plan().create(row, id);
            return self.create_design(kind, id, wanted).await.map(|()| true);
        };
        let keys = differences(wanted, own);
        if keys.is_empty() {
            self.plan().leave(row);
            return Ok(false);
        }
        self.plan().change(row, id, &keys.join(", "));
        self.change_design(kind, id, patch(kind, wanted, &keys)).await.map(|()| true)
    }

    async fn create_design(&self, kind: Kind, id: &str, wanted: &Value) -> Result<(), Fault> {
        if self.is_dry {
            return Ok(());
        }
        // Before the change is made: if the import ends here, the next one has to deploy.
        self.write_down(|journal| journal.note_deployed(false));
        let fault = |error| Fault::of(format!("{} '{id}'", kind.word()), &error);
        match self.caller.call(|playoff| playoff.post(&route(kind, None)).json(wanted)).await {
            // Somebody else was faster, or our own call whose answer was lost.
            Err(error) if error.already_exists() => {
                let own = design::get(&self.caller, kind, id).await.map_err(fault)?;
                let keys = differences(wanted, &own);
                match keys.is_empty() {
                    true => Ok(()),
                    false => self.change_design(kind, id, patch(kind, wanted, &keys)).await,
                }
            }
            done => done.map(drop).map_err(fault),
        }
    }

    async fn change_design(&self, kind: Kind, id: &str, patch: Value) -> Result<(), Fault> {
        if self.is_dry {
            return Ok(());
        }
        self.write_down(|journal| journal.note_deployed(false));
        let route = route(kind, Some(id));
        let done = self.caller.call(|playoff| playoff.patch(&route).json(&patch)).await;
        done.map(drop).map_err(|error| Fault::of(format!("{} '{id}'", kind.word()), &error))
    }

    /// What it takes to set scores: the design as it is there, or would be.
    pub(super) async fn metrics(&self) -> Result<Metrics, String> {
        let exported = self.file.designs.get(&Kind::Metric).into_iter().flatten();
        let mut metrics = Metrics::of_export(exported);
        if !self.parts.has_players() || self.file.count(Section::Players) == 0 {
            return Ok(metrics);
        }
        for (kind, put) in [
            (Kind::Metric, Metrics::put as fn(&mut Metrics, &Value)),
            (Kind::Rule, Metrics::put_rule),
        ] {
            let failed = |error| format!("{}s: {error}", kind.word());
            let ids = design::ids(&self.caller, kind).await.map_err(failed)?;
            let own = stream::iter(ids)
                .map(|id| async move { design::get(&self.caller, kind, &id).await });
            let own: Vec<Value> = own.buffered(self.jobs).try_collect().await.map_err(failed)?;
            own.iter().for_each(|design| put(&mut metrics, design));
            if self.is_dry && self.parts.has(Part::Designs) {
                let new = self.file.designs.get(&kind).into_iter().flatten();
                new.for_each(|design| put(&mut metrics, design));
            }
        }
        Ok(metrics)
    }
}

/// The design with the ids that its images have there. An id of the server, of an image that was not
/// to be had, stays as it is.
fn with_images(design: &Value, images: &HashMap<String, String>) -> Result<Value, String> {
    let mut wanted = design.clone();
    for slot in image_slots(design) {
        let Some(name) = image_at(design, &slot) else { continue };
        match (images.get(name), wanted.pointer_mut(&slot)) {
            (Some(id), Some(place)) => *place = Value::from(id.as_str()),
            (None, _) if is_image_id(name) => return Err(format!("its image {name} is missing")),
            _ => {}
        }
    }
    Ok(wanted)
}
