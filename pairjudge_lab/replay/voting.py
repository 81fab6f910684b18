"""Selectors that need no tournament, over many subsets of one pool at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.replay.recording import Recording
from pairjudge_lab.verdicts.codes import FIRST, MISSING, SECOND, TIE, UNREAD
from pairjudge_lab.verdicts.kinds import need_labels


def weighted_votes(
    teams: Sequence[int | None], weights: Sequence[float], right: np.ndarray, subsets: np.ndarray
) -> np.ndarray:
    """(count,) the chance that the team with the largest sum of weights is right; ties are shared.

    Args:
        teams: each candidate's team; None has no vote, and where nobody has one anybody is taken.
        weights, right: one a candidate.
        subsets: (count, n) places.
    """
    names = {team: i for i, team in enumerate(dict.fromkeys(t for t in teams if t is not None))}
    votes = np.zeros((len(teams), max(1, len(names))))
    for i, team in enumerate(teams):
        if team is not None:
            votes[i, names[team]] = 1.0
    inside = membership(subsets, len(teams))
    counts = inside @ votes
    sums = inside @ (votes * np.asarray(weights, dtype=float)[:, None])
    hits = inside @ (votes * right[:, None])
    sums[counts == 0] = -np.inf
    best = (sums >= sums.max(axis=1, keepdims=True) - 1e-9) & (counts > 0)
    shares = np.divide(hits, counts, out=np.zeros_like(hits), where=counts > 0)
    voted = best.any(axis=1)
    out = (inside @ right) / subsets.shape[1]
    out[voted] = (shares * best).sum(axis=1)[voted] / best.sum(axis=1)[voted]
    return np.asarray(out)


def best_mean_verdict(recording: Recording, subsets: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(count,) the chance that the candidate most often called correct is right; ties are shared.

    Each candidate's score is the share of the verdicts that call it correct, over both orders of
    its matches with the others of the subset; what could not be read is left out, and who has no
    readable verdict scores nothing.

    Raises:
        UserError: when one of the verdicts was not recorded, or they are preferences.
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

    Raises:
        UserError: when one has none.
    """
    scores = [c.score for c in recording.pool.candidates if c.score is not None]
    if len(scores) < len(recording.pool):
        raise UserError(
            f"problem {recording.pool.problem.id!r}: this selector needs a 'score' for every "
            "candidate"
        )
    return scores
