#!/usr/bin/env bash
# Build the wheel, install it in an empty environment, and use it away from the checkout: first the
# core alone, then with what the demo and a report need. CORE_ONLY=1 stops after the core (where the
# index has no torch for this Python).
set -euo pipefail
python="$(realpath "$(dirname "$1")")/$(basename "$1")"
here="$(cd "$(dirname "$0")/.." && pwd)"
away="$(mktemp -d)"
trap 'rm -rf "$away"' EXIT
# An empty environment of the Python given second, or of the same one.
"${2:-$python}" -m venv "$away/venv"
bin="$away/venv/bin"
install=("$bin/python" -m pip install --quiet --disable-pip-version-check
    -c "$here/requirements.lock")
cd "$here"
"$python" -m build --quiet --wheel --outdir "$away/dist"
unset PIP_CONSTRAINT PIP_BUILD_CONSTRAINT PYTHONPATH
wheel="$(echo "$away"/dist/*.whl)"
cd "$away"

"${install[@]}" "$wheel"
"$bin/python" -c "
import importlib.util, pairjudge_lab
assert 'site-packages' in pairjudge_lab.__file__, pairjudge_lab.__file__
for heavy in ('torch', 'transformers', 'datasets', 'jupyterlab', 'numba'):
    assert importlib.util.find_spec(heavy) is None, heavy
pairjudge_lab.load_verdicts('embedded').to_csv('verdicts.csv', index=False)
"
"$bin/pairjudge-lab" bias verdicts.csv --picture bias.svg > bias.txt
test -s bias.txt && test -s bias.svg
"$bin/pairjudge-lab" curve embedded embedded --limit 20 --n 1,2,4 --subsets 5 --out curve \
    2> curve.txt
test -s curve/curve.csv
test "$(grep -c "pip install 'pairjudge-lab\[replay\]'" curve.txt)" = 1
for line in "doctor tiny:models" "report scaling --pools embedded --out x.html:lab"; do
    if said="$("$bin/pairjudge-lab" ${line%:*} 2>&1)"; then exit 1; fi
    grep -q "^pairjudge-lab: this needs .*: pip install 'pairjudge-lab\[${line#*:}\]'$" <<< "$said"
done
# Types reach a user's script: it is checked against the installed wheel, and a mistake is found.
cp "$here/tests/user_script.py" script.py
"$python" -m mypy --strict --no-incremental --python-executable "$bin/python" script.py
sed 's/seed=0/seed="0"/' script.py > wrong.py
if "$python" -m mypy --strict --no-incremental --python-executable "$bin/python" wrong.py; then
    exit 1
fi
"$bin/python" script.py
echo "the wheel's core works on its own: $("$bin/python" -m pip list | tail -n +3 | wc -l) packages"
test -z "${CORE_ONLY:-}" || exit 0

"${install[@]}" "$wheel[lab,models,replay]"
"$bin/pairjudge-lab" demo --limit 20 --out result
test -s result/report.html
"$bin/pairjudge-lab" report scaling --pools embedded --n 1,2 --subsets 5 --out result/scaling.html
test -s result/scaling.html
"$bin/python" -c "
import json, pathlib
summary = json.loads(pathlib.Path('result/summary.json').read_text())
assert summary['problems'] == 20 and summary['verdicts']['parsed'] > 0, summary
print('the wheel works on its own: 20 problems,', summary['calls'], 'calls')
"
