#!/usr/bin/env python3
"""Times numpy and pyarrow beside us: one process each, one thread each, taking turns on the same core.

usage: bench/peers.py [--rounds N] [--json FILE] [--built]

Three questions: random numbers of numpy against finished readings of ours; Parquet and CSV of pyarrow against ours,
from the same numbers. What counts is CPU time; a ratio is the peer's time a value over ours in the same pair of rounds,
so above 1 we are faster. It installs nothing.
"""

import os

# Before numpy is loaded: its libraries read these once.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
    os.environ[name] = "1"

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

try:
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet
except ImportError as missing:
    sys.exit(f"{missing.name} is missing: pip install numpy pyarrow")

PROJECT = pathlib.Path(__file__).resolve().parent.parent
MACHINES = 10  # of a recording; harness/ready.rs has the same
SENSORS = 8
DRAWS = 4_000_000  # as many as our round of 1,000 machines x 16 sensors x 250 ticks finishes readings


class Ours:
    """Our side: a process that does one round for each line it gets."""

    def __init__(self, *subject):
        self.process = subprocess.Popen([rounds_program(), *subject], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def round(self):
        self.process.stdin.write(b"go\n")
        self.process.stdin.flush()
        figures = json.loads(self.process.stdout.readline())
        return figures["cpu"] / figures["pieces"], figures["bytes"]

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def rounds_program():
    target = os.environ.get("CARGO_TARGET_DIR", PROJECT / "target")
    return str(pathlib.Path(target) / "release" / "rounds")


def build():
    command = ["cargo", "build", "--release", "--quiet", "-p", "twinwright-bench", "--bins"]
    subprocess.run(command, cwd=PROJECT, check=True)


def numpy_normals():
    """numpy's bare random numbers, into an array that is there already."""
    generator = np.random.Generator(np.random.PCG64(7))
    out = np.empty(DRAWS, dtype=np.float32)

    def one():
        start = time.process_time()
        generator.standard_normal(dtype=np.float32, out=out)
        return (time.process_time() - start) / DRAWS, 0

    return one


def table_of(raw, dictionaries):
    """The table that our recorder writes, with the columns that it has."""
    values = np.fromfile(raw, dtype="<f4").reshape(SENSORS, -1)
    rows = values.shape[1]
    row = np.arange(rows)
    times = np.datetime64("2026-01-01T00:00:00", "us") + (row // MACHINES).astype("timedelta64[s]")
    names = pa.array([f"P-{101 + i}" for i in range(MACHINES)])
    machine = pa.DictionaryArray.from_arrays(pa.array((row % MACHINES).astype("int32")), names)
    good = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, "int32")), pa.array(["good"]))
    plain = (lambda column: column) if dictionaries else (lambda column: column.cast(pa.string()))
    columns = {"time": pa.array(times, pa.timestamp("us", "UTC")), "machine": plain(machine)}
    columns |= {f"s{i}": pa.array(values[i]) for i in range(SENSORS)}
    columns |= {f"quality.s{i}": plain(good) for i in range(SENSORS)}
    columns["fault"] = pa.nulls(rows, pa.string())
    return pa.table(columns)


def pyarrow_writer(table, path, form):
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)

    def write():
        if form == "csv":
            pyarrow.csv.write_csv(table, path, pyarrow.csv.WriteOptions(quoting_style="needed"))
        else:
            pyarrow.parquet.write_table(table, path, compression="zstd")

    def one():
        start = time.process_time()
        write()
        return (time.process_time() - start) / (table.num_rows * SENSORS), os.path.getsize(path)

    return one


def compare(question, bar, peer, ours, rounds):
    """Rounds in turn, the first pair thrown away."""
    pairs = []
    for _ in range(rounds + 1):
        theirs = peer()
        mine = ours.round()
        pairs.append((theirs, mine))
    ours.end()
    pairs = pairs[1:]
    ratios = [theirs[0] / mine[0] for theirs, mine in pairs]
    return {
        "question": question,
        "bar": bar,
        "ratio": spread(ratios),
        "peer_ns": spread([theirs[0] * 1e9 for theirs, _ in pairs]),
        "our_ns": spread([mine[0] * 1e9 for _, mine in pairs]),
        "peer_bytes": pairs[0][0][1],
        "our_bytes": pairs[0][1][1],
        "rounds": rounds,
    }


def spread(figures):
    return {"low": min(figures), "median": statistics.median(figures), "high": max(figures)}


def all_questions(folder, rounds):
    yield compare("readings / numpy normals", 2.0, numpy_normals(), Ours("simulate"), rounds)
    for digits in ("rounded", "full"):
        raw = os.path.join(folder, digits)
        subprocess.run([rounds_program(), "raw", digits, raw], check=True)
        for form, bar in (("parquet", 0.9), ("csv", 4.0)):
            table = table_of(raw, dictionaries=form == "parquet")
            peer = pyarrow_writer(table, os.path.join(folder, f"peer.{form}"), form)
            ours = Ours(form, digits, os.path.join(folder, f"ours-{digits}"))
            yield compare(f"{form} / pyarrow, {digits}", bar, peer, ours, rounds)


def show(result):
    cell = lambda s: f"{s['median']:8.2f} ({s['low']:.2f} to {s['high']:.2f})"
    met = "met" if result["ratio"]["median"] >= result["bar"] else "MISSED"
    sizes = f"  {result['our_bytes'] / 1e6:.1f} / {result['peer_bytes'] / 1e6:.1f} MB" if result["our_bytes"] else ""
    print(
        f"{result['question']:28} ours {cell(result['our_ns']):28} peer {cell(result['peer_ns']):28} ns a value"
        f"   ratio {cell(result['ratio']):26} bar {result['bar']} {met}{sizes}",
        flush=True,
    )


def main():
    options = argparse.ArgumentParser(description="numpy and pyarrow beside us, one thread each")
    options.add_argument("--rounds", type=int, default=9, help="pairs of rounds a question (default 9)")
    options.add_argument("--json", metavar="FILE", help="write the figures there")
    options.add_argument("--built", action="store_true", help="take the program as it is, without asking cargo")
    chosen = options.parse_args()
    if not chosen.built:
        build()
    if hasattr(os, "sched_setaffinity"):
        # Both take turns, so they share one core; a child inherits it.
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    results = []
    with tempfile.TemporaryDirectory(prefix="twinwright-peers-") as folder:
        for result in all_questions(folder, chosen.rounds):
            show(result)
            results.append(result)
    report = {"numpy": np.__version__, "pyarrow": pa.__version__, "results": results}
    if chosen.json:
        pathlib.Path(chosen.json).write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
