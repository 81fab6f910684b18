import pytest

from pairjudge_lab import pools_from
from pairjudge_lab.datasets.preferences import preference_rows
from pairjudge_lab.records import Candidate, Pool, Problem, UserError

USER = {"role": "user", "content": "What colour is the sky?"}
SYSTEM = {"role": "system", "content": "Be brief."}


def said(text):
    return [{"role": "assistant", "content": text}]


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "What colour is the sky?", "chosen": "Blue.", "rejected": "Green."},
        {"prompt": [USER], "chosen": said("Blue."), "rejected": said("Green.")},
        {"chosen": [USER, *said("Blue.")], "rejected": [USER, *said("Green.")]},
        {"prompt": "What colour is the sky?", "chosen": ["Blue."], "rejected": ["Green."]},
    ],
    ids=["standard", "conversational", "implicit prompt", "lists"],
)
def test_trls_layouts_become_pools_of_two(row):
    (pool,) = pools_from([row])
    assert pool.problem.question == "What colour is the sky?"
    assert [(c.text, c.correct) for c in pool.candidates] == [("Blue.", True), ("Green.", False)]


def test_a_conversation_before_the_answer_keeps_its_roles():
    (pool,) = pools_from([{"prompt": [SYSTEM, USER], "chosen": "x", "rejected": "y"}])
    assert pool.problem.question == "system: Be brief.\n\nuser: What colour is the sky?"


def test_models_of_the_responses_are_their_sources():
    row = {"id": 7, "prompt": "q", "chosen": "x", "chosen_model": "m", "rejected": "y"}
    (pool,) = pools_from([{**row, "rejected_model": "n"}])
    assert pool.problem.id == "7"
    assert [c.source for c in pool.candidates] == ["m", "n"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"chosen": "x", "rejected": "y"}, "no column 'prompt'; there are: chosen, rejected"),
        (
            {"chosen": [USER, *said("x")], "rejected": [SYSTEM, *said("y")]},
            "there is no prompt, and chosen and rejected do not begin alike",
        ),
        ({"prompt": "q", "chosen": None, "rejected": "y"}, "chosen is a text, messages, or a list"),
        ({"prompt": "q", "chosen": [], "rejected": "y"}, "chosen is a text, messages, or a list"),
        ({"prompt": 5, "chosen": "x", "rejected": "y"}, "a prompt is a text or messages; got 5"),
        (
            {"prompt": "q", "chosen": [{"role": "assistant"}], "rejected": "y"},
            "a message has role and content, both texts",
        ),
    ],
)
def test_wrong_preferences_are_refused(row, message):
    with pytest.raises(UserError, match=message):
        pools_from([row])


def test_pools_become_preferences_and_come_back():
    right, wrong = Candidate("5", correct=True), Candidate("6", correct=False)
    pool = Pool(Problem("p", "2 + 3?"), (right, wrong, wrong, Candidate("?")))
    rows = preference_rows([pool])
    assert rows == [{"problem_id": "p", "prompt": "2 + 3?", "chosen": "5", "rejected": "6"}] * 2
    assert pools_from(rows[:1]) == [Pool(pool.problem, (right, wrong))]
    with pytest.raises(UserError, match="no pool has both a correct and a wrong candidate"):
        preference_rows([Pool(Problem("p", "q"), (right,))])
