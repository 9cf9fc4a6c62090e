//! The kernel gives the same bits whatever instruction set it runs on, and for one panel or four.

use super::kernel::{Distort, Sampling, sample};
use super::{LANES, Panel, PanelPlan};
use crate::dice::Dice;
use pulp::{Simd, WithSimd};

/// Nothing is faulty here.
struct Healthy;

impl Distort for Healthy {
    fn truth(&mut self, _: usize, _: &mut [f64; LANES]) {}
    fn raw(&mut self, _: usize, _: &mut [f32; LANES], _: &[f32; LANES]) {}
    fn reading(&mut self, _: usize, _: &mut Panel) {}
}

fn plan() -> PanelPlan {
    let mut plan = PanelPlan::empty(1, 1);
    plan.used = LANES;
    for lane in 0..LANES {
        plan.base[lane] = 20.0 + lane as f64;
        plan.add_gain(0, lane, 1.5 * lane as f64 - 3.0);
        plan.add_gain(1, lane, 0.37);
        if lane % 2 == 0 {
            plan.alpha[lane] = 0.01 * (lane + 1) as f64;
        }
        plan.rho[lane] = 0.05 * lane as f32;
        plan.fresh[lane] = 0.3;
        plan.sd[lane] = 0.31;
        if lane % 3 == 0 {
            plan.set_resolution(lane, [0.1, 0.25, 5.0, 0.3][lane % 4]);
        }
        (plan.low[lane], plan.high[lane]) = (15.0, 45.0);
        plan.alarm_high[lane] = 40.0;
    }
    plan.tails[3] = 4.0;
    plan.has_tails = true;
    plan
}

/// Some ticks of four panels, four at a time or one by one.
struct Ticks<'a> {
    plan: &'a PanelPlan,
    by_four: bool,
}

impl WithSimd for Ticks<'_> {
    type Output = (Vec<Panel>, Vec<bool>);

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Self::Output {
        let dice = ["a", "b", "c", "d"].map(|id| Dice::of(3, 0, id));
        let mut panels = vec![Panel::default(); 4];
        let mut hot = Vec::new();
        for tick in 0..300u64 {
            let terms = [(tick % 50) as f64 * 0.1, 2.0];
            let sampling = Sampling { panel: 2, index: tick, due: tick % 3 != 1 };
            if self.by_four {
                let four: &mut [Panel; 4] = panels.as_mut_slice().try_into().expect("four panels");
                let mut truth = [[0.0; LANES]; 4];
                let panels = &mut four.each_mut();
                hot.extend(sample::<4>(self.plan, panels, [&terms; 4], &dice, sampling, &mut Healthy, &mut truth));
            } else {
                for (panel, dice) in panels.iter_mut().zip(dice) {
                    let mut truth = [[0.0; LANES]; 1];
                    let panels = &mut [panel];
                    hot.extend(sample::<1>(self.plan, panels, [&terms], &[dice], sampling, &mut Healthy, &mut truth));
                }
            }
        }
        (panels, hot)
    }
}

#[test]
fn every_instruction_set_and_block_size_gives_the_same_bits() {
    let plan = plan();
    let plain = Ticks { plan: &plan, by_four: true }.with_simd(pulp::Scalar::new());
    assert!(plain.1.contains(&true) && plain.1.contains(&false));
    for by_four in [true, false] {
        assert_eq!(plain, pulp::Arch::new().dispatch(Ticks { plan: &plan, by_four }));
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = pulp::x86::V3::try_new() {
            assert_eq!(plain, Simd::vectorize(avx2, Ticks { plan: &plan, by_four }));
        }
    }
}

#[test]
fn a_resolution_of_a_tenth_reads_as_people_write_it() {
    let mut plan = PanelPlan::empty(1, 1);
    plan.used = 1;
    plan.set_resolution(0, 0.1);
    for steps in -2000..2000 {
        plan.base[0] = f64::from(steps) * 0.1 + 0.013;
        let mut panel = Panel::default();
        let dice = [Dice::of(1, 0, "a")];
        let sampling = Sampling { panel: 0, index: 0, due: true };
        sample::<1>(&plan, &mut [&mut panel], [&[]], &dice, sampling, &mut Healthy, &mut [[0.0; LANES]; 1]);
        assert_eq!(panel.measured[0], (f64::from(steps) / 10.0) as f32);
    }
}

#[test]
fn a_target_that_is_no_number_leaves_the_value_where_it_was() {
    let mut plan = PanelPlan::empty(1, 1);
    plan.used = 2;
    plan.add_gain(0, 0, 1.0);
    plan.base[1] = 7.0;
    let mut panel = Panel::default();
    let dice = [Dice::of(1, 0, "a")];
    for (tick, term) in [5.0, f64::NAN, f64::INFINITY, 6.0].into_iter().enumerate() {
        let sampling = Sampling { panel: 0, index: tick as u64, due: true };
        let mut truth = [[0.0; LANES]; 1];
        sample::<1>(&plan, &mut [&mut panel], [&[term]], &dice, sampling, &mut Healthy, &mut truth);
        assert_eq!(truth[0][0], if tick == 3 { 6.0 } else { 5.0 });
        assert_eq!(truth[0][1], 7.0);
    }
}
