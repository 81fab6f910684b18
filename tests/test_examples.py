"""The examples of docstrings run, and every name offered at the top has one."""

import doctest
import importlib
import inspect
from pathlib import Path

import pytest

import pairjudge_lab

ROOT = Path(__file__).parent.parent
FILES = sorted(
    file.relative_to(ROOT)
    for file in (ROOT / "pairjudge_lab").rglob("*.py")
    if ">>> " in file.read_text("utf-8")
)


@pytest.mark.parametrize("file", FILES, ids=str)
def test_examples_run(file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # Those that make temporary files make them here.
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    name = ".".join(file.with_suffix("").parts).removesuffix(".__init__")
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert tried
    assert not failed


@pytest.mark.parametrize("name", pairjudge_lab.__all__)
def test_a_name_offered_at_the_top_has_an_example(name):
    assert ">>> from pairjudge_lab import" in inspect.getdoc(getattr(pairjudge_lab, name))
