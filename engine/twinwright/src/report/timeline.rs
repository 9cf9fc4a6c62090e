//! The timeline: what each machine was doing, one lane a machine; stops stand out, however short.

use super::data::{LANE_BINS, Lane, ReportData, Stop};
use super::scale::{TimeScale, length, minute};
use super::svg::{Anchor, Svg};
use twinwright_model::Mode;

const STEP: f64 = 24.0;
const BAR: f64 = 16.0;
const TOP: f64 = 26.0;

/// All lanes under one another.
pub(super) fn draw(data: &ReportData, width: f64) -> Svg {
    let longest = data.lanes.iter().map(|lane| lane.id.chars().count()).max().unwrap_or(0).min(24);
    let left = 18.0 + 6.6 * longest as f64;
    let bottom = TOP + STEP * data.lanes.len() as f64;
    let mut svg = Svg::new(width, bottom + 24.0);
    let time = TimeScale { start: data.start, end: data.end, left, width: width - left - 28.0 };
    legend(&mut svg, data, left);
    for (row, lane) in data.lanes.iter().enumerate() {
        let y = TOP + STEP * row as f64 + (STEP - BAR) / 2.0;
        let id: String = lane.id.chars().take(24).collect();
        svg.text((left - 8.0, y + BAR - 4.0), "label", Anchor::End, &id);
        background(&mut svg, lane, &time, y);
        stops(&mut svg, lane, &time, y);
    }
    time.draw(&mut svg, bottom, bottom + 4.0);
    svg
}

fn legend(svg: &mut Svg, data: &ReportData, left: f64) {
    let hours = |mode: Mode| data.lanes.iter().flat_map(|lane| &lane.bins).map(|bin| bin[mode as usize]).sum::<f32>();
    let mut x = left;
    for mode in Mode::ALL.into_iter().filter(|&mode| hours(mode) > 0.0) {
        svg.rect([x, 6.0, 11.0, 11.0], &format!("mode {mode}"), "");
        svg.text((x + 16.0, 15.5), "axis", Anchor::Start, mode.name());
        x += 36.0 + 6.4 * mode.name().len() as f64;
    }
}

/// The mode that fills most of each bin; neighbours of one mode become one bar.
fn background(svg: &mut Svg, lane: &Lane, time: &TimeScale, y: f64) {
    let quiet = [Mode::Running, Mode::Idle, Mode::Calibrating, Mode::Offline];
    let main = |bin: &[f32; 6]| {
        let most = quiet.into_iter().max_by(|a, b| bin[*a as usize].total_cmp(&bin[*b as usize]));
        most.filter(|mode| bin[*mode as usize] > 0.0)
    };
    let modes: Vec<Option<Mode>> = lane.bins.iter().map(main).collect();
    let mut at = 0;
    for stretch in modes.chunk_by(|a, b| a == b) {
        if let Some(mode) = stretch[0] {
            let (from, to) = (time.edge(at, LANE_BINS), time.edge(at + stretch.len(), LANE_BINS));
            svg.rect([from, y, to - from, BAR], &format!("mode {mode}"), "");
        }
        at += stretch.len();
    }
}

fn stops(svg: &mut Svg, lane: &Lane, time: &TimeScale, y: f64) {
    for (index, stop) in lane.stops.iter().enumerate() {
        let (from, to) = (time.x(stop.from), time.x(stop.to).max(time.x(stop.from) + 2.5));
        svg.rect([from, y - 1.5, to - from, BAR + 3.0], &format!("mode {}", stop.mode), &hint(lane, stop));
        let next = lane.stops.get(index + 1).map_or(time.left + time.width, |next| time.x(next.from));
        let needed = 6.0 * stop.part.chars().count() as f64 + 10.0;
        if !stop.part.is_empty() && next - to > needed {
            svg.text((to + 4.0, y + BAR - 4.5), "part", Anchor::Start, &stop.part);
        }
    }
}

fn hint(lane: &Lane, stop: &Stop) -> String {
    let part = if stop.part.is_empty() { String::new() } else { format!(" ({})", stop.part) };
    format!("{}: {}{part} from {}, {}", lane.id, stop.mode, minute(stop.from), length(stop.from, stop.to))
}
