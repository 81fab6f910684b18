"""The lab's own word problems as a problem set."""

import pytest

from pairjudge_lab import load_problems
from pairjudge_lab.word_problems import FAMILIES, HELD_OUT


@pytest.mark.parametrize(
    ("name", "families", "count"),
    [
        ("word-problems", set(FAMILIES), 300),
        ("word-problems-training", set(FAMILIES) - set(HELD_OUT), 3000),
        ("word-problems-held-out", set(HELD_OUT), 300),
    ],
)
def test_they_are_loaded_by_name(name, families, count):
    problems = load_problems(name)
    assert len(problems) == count
    assert len({p.question for p in problems}) == count
    assert {p.id.rsplit("-", 2)[0] for p in problems} == families
    assert all(p.answer for p in problems)
    assert load_problems(name, limit=7) == problems[:7]
