//! Setting limits: what members say of rows that are normal, and the fused opinion that is called 1.
//!
//! The rows should be others than those that the lens was fitted to. No row is judged here.

use super::baseline::{Lens, MEMBERS};
use super::channels::Channels;
use super::fit::{Rows, quantile};
use super::{CHANNELLED, JudgeSpec, PARTS, SCALES};

/// An opinion is usual up to so many spreads of its logarithm above the median.
const ABOVE: f64 = 2.5;
/// Spreads of logarithms are taken to be within these: a short stretch shows hardly more than its middle.
const SPREADS: (f64, f64) = (0.05, 0.25);
/// The fused opinion may pass so many spreads, but never this far above its median.
const FUSED_ABOVE: f64 = 2.33;
const FUSED_MOST: f64 = 0.7;
/// Variances wander more over days than a stretch of normal rows shows: they must be this much clearer.
const CAUTION: f64 = 1.3;
/// An opinion counts as at most this: fused opinions stay finite.
const MOST: f64 = 1e6;

/// Squared opinions of each member on the rows of a stretch, without the first ones.
pub(super) struct Heard {
    rows: Vec<[f64; MEMBERS]>,
    /// Where references stood at the end.
    pub reference: Vec<f64>,
}

/// Listens to members over rows; those before `skip` only bring them up to date.
pub(super) fn listen(rows: Rows<'_>, lens: &Lens, reference: &[f64], spec: &JudgeSpec, skip: usize) -> Heard {
    let mut channels = Channels::new(lens, spec.scales, &spec.parts, reference);
    let mut heard = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        channels.advance(lens, row);
        let opinions = channels.opinions(lens);
        if number >= skip {
            heard.push(opinions);
        }
        channels.follow(spec.adapt);
    }
    Heard { rows: heard, reference: channels.reference }
}

impl Heard {
    /// What each member's opinion is divided by.
    pub fn usual(&self) -> [f64; MEMBERS] {
        std::array::from_fn(|member| {
            let logs = sorted(self.rows.iter().map(|opinions| 0.5 * libm::log(opinions[member] + 1e-9)));
            let (middle, spread) = middle_and_spread(&logs);
            let caution = if PARTS[part_of(member)] == "variance" { CAUTION } else { 1.0 };
            caution * libm::exp(middle + ABOVE * spread.clamp(SPREADS.0, SPREADS.1))
        })
    }

    /// The fused opinion that is hardly ever passed.
    pub fn limit(&self, usual: &[f64; MEMBERS], spec: &JudgeSpec) -> f64 {
        let fuse = |opinions: &[f64; MEMBERS]| libm::log(fused(&weigh(opinions, usual), &spec.parts).max(1e-9));
        let logs = sorted(self.rows.iter().map(fuse));
        let (middle, spread) = middle_and_spread(&logs);
        let high = (middle + FUSED_ABOVE * spread).max(quantile(&logs, 0.99)).min(middle + FUSED_MOST);
        libm::exp(high)
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut list: Vec<f64> = values.collect();
    list.sort_by(f64::total_cmp);
    list
}

fn middle_and_spread(logs: &[f64]) -> (f64, f64) {
    let middle = quantile(logs, 0.5);
    (middle, (quantile(logs, 0.9) - middle) / 1.2816)
}

/// Opinions against what is usual of them.
pub(super) fn weigh(opinions: &[f64; MEMBERS], usual: &[f64; MEMBERS]) -> [f64; MEMBERS] {
    std::array::from_fn(|member| (opinions[member].sqrt() / usual[member]).min(MOST))
}

/// Which part a member belongs to.
pub(super) fn part_of(member: usize) -> usize {
    member / SCALES
}

/// One opinion of many: a mean of eighth powers, so that the loudest decides and agreement helps a little.
pub(super) fn fused(weighed: &[f64; MEMBERS], parts: &[bool]) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for (member, opinion) in weighed.iter().enumerate() {
        if parts[part_of(member).min(CHANNELLED - 1)] {
            let square = opinion * opinion;
            let fourth = square * square;
            sum += fourth * fourth;
            count += 1.0;
        }
    }
    if count == 0.0 { 0.0 } else { (sum / count).sqrt().sqrt().sqrt() }
}
