//! The timeline: what each machine was doing, one lane a machine; stops stand out, however short.

use super::data::{LANE_BINS, Lane, ReportData, Stop};
use super::legend::{self, Entries};
use super::lettering::{fit, wide};
use super::scale::{TimeScale, length, minute};
use super::svg::{Anchor, Svg};
use twinwright_model::Mode;

const STEP: f64 = 24.0;
const BAR: f64 = 16.0;

/// All lanes under one another.
pub(super) fn draw(data: &ReportData, width: f64) -> Svg {
    let room = (width * 0.28).min(180.0);
    let longest = data.lanes.iter().map(|lane| wide("label", &lane.id).min(room)).fold(0.0, f64::max);
    let left = 16.0 + longest;
    let entries = entries(data);
    let top = 9.0 + legend::height(&entries, left, width);
    let bottom = top + STEP * data.lanes.len() as f64;
    let mut svg = Svg::new(width, bottom + 24.0);
    let time = TimeScale { start: data.start, end: data.end, left, width: width - left - 28.0 };
    legend::draw(&mut svg, &entries, left, width, 6.0);
    for (row, lane) in data.lanes.iter().enumerate() {
        let y = top + STEP * row as f64 + (STEP - BAR) / 2.0;
        svg.fitted((left - 8.0, y + BAR - 4.0), "label", Anchor::End, &lane.id, room);
        background(&mut svg, lane, &time, y);
        stops(&mut svg, lane, &time, y);
    }
    time.draw(&mut svg, bottom, bottom + 4.0);
    svg
}

fn entries(data: &ReportData) -> Entries {
    let hours = |mode: Mode| data.lanes.iter().flat_map(|lane| &lane.bins).map(|bin| bin[mode as usize]).sum::<f32>();
    let used = Mode::ALL.into_iter().filter(|&mode| hours(mode) > 0.0);
    used.map(|mode| (format!("mode {mode}"), mode.name().to_owned())).collect()
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
        let part = fit("part", &stop.part, 160.0);
        if !part.is_empty() && next - to > wide("part", &part) + 10.0 {
            svg.hinted((to + 4.0, y + BAR - 4.5), "part", Anchor::Start, &part, &stop.part);
        }
    }
}

fn hint(lane: &Lane, stop: &Stop) -> String {
    let part = if stop.part.is_empty() { String::new() } else { format!(" ({})", stop.part) };
    format!("{}: {}{part} from {}, {}", lane.id, stop.mode, minute(stop.from), length(stop.from, stop.to))
}
