"""Recorded verdicts with one effect taken out.

Where only verdicts are known, a margin is drawn that agrees with each of them: from the fitted
logistic distribution, cut to the side on which the verdict lies. The effect is subtracted from that
margin, and the verdict is read again. A verdict with a wide margin stays as it was.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pairjudge_lab.price.margins import TERMS, Matches
from pairjudge_lab.replay import Recording
from pairjudge_lab.verdicts.codes import FIRST, NEITHER, SECOND, TIE, UNREAD

FITTED = ("position", "length")
"""Effects that are taken out by their fitted coefficient."""


def without_fitted(
    recordings: Sequence[Recording],
    matches: Matches,
    theta: np.ndarray,
    effect: str | None,
    chances: np.ndarray,
) -> list[Recording]:
    """The recordings with the effect subtracted from every margin; None subtracts nothing.

    Parameters
    ----------
    theta : array
        The coefficients.
    chances : array
        (rows,) numbers between 0 and 1 that decide what is left open: the same numbers give the
        same margins, so two coefficients can be compared.
    """
    term = None if effect is None else TERMS.index(effect)
    shift = 0.0 if term is None else matches.features[:, term] * theta[term]
    if matches.margin is not None:
        margin, threshold = matches.margin - shift, 0.0
    else:
        margin, threshold = _drawn(matches, theta, chances) - shift, float(theta[-1])
    side = np.where(margin > threshold, 1, np.where(margin < -threshold, -1, 0))
    out = []
    for number, recording in enumerate(recordings):
        mine = matches.problem == number
        r, i, j = matches.place[mine].T
        codes = recording.codes.copy()
        before = codes[r, i, j]
        # What was neither stays that; who newly comes between the thresholds is tied.
        middle = np.where(np.isin(before, (TIE, NEITHER)), before, TIE)
        codes[r, i, j] = np.where(
            side[mine] == 1, FIRST, np.where(side[mine] == -1, SECOND, middle)
        )
        out.append(Recording(recording.pool, codes, recording.kind))
    return out


def _drawn(matches: Matches, theta: np.ndarray, chances: np.ndarray) -> np.ndarray:
    from scipy.special import expit, logit

    eta, t, side = matches.features @ theta[:3], theta[-1], matches.side
    low = np.where(side == 1, t, np.where(side == 0, -t, -np.inf))
    high = np.where(side == -1, -t, np.where(side == 0, t, np.inf))
    below, above = expit(low - eta), expit(high - eta)
    part = np.clip(below + chances * (above - below), 1e-12, 1 - 1e-12)
    return np.asarray(np.clip(eta + logit(part), low, high))


def pooled(recordings: Sequence[Recording]) -> list[Recording]:
    """The recordings with the repetitions of each ordered pair pooled by majority.

    As many for the first as for the second is a tie; verdicts that could not be read have no vote.
    """
    out = []
    for recording in recordings:
        codes = recording.codes
        votes = (codes == FIRST).sum(axis=0) - (codes == SECOND).sum(axis=0)
        ties, neither = ((codes == code).sum(axis=0) for code in (TIE, NEITHER))
        joined = np.where(votes > 0, FIRST, np.where(votes < 0, SECOND, TIE)).astype(codes.dtype)
        joined[(votes == 0) & (neither > ties)] = NEITHER
        joined[(codes == UNREAD).all(axis=0)] = UNREAD
        # Not recorded in every repetition: not recorded.
        some = (codes > UNREAD).any(axis=0)
        joined[some] = codes.max(axis=0)[some]
        out.append(Recording(recording.pool, joined[None], recording.kind))
    return out
