"""Docstrings are numpydoc, and those of public names say what goes in and show an example."""

import inspect
import re
from pathlib import Path

import pytest

import pairjudge_lab

PACKAGE = Path(pairjudge_lab.__file__).parent
PUBLIC = sorted(name for name in pairjudge_lab.__all__ if callable(getattr(pairjudge_lab, name)))
# An enumeration and an exception take what the language gives them.
WITHOUT_PARAMETERS = {"Status", "UserError"}


def test_there_is_one_style():
    other = re.compile(r"^ +(Args|Attributes|Raises|Returns|Yields|Examples?):$", re.MULTILINE)
    files = list(PACKAGE.rglob("*.py"))
    assert len(files) > 300
    assert not [str(file.relative_to(PACKAGE)) for file in files if other.search(file.read_text())]


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_says_what_it_takes_and_shows_an_example(name):
    found = getattr(pairjudge_lab, name)
    said = inspect.getdoc(found) or ""
    assert "\nExamples\n--------\n>>> " in said
    if name in WITHOUT_PARAMETERS:
        return
    sections = [part for part in ("Parameters", "Attributes") if f"\n{part}\n---" in said]
    wanted = [
        p.name for p in inspect.signature(found).parameters.values() if not p.name.startswith("_")
    ]
    assert sections or not wanted
    headings = re.findall(r"^(?:\*{0,2}\w+(?:, )?)+(?= :|$)", said, re.MULTILINE)
    named = {word.strip(" *") for heading in headings for word in heading.split(",")}
    assert set(wanted) <= named
