//! A stream of readings made by hand, carried to an outlet whole or in pieces.
//!
//! Every reading is there once an instant, its value says which one it is; what was done to it is then read from what
//! was delivered, by its sequence number and its value.

use std::sync::Arc;
use twinwright_core::Plan;
use twinwright_core::faults::courier::{Courier, Delivery};
use twinwright_model::{Parcel, Quality, Span, Time};
use twinwright_tests::{plan_of, scenario};

pub const SECOND: i64 = 1_000_000_000;

/// Sensors of the kind that all of these tests run, in another order than the run numbers them.
const MACHINE: &str = "[drivers]\nload = 0.5\n[sensors.a]\nvalue = \"load\"\n[sensors.b]\nvalue = \"2*load\"\n";

pub fn names() -> Vec<String> {
    ["other", "b", "a"].map(str::to_owned).to_vec()
}

/// Numbers of the sensors in [`names`].
pub const A: u32 = 2;
pub const B: u32 = 1;

/// A plan of so many machines that ticks once a second.
pub fn plan(machines: u32, seconds: u32, rest: &str) -> Arc<Plan> {
    plan_of(MACHINE, &scenario(machines, &format!("{seconds} s"), "1 s", rest))
}

pub fn machine_text() -> &'static str {
    MACHINE
}

/// One reading of each of these sensors of each machine at every tick of the plan.
pub fn made(plan: &Plan, sensors: &[u32]) -> Parcel {
    let mut parcel = Parcel::default();
    for tick in 0..=plan.ticks {
        for machine in 0..plan.machines.len() as u32 {
            for (place, &sensor) in sensors.iter().enumerate() {
                parcel.time.push(plan.time_of(i64::from(tick)));
                parcel.machine.push(machine);
                parcel.future.push(0);
                parcel.sensor.push(sensor);
                parcel.value.push(machine as f32 + tick as f32 / 1024.0);
                parcel.quality.push(Quality::Good.code());
                parcel.fault.push(0);
                parcel.seq.push(u64::from(tick) * sensors.len() as u64 + place as u64 + 1);
            }
        }
    }
    parcel
}

/// Everything at once, and then what is still on its way.
pub fn carried(plan: &Arc<Plan>, parcel: &Parcel) -> Delivery {
    let mut courier = Courier::new(plan, &names(), "file.test").expect("a fault concerns this outlet");
    let mut all = courier.carry(parcel.clone(), after(parcel));
    add(&mut all, courier.close());
    all
}

/// Just after the last reading.
pub fn after(parcel: &Parcel) -> Time {
    parcel.time.last().map_or(Time(0), |last| Time(last.0 + 1))
}

/// The plan's faults on one sensor of one machine.
pub fn on_one_sensor(seconds: u32, rest: &str) -> (Parcel, Delivery) {
    let plan = plan(1, seconds, rest);
    let parcel = made(&plan, &[A]);
    let delivery = carried(&plan, &parcel);
    (parcel, delivery)
}

/// Joins two deliveries that follow each other.
pub fn add(all: &mut Delivery, more: Delivery) {
    for row in 0..more.parcel.len() {
        all.parcel.push_from(&more.parcel, row);
    }
    all.due.extend(more.due);
    all.lost += more.lost;
    all.duplicated += more.duplicated;
    all.reordered += more.reordered;
    all.delayed += more.delayed;
    all.hurried += more.hurried;
}

/// The second of the scenario in which a row of a single sensor was made.
pub fn second(delivery: &Delivery, row: usize) -> i64 {
    delivery.parcel.seq[row] as i64 - 1
}

/// Seconds since the start of the scenario.
pub fn seconds(plan_start: Time, time: Time) -> f64 {
    (time.0 - plan_start.0) as f64 / SECOND as f64
}

/// When a reading would arrive on a healthy line.
pub fn at(start: Time, second: i64) -> Time {
    start + Span(second * SECOND)
}
