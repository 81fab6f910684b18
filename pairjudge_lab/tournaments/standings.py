"""Standings: what every pairing brought, the scores made of it, and the ranking by scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pairjudge_lab.records import MatchResult
from pairjudge_lab.tournaments.referee import Outcome, Referee
from pairjudge_lab.tournaments.strengths import Evidence, strengths

SCORES = {
    "wins": "points: 1 for a win, 1/2 for a tie or a meeting of the same answer",
    "copeland": "opponents beaten minus opponents lost to",
    "borda": "mean share of points over the opponents met",
    "bradley-terry": "Bradley-Terry strength",
    "labels": "share of the verdicts that called it correct",
}


class Standings:
    """The accounts of a tournament by points.

    Attributes
    ----------
    points
        (n, n), points[i, j] is what i has taken off j in judged pairings.
    met
        (n, n), how many judged pairings of the two counted.
    given
        (n,), points without a verdict: byes, and meetings within an answer group.
    history : list of list of MatchResult
        Every round's results.
    """

    def __init__(self, n: int) -> None:
        self.points = np.zeros((n, n))
        self.met = np.zeros((n, n))
        self.given = np.zeros(n)
        self.history: list[list[MatchResult]] = []
        self._evidence = Evidence(n)
        self._called = np.zeros(n)
        self._heard = np.zeros(n)

    def add(self, referee: Referee, outcomes: Sequence[Outcome], byes: Sequence[int] = ()) -> None:
        """Book a round; a bye and a meeting of the same answer bring half a point each."""
        self.history.append([referee.match_result(outcome) for outcome in outcomes])
        for outcome in outcomes:
            x, y = outcome.x, outcome.y
            for labels in outcome.labels:
                self._called[[x, y]] += labels
                self._heard[[x, y]] += 1
            if outcome.result == "same_answer":
                self.given[[x, y]] += 0.5
                continue
            points = referee.points(outcome)
            if points is not None:
                self.points[x, y] += points[0]
                self.points[y, x] += points[1]
                self.met[x, y] += 1
                self.met[y, x] += 1
                self._evidence.add(x, y, points, outcome.result)
        for c in byes:
            self.given[c] += 0.5
            self.history[-1].append(MatchResult(c, None, "bye", (c,), points=(0.5, 0.0)))

    def score(self, name: str) -> np.ndarray:
        """(n,) scores, the higher the better; see ``SCORES``.

        A candidate that met nobody scores 0 by ``borda`` and ``labels``, and the average strength
        by ``bradley-terry``.
        """
        match name:
            case "wins":
                return np.asarray(self.points.sum(axis=1) + self.given)
            case "copeland":
                return np.asarray(np.sign(self.points - self.points.T).sum(axis=1))
            case "borda":
                shares = (self.points / np.maximum(self.met, 1)).sum(axis=1)
                return np.asarray(shares / np.maximum((self.met > 0).sum(axis=1), 1))
            case "bradley-terry":
                return strengths(self._evidence)[0]
            case "labels":
                return self._called / np.maximum(self._heard, 1)
        raise ValueError(f"score is one of {', '.join(SCORES)}; got {name!r}")


def buchholz(scores: np.ndarray, met: np.ndarray, unjudged: np.ndarray | None = None) -> np.ndarray:
    """Buchholz: the sum of the scores of the opponents met.

    Parameters
    ----------
    scores : array
        (n,) final scores.
    met : array
        (n, n) how often two met.
    unjudged : array or None
        (n,) rounds without a judged match; each counts as one against an opponent with the
        candidate's own score (FIDE Handbook C.07, article 16.4).
    """
    own = np.zeros(len(scores)) if unjudged is None else unjudged * scores
    return np.asarray(met @ scores + own)


def sonneborn_berger(scores: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Sonneborn-Berger: the scores of the opponents beaten, and half of those drawn with.

    Parameters
    ----------
    scores : array
        (n,) final scores.
    points : array
        (n, n) points that i took off j.
    """
    return np.asarray(points @ scores)


def ranking_by(scores: Sequence[np.ndarray], rng: np.random.Generator) -> tuple[int, ...]:
    """Candidates from best to worst by the first score, then the next; equal ones by lot."""
    lot = rng.random(len(scores[0]))
    # Scores that differ by rounding alone are equal.
    keys = [lot, *(-np.round(score, 9) for score in reversed(scores))]
    return tuple(int(i) for i in np.lexsort(keys))
