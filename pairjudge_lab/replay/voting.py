"""Selectors that need no tournament, over many subsets of one pool at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.replay.recording import Recording
from pairjudge_lab.verdicts.codes import FIRST, MISSING, SECOND, TIE, UNREAD
from pairjudge_lab.verdicts.kinds import need_labels


def weighted_votes(
    groups: Sequence[int | None], weights: Sequence[float], right: np.ndarray, subsets: np.ndarray
) -> np.ndarray:
    """(count,) the chance that the group with the largest sum of weights is right; ties are shared.

    Parameters
    ----------
    groups : sequence of int or None
        Each candidate's answer group; None has no vote, and where nobody has one anybody is taken.
    weights, right
        One a candidate.
    subsets : array
        (count, n) places.
    """
    inside = membership(subsets, len(groups))
    return _votes(groups, inside * np.asarray(weights, dtype=float), right, inside)


def borda_votes(
    groups: Sequence[int | None],
    certainties: Sequence[float],
    right: np.ndarray,
    subsets: np.ndarray,
    p: float,
) -> np.ndarray:
    """(count,) the chance that the group with the largest Borda vote is right; ties are shared.

    See ``selectors.certainty_borda``: ranks are those within each subset.

    Parameters
    ----------
    groups : sequence of int or None
        As for ``weighted_votes``.
    certainties, right
        One a candidate.
    subsets : array
        (count, n) places.
    p : float
        The power of the votes.
    """
    sure = np.asarray(certainties, dtype=float)
    inside = membership(subsets, len(groups))
    # Of each candidate in each subset, how many are less sure, and how many as sure as it.
    below = (inside @ (sure[:, None] < sure)).astype(int)
    equal = (inside @ (sure[:, None] == sure)).astype(int)
    n = subsets.shape[1]
    sums = np.concatenate([[0.0], np.cumsum((np.arange(1, n + 1) / n) ** p)])
    weights = (sums[below + equal] - sums[below]) / np.maximum(equal, 1)
    return _votes(groups, inside * weights, right, inside)


def _votes(
    groups: Sequence[int | None], weights: np.ndarray, right: np.ndarray, inside: np.ndarray
) -> np.ndarray:
    """(count,) from what each candidate's vote weighs in each subset, (count, M), zero outside."""
    names = {group: i for i, group in enumerate(dict.fromkeys(t for t in groups if t is not None))}
    votes = np.zeros((len(groups), max(1, len(names))))
    for i, group in enumerate(groups):
        if group is not None:
            votes[i, names[group]] = 1.0
    counts = inside @ votes
    sums = weights @ votes
    hits = inside @ (votes * right[:, None])
    sums[counts == 0] = -np.inf
    best = (sums >= sums.max(axis=1, keepdims=True) - 1e-9) & (counts > 0)
    shares = np.divide(hits, counts, out=np.zeros_like(hits), where=counts > 0)
    voted = best.any(axis=1)
    out = (inside @ right) / inside.sum(axis=1)
    out[voted] = (shares * best).sum(axis=1)[voted] / best.sum(axis=1)[voted]
    return np.asarray(out)


def best_mean_verdict(recording: Recording, subsets: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(count,) the chance that the candidate most often called correct is right; ties are shared.

    Each candidate's score is the share of the verdicts that call it correct, over both orders of
    its matches with the others of the subset; unread verdicts are left out, and who has no
    other scores nothing.

    Raises
    ------
    UserError
        When one of the verdicts was not recorded, or they are preferences.
    """
    need_labels(recording.kind, "the selector mean-verdict")
    codes = recording.codes[0]
    size = len(codes)
    off = ~np.eye(size, dtype=bool)
    if (codes[off] == MISSING).any():
        a, b = np.argwhere((codes == MISSING) & off)[0]
        raise recording.missing(int(a), int(b), 0)
    read = (codes != UNREAD) & off
    # Of i, over matches with j: called correct when shown first, and when shown second.
    called = ((codes == TIE) | (codes == FIRST)) & off
    called_second = (((codes == TIE) | (codes == SECOND)) & off).T
    inside = membership(subsets, size)
    hits = inside @ (called.astype(float) + called_second).T
    heard = inside @ (read.astype(float) + read.T).T
    score = np.divide(hits, heard, out=np.zeros_like(hits), where=heard > 0)
    score[inside == 0] = -1.0
    best = score >= score.max(axis=1, keepdims=True) - 1e-12
    return np.asarray((best * right).sum(axis=1) / best.sum(axis=1))


def membership(subsets: np.ndarray, size: int) -> np.ndarray:
    """(count, size) 1 where a candidate is in the subset."""
    out = np.zeros((len(subsets), size))
    np.put_along_axis(out, subsets.astype(np.int64), 1.0, axis=1)
    return out


def need_scores(recording: Recording) -> list[float]:
    """Every candidate's score.

    Raises
    ------
    UserError
        When one has none.
    """
    scores = [c.score for c in recording.pool.candidates if c.score is not None]
    if len(scores) < len(recording.pool):
        raise UserError(
            f"problem {recording.pool.problem.id!r}: this selector needs a 'score' for every "
            "candidate"
        )
    return scores
