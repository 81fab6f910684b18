"""Preferences from probabilities: a worked example, a planted position effect, and bad tables."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from pairjudge_lab import UserError, bias_report, load_pools, prepare
from pairjudge_lab.replay import record
from pairjudge_lab.verdicts.by_probability import by_probability
from pairjudge_lab.verdicts.table import row_kinds


def table_of(rows):
    names = ["problem_id", "response_a", "response_b", "a_probability", "b_probability"]
    table = pd.DataFrame(rows, columns=names)
    a, b = table["a_probability"] > 0.5, table["b_probability"] > 0.5
    said = np.where(a & b, "tie", np.where(a, "A", np.where(b, "B", "neither")))
    return table.assign(verdict=said, a_correct=a, b_correct=b, judge="j", repetition=0)


def test_worked_example():
    """logit .9 - logit .6 = 1.792 one way, logit .8 - logit .7 = .539 the other: 0.626 for '0'."""
    table = table_of([("p", "0", "1", 0.9, 0.6), ("p", "1", "0", 0.8, 0.7)])
    table = table.assign(prompt_tokens=[100, 110], completion_tokens=[2, 3], seconds=[1.0, 2.0])
    assert by_probability(table, both_orders=False)["verdict"].tolist() == ["A", "A"]
    both = by_probability(table)
    assert both["verdict"].tolist() == ["A", "B"]
    assert both["kind"].tolist() == ["preference"] * 2
    np.testing.assert_allclose(logit(both["a_probability"]), [0.6264, -0.6264], atol=1e-4)
    assert both["prompt_tokens"].tolist() == [210, 210]
    assert both["seconds"].tolist() == [3.0, 3.0]


def test_what_cannot_be_told_is_invalid_with_its_reason():
    table = table_of(
        [
            ("p", "0", "1", 0.9, 0.6),
            ("p", "0", "2", 0.9, np.nan),
            ("p", "2", "0", 0.3, 0.4),
            ("p", "1", "2", 0.5, 0.5),
            ("p", "2", "1", 0.5, 0.5),
        ]
    )
    both = by_probability(table)
    assert both["verdict"].tolist() == ["invalid", "invalid", "invalid", "tie", "tie"]
    assert both["reason"].tolist()[:3] == [
        "the other order was not recorded",
        "no probabilities of both labels",
        "the other order has no probabilities",
    ]
    assert row_kinds(both).tolist() == [None, None, None, "preference", "preference"]


def test_a_planted_position_effect_falls_out():
    rng = np.random.default_rng(0)
    rows = []
    for problem in range(40):
        right = rng.random(4) < 0.5
        belief = np.where(right, 0.6, -0.6) + rng.normal(0, 0.3, 4)
        for a in range(4):
            for b in range(4):
                if a != b:
                    shown = expit(belief[a] + 2.0), expit(belief[b] - 0.5)
                    rows.append((str(problem), str(a), str(b), *shown))
    table = table_of(rows)
    (before,) = bias_report(table).rows
    (one,) = bias_report(by_probability(table, both_orders=False)).rows
    (both,) = bias_report(by_probability(table)).rows
    assert before.position_effect.estimate > 0.5
    assert one.position_effect.estimate > 0.5
    assert both.position_effect.estimate == 0
    assert both.consistency.estimate == 1


def test_it_is_recorded_and_replayed_as_preferences():
    (pool,) = (prepare(p.first(3)) for p in load_pools("embedded", limit=1))
    pairs = [(a, b) for a in range(3) for b in range(3) if a != b]
    rows = [(pool.problem.id, str(a), str(b), 0.9, 0.2) for a, b in pairs]
    (recording,) = record([pool], by_probability(table_of(rows)))
    assert recording.kind is not None
    assert recording.kind.value == "preference"


def test_tables_that_hold_no_probabilities_are_refused():
    table = table_of([("p", "0", "1", 0.9, 0.6), ("p", "1", "0", 0.8, 0.7)])
    with pytest.raises(UserError, match="no probabilities of both labels"):
        by_probability(table.drop(columns="b_probability"))
    with pytest.raises(UserError, match="holds preferences"):
        by_probability(by_probability(table))
