#!/bin/sh
# Judges public sets with the release binary and prints one table.
#
# usage: bench/detection.sh DATA_FOLDER [SCORER] [--ablate] [--keep DIR] [--only skab,nab,tep,rul]
#
# DATA_FOLDER is laid out as bench/detection.py says; SCORER is a program like DATA_FOLDER/../score.py, which is the default.
# PYTHON names an interpreter that has what the scorer needs (numpy and pandas).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if [ -z "${TWINWRIGHT:-}" ]; then
    (cd "$here/.." && cargo build --release -q -p twinwright --bin twinwright)
fi
exec "${PYTHON:-python3}" "$here/detection.py" "$@"
