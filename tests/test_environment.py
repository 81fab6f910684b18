"""What is to be installed: pyproject.toml, the lock made from it, and environment.yml."""

import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]


def lock() -> list[Requirement]:
    return [Requirement(line) for line in (ROOT / "requirements.lock").read_text().splitlines()]


def needs(*extras: str) -> list[Requirement]:
    """What the core and some extras ask for; an extra may name others."""
    found = [Requirement(text) for text in PROJECT["dependencies"]]
    for extra in extras:
        for requirement in map(Requirement, EXTRAS[extra]):
            own = requirement.name == PROJECT["name"]
            found += needs(*requirement.extras) if own else [requirement]
    return found


def test_the_lock_holds_every_dependency_at_one_version_that_is_admitted():
    wanted = {canonicalize_name(r.name): r for r in needs("dev", "docs")}
    for python in ("3.11.7", "3.12.1", "3.13.0"):
        here = {"python_full_version": python, "python_version": python[:4]}
        names = [r for r in lock() if r.marker is None or r.marker.evaluate(here)]
        versions = {canonicalize_name(r.name): str(r.specifier) for r in names}
        assert len(versions) == len(names), "one version each"
        for name, requirement in wanted.items():
            version = versions[name]
            assert version.startswith("==")
            assert requirement.specifier.contains(version[2:]), f"{requirement}, locked {version}"


def test_the_lock_keeps_the_pins_and_names_no_place():
    text = (ROOT / "requirements.lock").read_text()
    pins = [
        line
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert {*pins} <= {*text.splitlines()}
    assert "/" not in text
    assert all(r.url is None for r in lock())


def test_all_is_every_extra_that_fits_one_environment():
    # Engines that bring a torch of their own, what wants a GPU, and what writes the documents.
    apart = {"sglang", "vllm", "quantization", "docs"}
    rest = EXTRAS.keys() - apart - {"all", "dev"}
    assert Requirement(EXTRAS["all"][0]).extras == rest
    names = {r.name for r in needs()}
    heavy = {"torch", "transformers", "datasets", "jupyterlab", "numba", "ray", "vllm"}
    assert not names & heavy, "the core is light"


def test_conda_users_get_the_same():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    pip = next(d["pip"] for d in environment["dependencies"] if isinstance(d, dict))
    assert pip[0] == "-c requirements.lock"
    assert pip[-1] == "-e .[all]"
    assert {*pip[1:-1]} <= {r.name for r in needs("all")}
    python = next(d for d in environment["dependencies"] if str(d).startswith("python"))
    assert python == "python" + PROJECT["requires-python"]
