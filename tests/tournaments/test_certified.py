"""The certified knockout: an error at most as often as asked, on judges with a planted truth."""

import numpy as np
import pytest

from pairjudge_lab.records import Status, UserError, Verdict
from pairjudge_lab.replay import Recording, replay
from pairjudge_lab.tournaments import CertifiedKnockout, Rules
from pairjudge_lab.tournaments.certified import NOT_DECIDED, Wealth
from pairjudge_lab.verdicts.codes import FIRST
from tests.conftest import make_pool
from tests.tournaments.certified_brackets import Planted, count_errors, decide
from tests.tournaments.playing import UNREAD, loners, play


def biased(chance, effect, ties, rng):
    """``chance[i, j]``: i preferred to j, both orders together; ``effect`` favours whoever is shown
    first by so much, and a share of ties."""

    def judge(match):
        if rng.random() < ties:
            return Verdict(Status.PARSED, preference="tie")
        first = rng.random() < np.clip(chance[match.a, match.b] + effect / 2, 0, 1)
        return Verdict(Status.PARSED, preference="A" if first else "B")

    return judge


def champion(chance, seed, n):
    """Whom the judge's own preferences send through the bracket that this seed draws."""
    game = CertifiedKnockout(0.5, 1).play(loners([False] * n), np.random.default_rng(seed))
    pairs = [(m.a, m.b) for m in next(game)][::2]
    alive = [c for pair in pairs for c in pair]
    while len(alive) > 1:
        alive = [
            x if chance[x, y] > 0.5 else y for x, y in zip(alive[::2], alive[1::2], strict=True)
        ]
    return alive[0]


def planted(accuracy, rng, n):
    """An intransitive judge: every pair has a winner of its own."""
    upper = np.triu(rng.random((n, n)) < 0.5, 1)
    chance = np.where(upper, accuracy, 1 - accuracy)
    return np.triu(chance, 1) + np.tril(1 - chance.T, -1)


def errors(accuracy, effect, ties, brackets, *, n=4, error=0.2, rounds=60):
    """How many brackets were decided, and how many of them wrongly."""
    decided = wrong = 0
    for seed in range(brackets):
        rng = np.random.default_rng([seed, 1])
        chance = planted(accuracy, rng, n)
        tournament, judge = CertifiedKnockout(error, rounds), biased(chance, effect, ties, rng)
        pool = loners([False] * n)
        selection, _ = play(tournament, pool, judge, np.random.default_rng(seed))
        if selection.rules["certified"]:
            decided += 1
            wrong += selection.candidate != champion(chance, seed, n)
    return decided, wrong


def test_it_errs_at_most_as_often_as_asked():
    brackets = 150
    for accuracy, effect in ((0.7, 0.3), (0.9, 0.1)):
        decided, wrong = errors(accuracy, effect, 0.1, brackets)
        assert wrong / brackets <= 0.2
        assert decided > brackets / 4, "it does decide"


def test_brackets_on_arrays_are_those_of_the_tournament():
    """The same verdicts, read by the tournament's judge and from arrays: the same winners."""
    brackets, rounds, error = 60, 40, 0.3
    rng = np.random.default_rng(5)
    # Verdicts of a match's first side, by pairing of candidates, round, and order.
    said = rng.choice([0.0, 0.5, 1.0], (brackets, 4, 4, rounds, 2), p=[0.3, 0.1, 0.6])
    for place in range(brackets):
        heard = np.zeros((4, 4), dtype=int)

        def judge(match, place=place, heard=heard):
            a, b = match.a, match.b
            # Both orders of a round come one after the other; the first names the sides.
            turned = heard[a, b] < heard[b, a]
            x, y = (b, a) if turned else (a, b)
            first = said[place, x, y, heard[a, b], int(turned)]
            heard[a, b] += 1
            value = 1 - first if turned else first
            return Verdict(Status.PARSED, preference={1.0: "A", 0.0: "B"}.get(value, "tie"))

        selection, asked = play(
            CertifiedKnockout(error, rounds),
            loners([False] * 4),
            judge,
            np.random.default_rng(place),
        )
        pairs = [(m.a, m.b) for m in asked[0]][::2]
        ends = []
        for x, y in pairs:
            scores = said[place, x, y].mean(axis=1)
            ends.append(decide(scores, 3 / error))
        if -1 in ends:
            assert not selection.rules["certified"]
            continue
        x, y = (pair[end] for pair, end in zip(pairs, ends, strict=True))
        scores = said[place, x, y].mean(axis=1)
        last = decide(scores, 3 / error)
        assert selection.rules["certified"] is (last >= 0)
        assert last < 0 or selection.candidate == (x, y)[last]


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize(("accuracy", "effect"), [(0.55, 0.3), (0.6, 0.0), (0.8, 0.15)])
def test_it_errs_at_most_as_often_as_asked_on_arrays(accuracy, effect, shared):
    judge = Planted(accuracy, effect, 0.2, 0.2, shared)
    rng = np.random.default_rng(7)
    decided, wrong, _ = count_errors(judge, 1000, rng, error=0.2, rounds=150)
    assert wrong / 1000 <= 0.2
    assert accuracy < 0.8 or shared or decided > 500


@pytest.mark.parametrize("value", [0.5, 0.45])
def test_a_false_claim_is_seldom_believed(value):
    rng, runs, crossed = np.random.default_rng(0), 600, 0
    for _ in range(runs):
        wealth = Wealth()
        for _ in range(150):
            wealth.hear(float(rng.random() < value))
            if wealth.value >= 10:
                crossed += 1
                break
    assert crossed / runs <= 0.1 + 3 * np.sqrt(0.1 * 0.9 / runs)


def test_a_judge_of_one_mind_is_believed_at_once_and_equals_never():
    pool = make_pool([True, False, False], [0, 1, 1])

    def by_truth(match):
        first = match.pool.candidates[match.a].correct
        return Verdict(Status.PARSED, bool(first), not first)

    selection, asked = play(CertifiedKnockout(), pool, by_truth, np.random.default_rng(0))
    assert selection.candidate == 0
    assert selection.rules["certified"] is True
    assert selection.note == ""
    assert selection.calls < 40
    assert {frozenset((m.a, m.b)) for wave in asked for m in wave} <= {
        frozenset(pair) for pair in ((0, 1), (0, 2))
    }
    first = Verdict(Status.PARSED, preference="A")
    for said in (first, UNREAD, Verdict(Status.PARSED, True, True)):
        selection, _ = play(CertifiedKnockout(rounds=9), pool, lambda _, v=said: v,
                            np.random.default_rng(0))  # fmt: skip
        assert selection.note == NOT_DECIDED
        assert selection.calls == 18
    spent, _ = play(
        CertifiedKnockout(rounds=None, rules=Rules(order="both", budget=7)), pool,
        lambda _: first, np.random.default_rng(0),
    )  # fmt: skip
    assert spent.calls == 6
    assert NOT_DECIDED in spent.note


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CertifiedKnockout(error=1), "error lies between 0 and 1"),
        (lambda: CertifiedKnockout(rounds=0), "rounds is at least 1"),
        (lambda: CertifiedKnockout(rounds=None), "give rounds, or a budget"),
        (lambda: CertifiedKnockout(rules=Rules()), "order is both, votes 1"),
    ],
)
def test_what_it_cannot_be(make, message):
    with pytest.raises(UserError, match=message):
        make()


def test_it_is_not_played_on_verdicts_that_are_heard_again():
    recording = Recording(loners([True, False]), np.full((1, 2, 2), FIRST, dtype=np.int8))
    with pytest.raises(UserError, match="needs verdicts that are drawn anew"):
        replay(recording, CertifiedKnockout(), np.random.default_rng(0))


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("accuracy", [0.55, 0.7, 0.9])
@pytest.mark.parametrize("effect", [0.0, 0.3])
def test_it_errs_at_most_as_often_as_asked_in_ten_thousand_brackets(accuracy, effect):
    _, wrong = errors(accuracy, effect, 0.1, 10_000)
    assert wrong / 10_000 <= 0.2
