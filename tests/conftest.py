from __future__ import annotations

import logging
import re
import warnings
from pathlib import Path

import pytest
from hypothesis import settings

from pairjudge_lab.records import Candidate, Pool, Problem

# The machines that run this are shared: a slow example says nothing. And `make test` says the same
# on any day; `pytest --hypothesis-profile=search` looks for new examples.
settings.register_profile("lab", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=1000)
settings.load_profile("lab")

SHARED = Path(__file__).parent.parent.parent / "shared" / "data"


LIBRARIES = ("", "transformers", "huggingface_hub", "datasets", "peft", "accelerate", "ray")
"""Loggers to listen to: the root, and libraries whose loggers hand nothing on to it."""


GOING = tuple(
    f"default::{kind}"
    for kind in ("DeprecationWarning", "PendingDeprecationWarning", "FutureWarning")
)


class LoggedDeprecationWarning(DeprecationWarning):
    """What a library marked as going, through its logger alone."""


class _Deprecations(logging.Handler):
    """Turns log messages of deprecation into warnings, so that pytest's summary tells them."""

    TELLS = re.compile(
        r"deprecat|(will|to) be removed|removed (in|from) (v|version)", re.IGNORECASE
    )

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.told: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        text = f"{record.name}: {record.getMessage()}"
        if text in self.told or not self.TELLS.search(text):
            return
        self.told.add(text)
        warnings.warn_explicit(
            text, LoggedDeprecationWarning, record.pathname, record.lineno, record.name
        )


def pytest_addoption(parser):
    parser.addoption(
        "--others-may-warn",
        action="store_true",
        help="warnings of other libraries are shown and fail nothing",
    )


def pytest_configure(config):
    if config.getoption("--others-may-warn"):
        # The last line that fits decides.
        for line in ("default", r"error:::pairjudge_lab\b", *GOING):
            config.addinivalue_line("filterwarnings", line)
    handler = _Deprecations()
    for name in LIBRARIES:
        logging.getLogger(name).addHandler(handler)


@pytest.fixture(autouse=True)
def _libraries_may_speak():
    """A command run inside a test silences transformers; the next test is to hear it again."""
    logging.getLogger("transformers").setLevel(logging.WARNING)


@pytest.fixture
def shared():
    """The folder of other people's recorded data; a checkout on its own does not have it."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared/data is not here")
    return SHARED


def make_pool(
    right: list[bool], groups: list[int] | None = None, *, name: str = "p", reference: str = "0"
) -> Pool:
    """A pool whose right candidates answer 0; wrong ones answer by group, or each its own."""
    candidates = []
    for i, ok in enumerate(right):
        answer = reference if ok else str(i + 1 if groups is None else groups[i] + 1)
        candidates.append(Candidate(f"solution {i} of {name}: {answer}", answer, ok))
    if groups is None:
        numbers = tuple(0 if ok else i + 1 for i, ok in enumerate(right))
    else:
        numbers = tuple(groups)
    return Pool(Problem(name, f"question {name}", reference), tuple(candidates), numbers)


@pytest.fixture
def pool():
    return make_pool([False, True, False, True])
