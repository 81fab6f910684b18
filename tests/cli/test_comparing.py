"""``compare`` and ``calibration``: what the library finds, printed."""

import json

import numpy as np
import pandas as pd
import pytest

from pairjudge_lab.cli import main
from pairjudge_lab.datasets.pools import save_pools
from pairjudge_lab.records import UserError
from pairjudge_lab.statistics.calibration import calibration
from pairjudge_lab.statistics.comparison import compare_judges
from pairjudge_lab.statistics.probabilities import probabilities_of
from pairjudge_lab.statistics.simulation import Plan, simulate_study
from tests.conftest import make_pool


def run(*args):
    return main([str(a) for a in args])


def test_compare_prints_what_compare_judges_finds(tmp_path, capsys):
    rng = np.random.default_rng(0)
    plans = {"a": Plan(problems=12, pairs=2), "b": Plan(problems=12, pairs=2, noise=0.6)}
    table = pd.concat(simulate_study(plan, rng).assign(judge=name) for name, plan in plans.items())
    path = tmp_path / "verdicts.csv"
    table.to_csv(path, index=False)
    assert run("compare", path, "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    frame = compare_judges(table).to_frame()
    assert facts["problems"] == 12
    assert [row["difference"] for row in facts["differences"]] == pytest.approx(
        frame.difference.tolist(), abs=1e-12
    )
    assert run("compare", path, "--unread", "wrong") == 0
    assert "12 problems that all judges share" in capsys.readouterr().out
    table[table.judge == "a"].to_csv(path, index=False)
    assert run("compare", path) == 2
    assert "there is only 'a'" in capsys.readouterr().err


def labelled(rng):
    """Verdicts of a judge whose probabilities are exactly right."""
    pools = [
        make_pool([bool(rng.random() < 0.5) for _ in range(4)], name=f"p{k}") for k in range(8)
    ]
    rows = []
    for pool in pools:
        right = [candidate.correct for candidate in pool.candidates]
        for i, j in ((0, 1), (2, 3), (3, 0)):
            rows.append((pool.problem.id, str(i), str(j), "A", float(right[i]), float(right[j])))
    names = ("problem_id", "response_a", "response_b", "verdict", "a_probability", "b_probability")
    return pools, pd.DataFrame(rows, columns=names)


def test_labels_meet_their_truth_by_position():
    pools, table = labelled(np.random.default_rng(1))
    truth = {
        (pool.problem.id, str(i)): candidate.correct
        for pool in pools
        for i, candidate in enumerate(pool.candidates)
    }
    table.loc[0, "b_probability"] = np.nan
    del truth["p1", "0"]
    given = probabilities_of(table, truth)
    # One label has no probability; a response without a known truth is shown twice.
    assert given.left_out == 3
    assert {name: len(part[0]) for name, part in given.positions.items()} == {
        "all": 45, "shown first": 23, "shown second": 22,
    }  # fmt: skip
    assert calibration(*given.positions["all"]).brier.estimate == 0
    preferences = table.assign(gold=["A", "B", None] * 8, b_probability=1 - table["a_probability"])
    assert len(probabilities_of(preferences).positions["all"][0]) == 16
    with pytest.raises(UserError, match="no column 'gold'"):
        probabilities_of(preferences.drop(columns="gold"))
    with pytest.raises(UserError, match="no label has both"):
        probabilities_of(table, {})


def test_calibration_from_files(tmp_path, capsys):
    pools, table = labelled(np.random.default_rng(2))
    save_pools(pools, tmp_path / "pools.jsonl")
    table.to_csv(tmp_path / "verdicts.csv", index=False)
    args = ("calibration", tmp_path / "verdicts.csv", tmp_path / "pools.jsonl")
    assert run(*args, "--json", "--picture", tmp_path / "diagram.svg") == 0
    facts = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert facts["positions"]["all"]["labels"] == 48
    assert facts["positions"]["all"]["brier"]["estimate"] == 0
    assert (tmp_path / "diagram.svg").stat().st_size > 1000
    assert run(*args) == 0
    assert "shown second" in capsys.readouterr().out
    few = table[table["problem_id"].isin(table["problem_id"].unique()[:3])]
    few.to_csv(tmp_path / "few.csv", index=False)
    assert run("calibration", tmp_path / "few.csv", args[2], "--json") == 0
    facts = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert facts["positions"]["all"]["brier"]["low"] is None, "of few problems no interval"
    assert run(*args[:2]) == 2
    assert "give the pools too" in capsys.readouterr().err


def test_calibration_is_of_one_judge_and_tells_reasons_apart(tmp_path, capsys):
    pools, table = labelled(np.random.default_rng(3))
    save_pools(pools, tmp_path / "pools.jsonl")
    table.loc[:1, "a_probability"] = np.nan
    two = pd.concat([table.assign(judge="one"), table.assign(judge="two")])
    two.to_csv(tmp_path / "verdicts.csv", index=False)
    words = ("calibration", tmp_path / "verdicts.csv", tmp_path / "pools.jsonl")
    assert run(*words) == 2
    assert "come from 2 judges: 'one', 'two'; keep one" in capsys.readouterr().err
    assert run(*words, "--judge", "two", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["without"] == {"probability": 2, "truth": 0}
    assert facts["positions"]["all"]["labels"] == 2 * len(table) - 2
    save_pools(pools[:-1], tmp_path / "pools.jsonl")
    assert run(*words, "--judge", "two") == 0
    assert "2 labels without a probability, 6 without a known truth" in capsys.readouterr().out


def test_calibration_decides_what_is_true_by_the_reference_answer(tmp_path, capsys):
    pools, table = labelled(np.random.default_rng(4))
    table.to_csv(tmp_path / "verdicts.csv", index=False)
    rows = [
        {
            "problem_id": pool.problem.id, "problem": "What?", "answer": "1",
            "candidates": [{"text": f"\\boxed{{{int(c.correct)}}}"} for c in pool.candidates],
        }
        for pool in pools
    ]  # fmt: skip
    (tmp_path / "pools.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert run("calibration", tmp_path / "verdicts.csv", tmp_path / "pools.jsonl", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["left_out"] == 0
    assert facts["positions"]["all"]["brier"]["estimate"] == 0
