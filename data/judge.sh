#!/usr/bin/env bash
# Make the small judge from nothing: a solver of the small world, its samples, a teacher's judgments
# of them, and the training. Every stage can be interrupted and goes on where it stopped.
# Usage: bash data/judge.sh [PYTHON [FOLDER]]
set -euo pipefail
cd "$(dirname "$0")/.."
python="${1:-python3}"
build="${2:-build}"
lab="$python -m pairjudge_lab"
tiny="$python -m pairjudge_lab.toy"
begin=$SECONDS
# Models as small as these train fastest on one core each.
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
told() { echo "== $1, $(((SECONDS - begin) / 60)) minutes after the start"; }
mkdir -p "$build"

told "a solver that still errs: stopped before its training was done"
test -f "$build/solver/model.safetensors" ||
    $tiny solver --out "$build/solver" --steps 1400 --stop-at 875
told "its samples"
test -f "$build/samples.jsonl" ||
    $tiny samples --solver "$build/solver" --out "$build/samples.jsonl"
told "the same run taken further, which the judge begins from"
if ! test -f "$build/base/model.safetensors"; then
    mkdir -p "$build/base"
    test -f "$build/base/checkpoint.pt" || cp "$build/solver/checkpoint.pt" "$build/base/"
    $tiny solver --out "$build/base" --steps 1400 --stop-at 1250
fi
test -f "$build/start/model.safetensors" || $tiny start --base "$build/base" --out "$build/start"
told "a teacher's judgments"
test -f "$build/problems.jsonl" ||
    $tiny problems --samples "$build/samples.jsonl" --out "$build/problems.jsonl"
test -f "$build/judgments/README.md" ||
    $lab annotate "$build/problems.jsonl" --judge chain-teacher --critic chain-teacher \
        --tournament round-robin --order both --within-teams --out "$build/judgments"
told "the training"
test -f "$build/judge/model.safetensors" ||
    $lab train --base "$build/start" --data "$build/judgments" --out "$build/judge" \
        --preset small --epochs 1.2
told "the verdicts that its card is made of"
$lab judge embedded --judge "$build/judge" --both-orders -n 16 --batch-size 128 \
    --store "$build/judge/verdicts.sqlite" --out "$build/judge/verdicts.parquet"
$python -m pairjudge_lab.toy.card embedded "$build/judge/verdicts.parquet"
told "done: $build/judge"
