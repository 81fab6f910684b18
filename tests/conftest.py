from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from pairjudge_lab.records import Candidate, Pool, Problem

# The machines that run this are shared: a slow example says nothing.
settings.register_profile("lab", deadline=None)
settings.load_profile("lab")

SHARED = Path(__file__).parent.parent.parent / "shared" / "data"


@pytest.fixture
def shared():
    """The folder of other people's recorded data; a checkout on its own does not have it."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared/data is not here")
    return SHARED


def make_pool(
    right: list[bool], teams: list[int] | None = None, *, name: str = "p", reference: str = "0"
) -> Pool:
    """A pool whose right candidates answer 0; wrong ones answer by team, or each its own number."""
    candidates = []
    for i, ok in enumerate(right):
        answer = reference if ok else str(i + 1 if teams is None else teams[i] + 1)
        candidates.append(Candidate(f"solution {i} of {name}: {answer}", answer, ok))
    if teams is None:
        numbers = tuple(0 if ok else i + 1 for i, ok in enumerate(right))
    else:
        numbers = tuple(teams)
    return Pool(Problem(name, f"question {name}", reference), tuple(candidates), numbers)


@pytest.fixture
def pool():
    return make_pool([False, True, False, True])
