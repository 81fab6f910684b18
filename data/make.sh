#!/usr/bin/env bash
# Make the small models and the embedded data again, from nothing (`data/judge.sh`, and then the
# pools and verdicts). Usage: bash data/make.sh [PYTHON]
set -euo pipefail
cd "$(dirname "$0")/.."
python="${1:-python3}"
lab="$python -m pairjudge_lab"
tiny="$python -m pairjudge_lab.toy"

bash data/judge.sh "$python"
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
$python -m pairjudge_lab.toy.card embedded data/verdicts.parquet
