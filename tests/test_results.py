"""Every class of results has a table, plain values, a form for notebooks and a picture."""

import importlib
import inspect
import json
from dataclasses import is_dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import pairjudge_lab
from pairjudge_lab import (
    Knockout,
    bias_report,
    compare_judges,
    curve,
    judge_pairs,
    load_judge,
    load_pools,
    load_verdicts,
    prepare,
)
from pairjudge_lab.results import Result, plain
from tests.more_results import more_results

PACKAGE = Path(pairjudge_lab.__file__).parent
PARTS = ("statistics", "replay", "price", "planner", "study", "runs", "verdicts")

# Data classes there that are no results, and why.
LINES_OF_A_RESULT = {
    "annotators.Beside", "budget.Spent", "buying.Purchase", "choosing_n.Leading",
    "comparison.JudgeDifference", "contingency.Test", "curves.Comparison", "curves.Point",
    "frontier.EqualCost", "frontier.FrontierPoint", "intervals.Estimate",
    "measuring.Configuration", "planning.Option", "selective.TestedThreshold",
}  # fmt: skip
GOES_IN = {
    "budget.Budget", "budget.Price", "columns.VerdictField", "measuring.Measured",
    "monitoring.StopWhen", "pairs.Pairs", "plan.StudyPlan", "probabilities.Probabilities",
    "recording.Recording", "run.Study", "simulation.Plan", "simulation.Planted", "totals.Totals",
}  # fmt: skip
USED_BY_OTHER_MODULES_ALONE = {
    "clusters.Prior", "clusters.Spread", "contests.Contests", "margins.Fit", "margins.Matches",
    "unread.Unread",
}  # fmt: skip
NO_RESULTS = LINES_OF_A_RESULT | GOES_IN | USED_BY_OTHER_MODULES_ALONE


def data_classes():
    """By module and name, every public data class of the parts whose classes are results."""
    found = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = file.relative_to(PACKAGE).with_suffix("").parts
        if parts[0] in PARTS and parts[-1] not in ("__init__", "__main__"):
            module = importlib.import_module(".".join(("pairjudge_lab", *parts)))
            for name, kind in inspect.getmembers(module, inspect.isclass):
                mine = kind.__module__ == module.__name__ and not name.startswith("_")
                if mine and is_dataclass(kind):
                    found[f"{parts[-1]}.{name}"] = kind
    return found


def classes_of_results():
    return {n: kind for n, kind in data_classes().items() if issubclass(kind, Result)}


def test_a_data_class_is_a_result_or_said_to_be_none():
    lacking = {
        name
        for name, kind in data_classes().items()
        if not issubclass(kind, Result) and name not in NO_RESULTS
    }
    assert not lacking, "derive it from results.Result, or name it in NO_RESULTS"


@pytest.mark.parametrize("name", sorted(classes_of_results()))
def test_a_result_says_what_its_table_is(name):
    kind = classes_of_results()[name]
    assert kind.to_frame is not Result.to_frame
    assert kind.to_frame.__doc__


@pytest.fixture(scope="module")
def results():
    """One of each, from a small simulated study."""
    from pairjudge_lab.price import price
    from pairjudge_lab.replay import record
    from pairjudge_lab.replay.frontier import Frontier, FrontierPoint
    from pairjudge_lab.replay.powered import powered_curve
    from pairjudge_lab.runs import run_selection
    from pairjudge_lab.statistics.bradley_terry import bradley_terry
    from pairjudge_lab.statistics.calibration import calibration
    from pairjudge_lab.statistics.gold_subset import powered_mean
    from pairjudge_lab.statistics.labels import label_report
    from pairjudge_lab.statistics.stability import stability
    from pairjudge_lab.statistics.transitivity import transitivity
    from pairjudge_lab.study import StudyRun
    from pairjudge_lab.study.budget import Spent

    pools = [prepare(pool.first(4)) for pool in load_pools("embedded", limit=8)]
    specs = ("simulated:accuracy=0.8,position_bias=0.1", "simulated:accuracy=0.7")
    judged = {
        spec: judge_pairs(load_judge(spec), pools, repetitions=2).to_pandas().assign(judge=spec)
        for spec in specs
    }
    table = judged[specs[0]]
    both = pd.concat(judged.values(), ignore_index=True)
    recordings = record(pools, table)
    correct = {
        (pool.problem.id, str(place)): bool(candidate.correct)
        for pool in pools
        for place, candidate in enumerate(pool.candidates)
    }
    drawn = curve(recordings, ["pass", "majority"], [2, 4], subsets=10)
    some = curve(recordings[:7], ["pass", "majority"], [2, 4], subsets=10)
    # Playing a frontier compiles tournaments, which takes half a minute; its points are enough.
    budgets = tuple(
        FrontierPoint("knockout", point.n, point.accuracy, point.per_problem, {"calls": point.n})
        for point in drawn.of("pass")
    )
    rng = np.random.default_rng(0)
    found = [
        bias_report(both),
        compare_judges(both),
        stability(table),
        transitivity(table),
        label_report(table, correct),
        calibration(rng.random(200), rng.random(200) < 0.5, np.repeat(np.arange(20), 10)),
        bradley_terry(list("abc" * 20), list("bca" * 20), list(rng.choice(["A", "B"], 60))),
        powered_mean(rng.random(60), np.where(np.arange(60) < 20, rng.random(60), np.nan)),
        drawn,
        Frontier(budgets, 4, drawn.problems, 0),
        powered_curve(some, drawn),
        price(recordings, 4, effects=["position"], subsets=10)[0],
        run_selection(pools, load_judge(specs[0]), Knockout(), n=4),
        judge_pairs(load_judge(specs[0]), pools),
        bias_report(both).rows[0],
        *more_results(table),
        StudyRun(tuple(pools), table, {"solutions": 32}, Spent(0, 0, 0.0), ""),
    ]
    return {f"{type(one).__module__.rpartition('.')[2]}.{type(one).__name__}": one for one in found}


def test_there_is_one_of_every_class_of_results(results):
    assert results.keys() == classes_of_results().keys()


@pytest.mark.parametrize("name", sorted(classes_of_results()))
def test_a_result_can_be_tabled_written_shown_and_drawn(results, name):
    result = results[name]
    frame = result.to_frame()
    assert len(frame)
    assert len(frame.columns) > 1
    kept = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert kept
    html = result._repr_html_()
    assert html.startswith(("<table", "<pre", "<div"))
    assert "<script" not in html
    axes = result.plot()
    assert axes.has_data()


def test_plain_values():
    found = plain({("x", 1): np.array([1.0, np.nan]), "y": np.int64(3), "z": (True, float("inf"))})
    assert found == {"x, 1": [1.0, None], "y": 3, "z": [True, None]}


def test_names_of_judges_never_become_markup():
    table = load_verdicts("embedded").head(2000).assign(judge="<script>alert(1)</script>")
    assert "<script>" not in bias_report(table)._repr_html_()
