#!/usr/bin/env python3
"""Turns public sets into streams for `twinwright detect`, its scores into what a scorer reads, and prints one table.

usage: bench/detection.sh DATA_FOLDER [SCORER] [--ablate] [--keep DIR] [--only skab,nab,tep,rul]

DATA_FOLDER holds what there is of: skab/*/*.csv (`datetime;sensors...;anomaly;changepoint`), nab/data/*/*.csv with
nab/labels/combined_windows.json, tep/d00.dat d00_te.dat dNN_te.dat, cmapss/train_FD001.txt test_FD001.txt RUL_FD001.txt.
The program gets rows on stdin: no label, no file name, no number of rows. Nothing differs between sets but which rows are
learnt from: SKAB the first 400 of each file, Tennessee Eastman d00 with limits set on the first half of d00_te, NAB none.

Two more rows read no sensor at all: `always on`, and `a clock`, which calls the same share of every table odd. What a
detector reaches above them is what it has seen. `--ablate` adds a row for each part that the judge can leave out.
"""

import argparse
import csv
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

PROJECT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", PROJECT / "target")) / "release"
PROGRAM = os.environ.get("TWINWRIGHT", str(TARGET / "twinwright"))
LABELS = ("anomaly", "changepoint")
# What the clock calls odd, as shares of a table.
CLOCK = (0.5, 0.85)
COLUMNS = [
    ("SKAB F1", "skab", r"F1 ([\d.]+)"),
    ("FAR %", "skab", r"FAR ([\d.]+)%"),
    ("MAR %", "skab", r"MAR ([\d.]+)%"),
    ("bal. acc. %", "skab", r"balanced-acc ([\d.]+)%"),
    ("files hit", "skab", r"files hit (\d+)"),
    ("delay s", "skab", r"median delay (\S+) s"),
    ("CP standard", "skab", r"changepoint NAB.*?standard (-?[\d.]+)"),
    ("CP low FP", "skab", r"changepoint NAB.*?low_FP (-?[\d.]+)"),
    ("NAB standard", "nab", r"standard +(-?[\d.]+)"),
    ("NAB low FP", "nab", r"low_FP +(-?[\d.]+)"),
    ("NAB sweep standard", "sweep", r"standard +(-?[\d.]+)"),
    ("NAB sweep low FP", "sweep", r"low_FP +(-?[\d.]+)"),
    ("TEP all %", "tep", r"mean detection, all \d+: ([\d.]+)%"),
    ("TEP without 3, 9, 15 %", "tep", r"without 3, 9, 15: ([\d.]+)%"),
    ("TEP FAR %", "tep", r"FAR on d00_te: ([\d.]+)%"),
    ("RUL RMSE", "rul", r"RMSE ([\d.]+)"),
    ("RUL score", "rul", r"NASA score ([\d.]+)"),
]


def run(arguments, text=None):
    done = subprocess.run([PROGRAM, *map(str, arguments)], input=text, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"twinwright {' '.join(map(str, arguments))}: exit {done.returncode}\n{done.stderr}")


def judged(text, arguments, folder):
    """Rows as a stream through the program; what it wrote of each judged row."""
    run(["detect", "-", "--quiet", "--out", folder, *arguments], text)
    with open(folder / "scores.csv", newline="") as file:
        return list(csv.DictReader(file))


class Table:
    """A file of a set: its name for the scorer, its rows as text without labels, and how many there are."""

    def __init__(self, name, header, rows):
        self.name, self.header, self.rows = name, header, rows

    def text(self):
        return "\n".join(([self.header] if self.header else []) + self.rows) + "\n"


def skab(folder):
    for path in sorted(folder.glob("*/*.csv")):
        if "anomaly-free" in path.name:
            continue
        with open(path, newline="") as file:
            rows = list(csv.reader(file, delimiter=";"))
        keep = [at for at, name in enumerate(rows[0]) if name not in LABELS]
        lines = [";".join(row[at] for at in keep) for row in rows if row]
        yield Table(f"{path.parent.name}/{path.name}", lines[0], lines[1:])


def nab(folder):
    for path in sorted((folder / "data").glob("*/*.csv")):
        lines = [line for line in path.read_text().splitlines() if line]
        yield Table(f"{path.parent.name}/{path.name}", lines[0], lines[1:])


def tennessee(path):
    """A file without names; d00.dat lies on its side, 52 rows of 500."""
    rows = [line.split() for line in path.read_text().splitlines() if line.strip()]
    if len(rows) == 52:
        rows = [list(row) for row in zip(*rows)]
    return [",".join(row) for row in rows]


class Config:
    """One configuration of the judge for all sets."""

    def __init__(self, name, scratch, without=None):
        self.name, self.options = name, []
        self.folder = scratch / re.sub(r"\W+", "-", name)
        self.folder.mkdir(parents=True, exist_ok=True)
        if without:
            path = self.folder / "judge.toml"
            path.write_text(f'schema = "judge/1"\nwithout = ["{without}"]\n')
            self.options = ["--config", path]

    def detect(self, table, options, what):
        place = self.folder / "work" / what / table.name.replace("/", "-")
        place.parent.mkdir(parents=True, exist_ok=True)
        return judged(table.text(), [*options, *([] if "--model" in options else self.options)], place)

    def skab(self, tables, _):
        return [(table, self.detect(table, ["--train", "first 400 rows"], "skab")) for table in tables]

    def nab(self, tables, _):
        return [(table, self.detect(table, [], "nab")) for table in tables]

    def tep(self, tables, learnt):
        model, (baseline, calibration) = self.folder / "tep.json", learnt
        found = []
        for table in tables:
            if not model.exists():
                options = ["--baseline", baseline, "--calibrate", calibration, "--save", model]
            else:
                options = ["--model", model]
            found.append((table, self.detect(table, options, "tep")))
        return found


class Blind:
    """Reads no sensor: calls a fixed share of the judged rows odd."""

    def __init__(self, name, scratch, share):
        self.name, self.share, self.folder = name, share, scratch / re.sub(r"\W+", "-", name)

    def rows(self, tables):
        for table in tables:
            count, found = len(table.rows), []
            low, high = (int(part * count) for part in self.share)
            for at, row in enumerate(table.rows):
                odd = int(low <= at < high)
                found.append({"time": re.split("[;,]", row)[0], "score": odd, "anomaly": odd})
            yield table, found

    def skab(self, tables, _):
        return list(self.rows(tables))

    nab = tep = skab


def write(found, folder):
    """`scores.csv` of each table as the scorer reads it."""
    for table, rows in found:
        path = folder / (table.name.replace("/", "-") + ".csv")
        path.parent.mkdir(parents=True, exist_ok=True)
        names = ["score", "anomaly"] + (["changepoint"] if rows and "changepoint" in rows[0] else [])
        with open(path, "w", newline="") as file:
            sheet = csv.writer(file)
            sheet.writerow(["file", "timestamp", *names])
            sheet.writerows([table.name, row["time"], *(row[name] for name in names)] for row in rows)


def score(scorer, arguments):
    done = subprocess.run([sys.executable, scorer, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        return f"failed: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode}"
    return done.stdout


def remaining_life(data, scorer, scratch):
    """Learns on the training engines, predicts the last row of each test engine; None where a file is not there."""
    files = [data / "cmapss" / f"{name}_FD001.txt" for name in ("train", "test", "RUL")]
    missing = [path.name for path in files if not path.exists()]
    if missing:
        print(f"C-MAPSS: skipped, {' and '.join(missing)} not there")
        return ""
    names = ["unit", "cycle", *(f"setting{k}" for k in range(1, 4)), *(f"sensor{k}" for k in range(1, 22))]
    for path in files[:2]:
        rows = [",".join(line.split()) for line in path.read_text().splitlines() if line.strip()]
        (scratch / (path.stem + ".csv")).write_text("\n".join([",".join(names), *rows]) + "\n")
    model, out = scratch / "rul-model.json", scratch / "rul-all.csv"
    run(["learn", "rul", scratch / "train_FD001.csv", "--out", model, "--quiet"])
    run(["predict", "rul", model, scratch / "test_FD001.csv", "--out", out, "--quiet"])
    last = {}
    with open(out, newline="") as file:
        for row in csv.DictReader(file):
            last[row["unit"]] = row["rul"]
    folder = scratch / "rul"
    folder.mkdir(exist_ok=True)
    lines = [f"{unit},{rul}" for unit, rul in last.items()]
    (folder / "rul.csv").write_text("\n".join(["unit,rul", *lines]) + "\n")
    return score(scorer, ["rul", folder, files[2]])


def prepared(data, scratch, only):
    """The sets that are there: their tables, and what is learnt from beside them."""
    sets = {}
    if "skab" in only and (data / "skab").is_dir():
        sets["skab"] = (list(skab(data / "skab")), None)
    if "nab" in only and (data / "nab" / "data").is_dir():
        sets["nab"] = (list(nab(data / "nab")), None)
    tep = data / "tep"
    if "tep" in only and (tep / "d00.dat").exists() and (tep / "d00_te.dat").exists():
        normal = tennessee(tep / "d00_te.dat")
        half = len(normal) // 2
        baseline, calibration = scratch / "d00.csv", scratch / "d00_te-first-half.csv"
        baseline.write_text("\n".join(tennessee(tep / "d00.dat")) + "\n")
        calibration.write_text("\n".join(normal[:half]) + "\n")
        faults = [Table(path.name, None, tennessee(path)) for path in sorted(tep.glob("d*_te.dat")) if path.name[:3] != "d00"]
        sets["tep"] = ([Table("d00_te.dat", None, normal[half:]), *faults], (baseline, calibration))
    for name in only:
        if name not in sets and name != "rul":
            print(f"{name}: skipped, it is not there")
    return sets


def of_config(config, sets, data, scorer):
    """What the scorer says of one configuration, by set."""
    said = {}
    for name, (tables, learnt) in sets.items():
        found, folder = getattr(config, name)(tables, learnt), config.folder / f"out-{name}"
        write(found, folder)
        if name == "nab":
            listed = config.folder / "nab.txt"
            listed.write_text("\n".join(table.name for table in tables))
            said["nab"] = score(scorer, ["nab", folder, data / "nab", "--only", listed])
            said["sweep"] = score(scorer, ["nab", folder, data / "nab", "--only", listed, "--sweep"])
        else:
            said[name] = score(scorer, [name, folder, data / name])
    return said


def figure(said, where, pattern):
    if not said.get(where):
        return "-"
    found = re.search(pattern, said[where], re.S)
    return found.group(1) if found else "?"


def parts_of(config, sets):
    """The names of the judge's parts, as the summary of a table that was judged has them."""
    summaries = sorted((config.folder / "work").rglob("summary.json"))
    return json.loads(summaries[0].read_text())["parts"] if summaries else []


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("data", type=pathlib.Path)
    asked.add_argument("scorer", type=pathlib.Path, nargs="?")
    asked.add_argument("--ablate", action="store_true")
    asked.add_argument("--keep", type=pathlib.Path, help="a folder for everything that was written")
    asked.add_argument("--only", type=lambda text: text.split(","), default=["skab", "nab", "tep", "rul"])
    asked = asked.parse_args()
    data = asked.data.resolve()
    scorer = (asked.scorer or data.parent / "score.py").resolve()
    if not scorer.exists():
        sys.exit(f"{scorer}: there is no such scorer")
    with tempfile.TemporaryDirectory() as temporary:
        scratch = (asked.keep or pathlib.Path(temporary)).resolve()
        scratch.mkdir(parents=True, exist_ok=True)
        sets = prepared(data, scratch, asked.only)
        first = Config("twinwright", scratch)
        rows = [(first.name, of_config(first, sets, data, scorer))]
        if "rul" in asked.only:
            rows[0][1]["rul"] = remaining_life(data, scorer, scratch)
        others = [Blind("always on", scratch, (0.0, 1.0)), Blind("a clock", scratch, CLOCK)]
        if asked.ablate:
            others += [Config(f"without {part}", scratch, part) for part in parts_of(first, sets)]
        with ThreadPoolExecutor(2) as pool:
            said = pool.map(lambda config: of_config(config, sets, data, scorer), others)
            rows += [(config.name, answer) for config, answer in zip(others, said)]
    shown = [column for column in COLUMNS if any(figure(said, *column[1:]) != "-" for _, said in rows)]
    print("| | " + " | ".join(name for name, *_ in shown) + " |")
    print("| --- |" + " ---: |" * len(shown))
    for name, said in rows:
        print(f"| {name} | " + " | ".join(figure(said, *column[1:]) for column in shown) + " |")
    for name, said in rows:
        for where, text in said.items():
            if text.startswith("failed"):
                print(f"{name}, {where}: {text}")


if __name__ == "__main__":
    main()
