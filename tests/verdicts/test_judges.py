"""A table of one judge is asked for, and a shipped table of two can be used from the shell."""

import json

import pandas as pd
import pytest

from pairjudge_lab import UserError
from pairjudge_lab.cli import main
from pairjudge_lab.verdicts.judges import only_judge

JUDGE = "qwen2.5-coder-1.5b, labels"


def test_the_one_judge():
    assert only_judge(pd.DataFrame({"judge": ["a", "a"]}), "the verdicts") == "a"
    assert only_judge(pd.DataFrame({"verdict": ["A"]}), "the verdicts") is None
    with pytest.raises(UserError, match=r"the verdicts come from 6 judges: 'a, x', .*; keep one"):
        only_judge(pd.DataFrame({"judge": ["a, x", "b", "c", "d", "e", "f"]}), "the verdicts")


def test_curve_takes_one_judge_of_the_study(capsys):
    words = ["curve", "study", "study", "--n", "2", "--subsets", "5", "--json"]
    assert main(words) == 2
    assert f" judges: 'qwen2.5-coder-0.5b, labels', '{JUDGE}'" in capsys.readouterr().err
    assert main([*words, "--judge", JUDGE]) == 0
    points = json.loads(capsys.readouterr().out)["points"]
    assert {p["selector"] for p in points} == {"pass", "majority", "knockout"}
