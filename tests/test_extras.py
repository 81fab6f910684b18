"""The core stands alone, and what a user has not installed is told in one line."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from pairjudge_lab.extras import EXTRAS, missing_extra, naming_extras
from pairjudge_lab.records import UserError

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CORE = {Requirement(text).name.replace("-", "_") for text in PROJECT["dependencies"]}
FILES = sorted((ROOT / "pairjudge_lab").rglob("*.py"))


def run_without(module: str, code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process that finds no such module."""
    hide = f"import sys; sys.modules[{module!r}] = None\n"
    return subprocess.run([sys.executable, "-c", hide + code], capture_output=True, text=True)


def modules_of(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found - {*sys.stdlib_module_names, "pairjudge_lab"}


def test_what_is_imported_is_of_the_core_or_named_with_its_extra():
    for file in FILES:
        unknown = modules_of(ast.parse(file.read_text())) - CORE - EXTRAS.keys()
        assert not unknown, f"{file}: give it a line in pyproject.toml (and extras.py if no core)"


@pytest.mark.parametrize(
    "part",
    [
        "answers", "arena", "cli", "datasets", "judges", "plots", "protocols", "replay", "runs",
        "selectors", "statistics", "store", "tournaments", "verdicts", "views",
    ],
)  # fmt: skip
def test_the_core_needs_no_extra(part):
    code = f"""
import sys
from importlib import import_module
from pairjudge_lab.extras import EXTRAS
for module in EXTRAS:
    sys.modules[module] = None
import_module("pairjudge_lab.{part}")
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_extra_that_is_named_brings_its_module():
    optional = PROJECT["optional-dependencies"]
    for module, extra in EXTRAS.items():
        names = {Requirement(text).name.replace("-", "_") for text in optional[extra]}
        assert module in names, f"the extra {extra} does not bring {module}"


@pytest.mark.parametrize(
    ("module", "code", "extra"),
    [
        ("torch", "load_judge('tiny')", "models"),
        ("ray", "load_judge('ray:tiny')", "ray"),
        ("vllm", "load_judge('vllm:tiny')", "vllm"),
    ],
)
def test_a_missing_extra_is_one_line_that_names_it(module, code, extra):
    ran = run_without(module, f"from pairjudge_lab import load_judge; {code}")
    last = ran.stderr.strip().splitlines()[-1]
    assert last.endswith(f"this needs {module}: pip install 'pairjudge-lab[{extra}]'")


def test_a_command_says_it_in_one_line():
    code = "from pairjudge_lab.cli import main; sys.exit(main(['doctor', 'tiny']))"
    ran = run_without("transformers", code)
    assert ran.returncode == 2
    assert ran.stderr == (
        "pairjudge-lab: this needs transformers: pip install 'pairjudge-lab[models]'\n"
    )


def test_other_import_errors_stay_what_they_are():
    assert missing_extra(ModuleNotFoundError(name="nobody_knows_it")) is None
    assert missing_extra(ImportError("libcuda.so is not there", name="torch")) is None
    with pytest.raises(ModuleNotFoundError), naming_extras():
        raise ModuleNotFoundError(name="nobody_knows_it")
    with pytest.raises(UserError, match=r"pairjudge-lab\[train\]"), naming_extras():
        raise ModuleNotFoundError(name="peft.tuners")


def test_replay_without_numba_gives_the_same_and_says_once_that_it_is_slow():
    code = """
import numpy as np
from pairjudge_lab import load_pools, load_verdicts, prepare
from pairjudge_lab.replay import draw_subsets, record, replay_many
from pairjudge_lab.tournaments import Knockout
pools = [prepare(pool) for pool in load_pools(limit=2)]
rng = np.random.default_rng(1)
for recording in record(pools, load_verdicts("embedded")):
    subsets = draw_subsets(len(recording), 8, 10, rng)
    chosen, calls, compiled = replay_many(recording, Knockout(), subsets, rng)
    print(chosen.tolist(), calls.tolist())
"""
    plain, compiled = run_without("numba", code), run_without("nothing", code)
    assert compiled.returncode == 0, compiled.stderr
    assert plain.stdout == compiled.stdout != ""
    assert plain.stderr.count("pip install 'pairjudge-lab[replay]'") == 1
    assert "numba" not in compiled.stderr
