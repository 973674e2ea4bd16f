//! Bars, lying, one for each row.

use std::path::Path;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::report::Bars;

const WIDTH: u32 = 860;
const NAMES: i32 = 330;
const LINE: i32 = 30;
const TOP: i32 = 50;
const SHADE: RGBColor = RGBColor(70, 110, 180);

pub(crate) fn draw(bars: &Bars, place: &Path) {
    let height = TOP + LINE * bars.values.len() as i32 + 15;
    let area = SVGBackend::new(place, (WIDTH, height as u32)).into_drawing_area();
    paint(bars, &area).expect("a picture");
}

fn paint(
    bars: &Bars,
    area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
) -> Result<(), Box<dyn std::error::Error>> {
    area.fill(&WHITE)?;
    let style = |size: u32, side: HPos| {
        TextStyle::from(("sans-serif", size).into_font()).pos(Pos::new(side, VPos::Center))
    };
    let heading = style(17, HPos::Left);
    area.draw(&Text::new(bars.title.as_str(), (15, TOP / 2), heading))?;
    let most = bars.values.iter().map(|(_, value)| *value).fold(f64::MIN_POSITIVE, f64::max);
    // Room for the longest figure behind the longest bar.
    let room = f64::from(WIDTH as i32 - NAMES - 90);
    for (row, (name, value)) in bars.values.iter().enumerate() {
        let middle = TOP + LINE * row as i32 + LINE / 2;
        let end = NAMES + (value / most * room).max(1.0) as i32;
        area.draw(&Text::new(name.as_str(), (NAMES - 10, middle), style(14, HPos::Right)))?;
        area.draw(&Rectangle::new([(NAMES, middle - 9), (end, middle + 9)], SHADE.filled()))?;
        area.draw(&Text::new(figure(*value), (end + 8, middle), style(14, HPos::Left)))?;
    }
    area.present()?;
    Ok(())
}

/// Three digits say enough.
fn figure(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}
