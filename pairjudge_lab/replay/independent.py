"""The same study with matches that are independent: what a knockout would reach if the judge did
not err on the same candidates each time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.replay.curves import curve
from pairjudge_lab.replay.recording import Recording
from pairjudge_lab.replay.structure import problem_structure
from pairjudge_lab.selectors import correctness
from pairjudge_lab.verdicts.codes import FIRST, SECOND


def independent_matches(
    recordings: Sequence[Recording], rng: np.random.Generator
) -> list[Recording]:
    """The recordings with every verdict drawn apart from all others.

    Pools and answer groups stay. A match of a right and a wrong candidate goes to the right one
    with the chance measured in that problem; any other match goes either way.
    """
    chances = problem_structure(recordings)["p_comp"].fillna(0.5).to_numpy()
    out = []
    for recording, chance in zip(recordings, chances, strict=True):
        right = np.array(correctness(recording.pool), dtype=float)
        edge = right[:, None] - right[None, :]
        first = rng.random(recording.codes.shape) < 0.5 + edge * (chance - 0.5)
        out.append(replace(recording, codes=np.where(first, FIRST, SECOND).astype(np.int8)))
    return out


def independent_curve(
    recordings: Sequence[Recording],
    sizes: Sequence[int],
    *,
    tournament: str = "knockout",
    draws: int = 5,
    subsets: int = 100,
    seed: int = 0,
) -> list[tuple[int, float]]:
    """A tournament's accuracy at each N were its matches independent, by simulation.

    It plays the brackets of ``curve`` with this seed on the same candidates and answer groups, so
    that what remains of a difference to the measured curve comes from how verdicts hang together.
    The closed recursion (``structure.predicted_knockout``) does not: it knows neither answer groups
    nor that candidates are drawn without replacement.

    Parameters
    ----------
    recordings, sizes, subsets, seed
        As for ``curve``.
    tournament : str
        Which.
    draws : int
        How many times all verdicts are drawn.

    Raises
    ------
    UserError
        For fewer than one draw, or whatever ``curve`` raises.
    """
    if draws < 1:
        raise UserError(f"draws is at least 1, got {draws}")
    rng = np.random.default_rng([seed, draws])
    found: dict[int, list[float]] = {}
    for _ in range(draws):
        drawn = independent_matches(recordings, rng)
        for point in curve(drawn, [tournament], sizes, subsets=subsets, seed=seed).points:
            found.setdefault(point.n, []).append(point.accuracy.estimate)
    return [(n, float(np.mean(values))) for n, values in found.items()]
