//! The machine shop in NeXosim: machines make pieces and fail, one repairer mends them. `peers_what_if.py` builds and runs it.

use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::Output;
use nexosim::simulation::{Mailbox, SimInit, SimulationError};
use nexosim::time::MonotonicTime;
use rand_distr::{Distribution, Exp1, StandardNormal};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const MACHINES: usize = 10;
const PIECE: (f64, f64) = (600.0, 120.0);
const LIFE: f64 = 300.0 * 60.0;
const REPAIR: Duration = Duration::from_secs(30 * 60);
const WEEKS: u64 = 4;

static PIECES: AtomicU64 = AtomicU64::new(0);
static FAILURES: AtomicU64 = AtomicU64::new(0);

/// splitmix64: small, fast, and a model can save it.
#[derive(Serialize, Deserialize)]
struct Luck(u64);

impl rand::RngCore for Luck {
    fn next_u32(&mut self) -> u32 {
        (self.next_u64() >> 32) as u32
    }

    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(8) {
            part.copy_from_slice(&self.next_u64().to_le_bytes()[..part.len()]);
        }
    }
}

/// Makes pieces, or only runs; fails after an exponential time of running.
#[derive(Serialize, Deserialize)]
struct Machine {
    number: usize,
    makes_pieces: bool,
    luck: Luck,
    /// Seconds of running left to the end of the piece, and to the failure.
    piece: f64,
    life: f64,
    pieces: u64,
    failures: u64,
    failed: Output<usize>,
}

#[Model]
impl Machine {
    fn new(number: usize, makes_pieces: bool, seed: u64) -> Machine {
        let luck = Luck(seed.wrapping_mul(0xd1b5_4a32_d192_ed03) ^ number as u64);
        Machine { number, makes_pieces, luck, piece: 0.0, life: 0.0, pieces: 0, failures: 0, failed: Output::default() }
    }

    #[nexosim(init)]
    async fn begin(&mut self, cx: &Context<Self>, _: &mut ()) {
        self.piece = self.next_piece();
        self.repaired((), cx);
    }

    fn next_piece(&mut self) -> f64 {
        let normal: f64 = StandardNormal.sample(&mut self.luck);
        if self.makes_pieces { (PIECE.0 + PIECE.1 * normal).max(1e-9) } else { f64::INFINITY }
    }

    fn repaired(&mut self, _: (), cx: &Context<Self>) {
        let share: f64 = Exp1.sample(&mut self.luck);
        self.life = LIFE * share;
        self.go_on(cx);
    }

    /// To the end of the piece or to the failure, whichever is first.
    fn go_on(&mut self, cx: &Context<Self>) {
        let next = Duration::from_secs_f64(self.piece.min(self.life).max(1e-9));
        let planned = match self.piece <= self.life {
            true => cx.schedule_event(next, schedulable!(Self::finish), ()),
            false => cx.schedule_event(next, schedulable!(Self::fail), ()),
        };
        planned.expect("the time lies ahead");
    }

    #[nexosim(schedulable)]
    fn finish(&mut self, _: (), cx: &Context<Self>) {
        self.pieces += 1;
        self.life -= self.piece;
        self.piece = self.next_piece();
        self.go_on(cx);
    }

    #[nexosim(schedulable)]
    async fn fail(&mut self) {
        self.failures += 1;
        self.piece -= self.life;
        self.failed.send(self.number).await;
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        PIECES.fetch_add(self.pieces, Ordering::Relaxed);
        FAILURES.fetch_add(self.failures, Ordering::Relaxed);
    }
}

/// Mends one machine at a time, first come first served.
#[derive(Default, Serialize, Deserialize)]
struct Repairer {
    waiting: VecDeque<usize>,
    busy: Option<usize>,
    repaired: Vec<Output<()>>,
}

#[Model]
impl Repairer {
    fn failed(&mut self, machine: usize, cx: &Context<Self>) {
        self.waiting.push_back(machine);
        if self.busy.is_none() {
            self.take(cx);
        }
    }

    fn take(&mut self, cx: &Context<Self>) {
        self.busy = self.waiting.pop_front();
        if self.busy.is_some() {
            cx.schedule_event(REPAIR, schedulable!(Self::done), ()).expect("the time lies ahead");
        }
    }

    #[nexosim(schedulable)]
    async fn done(&mut self, _: (), cx: &Context<Self>) {
        if let Some(machine) = self.busy {
            self.repaired[machine].send(()).await;
        }
        self.take(cx);
    }
}

fn shop(makes_pieces: bool, seed: u64) -> Result<(), SimulationError> {
    let repairer_box = Mailbox::new();
    let mut repairer = Repairer::default();
    let mut bench = SimInit::with_num_threads(1);
    for number in 0..MACHINES {
        let mailbox = Mailbox::new();
        let mut machine = Machine::new(number, makes_pieces, seed);
        machine.failed.connect(Repairer::failed, &repairer_box);
        let mut repaired = Output::default();
        repaired.connect(Machine::repaired, &mailbox);
        repairer.repaired.push(repaired);
        bench = bench.add_model(machine, mailbox, "machine");
    }
    let mut simulation = bench.add_model(repairer, repairer_box, "repairer").init(MonotonicTime::EPOCH)?;
    simulation.step_until(Duration::from_secs(WEEKS * 7 * 86_400))?;
    Ok(())
}

/// usage: shop FUTURES pieces|failures
fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let futures: u64 = arguments[1].parse().expect("a number of futures");
    for future in 0..futures {
        shop(arguments[2] == "pieces", future).expect("the shop runs");
    }
    let (pieces, failures) = (PIECES.load(Ordering::Relaxed), FAILURES.load(Ordering::Relaxed));
    println!("{{\"pieces\": {pieces}, \"failures\": {failures}}}");
}
