"""Best-of-N from few gold labels."""

from dataclasses import replace

import numpy as np
import pytest

from pairjudge_lab.records import UserError
from pairjudge_lab.replay import curve
from pairjudge_lab.replay.powered import powered_curve
from pairjudge_lab.replay.simulation import known_curve, known_study

SIZES = [1, 4, 8]


def with_proxy(recording, rng, errors):
    """The recording with each label turned round with this chance."""
    candidates = tuple(
        replace(c, correct=bool(c.correct) != bool(rng.random() < errors))
        for c in recording.pool.candidates
    )
    return replace(recording, pool=replace(recording.pool, candidates=candidates))


def study(seed, problems=120, told=25, errors=0.1):
    rng = np.random.default_rng(seed)
    truth = known_study(rng, problems)
    proxies = [with_proxy(one, rng, errors) for one in truth]
    gold = curve(truth[:told], ["knockout", "random"], SIZES, subsets=15)
    return powered_curve(gold, curve(proxies, ["knockout", "random"], SIZES, subsets=15))


def test_the_curve_is_covered_and_narrower_than_that_of_the_gold_alone():
    known, held, widths, studies = known_curve(SIZES), 0, [], 12
    for seed in range(studies):
        frame = study(seed).to_frame()
        for row in frame[frame.selector == "knockout"].itertuples():
            held += row.low <= known[row.n] <= row.high
            widths.append([row.high - row.low, row._8 - row._7])
    # 95 % of 36 is 34, of which three points of one study hang together.
    assert held >= 30
    powered, alone = np.mean(widths, axis=0)
    assert powered < 0.9 * alone


def test_differences_and_refusals():
    found = study(99, problems=60, told=20)
    gaps = found.differences("random")
    assert (gaps["first"] == "knockout").all()
    assert gaps.set_index("n").loc[8, "low"] > 0
    assert (found.gold, found.problems) == (20, 60)
    with pytest.raises(UserError, match="no selector 'swiss'"):
        found.differences("swiss")
    rng = np.random.default_rng(0)
    small = known_study(rng, 8)
    one, two = (curve(small, ["random"], [1], seed=seed) for seed in (0, 1))
    with pytest.raises(UserError, match="both curves need the same seed"):
        powered_curve(one, two)
    with pytest.raises(UserError, match="lacks random at N = 1"):
        powered_curve(one, curve(small, ["pass"], [1]))
    with pytest.raises(UserError, match="'p7' has gold labels and is not in the proxy's curve"):
        powered_curve(one, curve(small[:7], ["random"], [1]))
