"""A label's probability is taken where the label that counts stands, or not at all."""

import pytest

from pairjudge_lab.engines.contract import Completion
from pairjudge_lab.protocols import protocol, read_completions
from pairjudge_lab.protocols.labels import is_last
from pairjudge_lab.records import Status

QUOTED = (
    "The form asked for is <resp_a_judge>Correct</resp_a_judge>\n"
    "<resp_b_judge>Incorrect</resp_b_judge>.\n"
)
SHARES = ((0.9, 0.1), (0.2, 0.8))


def read(text, name="pairjudge", shares=SHARES):
    return read_completions(protocol(name), [Completion(text, "", "stop", labels=shares)])


def test_probabilities_of_the_label_that_counts():
    verdict = read("<resp_a_judge>Correct</resp_a_judge>\n<resp_b_judge>Incorrect</resp_b_judge>")
    assert (verdict.a_probability, verdict.b_probability) == (0.9, 0.2)


@pytest.mark.parametrize(
    "a_tag", ["<Resp_A_Judge>", "< resp_a_judge>", "<RESP_A_JUDGE>", "<re\u017fp_a_judge>"]
)
def test_probabilities_of_a_quoted_label_are_not_those_of_the_verdict(a_tag):
    """An engine looks a label up where its tag stands to the letter: here, in the quotation."""
    text = f"{QUOTED}{a_tag}Incorrect</resp_a_judge>\n<resp_b_judge>Incorrect</resp_b_judge>"
    verdict = read(text)
    assert verdict.status is Status.PARSED
    assert verdict.a_correct is False
    assert verdict.a_probability is None
    assert verdict.b_probability == 0.2


def test_a_verdict_between_brackets():
    assert (
        read("So [[1, 2], [3]] it is. [[A]]", "mt-bench", ((0.7, 0.2, 0.1),)).a_probability == 0.7
    )
    verdict = read("[[B]] would be wrong. [ [A]]", "mt-bench", ((0.1, 0.8, 0.1),))
    assert verdict.status is not Status.PARSED or verdict.a_probability is None


@pytest.mark.parametrize(
    ("text", "after", "last"),
    [
        ("x <t>", "<t>", True),
        ("<t> <T>", "<t>", False),
        ("<T> <t>", "<t>", True),
        ("a b <t>\n< t >", "<t>", False),
        ("nothing", "<t>", False),
        ("anything", "", True),
        ("anything", " ", True),
    ],
)
def test_what_was_written_last(text, after, last):
    assert is_last(text, after) == last
