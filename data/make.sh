#!/usr/bin/env bash
# Make the small models and the embedded data again, from nothing. Every stage can be interrupted
# and goes on where it stopped. Usage: bash data/make.sh [PYTHON]
set -euo pipefail
cd "$(dirname "$0")/.."
python="${1:-python3}"
lab="$python -m pairjudge_lab"
tiny="$python -m pairjudge_lab.training.tiny"

# A solver that still errs: stopped before its training was done.
test -f build/solver/model.safetensors || $tiny solver --out build/solver --steps 1400 --stop-at 875
# The same run taken further is what the judge begins from.
test -f build/base/model.safetensors || $tiny solver --out build/base --steps 1400 --stop-at 1250
test -f build/samples.jsonl || $tiny samples --solver build/solver --out build/samples.jsonl
test -f build/judge/model.safetensors || $tiny judge --base build/base \
    --samples build/samples.jsonl --out build/judge
for name in solver judge; do
    test -f data/tiny-$name/model.safetensors || $tiny publish --model build/$name --out data/tiny-$name
done
test -f data/pools.parquet || $tiny pools --solver data/tiny-solver --out data/pools.parquet --seed 1

# Every ordered pair of the first 16 candidates of each problem, once, greedily.
$lab judge embedded --judge tiny --both-orders -n 16 --batch-size 128 \
    --store build/verdicts.sqlite --out data/verdicts.parquet
# Every ordered pair of the first 6 candidates of 40 problems, five times at temperature 1.
$lab judge embedded --judge tiny --both-orders -n 6 --limit 40 --repetitions 5 --temperature 1 \
    --batch-size 128 --store build/verdicts.sqlite --out data/verdicts-repeated.parquet
$python -m pairjudge_lab.training.card embedded data/verdicts.parquet
