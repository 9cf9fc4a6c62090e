//! The picture of an outcome as one SVG file: the timeline, what failed when, and the sensor with most to tell.
//!
//! It brings its own style, light and dark, so that a README can show it.

use super::data::ReportData;
use super::svg::{Anchor, Svg};
use super::{failures, timeline, traces};

const WIDTH: f64 = 960.0;
const PAD: f64 = 18.0;
const COLOURS: &str = include_str!("colours.css");
const RULES: &str = include_str!("drawing.css");

/// The whole picture.
pub fn picture(data: &ReportData) -> String {
    let inner = WIDTH - 2.0 * PAD;
    let mut parts: Vec<(String, Svg)> = vec![("What each machine was doing".to_owned(), timeline::draw(data, inner))];
    if let Some(drawn) = failures::draw(data, inner) {
        parts.push(("What failed, and when".to_owned(), drawn));
    }
    if let Some(traces) = &data.traces {
        let told = traces.sensors.iter().max_by_key(|trace| trace.alerts.len());
        if let Some(trace) = told {
            let title = format!("A sensor of {} ({}), its limits and alerts", traces.machine, traces.kind);
            parts.push((title, traces::draw_trace(trace, (data.start, data.end), inner)));
        }
        let title = format!("The hidden wear of {}, which no sensor sees directly", traces.machine);
        parts.push((title, traces::draw_wears(traces, (data.start, data.end), inner)));
    }
    let height = parts.iter().map(|(_, part)| part.height + 40.0).sum::<f64>() + 44.0;
    let mut whole = Svg::new(WIDTH, height);
    whole.rect([0.0, 0.0, WIDTH, height], "paper", "");
    whole.text((PAD, 32.0), "title", Anchor::Start, &data.title);
    let mut y = 44.0;
    for (title, part) in &parts {
        whole.text((PAD, y + 22.0), "head", Anchor::Start, title);
        whole.place((PAD, y + 32.0), part);
        y += part.height + 40.0;
    }
    whole.alone(&data.title, &style())
}

/// The rules with their colours put in, light and then dark: not every program that shows an SVG knows variables.
fn style() -> String {
    let (light, dark) = COLOURS.split_once("@media").unwrap_or((COLOURS, ""));
    format!("{}@media (prefers-color-scheme: dark) {{\n{}}}\n", coloured(light), coloured(dark))
}

fn coloured(colours: &str) -> String {
    let pairs = colours.split(['{', ';', '}']).filter_map(|pair| pair.trim().strip_prefix("--")?.split_once(": "));
    pairs.fold(RULES.to_owned(), |rules, (name, colour)| rules.replace(&format!("var(--{name})"), colour))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_variable_is_left_in_the_style_of_a_picture() {
        let style = style();
        assert!(!style.contains("var("), "{style}");
        assert!(
            style.contains(".failed { fill: #d23f3a; }") && style.contains(".failed { fill: #e5534b; }"),
            "{style}"
        );
    }
}
