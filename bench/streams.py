#!/usr/bin/env python3
"""Times `twinwright generate` and its outlets beside their peers, on this machine, taking turns in one run.

usage: bench/streams.py [QUESTION...] [--rounds N] [--built] [--json FILE] [--seconds S]

Questions: lines (line protocol to /dev/null against TSBS, or the fastest public generator that is installed), mqtt (against
a bare rumqttc loop), postgres (against psql \\copy binary), sqlite (against a bare prepared loop), memory (resident memory
while an outlet is far too slow). Without any: all of them. Servers are started privately and stopped. It installs nothing.

A ratio is ours over the peer's in the same pair of rounds, so above 1 we are faster.
"""

import argparse
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

PROJECT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", PROJECT / "target")) / "release"
PROGRAM = str(TARGET / "twinwright")
QUESTIONS = ["lines", "mqtt", "postgres", "sqlite", "memory"]
# Of TSBS's generator on a machine of this class, metrics a second of its own loop: used where it is not installed.
TSBS_ONCE = {"iot": (0.5e6, 0.6e6), "cpu-only": (3.4e6, 4.3e6)}


def spread(figures):
    figures = sorted(figures)
    return statistics.median(figures), figures[0], figures[-1]


def say(name, figures, unit=""):
    middle, least, most = spread(figures)
    print(f"  {name:<58} {middle:>12,.4g} ({least:,.4g} to {most:,.4g}) {unit}", flush=True)
    return {"name": name, "median": middle, "least": least, "most": most, "unit": unit}


def generated(arguments):
    """Readings a second of one run as a whole process, start and end included."""
    begun = time.perf_counter()
    done = subprocess.run([PROGRAM, "generate", *arguments], capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - begun
    row = next(line for line in done.stdout.splitlines() if "readings from" in line)
    made = int("".join(c for c in row.split(",")[1].split("readings")[0] if c.isdigit()))
    return made / seconds


def tsbs(case):
    """Metrics a second of TSBS's generator into /dev/null, when it is on the path."""
    command = ["tsbs_generate_data", f"--use-case={case}", "--seed=1", "--scale=1000", "--format=influx", "--log-interval=10s",
               "--timestamp-start=2016-01-01T00:00:00Z", "--timestamp-end=2016-01-01T00:10:00Z"]
    begun = time.perf_counter()
    lines = subprocess.run(command, capture_output=True, check=True).stdout
    seconds = time.perf_counter() - begun
    fields = sum(line.split(b" ")[1].count(b"=") for line in lines.splitlines())
    return fields / seconds


def tsperf():
    """Values a second of tsperf's generator (PyPI), by its own count, into an adapter that throws them away."""
    command = ["tsperf", "write", "--adapter=dummy", "--schema=tsperf.schema.basic:environment.json", "--id-start=1", "--id-end=1000",
               "--ingest-size=100", "--timestamp-start=1767225600", "--timestamp-delta=1"]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    line = next(line for line in (said.stderr + said.stdout).splitlines() if "Values per second" in line)
    return float(line.rsplit(":", 1)[1])


def simple_python(values):
    """What people write by hand: numpy noise, a sine, f-strings, a million fields."""
    import numpy as np

    generator = np.random.default_rng(1)
    out = open("/dev/null", "w")
    begun = time.perf_counter()
    machines, sensors = 1000, 10
    done = 0
    tick = 0
    while done < values:
        noise = generator.normal(20, 1, (machines, sensors)).round(2).tolist()
        stamp = 1767225600000000000 + tick * 1_000_000_000
        out.write("".join(
            f"pump,machine=P-{m} " + ",".join(f"s{i}={v}" for i, v in enumerate(row)) + f" {stamp}\n"
            for m, row in enumerate(noise)))
        done += machines * sensors
        tick += 1
    return done / (time.perf_counter() - begun)


def lines(arguments):
    print("line protocol to /dev/null, metrics a second as a whole process (machines of 11 sensors, one line each)")
    ours = ["centrifugal-pump", "--machines", "1000", "--for", "40 min", "--to", "file:/dev/null?format=influx&shape=wide"]
    generated(ours)
    wide, long, hand = [], [], []
    peers = {case: [] for case in TSBS_ONCE}
    there = shutil.which("tsbs_generate_data") is not None
    public = []
    for _ in range(arguments.rounds):
        wide.append(generated(ours))
        long.append(generated([*ours[:-1], "file:/dev/null?format=influx"]))
        hand.append(simple_python(300_000))
        if shutil.which("tsperf"):
            public.append(tsperf())
        if there:
            for case in peers:
                peers[case].append(tsbs(case))
    results = [say("ours, wide", wide, "metrics/s"), say("ours, long (a line a reading)", long, "metrics/s"),
               say("numpy and f-strings", hand, "metrics/s"), say("ours wide / numpy and f-strings", [a / b for a, b in zip(wide, hand)], "x")]
    if public:
        results += [say("tsperf", public, "metrics/s"), say("ours wide / tsperf", [a / b for a, b in zip(wide, public)], "x")]
    for case, (low, high) in TSBS_ONCE.items():
        if there:
            results += [say(f"TSBS {case}", peers[case], "metrics/s"),
                        say(f"ours wide / TSBS {case}", [a / b for a, b in zip(wide, peers[case])], "x")]
        else:
            print(f"  TSBS is not installed; of its {case} figure of {low:,.2g} to {high:,.2g} on this class of machine:")
            results.append(say(f"ours wide / TSBS {case} as recorded (its best)", [a / high for a in wide], "x"))
    return results


class Rounds:
    """A process that does one round for each line that it gets."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def round(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def mqtt(arguments):
    print("MQTT through a private mosquitto, readings a second")
    results = []
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        config = pathlib.Path(folder) / "mosquitto.conf"
        config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 1000\nuser root\n")
        broker = subprocess.Popen(["mosquitto", "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(200):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            for qos, bar in [("0", 0.8), ("1", 0.7)]:
                counts = {"bare": "200000", "outlet": "200000", "batch": "4000000"}
                sides = {side: Rounds(str(TARGET / "mqtt_rounds"), side, qos, str(port), count) for side, count in counts.items()}
                for side in sides.values():
                    side.round()
                figures = {side: [] for side in sides}
                for _ in range(arguments.rounds):
                    for name, side in sides.items():
                        done = side.round()
                        figures[name].append(done["readings"] / done["seconds"])
                for side in sides.values():
                    side.end()
                results += [say(f"QoS {qos}: bare rumqttc loop", figures["bare"], "readings/s"),
                            say(f"QoS {qos}: outlet", figures["outlet"], "readings/s"),
                            say(f"QoS {qos}: outlet / bare (bar {bar})", [a / b for a, b in zip(figures["outlet"], figures["bare"])], "x"),
                            say(f"QoS {qos}: batches of 100 / single (bar 10)", [a / b for a, b in zip(figures["batch"], figures["outlet"])], "x")]
        finally:
            broker.kill()
            broker.wait()
    return results


def store(kind, arguments):
    print(f"{kind}: rows a second into sensor_readings beside the bare way, same rows, same durability")
    command = [str(TARGET / "store_rounds"), kind, "3700000", str(arguments.rounds)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    for row in rows:
        print("  " + json.dumps(row))
    return rows


def resident(process):
    with open(f"/proc/{process}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def memory(arguments):
    """Full speed into a pipe whose reader takes a tenth of what could be made, waiting and dropping."""
    print(f"resident memory over {arguments.seconds} s at full speed, with an outlet that is ten times too slow")
    results = []
    for policy in ["wait", "drop-oldest"]:
        with tempfile.TemporaryDirectory() as folder:
            pipe = os.path.join(folder, "slow.csv")
            os.mkfifo(pipe)
            to = [f"file:{pipe}?format=csv&slow={policy}"]
            if policy == "drop-oldest":
                # A second outlet that keeps up makes the stream run at full speed.
                to.append("file:/dev/null?format=influx&shape=wide")
            command = [PROGRAM, "generate", "centrifugal-pump", "--machines", "1000", "--for", "30 d", "--quiet"]
            for url in to:
                command += ["--to", url]
            process = subprocess.Popen(command)
            stop = threading.Event()

            def read():
                with open(pipe, "rb") as reader:
                    while not stop.is_set():
                        reader.read(1 << 20)  # some 14,000 readings of 75 bytes
                        time.sleep(0.025)

            reader = threading.Thread(target=read, daemon=True)
            reader.start()
            time.sleep(min(20, arguments.seconds / 4))
            begun, samples = time.monotonic(), []
            while time.monotonic() - begun < arguments.seconds:
                samples.append((time.monotonic() - begun, resident(process.pid)))
                time.sleep(1)
            process.kill()
            process.wait()
            stop.set()
            mean_t = statistics.mean(t for t, _ in samples)
            mean_m = statistics.mean(m for _, m in samples)
            slope = sum((t - mean_t) * (m - mean_m) for t, m in samples) / sum((t - mean_t) ** 2 for t, _ in samples)
            results.append(say(f"slow={policy}: resident memory", [m for _, m in samples], "MiB"))
            print(f"  slow={policy}: slope {slope * 600:+.3f} MiB in 10 min (bar 1)", flush=True)
            results.append({"name": f"slope {policy}", "median": slope * 600, "unit": "MiB/10min"})
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("question", nargs="*", choices=[*QUESTIONS, []], help="which; all of them when none is named")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=120, help="how long memory is watched")
    parser.add_argument("--built", action="store_true", help="do not build first")
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    if not arguments.built:
        subprocess.run(["cargo", "build", "--release", "--quiet", "--workspace", "--bins"], cwd=PROJECT, check=True)
    results = {}
    for question in arguments.question or QUESTIONS:
        answer = {"lines": lines, "mqtt": mqtt, "memory": memory}.get(question)
        results[question] = answer(arguments) if answer else store(question, arguments)
        print()
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
