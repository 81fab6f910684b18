"""The same study with independent matches."""

import numpy as np
import pytest

from pairjudge_lab.records import UserError
from pairjudge_lab.replay import curve
from pairjudge_lab.replay.independent import independent_curve, independent_matches
from pairjudge_lab.replay.simulation import known_study
from pairjudge_lab.replay.structure import problem_structure


def test_independent_matches_are_left_where_they_are():
    """Of verdicts that are independent by construction the simulated line is their own curve."""
    study = known_study(np.random.default_rng(0), 80)
    sizes = [2, 8]
    measured = [p.accuracy.estimate for p in curve(study, ["knockout"], sizes, subsets=60).points]
    simulated = [value for _, value in independent_curve(study, sizes, draws=3, subsets=60)]
    assert simulated == pytest.approx(measured, abs=0.015)


def test_the_chances_of_each_problem_stay():
    study = known_study(np.random.default_rng(1), 30, p_gen=0.5)
    drawn = independent_matches(study, np.random.default_rng(2))
    before, after = (problem_structure(r)["p_comp"] for r in (study, drawn))
    assert after.mean() == pytest.approx(before.mean(), abs=0.03)
    assert not all(np.array_equal(a.codes, b.codes) for a, b in zip(study, drawn, strict=True))
    with pytest.raises(UserError, match="draws is at least 1, got 0"):
        independent_curve(study, [2], draws=0)
