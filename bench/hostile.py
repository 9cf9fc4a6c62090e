#!/usr/bin/env python3
"""Feeds the built program what nobody should, and times how it says no.

usage: bench/hostile.py [--program FILE] [--json FILE]

Every input must end with exit code 2 and a message, within 2 seconds and 256 MiB; the last of them are large but right
and must be taken. A run that takes longer than 30 seconds is stopped. Exits 1 when a bar is missed. Peak memory counts
from a fork of this process, so this process stays small: inputs are made, written and forgotten before each run.
"""

import argparse
import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile
import time

PROJECT = pathlib.Path(__file__).resolve().parent.parent
SECONDS = 2.0
BYTES = 256 << 20
STOP_AFTER = 30

MACHINE = """schema = "machine/1"
kind = "unit"
[drivers]
load = 0.8
"""
SENSOR = """[sensors.x]
value = "load"
"""


def scenario(machine='"U-1"', duration='"1 h"', tick='"1 s"', rest=""):
    return (
        'schema = "scenario/1"\ntitle = "t"\nstart = "2026-01-01T00:00:00Z"\n'
        f"duration = {duration}\ntick = {tick}\n[[machine]]\nid = {machine}\nkind = \"unit\"\n{rest}"
    )


def many(count, line):
    return "".join(line.format(i=i) for i in range(count))


def wrong_inputs():
    """(name, file, what makes its text or bytes): what must be refused."""
    long = 100_000_000
    deep = 100_000
    yield "100 MB comment line", "unit.toml", lambda: "# " + "x" * long
    yield "100 MB string", "s.toml", lambda: scenario() + 'title = "' + "x" * long
    yield "4 MB string as an expression", "unit.toml", lambda: MACHINE + '[sensors.x]\nvalue = "' + "1+" * 1_900_000 + '1"\n'
    yield "4 MB key", "unit.toml", lambda: MACHINE + SENSOR + "k" * 4_000_000 + " = 1\n"
    yield "4 MB of syntax errors", "unit.toml", lambda: MACHINE + SENSOR + "= = =\n" * 600_000
    yield "4 MB of unknown keys", "unit.toml", lambda: MACHINE + SENSOR + many(300_000, "a{i} = 1\n")
    yield "4 MB of NUL", "unit.toml", lambda: b"\0" * 4_000_000
    yield "not UTF-8", "unit.toml", lambda: b"schema = \"\xff\xfe\"" * 100_000
    yield "100,000 sensors", "unit.toml", lambda: MACHINE + many(100_000, '[sensors.s{i}]\nvalue = "load"\n')
    yield "100,000 drivers, each of the one before", "unit.toml", lambda: (
        MACHINE + many(100_000, 'd{i} = {{ expr = "load*2" }}\n') + SENSOR
    )
    yield "20,000 drivers in a chain", "unit.toml", lambda: (
        MACHINE + "d0 = 1\n" + "".join(f'd{i + 1} = {{ expr = "d{i}" }}\n' for i in range(20_000)) + SENSOR
    )
    yield "60,000 wears", "unit.toml", lambda: (
        MACHINE + SENSOR + many(60_000, '[wear.w{i}]\nlaw = "linear"\nlife = "9 h"\n')
    )
    yield "100,000 tables of no meaning", "unit.toml", lambda: MACHINE + SENSOR + many(100_000, "[t{i}]\na = 1\n")
    yield "60,000 machines one by one, one unknown", "s.toml", lambda: scenario() + many(
        60_000, '[[machine]]\nid = "M-{i}"\nkind = "unit"\n'
    ) + '[[machine]]\nid = "Z"\nkind = "nobody"\n'
    yield "60,000 actions on nobody", "s.toml", lambda: scenario() + many(60_000, '[[at]]\ntime = "+1 s"\nmachine = "N{i}"\n')
    yield "100,000 brackets deep", "unit.toml", lambda: MACHINE + SENSOR + "a = " + "[" * deep + "]" * deep + "\n"
    yield "100,000 inline tables deep", "unit.toml", lambda: MACHINE + SENSOR + "a = " + "{a=" * deep + "1" + "}" * deep + "\n"
    yield "100,000 keys dotted", "unit.toml", lambda: MACHINE + SENSOR + ".".join("a" * deep) + " = 1\n"
    yield "100,000 keys dotted in a table head", "unit.toml", lambda: MACHINE + SENSOR + "[" + ".".join("a" * deep) + "]\n"
    yield "2,000 parentheses deep", "unit.toml", lambda: (
        MACHINE + '[sensors.x]\nvalue = "' + "(" * 2000 + "1" + ")" * 2000 + '"\n'
    )
    yield "P-{1..999999999}", "s.toml", lambda: scenario(machine='"P-{1..999999999}"')
    yield "P-{1..9}{1..9} nine times", "s.toml", lambda: scenario(machine='"P-' + "{1..9}" * 9 + '"')
    yield "a duration of 1e9 years", "s.toml", lambda: scenario(duration='"1000000000 y"')
    yield "a duration of 3.65e11 days", "s.toml", lambda: scenario(duration='"365000000000 d"')
    yield "a year in nanoseconds", "s.toml", lambda: scenario(duration='"365 d"', tick='"1 ns"')
    yield "1e9 futures", "s.toml", lambda: scenario(rest="[futures]\ncount = 1000000000\n")
    yield "a million futures of a million machines", "s.toml", lambda: scenario(
        machine='"P-{1..1000000}"', rest="[futures]\ncount = 1000000\n"
    )


def right_inputs():
    """What is large and must be taken by `check`."""
    yield "400 sensors", "unit.toml", lambda: MACHINE + many(400, '[sensors.s{i}]\nvalue = "load"\n')
    yield "100,000 machines", "s.toml", lambda: scenario(machine='"P-{1..100000}"')


def feed(program, folder, name, file, content, wanted):
    """Writes the files and runs `check` on the one in question."""
    folder = pathlib.Path(folder)
    (folder / "unit.toml").write_text(MACHINE + SENSOR)
    fill(folder / file, content)
    log = folder / "said"
    start = time.monotonic()
    with open(log, "wb") as out:
        process = subprocess.Popen([program, "check", file], cwd=folder, stdout=out, stderr=out, preexec_fn=limits)
        pid, status, usage = wait(process)
    seconds = time.monotonic() - start
    said = log.read_bytes()
    code = os.waitstatus_to_exitcode(status)
    peak = usage.ru_maxrss * 1024
    met = code == wanted and seconds <= SECONDS and peak <= BYTES
    first = said[:4000].decode(errors="replace").split("\n", 1)[0]
    return {
        "input": name, "code": code, "seconds": seconds, "peak_bytes": peak, "said_bytes": len(said), "first": first[:160],
        "met": met,
    }  # fmt: skip


def fill(path, content):
    made = content()
    with open(path, "wb" if isinstance(made, bytes) else "w") as out:
        out.write(made)


def limits():
    # A program that loops must not hold the machine: CPU time, and memory far above the bar.
    resource.setrlimit(resource.RLIMIT_CPU, (STOP_AFTER, STOP_AFTER))
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))


def wait(process):
    signal.signal(signal.SIGALRM, lambda *_: process.kill())
    signal.alarm(STOP_AFTER)
    try:
        return os.wait4(process.pid, 0)
    finally:
        signal.alarm(0)


def show(result):
    word = "met" if result["met"] else "MISSED"
    print(
        f"{result['input']:44} exit {result['code']:3}  {result['seconds']:6.2f} s  "
        f"{result['peak_bytes'] / 2**20:6.0f} MiB  {word}\n    {result['first']}",
        flush=True,
    )


def main():
    options = argparse.ArgumentParser(description="times and peak memory of hostile inputs")
    options.add_argument("--program", default=str(PROJECT / "target" / "release" / "twinwright"))
    options.add_argument("--json", metavar="FILE", help="write the figures there")
    chosen = options.parse_args()
    if not os.path.isfile(chosen.program):
        sys.exit(f"{chosen.program} is not there: cargo build --release")
    results = []
    for inputs, wanted in ((wrong_inputs(), 2), (right_inputs(), 0)):
        for name, file, content in inputs:
            with tempfile.TemporaryDirectory(prefix="twinwright-hostile-") as folder:
                results.append(feed(os.path.abspath(chosen.program), folder, name, file, content, wanted))
                show(results[-1])
    if chosen.json:
        pathlib.Path(chosen.json).write_text(json.dumps(results, indent=2) + "\n")
    return 0 if all(result["met"] for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
