#!/usr/bin/env python3
"""Times what is asked of a store all day, on 50 million readings of 1,000 sensors, and judges it.

usage: bench/queries.py [--readings N] [--asks N] [--only postgres|sqlite] [--json FILE] [--built]

Each database is private, filled by `twinwright generate` in a temporary folder (8 GB in PostgreSQL, 2 GB in SQLite) and
gone afterwards. Each question is asked at least 1,000 times over one connection, by the program's own functions, of
sensors at random. Bars: the 99th percentile below 5 ms in PostgreSQL and 10 ms in SQLite; the day by the hour at least
20 times faster through the roll-up than from the readings (medians, asked in turns). Exits 1 when a bar is missed.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

PROJECT = pathlib.Path(__file__).resolve().parent.parent
BARS = {"postgres": 5.0, "sqlite": 10.0}
ROLLED, FROM_READINGS = "24 hours by the hour", "24 hours from readings"
FASTER = 20.0


def build():
    for words in (["-p", "twinwright"], ["-p", "twinwright-bench", "--bin", "query_rounds"]):
        subprocess.run(["cargo", "build", "--release", *words], cwd=PROJECT, check=True)


def figures(base, readings, asks):
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", PROJECT / "target"))
    words = [target / "release" / "query_rounds", base, str(readings), str(asks)]
    process = subprocess.run(words, stdout=subprocess.PIPE, check=True, text=True)
    return [json.loads(line) for line in process.stdout.splitlines()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readings", type=int, default=50_000_000)
    parser.add_argument("--asks", type=int, default=2_000)
    parser.add_argument("--only", choices=sorted(BARS))
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--built", action="store_true", help="the programs are built already")
    args = parser.parse_args()
    if not args.built:
        build()
    missed, all_figures = 0, {}
    for base in [args.only] if args.only else BARS:
        all_figures[base] = lines = figures(base, args.readings, args.asks)
        print(f"{base}: {lines[0]['filled']:,} readings written in {lines[0]['seconds']:.0f} s")
        told = {line["question"]: line for line in lines[1:]}
        for name, line in told.items():
            bar = None if name == FROM_READINGS else BARS[base]
            verdict = "" if bar is None else ("met" if line["p99_ms"] < bar else "MISSED")
            missed += verdict == "MISSED"
            print(
                f"  {name:<26} {line['rows']:>6} rows  p50 {line['p50_ms']:8.3f} ms  p99 {line['p99_ms']:8.3f} ms"
                f"  worst {line['worst_ms']:8.3f} ms of {line['asks']}  {verdict}"
            )
        ratio = told[FROM_READINGS]["p50_ms"] / told[ROLLED]["p50_ms"]
        missed += ratio < FASTER
        print(f"  by the hour through the roll-up {ratio:.0f}x faster than from readings  {'met' if ratio >= FASTER else 'MISSED'}")
    if args.json:
        args.json.write_text(json.dumps(all_figures, indent=1))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
