#!/usr/bin/env python3
"""Times what-if runs beside SimPy, NeXosim and ProgPy: one thread each, taking turns on the same core.

usage: bench/peers_what_if.py [--rounds N] [--json FILE] [--built] [--only WORD]

The machine shop (scenarios/machine-shop.toml) with its parts and without, the remaining life of a worn pump, and ten
thousand futures of four variants on one thread and on two. What counts is CPU time, for the threads wall time. A ratio
is the peer's time for a piece of work over ours in the same pair of rounds, so above 1 we are faster. Our side is the
whole program, from reading the files to writing the answer, and so is NeXosim's; of the others only the simulation
counts. NeXosim is built by cargo in a temporary folder (CARGO_TARGET_DIR keeps it for the next time); nothing is
installed.
"""

import argparse
import json
import math
import os
import pathlib
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

try:
    import numpy as np
    import simpy
    from progpy import PrognosticsModel
    from progpy.predictors import MonteCarlo
except ImportError as missing:
    sys.exit(f"{missing.name} is missing: pip install numpy simpy progpy")

PROJECT = pathlib.Path(__file__).resolve().parent.parent
MACHINES = 10
MINUTES = 4 * 7 * 24 * 60
PIECE, PIECE_SD = 10.0, 2.0
LIFE, REPAIR = 300.0, 30.0
# The worn pump: a Wiener path of drift 1 a life and standard deviation SPREAD, from 0.9 on.
PUMP_LIFE_H, SPREAD, WORN, STEP_H, HORIZON_H, SAMPLES = 9000.0, 0.25, 0.9, 1.0, 8000.0, 1000


def target():
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", PROJECT / "target"))


def child_cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


# --- the machine shop in SimPy, after the well-known model of its documentation ---


class Shop:
    def __init__(self, seed, makes_pieces):
        self.luck = random.Random(seed)
        self.env = simpy.Environment()
        self.repairer = simpy.Resource(self.env, capacity=1)
        self.pieces = 0
        self.failures = 0
        for _ in range(MACHINES):
            if makes_pieces:
                machine = Machine(self)
                machine.process = self.env.process(machine.make_pieces())
                self.env.process(machine.fail())
            else:
                self.env.process(self.only_run())

    def mend(self):
        self.failures += 1
        with self.repairer.request() as request:
            yield request
            yield self.env.timeout(REPAIR)

    def only_run(self):
        while True:
            yield self.env.timeout(self.luck.expovariate(1 / LIFE))
            yield from self.mend()


class Machine:
    def __init__(self, shop):
        self.shop = shop
        self.is_broken = False

    def make_pieces(self):
        shop, env = self.shop, self.shop.env
        while True:
            left = max(shop.luck.normalvariate(PIECE, PIECE_SD), 1e-9)
            while left:
                begun = env.now
                try:
                    yield env.timeout(left)
                    left = 0
                except simpy.Interrupt:
                    self.is_broken = True
                    left -= env.now - begun
                    yield from shop.mend()
                    self.is_broken = False
            shop.pieces += 1

    def fail(self):
        while True:
            yield self.shop.env.timeout(self.shop.luck.expovariate(1 / LIFE))
            if not self.is_broken:
                self.process.interrupt()


def simpy_shop(makes_pieces, futures):
    def one():
        shops = []
        start = time.process_time()
        for seed in range(futures):
            shop = Shop(seed, makes_pieces)
            shop.env.run(until=MINUTES)
            shops.append(shop)
        spent = time.process_time() - start
        return spent, sum(s.pieces if makes_pieces else s.failures for s in shops), futures

    return one


# --- the same in NeXosim ---

MANIFEST = """[package]
name = "shop"
version = "0.1.0"
edition = "2024"

[dependencies]
nexosim = "1.0"
rand = {{ version = "0.9", default-features = false }}
rand_distr = "0.5"
serde = {{ version = "1.0", features = ["derive"] }}

[[bin]]
name = "shop"
path = {path}

[profile.release]
lto = "fat"
codegen-units = 1

[workspace]
"""


def build_nexosim(folder):
    source = PROJECT / "bench" / "peers" / "nexosim_shop.rs"
    (folder / "Cargo.toml").write_text(MANIFEST.format(path=json.dumps(str(source))))
    kept = os.environ.get("CARGO_TARGET_DIR")
    built = pathlib.Path(kept) / "nexosim" if kept else folder / "target"
    command = ["cargo", "build", "--release", "--quiet", "--target-dir", str(built)]
    subprocess.run(command, cwd=folder, check=True)
    return built / "release" / "shop"


def nexosim_shop(program, what, futures):
    def one():
        cpu = child_cpu()
        said = subprocess.run([program, str(futures), what], check=True, capture_output=True)
        return child_cpu() - cpu, json.loads(said.stdout)[what], futures

    return one


# --- the remaining life of a worn pump in ProgPy ---


class Bearing(PrognosticsModel):
    inputs = ["load"]
    states = ["wear"]
    outputs = ["wear"]
    events = ["failure"]
    default_parameters = {"life": PUMP_LIFE_H * 3600, "x0": {"wear": WORN}, "process_noise": 0.0, "measurement_noise": 0.0}

    def dx(self, x, u):
        return self.StateContainer({"wear": (u["load"] / 0.8) ** 3 / self.parameters["life"]})

    def output(self, x):
        return self.OutputContainer({"wear": x["wear"]})

    def event_state(self, x):
        return {"failure": 1 - x["wear"]}

    def threshold_met(self, x):
        return {"failure": x["wear"] >= 1}


def progpy_life():
    step = STEP_H * 3600
    # The noise of a step is sd * step; it must be SPREAD * sqrt(step / life).
    model = Bearing(process_noise={"wear": SPREAD / math.sqrt(PUMP_LIFE_H * 3600 * step)})
    load = model.InputContainer({"load": 0.8})
    predictor = MonteCarlo(model)

    def one():
        np.random.seed(7)
        start = time.process_time()
        found = predictor.predict(
            model.initialize(load), lambda t, x=None: load, n_samples=SAMPLES, dt=step, save_freq=1e12, horizon=HORIZON_H * 3600
        )
        spent = time.process_time() - start
        hours = sorted(end["failure"] / 3600 for end in found.time_of_event.data if end["failure"] is not None)
        said = f"{len(hours)} failed, median {hours[len(hours) // 2]:.0f} h, mean {statistics.mean(hours):.0f} h"
        return spent, SAMPLES, said

    return one


# --- our side ---

PUMP_KIND = """schema = "machine/1"
kind = "worn-pump"
title = "A pump with a worn bearing"
class = "other"

[drivers]
load = 0.8

[wear.bearing]
law = "wiener"
life = "{life} h"
spread = {spread}
stress = "(load / 0.8)^3"
starts_at = {worn}

[sensors.vibration]
value = "1 + 6*bearing^2"
unit = "mm/s"
"""

PUMP_SCENARIO = """schema = "scenario/1"
title = "How long will the worn bearing last?"
seed = 7
start = "2026-01-01T00:00:00Z"
duration = "{horizon} h"
tick = "{step} h"

[[machine]]
id = "P-1"
kind = "worn-pump"

[futures]
count = {samples}
"""

FOUR_SCENARIO = """schema = "scenario/1"
title = "How often should the bearing be swapped?"
seed = 7
start = "2026-01-01T00:00:00Z"
duration = "90 d"
tick = "1 min"

[[machine]]
id = "P-1"
kind = "centrifugal-pump"

[maintenance]
policy = "run-to-failure"
""" + "".join(
    f"""
[[variant]]
name = "every {days} d"
set = {{ "maintenance.policy" = "periodic", "maintenance.every" = "{days} d", "maintenance.restores" = ["bearing"] }}
"""
    for days in (20, 30, 45)
) + """
[futures]
count = 10000
"""


def without(text, *sections):
    """A TOML text without some of its tables."""
    parts = re.split(r"(?m)^(?=\[)", text)
    return "".join(part for part in parts if not part.startswith(tuple(f"[{name}" for name in sections)))


def shop_files(folder, makes_pieces, futures):
    """Copies of the shop's files: so many futures, nothing asked but the measures, with or without parts."""
    scenario = (PROJECT / "scenarios" / "machine-shop.toml").read_text()
    kind = re.search(r'(?m)^kind\s*=\s*"([^"]+)"', scenario)[1]
    places = [PROJECT / place / f"{kind}.toml" for place in ("scenarios", "machine-configs")]
    machine = next(place for place in places if place.exists()).read_text()
    scenario = without(scenario, "futures", "[expect", "[measure", "[variant", "[group", "sweep")
    if not makes_pieces:
        machine = without(machine, "production")
    folder.mkdir()
    (folder / f"{kind}.toml").write_text(machine)
    (folder / "shop.toml").write_text(f"{scenario}\n[futures]\ncount = {futures}\n")
    return folder / "shop.toml"


def written(folder, name, **texts):
    folder.mkdir()
    for file, text in texts.items():
        (folder / f"{file.replace('_', '-')}.toml").write_text(text)
    return folder / f"{name}.toml"


class Ours:
    def __init__(self, scenario, threads=1):
        self.out = scenario.parent / f"out-{threads}"
        program = target() / "release" / "twinwright"
        self.command = [program, "run", scenario, "--quiet", "--threads", str(threads), "--out", self.out]

    def run(self):
        """CPU and wall seconds, and the means of the measures."""
        cpu, wall = child_cpu(), time.perf_counter()
        done = subprocess.run(self.command, capture_output=True)
        cpu, wall = child_cpu() - cpu, time.perf_counter() - wall
        if done.returncode != 0:
            sys.exit(f"{' '.join(map(str, self.command))}: exit {done.returncode}\n{done.stderr.decode()}")
        summary = json.loads((self.out / "summary.json").read_text())
        return cpu, wall, {name: figure["mean"] for name, figure in summary["measures"].items()}

    def counting(self, measure, futures):
        def one():
            cpu, _, means = self.run()
            return cpu, means[measure] * futures, futures

        return one

    def lives(self):
        cpu, _, means = self.run()
        hours = means["first_failure_h"]
        return cpu, SAMPLES, f"{means['failures'] * SAMPLES:.0f} failed, mean {hours:.0f} h"


# --- the comparison ---


def spread(figures):
    return {"low": min(figures), "median": statistics.median(figures), "high": max(figures)}


def compare(question, bar, peer, ours, rounds):
    """Rounds in turn, the first pair thrown away."""
    pairs = [(peer(), ours()) for _ in range(rounds + 1)][1:]
    return {
        "question": question,
        "bar": bar,
        "ratio": spread([(theirs[0] / theirs[1]) / (mine[0] / mine[1]) for theirs, mine in pairs]),
        "peer_rate": spread([theirs[1] / theirs[0] for theirs, _ in pairs]),
        "our_rate": spread([mine[1] / mine[0] for _, mine in pairs]),
        "peer_said": said_of(pairs[0][0]),
        "our_said": said_of(pairs[0][1]),
        "rounds": rounds,
    }


def said_of(figures):
    return figures[2] if isinstance(figures[2], str) else f"{figures[1] / figures[2]:.0f} a future"


def threads(folder, rounds):
    """Wall time, so both cores must be free."""
    scenario = written(folder / "four", "four", four=FOUR_SCENARIO)
    one, two = Ours(scenario, 1), Ours(scenario, 2)
    pairs = [(one.run(), two.run()) for _ in range(rounds)]
    return {
        "question": "10,000 futures x 4 variants, 90 d: two threads / one",
        "bar": 1.8,
        "ratio": spread([a[1] / b[1] for a, b in pairs]),
        "one_wall_s": spread([a[1] for a, _ in pairs]),
        "two_wall_s": spread([b[1] for _, b in pairs]),
        "rounds": rounds,
    }


def questions(folder, rounds):
    """Name, and what answers it when it is asked."""
    with_parts, alone = 1000, 10000

    def parts(peer, bar, name):
        scenario = shop_files(folder / f"parts-{name}", True, with_parts)
        return compare(f"shop with parts / {name}, pieces/s", bar, peer, Ours(scenario).counting("pieces", with_parts), rounds)

    def failures(peer, bar, name):
        scenario = shop_files(folder / f"alone-{name}", False, alone)
        return compare(f"shop alone / {name}, failures/s", bar, peer, Ours(scenario).counting("failures", alone), rounds)

    def life():
        kind = PUMP_KIND.format(life=PUMP_LIFE_H, spread=SPREAD, worn=WORN)
        asked = PUMP_SCENARIO.format(horizon=HORIZON_H, step=STEP_H, samples=SAMPLES)
        scenario = written(folder / "pump", "pump", pump=asked, worn_pump=kind)
        return compare("remaining life / ProgPy, samples/s", 300, progpy_life(), Ours(scenario).lives, max(rounds // 3, 1))

    program = []

    def nexosim(what, futures):
        if not program:
            (folder / "nexosim").mkdir()
            program.append(build_nexosim(folder / "nexosim"))
        return nexosim_shop(program[0], what, futures)

    yield "parts simpy", lambda: parts(simpy_shop(True, 4), 20, "SimPy")
    yield "parts nexosim", lambda: parts(nexosim("pieces", 100), 3, "NeXosim")
    yield "alone simpy", lambda: failures(simpy_shop(False, 50), 10, "SimPy")
    yield "alone nexosim", lambda: failures(nexosim("failures", 1000), None, "NeXosim")
    yield "life progpy", life
    yield "threads", lambda: threads(folder, max(rounds // 2, 1))


def show(result):
    def cell(figures, digits=2):
        low, median, high = (f"{figures[at]:,.{digits}f}" for at in ("low", "median", "high"))
        return f"{median} ({low} to {high})"

    bar = result["bar"]
    verdict = "no bar" if bar is None else f"bar {bar} {'met' if result['ratio']['median'] >= bar else 'MISSED'}"
    print(f"{result['question']:54} ratio {cell(result['ratio']):28} {verdict}")
    if "our_rate" in result:
        print(f"    ours {cell(result['our_rate'], 0)}, {result['our_said']}")
        print(f"    peer {cell(result['peer_rate'], 0)}, {result['peer_said']}", flush=True)
    else:
        print(f"    one thread {cell(result['one_wall_s'])} s, two {cell(result['two_wall_s'])} s", flush=True)


def main():
    options = argparse.ArgumentParser(description="what-if beside SimPy, NeXosim and ProgPy")
    options.add_argument("--rounds", type=int, default=9, help="pairs of rounds a question (default 9)")
    options.add_argument("--json", metavar="FILE", help="write the figures there")
    options.add_argument("--built", action="store_true", help="take the program as it is, without asking cargo")
    options.add_argument("--only", metavar="WORD", default="", help="only questions with this word: parts, alone, simpy, threads ...")
    chosen = options.parse_args()
    if not chosen.built:
        subprocess.run(["cargo", "build", "--release", "--quiet", "-p", "twinwright"], cwd=PROJECT, check=True)
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_setaffinity") else None
    results = []
    with tempfile.TemporaryDirectory(prefix="twinwright-what-if-") as folder:
        for name, ask in questions(pathlib.Path(folder), chosen.rounds):
            if chosen.only not in name:
                continue
            if cores:
                # Both sides take turns, so they share one core; a child inherits it. Threads need all of them.
                os.sched_setaffinity(0, cores if name == "threads" else {max(cores)})
            results.append(ask())
            show(results[-1])
    if chosen.json:
        pathlib.Path(chosen.json).write_text(json.dumps({"simpy": simpy.__version__, "results": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
