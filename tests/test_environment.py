"""The two lists of what the lab needs, pyproject.toml and environment.yml, stay in step."""

import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent


def test_conda_users_get_what_pip_users_get():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    pip = next(d["pip"] for d in environment["dependencies"] if isinstance(d, dict))
    pins = [
        line
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    pinned = {pin.partition("==")[0] for pin in pins}
    wanted = [d for d in project["dependencies"] if d.partition(">=")[0] not in pinned]
    assert sorted(pip) == sorted([*pins, *wanted, "-e ."])
    python = next(d for d in environment["dependencies"] if str(d).startswith("python"))
    assert python == "python" + project["requires-python"]
