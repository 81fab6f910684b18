"""What a teacher's text must be before a judge is trained to write it."""

from dataclasses import replace

import pytest

from pairjudge_lab import load_judge, tournament
from pairjudge_lab.engines.options import ModelOptions
from pairjudge_lab.judges.cascade import CascadeJudge, CascadeRule
from pairjudge_lab.judges.pooling import PooledJudge
from pairjudge_lab.protocols import PointwiseProtocol
from pairjudge_lab.protocols.pointwise import split_answers
from pairjudge_lab.records import Status, UserError, Verdict
from pairjudge_lab.toy.teacher import ChainTeacher
from pairjudge_lab.training.annotate import annotate
from pairjudge_lab.training.completions import critique_to_the_letter, to_the_letter
from pairjudge_lab.training.run_data import read_critiques

BOTH = tournament("round-robin", order="both")
RIGHT, WRONG = "<resp_judge>Correct</resp_judge>", "<resp_judge>Incorrect</resp_judge>"
LABELS = "<resp_a_judge>Correct</resp_a_judge>\n<resp_b_judge>Incorrect</resp_b_judge>"


class Critic:
    """Asks about each response alone, and writes what a function makes of a response's truth."""

    capacity = 64
    identity = {"name": "critic"}
    protocol = PointwiseProtocol()

    def __init__(self, write):
        self.write = write

    def judge(self, matches):
        found = []
        for match in matches:
            truth = [match.pool.candidates[i].correct for i in (match.a, match.b)]
            found.append(self.protocol.join([(self.write(right), False) for right in truth]))
        return found


def honest(right):
    return f"Looked at.\n{RIGHT if right else WRONG}"


def critiques(pools, folder, write):
    funnel = annotate(pools, ChainTeacher(), BOTH, folder, critic=Critic(write))
    found = read_critiques(folder)
    assert funnel.critiques == len(found)
    return found, funnel


def truths(pools):
    return {
        (pool.problem.question, c.text): bool(c.correct) for pool in pools for c in pool.candidates
    }


def test_every_critique_stands_with_its_own_response(pools, tmp_path):
    found, funnel = critiques(pools, tmp_path, honest)
    truth = truths(pools)
    assert funnel.critiques == funnel.criticised > 50
    assert all(text == honest(truth[key]) for key, text in found.items())


@pytest.mark.parametrize(
    "aside",
    [
        f"{WRONG}\nResponse B\nLooked at.\n{RIGHT}",
        "Response B\nResponse B\n",
        f"<resp_judge>Correct</resp_judge>\nResponse B\nAs above.\n{WRONG}\nResponse A\n",
    ],
)
def test_a_critic_that_writes_our_headings_moves_no_label(pools, tmp_path, aside):
    """Half of its critiques quote a heading, which made the second response's label the first's."""

    def write(right):
        return f"{aside}{honest(right)}" if right else honest(right)

    found, funnel = critiques(pools, tmp_path, write)
    truth = truths(pools)
    assert found
    assert funnel.critiques < funnel.criticised
    for key, text in found.items():
        label, status, _ = PointwiseProtocol().label(text)
        assert (label, status) == (truth[key], Status.PARSED)
        assert text == honest(truth[key])


def test_a_closing_tag_that_a_server_took_as_stop_string_is_given_back(pools, tmp_path):
    found, funnel = critiques(
        pools, tmp_path, lambda right: honest(right).removesuffix("</resp_judge>")
    )
    truth = truths(pools)
    assert funnel.critiques == funnel.criticised
    assert all(text == honest(truth[key]) for key, text in found.items())


def test_no_critique_at_all_is_an_error_and_keeps_the_rows(pools, tmp_path):
    with pytest.raises(UserError, match=r"no critique of [0-9]+ responses was right"):
        critiques(pools, tmp_path, lambda right: honest(not right))
    assert (tmp_path / "train.jsonl").read_text()
    assert (tmp_path / "funnel.json").exists()


def test_texts_that_were_joined_come_apart_or_not_at_all():
    joined = PointwiseProtocol().join([("a\n\nb " + RIGHT, False), ("c\n" + WRONG, False)])
    assert split_answers(joined.text) == ("a\n\nb " + RIGHT, "c\n" + WRONG)
    for text in (
        "",
        "Response B\nx",
        "x\nResponse B\ny",
        "Response A\nx\nResponse B\nResponse B\ny",
    ):
        assert split_answers(text) is None


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        (f"x {RIGHT}", True),
        ("x <resp_judge>Incorrect", True),
        (f"x {RIGHT}{WRONG}", False),
        ("x <resp_judge>correct</resp_judge>", False),
        (f'It says "{RIGHT}"', False),
        ("nothing", False),
    ],
)
def test_a_critique_follows_the_format_to_the_letter_or_not(text, sound):
    assert (critique_to_the_letter(text, PointwiseProtocol()) is not None) == sound


def test_texts_of_several_judges_are_nothing_to_train_on(pools, tmp_path):
    small = load_judge("tiny", ModelOptions())
    cascade = CascadeJudge(small, ChainTeacher(), CascadeRule(0.9))
    for teacher in (cascade, PooledJudge(ChainTeacher(), 3, "majority")):
        with pytest.raises(UserError, match="one judge that is asked once"):
            annotate(pools, teacher, BOTH, tmp_path)
        with pytest.raises(UserError, match="one judge that is asked once"):
            annotate(pools, ChainTeacher(), BOTH, tmp_path, critic=teacher)
    plain = Verdict(Status.PARSED, True, False, f"So.\n{LABELS}")
    assert to_the_letter(plain) == plain.text
    for text in (
        f'{{"cascade": [{{"judge": "x"}}]}}\n\nFirst judge, x\nSo.\n{LABELS}',
        f"Sample 1\nWell.\n\nSample 2\nSo.\n{LABELS}",
    ):
        assert to_the_letter(replace(plain, text=text)) is None
