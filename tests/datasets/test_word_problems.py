"""The lab's own word problems as a problem set."""

import pytest

from pairjudge_lab import load_problems
from pairjudge_lab.word_problems import FAMILIES, HELD_OUT


@pytest.mark.parametrize(
    ("name", "families"), [("word-problems", FAMILIES), ("word-problems-held-out", HELD_OUT)]
)
def test_they_are_loaded_by_name(name, families):
    problems = load_problems(name)
    assert len(problems) == 300
    assert len({p.question for p in problems}) == 300
    assert {p.id.rsplit("-", 2)[0] for p in problems} == set(families)
    assert all(p.answer for p in problems)
    assert load_problems(name, limit=7) == problems[:7]
