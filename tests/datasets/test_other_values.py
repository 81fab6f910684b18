"""Values that a dataset's mapping does not expect: refused in one line, never read as a label."""

import pytest

from pairjudge_lab import UserError
from pairjudge_lab.datasets.catalog import solutions
from pairjudge_lab.datasets.catalog.pools import llmbar
from pairjudge_lab.datasets.catalog.problems import olympiad
from pairjudge_lab.datasets.catalog.verdicts import bias_study, llmbar_evaluators
from pairjudge_lab.datasets.rows import Row, absent

SYSTEMS = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")
GSM8K = {"question": "q", "ground_truth": "A: 1"}
GSM8K |= {name: {"solution": "x", "is_correct": True} for name in SYSTEMS}
STEPS = {"problem": "q", "id": "1", "steps": ["x"], "generator": "m"}
CHOSEN = {"problem_id": 1, "problem": "q", "answer": "1", "eval_solution": ["x"]}
ASKED = {"problem": "q", "pre_generated_steps": ["x"]}
OUTPUTS = {"input": "q", "output_1": "x", "output_2": "y"}


@pytest.mark.parametrize(
    ("read", "data", "message"),
    [
        (solutions.gsm8k_solutions, {**GSM8K, "6b_finetuning": {"is_correct": True}},
         "6b_finetuning.solution is text; got NoneType"),
        (solutions.gsm8k_solutions, {**GSM8K, "6b_finetuning": {"solution": "x"}},
         "no column 'is_correct'; there are: solution"),
        (solutions.processbench, STEPS, "no column 'final_answer_correct'; there are: problem, "),
        (solutions.processbench, {**STEPS, "final_answer_correct": "false"},
         "final_answer_correct is true or false; got 'false'"),
        (solutions.rewardmath, {**CHOSEN, "solution_type": "preferred"},
         "solution_type is chosen or rejected; got 'preferred'"),
        (solutions.prm800k, {"question": "q"}, "question is an object with the text of a problem"),
        (solutions.prm800k, {"question": {**ASKED, "pre_generated_verifier_score": "high"}},
         "pre_generated_verifier_score is a number; got 'high'"),
        (solutions.jetts, {"query": "q", "responses": ["x"]}, "a response is an object; got str"),
        (llmbar, {**OUTPUTS, "label": True}, "label is 1 or 2; got True"),
        (llmbar_evaluators, {"label": True, "results": [{}]}, "label is 1 or 2; got True"),
        (olympiad, {"id": 1, "question": "q", "final_answer": [3]}, "final_answer is texts"),
        (olympiad, {"id": 1, "question": "q", "final_answer": 3}, "final_answer is texts"),
        (bias_study, {"cmp_index": "q;a;b", "judge": ["A"]}, "judge is text; got list"),
    ],
)  # fmt: skip
def test_an_unexpected_value_is_refused(read, data, message):
    with pytest.raises(UserError, match=message) as caught:
        list(read([Row("a/b/c/d/e.json, row 1", data)]))
    assert str(caught.value).startswith("a/b/c/d/e.json, row 1: ")


@pytest.mark.parametrize("score", [None, [1], "x", float("nan")])
def test_a_score_of_jetts_that_is_none_says_nothing(score):
    response = {"content": "x", "metadata": {"score": score}}
    (pool,) = solutions.jetts([Row("a.jsonl, line 1", {"query": "q", "responses": [response]})])
    assert pool.candidates[0].correct is None


def test_whatever_columns_are_called_the_message_is_one_short_line():
    names = ["a\nb", "\x1b[31mred", "long" * 1000, *(f"c{i}" for i in range(1000))]
    message = str(absent(Row("f, row 1", dict.fromkeys(names)), ["text"]))
    assert message.isprintable()
    assert len(message) < 500
    assert message.endswith("c26 and 973 more")
