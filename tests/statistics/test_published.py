"""Figures that others published, from the files they published them with."""

import numpy as np
import pandas as pd
import pytest

from pairjudge_lab.datasets.verdicts import load_verdicts
from pairjudge_lab.records import UserError
from pairjudge_lab.statistics.agreement import cohen_kappa
from pairjudge_lab.statistics.bradley_terry import bradley_terry
from pairjudge_lab.statistics.intervals import difference_interval
from pairjudge_lab.statistics.position import bias_report
from pairjudge_lab.statistics.published import printed_alike, published_difference

LLMBAR = {
    "ChatGPT/Swap": (89, 77, 78, 72, 0.7750),
    "ChatGPT/Swap_CoT": (72, 77, 77, 63, 0.4711),
    "GPT-4/Swap": (97, 94, 95, 93, 0.9387),
    "GPT-4/Swap_CoT": (100, 94, 94, 94, 1.0),
    "PaLM2/Swap": (92, 81, 87, 80, 0.8325),
    "PaLM2/Swap_CoT": (90, 81, 85, 78, 0.7920),
    "LLaMA2/Swap": (69, 78, 73, 60, 0.4331),
    "LLaMA2/Swap_CoT": (75, 75, 74, 62, 0.5170),
    "Falcon/Swap": (43, 58, 73, 37, 0.1379),
    "Falcon/Swap_CoT": (40, 53, 67, 30, 0.1174),
    "ChatGPT-0301/Swap": (86, 84, 84, 77, 0.7034),
    "ChatGPT-0301/Swap_CoT": (90, 85, 85, 80, 0.7948),
}
"""Agreement between the orders, accuracy as shown, swapped, both right (per cent), and kappa."""

DEVBENCH = {
    "claude-3-haiku-20240307": (40, 174),
    "claude-3-opus-20240229": (147, 66),
    "claude-3-sonnet-20240229": (163, 44),
    "gemini-pro": (135, 30),
    "gpt-3.5-turbo-0125": (148, 48),
    "gpt-3.5-turbo-1106": (166, 35),
    "gpt-4-0125-preview": (130, 85),
    "gpt-4-0613": (181, 10),
    "gpt-4-1106-preview": (181, 27),
}
"""Pairs of 216 that keep their winner, and pairs that went twice to the position shown second."""


def rows_of(path, **more):
    return {row.group: row for row in bias_report(load_verdicts(path), **more).rows}


def test_llmbar(shared):
    # What could not be read counts as wrong in the study's accuracies.
    rows = rows_of(shared / "llmbar_natural_verdicts.csv", unread="wrong")
    assert rows.keys() == LLMBAR.keys()
    for judge, (agreement, shown, swapped, both, kappa) in LLMBAR.items():
        row = rows[judge]
        # The study takes what could not be read for output_2, in agreement and in kappa. We leave
        # such pairs out and count them, so for the judge with one of them ours differ.
        x_or_not = row.winners_and_unread[[0, 1, 3]][:, [0, 1, 3]]
        x_or_not = np.array(
            [
                [x_or_not[0, 0], x_or_not[0, 1:].sum()],
                [x_or_not[1:, 0].sum(), x_or_not[1:, 1:].sum()],
            ]
        )
        assert np.trace(x_or_not) == agreement
        assert round(float(cohen_kappa(x_or_not)), 4) == kappa
        found = (row.accuracy_shown, row.accuracy_swapped, row.both_right)
        assert [round(100 * e.estimate) for e in found] == [shown, swapped, both], judge
        if not row.unread:
            assert row.consistent == agreement
            assert round(row.kappa.estimate, 4) == kappa


def test_devbench(shared):
    rows = rows_of(shared / "devbench_verdicts.csv")
    assert {j: (r.consistent, r.recency) for j, r in rows.items()} == DEVBENCH
    assert all(r.pairs == 216 for r in rows.values())
    assert rows["gemini-pro"].unread == 1


def test_devbench_in_full(shared):
    rows = rows_of(shared / "devbench_full_verdicts.csv")
    printed = {"gpt-4-0613": 82.77, "gpt-3.5-turbo-0125": 75.80, "gpt-3.5-turbo-1106": 76.34}
    for judge, consistency in printed.items():
        assert round(100 * rows[judge].consistency.estimate, 2) == consistency


def games(shared):
    table = pd.read_csv(shared / "baseball.csv")
    return {
        "first": pd.concat([table.home_team, table.home_team]),
        "second": pd.concat([table.away_team, table.away_team]),
        "outcome": ["A"] * len(table) + ["B"] * len(table),
        "weight": np.concatenate([table.home_wins, table.away_wins]),
        "reference": "Baltimore",
    }


def test_baseball(shared):
    """Agresti (2002), page 438, with home as the response shown first."""
    fit = bradley_terry(**games(shared))
    assert fit.items == (
        "Baltimore", "Boston", "Cleveland", "Detroit", "Milwaukee", "New York", "Toronto",
    )  # fmt: skip
    assert fit.theta.round(4).tolist() == [0, 1.1438, 0.7047, 1.4754, 1.6196, 1.2813, 1.3271]
    assert round(fit.order_effect, 4) == 0.3023
    assert round(fit.errors[-1], 4) == 0.1309
    assert round(fit.deviance, 4) == 38.6429
    plain = bradley_terry(**games(shared), order_effect=False)
    assert plain.theta.round(4).tolist() == [0, 1.1077, 0.6839, 1.4364, 1.5814, 1.2476, 1.2945]
    assert round(plain.deviance, 4) == 44.0535
    assert plain.order_effect is None


@pytest.mark.parametrize(("first", "second", "n"), [(3, 5, 8), (6, 2, 9), (4, 4, 7), (0, 6, 6)])
def test_totals_alone_give_the_narrowest_and_the_widest_interval(first, second, n):
    narrow, wide = published_difference(first / n, second / n, n)
    # Every table that the totals allow, one by one.
    widths = []
    for both in range(max(0, first + second - n), min(first, second) + 1):
        x = [1.0] * first + [0.0] * (n - first)
        y = [1.0] * both + [0.0] * (first - both) + [1.0] * (second - both)
        y += [0.0] * (n - len(y))
        found = difference_interval(x, y)
        assert found.estimate == pytest.approx((first - second) / n)
        widths.append((found.high - found.low, found.low, found.high))
    assert (narrow.low, narrow.high) == pytest.approx(min(widths)[1:])
    assert (wide.low, wide.high) == pytest.approx(max(widths)[1:])


def test_a_planted_table_lies_between_the_two():
    rng = np.random.default_rng(0)
    for _ in range(50):
        x, y = (rng.random(200) < p for p in rng.uniform(0.2, 0.9, 2))
        narrow, wide = published_difference(x.mean(), y.mean(), 200)
        own = difference_interval(x.astype(float), y.astype(float))
        assert wide.low - 1e-9 <= own.low <= narrow.low + 1e-9
        assert narrow.high - 1e-9 <= own.high <= wide.high + 1e-9
    for bad in ((1.2, 0.5, 10), (0.5, 0.5, 1)):
        with pytest.raises(UserError):
            published_difference(*bad)


def test_printed_percentages_tell_how_many_problems_there_were():
    rng = np.random.default_rng(1)
    printed = [round(100 * int(count) / 675, 1) for count in rng.integers(100, 400, 60)]
    assert printed_alike(printed, 675) == 1
    assert printed_alike(printed, 674) < 0.9
    assert printed_alike([50.0, 33.3], 3) == 0.5
