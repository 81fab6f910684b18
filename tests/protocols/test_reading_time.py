"""Reading takes time that grows with the length of an answer, and no faster."""

import time

import pytest

from pairjudge_lab.protocols import AsksApart, protocol, read_answers

PIECES = [
    "<resp_a_judge>", "<resp_b_judge>", "< ", "<", "[[", "[[ ", "\\boxed{", "\\boxed{ ",
    "\\boxed{\\text{",
    "\\boxed{assistant 1 ", "`", "```\n", '"', "<think>", "</think>", "<!--", "> ", "\n", " ", "*",
    "\u201c",
    "<resp_a_judge>Correct</resp_a_judge>\n<resp_b_judge>Correct</resp_b_judge>\n", "[[A]]\n",
    "<resp_judge>\\boxed{",
]  # fmt: skip


@pytest.mark.parametrize("name", ["pairjudge", "pointwise", "mt-bench", "rrm", "pair-preference"])
@pytest.mark.parametrize("piece", PIECES)
def test_the_time_is_linear(name, piece):
    asked = protocol(name)
    parts = 2 if isinstance(asked, AsksApart) else 1

    def spent(length):
        text = piece * (length // len(piece))
        clock = time.process_time()
        read_answers(asked, [(text, False)] * parts)
        return time.process_time() - clock

    small = min(spent(20_000) for _ in range(3))
    large = min(spent(160_000) for _ in range(2))
    # Eight times the text takes 8 times the time, or 64 where it grows with the square.
    assert large < 30 * (small + 0.005)
