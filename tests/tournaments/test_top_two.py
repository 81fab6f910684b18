"""Top-two Thompson sampling: what it counts, its votes, its soft labels, its stop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairjudge_lab.records import Status, UserError, Verdict
from pairjudge_lab.tournaments import Rules, TopTwoAnswers, TopTwoThompson
from tests.conftest import make_pool
from tests.tournaments.playing import OPTIONS, loners, play, prefers, truth


@given(
    st.lists(st.integers(0, 3), min_size=2, max_size=10),
    st.sampled_from(["balanced", "both", "random"]),
    st.integers(0, 99),
)
def test_what_was_said_is_counted_again(numbers, order, seed):
    """Posterior mean and sum of votes and labels, from what was asked, give the same winner."""
    pool, rng = make_pool([False] * len(numbers), numbers), np.random.default_rng(seed)
    size = np.bincount(numbers, minlength=4)
    for kind in (TopTwoThompson(rules=Rules(order=order)), TopTwoAnswers(rules=Rules(order=order))):
        correct, heard = np.zeros(4), np.zeros(4)

        def judge(match, correct=correct, heard=heard):
            verdict = OPTIONS[rng.integers(4)]
            for c, label in ((match.a, verdict.a_correct), (match.b, verdict.b_correct)):
                correct[numbers[c]] += bool(label)
                heard[numbers[c]] += 1
            return verdict

        selection, _ = play(kind, pool, judge, rng)
        score = (0.5 + correct) / (1 + heard)
        if isinstance(kind, TopTwoAnswers):
            score = size + 2 * correct - heard
        best = max(score[g] for g in numbers)
        assert score[numbers[selection.candidate]] == pytest.approx(best)


def test_with_nothing_asked_the_majority_is_selected():
    pool = make_pool([False] * 6, [0, 1, 1, 2, 1, 2])
    for seed in range(20):
        kind = TopTwoAnswers(rules=Rules(budget=0))
        selection, _ = play(kind, pool, truth, np.random.default_rng(seed))
        assert selection.calls == 0
        assert pool.group_of(selection.candidate) == 1


def test_votes_yield_to_labels_and_a_sure_majority_is_not_asked():
    """Five of eight gave a wrong answer: four labels to one make up for four votes to one."""
    pool = make_pool([False] * 5 + [True] * 3, [0] * 5 + [1] * 3)
    for seed in range(10):
        selection, _ = play(TopTwoAnswers(), pool, truth, np.random.default_rng(seed))
        assert pool.candidates[selection.candidate].correct
    sure = make_pool([True] * 7 + [False], [0] * 7 + [1])
    # The odds are (0.75 / 0.25) to the power of 7 - 1: surer than 0.99.
    selection, _ = play(TopTwoAnswers(), sure, truth, np.random.default_rng(0))
    assert selection.calls == 0
    selection, _ = play(TopTwoAnswers(confidence=0.999), sure, truth, np.random.default_rng(0))
    assert selection.calls == 1
    with pytest.raises(UserError, match="accuracy lies between"):
        TopTwoAnswers(accuracy=0.5)


def test_calls_go_to_the_likely_best():
    """One of eight is called correct in 9 of 10 matches, two in 6, the rest in 1."""
    chance, calls, found = np.array([0.9, 0.6, 0.6, *[0.1] * 5]), np.zeros(8), 0
    rng, pool, runs = np.random.default_rng(3), loners([False] * 8), 150

    def judge(match):
        calls[[match.a, match.b]] += 1
        a, b = (bool(rng.random() < chance[c]) for c in (match.a, match.b))
        return Verdict(Status.PARSED, a, b)

    for _ in range(runs):
        kind = TopTwoThompson(confidence=1.0, per_candidate=3)
        found += play(kind, pool, judge, rng)[0].candidate == 0
    assert found / runs > 0.7
    assert min(calls[:3]) > 1.5 * max(calls[3:])


def test_it_stops_when_it_is_sure_and_a_ceiling_is_an_argument():
    pool, rng = make_pool([True, True, False, False], [0, 0, 1, 2]), np.random.default_rng(0)
    many = TopTwoThompson(confidence=1.0, per_candidate=None)
    sure, _ = play(TopTwoThompson(confidence=0.8), pool, truth, rng)
    everything, _ = play(many, pool, truth, rng)
    assert sure.calls < everything.calls == 10, "five pairs of different answers, in either order"
    assert TopTwoThompson(per_candidate=0.5).calls(8) == 4
    for wrong in ({"confidence": 0}, {"per_candidate": 0}):
        with pytest.raises(UserError, match=r"confidence is above|above 0, or None"):
            TopTwoThompson(**wrong)


def test_label_probabilities_count_in_place_of_labels():
    """All are called correct, but of one the judge is surer."""
    pool = loners([False] * 3)
    sure = np.array([0.6, 0.99, 0.6])

    def judge(match):
        soft = {"a_probability": float(sure[match.a]), "b_probability": float(sure[match.b])}
        return Verdict(Status.PARSED, True, True, **soft)

    for order in ("balanced", "both"):
        chosen = {
            soft: {
                play(TopTwoThompson(soft=soft, rules=Rules(order=order)), pool, judge,
                     np.random.default_rng(seed))[0].candidate
                for seed in range(30)
            }
            for soft in (True, False)
        }  # fmt: skip
        assert chosen[True] == {1}
        assert len(chosen[False]) > 1


def test_a_judge_of_preference_is_heard_by_points():
    rng = np.random.default_rng(1)
    chance = np.full((4, 4), 0.5)
    chance[0, 1:], chance[1:, 0] = 0.95, 0.05
    labels = prefers(chance, rng)

    def judge(match):
        return Verdict(Status.PARSED, preference="A" if labels(match).a_correct else "B")

    wins = [play(TopTwoThompson(), loners([False] * 4), judge, rng)[0].candidate for _ in range(60)]
    assert np.mean(np.array(wins) == 0) > 0.7
