#!/usr/bin/env python3
"""Sets river's streaming detectors beside ours on rows of 16 sensors, one thread each, in one run.

usage: bench/river.py [--rounds N] [--rows N]

Ours is the whole default detector (cargo bench --bench judge). River's are HalfSpaceTrees on a row, and GaussianScorer
on each of its 16 values; both score and then learn, as they do in a stream. A ratio is river's time over ours.
"""

import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import time

try:
    from river import anomaly
except ImportError as missing:
    sys.exit(f"{missing.name} is missing: pip install river")

PROJECT = pathlib.Path(__file__).resolve().parent.parent
SENSORS, STRETCH = 16, 4096


def ours():
    """Microseconds a row: the median that criterion found."""
    subprocess.run(["cargo", "bench", "-q", "-p", "twinwright-bench", "--bench", "judge", "--", "default"],
                   cwd=PROJECT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", PROJECT / "target"))
    found = json.loads((target / "criterion/judge/default/new/estimates.json").read_text())
    return found["median"]["point_estimate"] / STRETCH / 1000


def trees(rows):
    model = anomaly.HalfSpaceTrees(seed=1)
    for row in rows:
        model.score_one(row)
        model.learn_one(row)


def gaussians(rows):
    models = {name: anomaly.GaussianScorer() for name in rows[0]}
    for row in rows:
        for name, model in models.items():
            model.score_one(None, row[name])
            model.learn_one(None, row[name])


def timed(work, rows):
    begun = time.process_time()
    work(rows)
    return (time.process_time() - begun) / len(rows) * 1e6


def main():
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--rounds", type=int, default=3)
    ask.add_argument("--rows", type=int, default=5000)
    asked = ask.parse_args()
    luck = random.Random(1)
    rows = [{f"s{at}": luck.random() for at in range(SENSORS)} for _ in range(asked.rows)]
    mine, peers = [], {"HalfSpaceTrees": [], "16 GaussianScorers": []}
    for _ in range(asked.rounds):
        mine.append(ours())
        peers["HalfSpaceTrees"].append(timed(trees, rows))
        peers["16 GaussianScorers"].append(timed(gaussians, rows))
    us = statistics.median(mine)
    print(f"ours, default detector   {us:8.2f} us a row ({min(mine):.2f} to {max(mine):.2f}), "
          f"{SENSORS / us:.1f} million readings/s (bar 5)")
    for name, found in peers.items():
        ratios = sorted(peer / own for peer, own in zip(found, mine))
        print(f"river, {name:18s}{statistics.median(found):8.1f} us a row, "
              f"{statistics.median(ratios):.0f}x ({ratios[0]:.0f} to {ratios[-1]:.0f}, bar 50)")


if __name__ == "__main__":
    main()
