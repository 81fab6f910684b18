#!/usr/bin/env bash
# Build the wheel, install it in an empty environment, and run its demo away from the checkout.
set -euo pipefail
python="$(realpath "$(dirname "$1")")/$(basename "$1")"
here="$(cd "$(dirname "$0")/.." && pwd)"
away="$(mktemp -d)"
trap 'rm -rf "$away"' EXIT
"$python" -m build --quiet --wheel --outdir "$away/dist" "$here"
"$python" -m venv "$away/venv"
"$away/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    -c "$here/constraints.txt" "$away"/dist/*.whl
cd "$away"
venv/bin/pairjudge-lab demo --limit 20 --out result
test -s result/report.html
venv/bin/pairjudge-lab report scaling --pools embedded --n 1,2 --subsets 5 --out result/scaling.html
test -s result/scaling.html
venv/bin/python -c "
import json, pathlib, pairjudge_lab
assert 'site-packages' in pairjudge_lab.__file__, pairjudge_lab.__file__
summary = json.loads(pathlib.Path('result/summary.json').read_text())
assert summary['problems'] == 20 and summary['verdicts']['parsed'] > 0, summary
print('the wheel works on its own: 20 problems,', summary['calls'], 'calls')
"
