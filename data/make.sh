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
