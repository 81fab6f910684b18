"""Accuracy and calls of a tournament at one N, replayed over many subsets and brackets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pairjudge_lab.arena import problem_seed
from pairjudge_lab.records import Tournament, UserError
from pairjudge_lab.replay.knockouts import can_compile, replay_knockouts
from pairjudge_lab.replay.recording import Recording, draw_subset, replay
from pairjudge_lab.selectors import correctness
from pairjudge_lab.statistics.intervals import Estimate, mean_interval
from pairjudge_lab.tournaments import Knockout


@dataclass(frozen=True, slots=True)
class ReplayPoint:
    """One tournament at one N.

    ``accuracy`` is over problems, each with the mean of its replicates; its interval says how sure
    the mean over such problems is, and not how much brackets differ. ``per_problem`` holds those
    means in the order of the recordings, for paired comparisons: the same seed gives the same
    subsets to every tournament. ``calls`` is the mean number of calls a problem.
    """

    tournament: str
    n: int
    accuracy: Estimate
    calls: float
    replicates: int
    per_problem: np.ndarray


def replay_point(
    recordings: Sequence[Recording],
    tournament: Tournament,
    n: int,
    *,
    replicates: int = 20,
    seed: int = 0,
) -> ReplayPoint:
    """Replay a tournament ``replicates`` times for each problem, each among n drawn candidates.

    Knockouts whose rules allow it are played compiled, everything else through the generator.

    Raises:
        UserError: when it is not known which candidates are right, when fewer than n were recorded,
            or when a verdict is missing.
    """
    if replicates < 1:
        raise UserError(f"replicates is at least 1, got {replicates}")
    accuracies, calls = [], []
    for recording in recordings:
        if not 1 <= n <= len(recording):
            raise UserError(
                f"problem {recording.pool.problem.id!r}: {len(recording)} candidates were "
                f"recorded, so N = {n} cannot be played; choose N between 1 and {len(recording)}"
            )
        right = np.array(correctness(recording.pool))
        subsets, rng = (
            np.random.default_rng([*problem_seed(seed, recording.pool.problem.id), n, stream])
            for stream in (0, 1)
        )
        if isinstance(tournament, Knockout) and can_compile(tournament):
            chosen, spent = replay_knockouts(
                recording, tournament, n, replicates, subsets=subsets, rng=rng
            )
        else:
            chosen, spent = np.empty(replicates, dtype=np.int64), np.empty(replicates)
            for i in range(replicates):
                subset = draw_subset(len(recording), n, subsets)
                selection = replay(recording, tournament, rng, subset)
                chosen[i], spent[i] = subset[selection.candidate], selection.calls
        accuracies.append(float(right[chosen].mean()))
        calls.append(float(spent.mean()))
    return ReplayPoint(
        tournament.name,
        n,
        mean_interval(accuracies),
        float(np.mean(calls)),
        replicates,
        np.array(accuracies),
    )
