import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairjudge_lab import answers
from pairjudge_lab.records import Candidate, Pool, Problem


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"so it is \boxed{36}.", "36"),
        (r"first \boxed{1}, no: \boxed{-2}", "-2"),
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        ("She makes $18 every day\nA: 18", "18"),
        (r"The final answer is $\frac{\pi}{2}$.", r"\frac{\pi}{2}"),
        ("I do not know.", None),
        ("", None),
    ],
)
def test_the_final_answer_is_found(text, answer):
    assert answers.final_answer(text) == answer


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("1,200", "1200.0", True),
        (r"\frac12", "0.5", True),
        ("3/4", "0.75", True),
        (r"\left( 3, \frac{\pi}{2} \right)", r"(3, \pi/2)", True),
        ("12", "21", False),
        ("x+1", "x+2", False),
        ("0.333", "1/3", False),
    ],
)
def test_equivalence(first, second, same):
    assert answers.same_answer(first, second) is same
    assert answers.same_answer(second, first) is same


@given(st.integers(-(10**30), 10**30), st.integers(-5, 5))
def test_plain_numbers_are_compared_exactly(number, step):
    assert answers.same_answer(str(number), str(number + step)) is (step == 0)


HANGS = [
    "9^{9^{9^{9^{9}}}}",
    "(" * 3000 + "1" + ")" * 3000,
    r"\sqrt{" * 400 + "2" + "}" * 400,
    "{" * 10_000,
    r"\frac{" * 500,
    "10!!!!!!",
]


# What hangs is ended by pytest's time limit.
@pytest.mark.timeout(120)
@pytest.mark.parametrize("answer", HANGS, ids=lambda a: a[:12])
def test_pathological_latex_cannot_hang_or_break_it(answer, monkeypatch):
    with monkeypatch.context() as limited:
        limited.setattr(answers, "TIME_LIMIT", 1.0)
        assert answers.same_answer(answer, "2") is False
        answers.final_answer(f"\\boxed{{{answer}}}")
    assert answers.same_answer(r"\frac{2}{4}", r"\frac{1}{2}") is True


def test_groups():
    given_answers = ["0.5", "2", r"\frac{1}{2}", None, "2.0", None, "x", "1/2"]
    assert answers.group_numbers(given_answers) == (0, 1, 0, 2, 1, 3, 4, 0)


@given(st.lists(st.one_of(st.none(), st.integers(0, 5).map(str)), max_size=20))
def test_groups_are_the_equal_answers(given_answers):
    groups = answers.group_numbers(given_answers)
    for i, one in enumerate(given_answers):
        for j, two in enumerate(given_answers):
            together = i == j or (one is not None and one == two)
            assert (groups[i] == groups[j]) == together


def test_preparing_fills_in_and_overrules_nothing():
    pool = Pool(
        Problem("p", "?", "4"),
        (
            Candidate(r"\boxed{4}"),
            Candidate(r"\boxed{5}"),
            Candidate(r"\boxed{5}", answer="4", correct=False),
            Candidate("nothing"),
        ),
    )
    ready = answers.prepare(pool)
    assert [c.answer for c in ready.candidates] == ["4", "5", "4", None]
    assert [c.correct for c in ready.candidates] == [True, False, False, False]
    assert ready.groups == (0, 1, 0, 2)
    unknown = answers.prepare(Pool(Problem("p", "?"), (Candidate(r"\boxed{4}"),)))
    assert unknown.candidates[0].correct is None


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gsm8k_pools.jsonl", "math_pools_qwen.jsonl"])
def test_labels_of_real_pools_are_found_again(shared, name):
    rows = [json.loads(line) for line in (shared / name).read_text().splitlines()[:100]]
    wrong = []
    for row in rows:
        for candidate in row["candidates"]:
            answer = answers.final_answer(candidate["text"])
            mine = answer is not None and answers.same_answer(row["answer"], answer)
            if mine != candidate["correct"]:
                wrong.append((row["problem_id"], answer, row["answer"]))
    assert len(wrong) <= 2, wrong
