import csv

import pandas as pd
import pytest
from datasets import Dataset
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pairjudge_lab import load_pools, pools_from, pools_to_dataset, pools_to_frame
from pairjudge_lab.answers import prepare
from pairjudge_lab.datasets.pools import save_pools
from pairjudge_lab.records import Candidate, Pool, Problem, UserError

POOLS = [
    Pool(
        Problem("a", "2 + 3?", "5"),
        (Candidate("It is 5.", "5", True, "m", 0.5), Candidate("It is 6.", "6", False, "n", -1.0)),
    ),
    Pool(Problem("b", "2 + 4?", None), (Candidate("Six."), Candidate("Seven."), Candidate("Six."))),
]


def test_pools_survive_a_frame_a_dataset_and_rows(tmp_path):
    frame = pools_to_frame(POOLS)
    assert len(frame) == 5
    assert pools_from(frame) == POOLS
    assert pools_from(pools_to_dataset(POOLS)) == POOLS
    assert pools_from(frame.to_dict("records")) == POOLS
    frame.to_csv(tmp_path / "pools.csv", index=False)
    assert pools_from(tmp_path / "pools.csv") == POOLS
    assert load_pools(tmp_path / "pools.csv") == POOLS
    pools_to_dataset(POOLS).to_parquet(tmp_path / "pools.parquet")
    assert load_pools(tmp_path / "pools.parquet") == POOLS


def test_rows_of_one_problem_are_one_pool_wherever_they_stand():
    rows = [{"problem": q, "text": t} for q, t in (("p", "1"), ("q", "2"), ("p", "3"))]
    pools = pools_from(pd.DataFrame(rows))
    assert [[c.text for c in pool.candidates] for pool in pools] == [["1", "3"], ["2"]]
    assert [pool.problem.id for pool in pools] == ["0", "1"]
    assert load_pools(rows, limit=1) == pools[:1]


def test_lists_beside_the_candidates_speak_of_them():
    rows = [{"question": "q", "completions": ["x", "y"], "rewards": [0.1, 0.9]}]
    columns = {"problem": "question", "candidates": "completions", "score": "rewards"}
    (pool,) = pools_from(Dataset.from_list(rows), columns=columns)
    assert [(c.text, c.score) for c in pool.candidates] == [("x", 0.1), ("y", 0.9)]


def test_pairs_become_pools_of_two():
    rows = [
        {"problem": "q", "response_a": "x", "response_b": "y", "gold": "B"},
        {"problem": "q", "response_a": "y", "response_b": "z", "gold": "tie"},
    ]
    pools = pools_from(rows)
    assert [[c.correct for c in p.candidates] for p in pools] == [[False, True], [None, None]]
    assert [c.source for c in pools[0].candidates] == ["response_a", "response_b"]


def test_a_pool_from_texts_is_prepared_like_any_other():
    pool = Pool.from_texts("2 + 3?", ["so \\boxed{5}", "so \\boxed{6}"], answer="5", name="p")
    assert pool.problem == Problem("p", "2 + 3?", "5")
    ready = prepare(pool)
    assert [c.correct for c in ready.candidates] == [True, False]
    with pytest.raises(UserError, match="one for each candidate; got a single string"):
        Pool.from_texts("q", "answer")
    with pytest.raises(UserError, match="each text is a string; number 1 is None"):
        Pool.from_texts("2 + 3?", ["5", None])
    with pytest.raises(UserError, match="has no candidates"):
        Pool.from_texts("q", [])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no rows to make pools of"),
        ([{"question": "q"}], "no column 'candidates'; there are: question; pools come as"),
        ([{"question": "q", "text": "t"}], "no column 'problem'; there are: question, text"),
        ([{"problem": "q", "candidates": []}], "candidates are a list that is not empty"),
        ([{"problem": "q", "candidates": "xy"}], "candidates are a list that is not empty"),
        (
            [{"problem": "q", "candidates": ["x", "y"], "score": [1.0]}],
            "score is a list with one value for each of the 2 candidates",
        ),
        ([{"problem": "q", "text": 5}], "a candidate is a text; got 5"),
        ([{"problem": "q", "text": "t", "correct": "maybe"}], "correct is true, false or empty"),
        ([{"problem": "q", "text": "t", "score": "high"}], "score is a finite number"),
        ([{"problem": "q", "text": "t", "score": True}], "score is a number or empty"),
        (
            [{"problem": q, "problem_id": "x", "text": "t"} for q in "pq"],
            "row 2: problem 'x' has another text than at",
        ),
        (
            [{"problem": "q", "response_a": "x", "response_b": "y", "gold": "C"}],
            "gold is A, B, tie or empty; got 'C'",
        ),
        ([{"problem": "q", "response_a": "x", "response_b": None}], "response_b is a text"),
        (
            [{"problem": "q", "problem_id": "x", "candidates": ["t"]}] * 2,
            "row 2: the problem id 'x' was already used",
        ),
    ],
)
def test_wrong_tables_are_refused(rows, message):
    with pytest.raises(UserError, match=message):
        pools_from(rows)


def test_the_labs_own_reader_still_speaks_for_its_own_files(tmp_path):
    path = tmp_path / "pools.jsonl"
    path.write_text('{"problem_id": "x", "problem": "q", "candidates": []}\n')
    with pytest.raises(UserError, match="has no candidates; give it at least one"):
        load_pools(path)
    path.write_text('{"prompt": "q", "chosen": "a", "rejected": "b"}\n')
    assert [len(pool) for pool in load_pools(path)] == [2]


def test_real_pools_survive_a_frame(shared):
    pools = load_pools(shared / "math_pools_qwen.jsonl")
    frame = pools_to_frame(pools)
    assert len(frame) == 800
    assert pools_from(frame) == pools
    assert frame["correct"].mean() == pytest.approx(0.910)


@pytest.mark.parametrize("form", ["jsonl", "parquet", "csv", "frame", "dataset"])
def test_what_sampling_measured_survives_every_form(tmp_path, form):
    measured = {"tokens": 3, "seconds": 0.5, "mean_logprob": -0.25, "self_certainty": 11.75}
    pool = Pool(
        Problem("r", "q", "5"),
        (
            Candidate("y", "5", True, "m", finish="stop", **measured),
            Candidate("", None, False, "m", tokens=0, finish="length"),
        ),
    )
    if form in ("frame", "dataset"):
        found = pools_from({"frame": pools_to_frame, "dataset": pools_to_dataset}[form]([pool]))
    else:
        path = tmp_path / f"pools.{form}"
        if form == "csv":
            pools_to_frame([pool]).to_csv(path, index=False)
        else:
            save_pools([pool], path)
        found = load_pools(path)
    assert found == [pool]


def test_what_sampling_measured_has_columns_only_where_it_is_known():
    plain = Pool.from_texts("q", ["x"])
    assert "tokens" not in pools_to_frame([plain])
    sampled = Pool(Problem("r", "r"), (Candidate("y", tokens=3, finish="stop"), Candidate("z")))
    frame = pools_to_frame([plain, sampled])
    assert list(frame.columns[-2:]) == ["tokens", "finish"]
    assert frame["tokens"].sum() == 3
    assert pools_from(frame) == [plain, sampled]


def test_a_column_of_token_ids_is_no_measurement():
    (pool,) = pools_from([{"problem": "q", "text": "x", "tokens": [1, 2]}])
    assert pool.candidates[0].tokens is None


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
MAYBE = st.none() | TEXTS.filter(bool)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
CANDIDATES = st.builds(
    Candidate, TEXTS, MAYBE, st.none() | st.booleans(), MAYBE,
    *[st.none() | NUMBERS, st.none() | st.integers(0, 10**6), st.none() | NUMBERS],
    *[st.none() | NUMBERS, st.sampled_from([None, "stop", "length"])],
)  # fmt: skip


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(TEXTS.filter(str.strip), MAYBE, st.lists(CANDIDATES, min_size=1, max_size=4)),
        min_size=1,
        max_size=4,
    )
)
def test_any_text_survives_every_table(tmp_path, drawn):
    pools = [
        Pool(Problem(f"p{i}", question, answer), tuple(candidates))
        for i, (question, answer, candidates) in enumerate(drawn)
    ]
    assert pools_from(pools_to_frame(pools)) == pools
    assert pools_from(pools_to_dataset(pools)) == pools
    path = tmp_path / "pools.csv"
    # Bare carriage returns are the one thing that pandas writes and cannot read back.
    pools_to_frame(pools).to_csv(path, index=False, quoting=csv.QUOTE_ALL)
    assert pools_from(path) == pools
