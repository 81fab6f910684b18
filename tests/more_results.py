"""Small results of every class in ``statistics`` that a study does not give by itself."""

import numpy as np
import pandas as pd

from pairjudge_lab.planner import Configuration, Measured, make_plan
from pairjudge_lab.statistics.annotators import alternative_annotator_test, leave_one_annotator_out
from pairjudge_lab.statistics.clustered_logit import clustered_logit
from pairjudge_lab.statistics.forecast import fit_chances, forecast_coverage
from pairjudge_lab.statistics.monitoring import monitor_judge
from pairjudge_lab.statistics.over_optimisation import proxy_curve
from pairjudge_lab.statistics.posterior import strengths_posterior
from pairjudge_lab.statistics.power import pairs_needed
from pairjudge_lab.statistics.random_effects import random_effects
from pairjudge_lab.statistics.scaling import fit_coverage
from pairjudge_lab.statistics.selective import choose_threshold
from pairjudge_lab.statistics.separated import penalised_bradley_terry


def more_results(table):
    """One of each; ``table`` is a verdict table of one judge."""
    rng = np.random.default_rng(1)
    games = (list("abc" * 20), list("bca" * 20), list(rng.choice(["A", "B"], 60)))
    labels = pd.DataFrame(rng.integers(0, 2, (60, 3)), columns=["ann", "bo", "cy"])
    said = pd.Series(rng.integers(0, 2, 60))
    groups = np.repeat(np.arange(12), 5)
    won = rng.integers(0, 2, 60)
    right, samples = rng.binomial(8, 0.5, 20), np.full(20, 8)
    scores = rng.random((12, 8))
    configurations = (Configuration("majority", 4), Configuration("knockout", 4, "j"))
    hits = (rng.random((2, 20)) < [[0.4], [0.8]]).astype(float)
    calls = {"calls": np.array([np.zeros(20), np.full(20, 3.0)])}
    names = tuple(f"p{i}" for i in range(20))
    pilot = Measured(configurations, names, hits, calls, {4: np.ones(20)}, {})
    return [
        alternative_annotator_test(labels, said, epsilon=0.2),
        leave_one_annotator_out(labels, said)[0],
        # All of one side: an estimate without an end.
        clustered_logit(
            np.column_stack([np.ones(60), won]), ["one", "all"], won.astype(float), groups
        ),
        fit_chances(right, samples, rng=rng, draws=200),
        forecast_coverage(right, samples, [4, 8, 16, 64], rng=rng, draws=200),
        monitor_judge(table, figures=["consistency"])["consistency"],
        proxy_curve(scores, rng.random((12, 8)) < scores, [1, 2, 4, 8], rng=rng, resamples=50),
        strengths_posterior(*games, rng=rng, draws=200),
        pairs_needed(0.05, 0.3),
        random_effects(won, {"problem": groups.astype(str)}),
        fit_coverage([1, 2, 4, 8], [0.3, 0.45, 0.6, 0.7]),
        choose_threshold(
            names * 5, rng.random(100), rng.random(100) < 0.99, thresholds=(0.5, 0.25, 0.1)
        ),
        penalised_bradley_terry(*games),
        make_plan(pilot, 4, rng, draws=100),
    ]
