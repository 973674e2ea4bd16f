//! Images: uploaded once, and known again by their content, for their ids differ from game to game.

use std::collections::HashMap;

use futures_util::stream::TryStreamExt;
use playoff::File;

use super::designs::There;
use super::plan::Row;
use super::{Fault, Import};
use crate::caller::is_gone;
use crate::design::{self, image_at, image_slots};
use crate::game_file::{Image, Section, image_id};

impl Import {
    /// The id that each image of the file has in the game.
    pub(super) async fn images(&self, there: &There) -> Result<HashMap<String, String>, String> {
        let mut ids = HashMap::new();
        let bar = self.caller.progress.bar("images", Some(self.file.count(Section::Images)));
        let mut images = self.file.images();
        while let Some(image) = images.try_next().await? {
            match self.image(&image, &self.likely_ids(&image.id, there)).await {
                Ok(id) => drop(ids.insert(image.id, id)),
                Err(fault) => self.passed(Err(fault))?,
            }
            bar.step();
        }
        Ok(ids)
    }

    /// Where the image may be: the ids that the game's own designs have in its place.
    fn likely_ids<'t>(&self, name: &str, there: &'t There) -> Vec<&'t str> {
        let mut likely = Vec::new();
        for (kind, shelf) in &self.file.designs {
            for design in shelf {
                let id = design["id"].as_str().unwrap_or_default().to_owned();
                let Some(own) = there.get(&(*kind, id)) else { continue };
                let slots = image_slots(design).into_iter();
                let slots = slots.filter(|slot| image_at(design, slot) == Some(name));
                likely.extend(slots.filter_map(|slot| image_at(own, &slot)));
            }
        }
        likely.sort_unstable();
        likely.dedup();
        likely
    }

    async fn image(&self, image: &Image, likely: &[&str]) -> Result<String, Fault> {
        let noted = self.journal().image(&image.id).map(str::to_owned);
        // A server that scales what it is given would never show the same bytes again.
        if let Some(id) = noted
            && self.image_there(&id).await?.is_some()
        {
            self.plan().leave(Row::Images);
            return Ok(id);
        }
        for id in likely {
            if self.image_there(id).await?.is_some_and(|name| name == image.id) {
                self.plan().leave(Row::Images);
                return Ok((*id).to_owned());
            }
        }
        self.plan().create(Row::Images, &image.id);
        if self.is_dry {
            return Ok(image.id.clone());
        }
        self.upload(image).await
    }

    /// The name that an image of the game would have in the file.
    async fn image_there(&self, id: &str) -> Result<Option<String>, Fault> {
        match design::image(&self.caller, id).await {
            Ok(image) => Ok(Some(image_id(image.bytes()))),
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(Fault::of(format!("image '{id}'"), &error)),
        }
    }

    async fn upload(&self, image: &Image) -> Result<String, Fault> {
        let bytes = image.bytes().map_err(|problem| Fault::said("images", problem))?;
        // `image/svg+xml` is a file that ends with svg.
        let ending = image.content_type.split(['/', '+']).nth(1).unwrap_or("png");
        let file = File::new(format!("image.{ending}"), bytes);
        let file = file.with_content_type(image.content_type.as_str());
        // An answer that is lost leaves an image that nothing names, which harms nobody.
        let upload =
            self.caller.call(|playoff| playoff.v2().upload_design_image().file(file.clone()));
        let id = upload.await.map_err(|error| Fault::of(format!("image {}", image.id), &error))?.id;
        self.write_down(|journal| journal.note_image(&image.id, &id));
        Ok(id)
    }
}
