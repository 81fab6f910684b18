"""What the tests of the store keep in it."""

from pairjudge_lab.engines.contract import Completion, Request
from pairjudge_lab.records import Match, Status, Verdict
from tests.conftest import make_pool


def whole(**more):
    facts = {
        "text": "answer \u2264", "reasoning": "hm", "finish": "length", "prompt_tokens": 9,
        "cached_tokens": 4, "reasoning_tokens": 2, "completion_tokens": 5, "seconds": 0.25,
        "labels": ((0.25, 0.75), None), "mean_logprob": -0.5, "self_certainty": 11.5,
    }  # fmt: skip
    return Completion(**{**facts, **more})


REQUEST = Request((("user", "q"),))
MATCH = Match(make_pool([True, False]), 0, 1)
VERDICT = Verdict(Status.PARSED, True, False, "fine", completion_tokens=3)
