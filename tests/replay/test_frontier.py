"""Tournaments at equal cost."""

import json

import numpy as np
import pytest

from pairjudge_lab.cli import main
from pairjudge_lab.plots.frontier import plot_frontier
from pairjudge_lab.records import UserError
from pairjudge_lab.replay import frontier
from pairjudge_lab.replay.simulation import known_study
from pairjudge_lab.tournaments import Knockout, Rules


@pytest.fixture(scope="module")
def studied():
    return known_study(np.random.default_rng(0), 80)


def test_at_equal_cost_a_tournament_is_worth_what_it_is_worth(studied):
    """The same tournament under another name is worth nothing; one that asks both orders of a judge
    without an order of its own spends twice the calls for nothing."""
    again = {"again": Knockout(), "both": Knockout(Rules(order="both"))}
    found = frontier(studied, again, 8, [2, 4], subsets=300, seed=1)
    assert found.selectors == ["knockout", "again", "both"]
    for point in found.points:
        assert point.costs["calls"] <= (point.budget or 99)
    same = [c for c in found.compare() if c.selector == "again"]
    assert [c.difference.estimate for c in same] == [0.0] * 3
    for name in ("knockout", "both"):
        costs = [point.costs["calls"] for point in found.of(name)]
        assert costs == sorted(costs)
    # Under a budget of 4 the knockout hears four verdicts, and the one of both orders two pairs.
    (both,) = [c for c in found.compare() if c.selector == "both" and c.budget == 4]
    assert both.difference.estimate < 0
    wide = {c.budget: c.difference for c in found.compare(level=0.95)}
    narrow = {c.budget: c.difference for c in found.compare(level=0.5)}
    assert all(wide[b].high - wide[b].low > narrow[b].high - narrow[b].low for b in (2, 4)
               if wide[b].estimate != 0)  # fmt: skip


def test_tokens_and_money(studied):
    prices = {r.pool.problem.id: {"tokens": 100.0, "money": 0.5} for r in studied}
    found = frontier(studied, ["ladder"], 8, [3], subsets=5, prices=prices)
    for point in found.points:
        assert point.costs["tokens"] == pytest.approx(100 * point.costs["calls"])
        assert point.costs["money"] == pytest.approx(0.5 * point.costs["calls"])
    assert len(found.compare("money")) == 2
    axes = plot_frontier(found, cost="money")
    assert [line.get_label() for line in axes.lines] == ["knockout", "ladder"]
    assert len(found.to_frame()) == 4
    with pytest.raises(UserError, match="the cost 'tokens' is not known"):
        frontier(studied, ["ladder"], 8, [3], subsets=2).compare("tokens")
    with pytest.raises(UserError, match="no problem has 9 candidates"):
        frontier(studied, ["ladder"], 9, [3])


def test_the_command_compares_at_equal_cost(tmp_path, capsys):
    command = [
        *("curve", "embedded", "embedded", "--limit", "8", "--n", "4", "--subsets", "5"),
        *("--selectors", "pass,knockout,ladder", "--budgets", "1,2"),
    ]
    assert main([*command, "--price", "1,2", "--out", str(tmp_path), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)["equal_cost"]
    assert {row["selector"] for row in facts["points"]} == {"knockout", "ladder"}
    assert {row["cost"] for row in facts["differences_from_knockout"]} == {
        "calls", "tokens", "money",
    }  # fmt: skip
    for name in ("frontier.json", "frontier.csv", "frontier-calls.svg", "frontier-money.svg"):
        assert (tmp_path / name).stat().st_size > 0
    assert main(command) == 0
    assert "at equal calls, best of 4" in capsys.readouterr().out
    few = [word if word != "8" else "5" for word in command]
    assert main([*few, "--price", "1,2"]) == 0
    said = capsys.readouterr().out
    assert [f"at equal {cost}" in said for cost in ("calls", "tokens", "money")] == [True] * 3
    assert "too few problems" in said
    assert main([*command, "--price", "cheap"]) == 2
    assert "--price takes two numbers" in capsys.readouterr().err
    assert main(["curve", "embedded", "--n", "2", "--budgets", "2"]) == 2
    assert "need VERDICTS" in capsys.readouterr().err
