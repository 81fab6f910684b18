import json

import pytest
from datasets import Dataset

from pairjudge_lab import load_verdicts
from pairjudge_lab.datasets.adapters import LAYOUTS, read_layout, recognise
from pairjudge_lab.datasets.adapters.judgebench import judgebench_rows, to_judgebench
from pairjudge_lab.datasets.adapters.openai_evals import to_evals
from pairjudge_lab.datasets.rows import read_rows
from pairjudge_lab.datasets.verdicts import save_verdicts
from pairjudge_lab.records import Candidate, Pool, Problem, UserError
from tests.datasets.matches_said import MATCH, said


def test_rewardbenchs_scores_are_read(tmp_path):
    path = tmp_path / "model.json"
    columns = {
        "text_chosen": ["a", "b", "c"], "text_rejected": ["d", "e", "f"], "results": [1, 0, 0],
        "subset": ["hep", "hep", "chat"], "id": [1, 2, 1], "scores_chosen": [2.0, 1.0, [0.5]],
        "scores_rejected": [1.0, 2.0, [0.5]], "model": "m", "model_type": "Seq. Classifier",
    }  # fmt: skip
    path.write_text(json.dumps(columns))
    table = load_verdicts(path)
    assert said(table, *MATCH, "gold") == [
        ("m", "hep-1", "chosen", "rejected", "A", "A"),
        ("m", "hep-2", "chosen", "rejected", "B", "A"),
        ("m", "chat-1", "chosen", "rejected", "tie", "A"),
    ]
    unscored = {k: v for k, v in columns.items() if not k.startswith("scores")}
    path.write_text(json.dumps({**unscored, "results": [1, 0, 0.5]}))
    assert list(load_verdicts(path)["verdict"]) == ["A", "B", "invalid"]


def test_rewardbench_2_gives_every_pair_of_right_and_wrong(tmp_path):
    path = tmp_path / "model.json"
    columns = {
        "text": [["a"] * 4, ["b"] * 3], "scores": [[3.0, 1.0, 3.0, 4.0], [5.0, 2.0, 3.0]],
        "results": [0, 1], "num_correct": [1, 2], "subset": ["Math", "Ties"], "id": ["x", "y"],
        "model": "m",
    }  # fmt: skip
    path.write_text(json.dumps(columns))
    assert said(load_verdicts(path), "problem_id", "response_a", "response_b", "verdict") == [
        ("Math-x", "chosen-0", "rejected-0", "A"),
        ("Math-x", "chosen-0", "rejected-1", "tie"),
        ("Math-x", "chosen-0", "rejected-2", "B"),
        ("Ties-y", "chosen-0", "rejected-0", "A"),
        ("Ties-y", "chosen-1", "rejected-0", "B"),
    ]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"results": [1], "text": ["a", "b"]}, "columns of one length"),
        ({"results": [1], "text": [["a"]]}, "one of four was picked rightly, which is no verdict"),
        ({"results": [1], "text_chosen": ["a"], "scores_chosen": ["x"], "scores_rejected": [1]},
         "scores are numbers; got 'x'"),
        ({"results": [1], "text_chosen": ["a"], "scores_chosen": [float("nan")],
          "scores_rejected": [1]}, "scores are numbers; got nan"),
        ({"results": [1], "scores": [[1.0]], "num_correct": [1]}, "less than the 1 scores"),
        ({"results": [1], "scores": [[1.0, 2.0]], "num_correct": ["x"]}, "num_correct is at least"),
        ({"results": [2], "text_chosen": ["a"]}, "results are 1, 0 or 0.5; got 2"),
        ({"results": [[]], "text_chosen": ["a"]}, r"results are 1, 0 or 0.5; got \[\]"),
    ],
)  # fmt: skip
def test_what_rewardbench_says_otherwise_is_refused(tmp_path, columns, message):
    path = tmp_path / "model.json"
    path.write_text(json.dumps(columns))
    with pytest.raises(UserError, match=message):
        read_layout(path, "rewardbench")


def evals_log(path, *events, name="battle"):
    lines = [{"spec": {"eval_name": name, "run_id": "r"}}]
    lines += [
        {"run_id": "r", "event_id": i, "sample_id": f"s{i}", "type": kind, "data": data}
        for i, (kind, data) in enumerate(events)
    ]
    lines.append({"final_report": {"accuracy": 1.0}})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_the_logs_of_openais_evals_are_read(tmp_path):
    path = evals_log(
        tmp_path / "log.jsonl",
        ("sampling", {"prompt": "p", "sampled": "Yes"}),
        ("metrics", {"choice": "Yes", "choice_metascore": False}),
        ("metrics", {"choice": "__invalid__"}),
        ("match", {"picked": "B", "expected": "B", "correct": True}),
        ("metrics", {"latency": 3}),
    )
    assert recognise(path) == "openai-evals"
    table = load_verdicts(path)
    assert said(table, *MATCH) == [
        ("battle", "s1", "completion1", "completion2", "A"),
        ("battle", "s2", "completion1", "completion2", "invalid"),
        ("battle", "s3", "completion1", "completion2", "B"),
    ]
    assert list(table["gold"].fillna("")) == ["B", "", "B"]


def test_a_choice_that_means_nothing_is_refused(tmp_path):
    path = evals_log(tmp_path / "log.jsonl", ("metrics", {"choice": "First"}))
    with pytest.raises(UserError, match="the choice 'First' means neither response nor a tie"):
        load_verdicts(path)
    (row,) = read_layout(path, "openai-evals", choices={"First": "A"})
    assert row["verdict"] == "A"


def pair(name, right):
    return Pool(
        Problem(name, "q"), (Candidate("x", correct=right), Candidate("y", correct=not right))
    )


def test_our_verdicts_are_written_for_judgebench_and_come_back(tmp_path):
    table = load_verdicts(
        [
            {"judge": "j", "problem_id": p, "response_a": a, "response_b": b, "verdict": v}
            for p, a, b, v in (
                ("p", "0", "1", "A"), ("p", "1", "0", "B"), ("o", "0", "1", "tie"),
                ("o", "1", "0", "invalid"), ("n", "0", "1", "B"),
            )
        ]
    )  # fmt: skip
    rows = to_judgebench(
        table, [pair("p", True), pair("o", False), pair("n", True), pair("x", True)]
    )
    assert [row["label"] for row in rows] == ["A>B", "B>A", "A>B"]
    assert [[j and j["decision"] for j in row["judgments"]] for row in rows] == [
        ["A>B", "B>A"], ["A=B", None], ["B>A", None],
    ]  # fmt: skip
    path = tmp_path / "out.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert recognise(path) == "judgebench"
    back = [(r["problem_id"], r["verdict"], r["gold"]) for r in judgebench_rows(read_rows(path))]
    assert back[:4] == [("p", "A", "A"), ("p", "B", "B"), ("o", "tie", "B"), ("o", "invalid", "A")]
    with pytest.raises(UserError, match="one correct and one wrong response"):
        to_judgebench(table, [Pool(Problem("p", "q"), (Candidate("x"), Candidate("y")))])
    with pytest.raises(UserError, match="this table has 2 values of repetition"):
        to_judgebench(table.assign(repetition=[0, 1, 0, 0, 0]), [pair("p", True)])


def test_our_verdicts_are_written_for_evals_and_come_back(tmp_path):
    table = load_verdicts(
        [
            {"judge": "j", "problem_id": f"p{i}", "response_a": "0", "response_b": "1",
             "verdict": v, "gold": "A"}
            for i, v in enumerate(("A", "B", "tie", "invalid"))
        ]
    )  # fmt: skip
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in to_evals(table)))
    back = load_verdicts(path)
    assert list(back["verdict"]) == list(table["verdict"])
    assert list(back["judge"].unique()) == ["j"]
    assert list(back["gold"].fillna("")) == ["A", "A", "", ""]


def test_layouts_are_told_apart_from_ours(tmp_path):
    table = load_verdicts("embedded")
    for suffix in (".jsonl", ".csv", ".parquet"):
        path = tmp_path / f"verdicts{suffix}"
        save_verdicts(table.head(3), path)
        assert recognise(path) is None
        assert len(load_verdicts(path)) == 3
    with pytest.raises(UserError, match=f"no layout 'x' of result files; there are: {LAYOUTS[0]}"):
        read_layout(path, "x")
    with pytest.raises(UserError, match="no such file"):
        read_layout(tmp_path / "absent", "inspect")


def test_columns_of_a_verdict_table_are_mapped():
    rows = [{"item": "p", "left": "m1", "right": "m2", "winner": "A"}]
    columns = {
        "problem_id": "item", "response_a": "left", "response_b": "right", "verdict": "winner",
    }  # fmt: skip
    table = load_verdicts(rows, columns=columns)
    assert said(table, *MATCH[1:]) == [("p", "m1", "m2", "A")]
    with pytest.raises(UserError, match="no column 'problem_id', 'response_a', 'response_b'"):
        load_verdicts(rows, columns={"verdict": "winner"})
    with pytest.raises(UserError, match="a layout is for files"):
        load_verdicts(rows, layout="inspect")


def test_a_verdict_table_survives_a_dataset_and_rows():
    table = load_verdicts("embedded").head(20)
    for data in (Dataset.from_pandas(table, preserve_index=False), table.to_dict("records")):
        assert said(load_verdicts(data)) == said(table)


# MT-Bench: a pair of models in two games, the second with the models swapped.
def pair_of_models(question=81, turn=1, first="model_1", second="model_1", **other):
    return {
        "question_id": question, "turn": turn, "model_1": "x", "model_2": "y",
        "g1_winner": first, "g2_winner": second, "judge": ["gpt-4", "pair-v2"],
        "g1_judgment": "[[A]]", "g2_judgment": "[[B]]", **other,
    }  # fmt: skip


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_mt_bench_keeps_both_games(tmp_path):
    rows = [
        pair_of_models(),
        pair_of_models(turn=2, second="model_2"),
        pair_of_models(question=82, first="tie", second="error"),
    ]
    path = write_lines(tmp_path / "gpt-4_pair.jsonl", rows)
    assert recognise(path) == "mt-bench"
    assert said(load_verdicts(path)) == [
        ("gpt-4", "81", "x", "y", "A"),
        ("gpt-4", "81", "y", "x", "B"),
        ("gpt-4", "81", "x, turn 2", "y, turn 2", "A"),
        ("gpt-4", "81", "y, turn 2", "x, turn 2", "A"),
        ("gpt-4", "82", "x", "y", "tie"),
        ("gpt-4", "82", "y", "x", "invalid"),
    ]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"first": "vicuna"}, "g1_winner is model_1, model_2, tie or error; got 'vicuna'"),
        ({"m1_score": 8.0, "m2_score": 7.0}, "nothing was shown first"),
        ({"judge": None}, "judge is empty"),
    ],
)
def test_mt_bench_says_what_is_wrong(tmp_path, wrong, message):
    path = write_lines(tmp_path / "gpt-4_pair.jsonl", [pair_of_models(**wrong)])
    with pytest.raises(UserError, match=message):
        load_verdicts(path)
