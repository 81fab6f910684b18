"""What every selector of a curve picks: names to plans, and their accuracy on one problem."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from difflib import get_close_matches
from os import cpu_count
from typing import Any, TypeVar

import numpy as np

from pairjudge_lab.arena import problem_seed
from pairjudge_lab.records import Tournament, UserError
from pairjudge_lab.replay.many import replay_many
from pairjudge_lab.replay.recording import Recording
from pairjudge_lab.replay.subsets import draw_subsets
from pairjudge_lab.replay.voting import (
    best_mean_verdict,
    borda_votes,
    need_scores,
    weighted_votes,
)
from pairjudge_lab.selectors import (
    BORDA_POWER,
    certainties,
    check_power,
    correctness,
    likelihoods,
)
from pairjudge_lab.statistics.scaling import best_score_at_k, majority_at_k, pass_at_k
from pairjudge_lab.tournaments import TOURNAMENTS, tournament
from pairjudge_lab.verdicts.kinds import check_tournament, need_labels

UNJUDGED = {
    "pass": "a right candidate whenever there is one (pass@k), in closed form",
    "random": "a candidate drawn at random",
    "majority": "the largest answer group, in closed form; ties shared",
    "weighted-majority": "the answer group with the largest sum of scores; ties shared",
    "best-score": "the highest score, in closed form; ties shared",
    "likelihood": "the highest mean log-probability of its tokens, in closed form; ties shared",
    "self-certainty": "the highest self-certainty, in closed form; ties shared",
    "self-certainty-borda": "the answer group with the largest Borda vote by self-certainty; ties "
    "shared",
}
"""Selectors that ask no judge."""

BORDA = "self-certainty-borda"
MEAN_VERDICT = "mean-verdict"

Plan = str | Tournament


def plan_named(name: str, **rules: Any) -> Plan:
    """The selector of that name.

    Parameters
    ----------
    name : str
        One of ``UNJUDGED``, ``mean-verdict``, or a tournament, which may carry an order policy
        after a colon: ``knockout:both``. ``self-certainty-borda`` may carry the power of its votes:
        ``self-certainty-borda:1.2``.
    rules
        Fields of ``Rules`` for a tournament; an order policy in the name goes before.

    Raises
    ------
    UserError
        When there is none; the message lists those there are.
    """
    if name in UNJUDGED or name == MEAN_VERDICT:
        return name
    base, _, order = name.partition(":")
    if base == BORDA:
        power_of(name)
        return name
    if base not in TOURNAMENTS:
        offered = [*UNJUDGED, MEAN_VERDICT, *TOURNAMENTS]
        near = get_close_matches(base, offered, n=3)
        raise UserError(
            f"no selector named {name!r}"
            + (f"; near: {', '.join(near)}" if near else "")
            + f"; there are: {', '.join(offered)}"
        )
    return tournament(base, **{**rules, **({"order": order} if order else {})})


def power_of(name: str) -> float:
    """The power of the votes of a ``self-certainty-borda``.

    Raises
    ------
    UserError
        When it is not a number from 0 to 20.
    """
    given = name.partition(":")[2]
    try:
        power = float(given) if given else BORDA_POWER
    except ValueError:
        raise UserError(f"{name!r}: after the colon stands the power of the votes") from None
    check_power(power)
    return power


def votes_by_answer(plan: Plan) -> bool:
    """Whether a selector needs final answers."""
    return plan in ("majority", "weighted-majority") or (
        isinstance(plan, str) and plan.startswith(BORDA)
    )


def check_plan(name: str, plan: Plan, recording: Recording) -> None:
    """See that a selector can be played on verdicts of the kind that were recorded.

    Raises
    ------
    UserError
        When it needs labels and they are preferences.
    """
    if plan == MEAN_VERDICT:
        need_labels(recording.kind, f"the selector {name!r}")
    elif not isinstance(plan, str):
        check_tournament(plan, recording.kind)


Out = TypeVar("Out")


def each_problem(work: Callable[[Recording], Out], recordings: Sequence[Recording]) -> list[Out]:
    """``work`` of every problem, on all cores: compiled replays run side by side. Each problem
    draws from a generator of its own, so nothing depends on which is first."""
    with ThreadPoolExecutor(cpu_count() or 1) as pool:
        return list(pool.map(work, recordings))


def values(
    name: str, plan: Plan, recording: Recording, n: int, count: int, seed: int
) -> tuple[np.ndarray, float]:
    """The accuracy of each subset (one value where it is exact), and the mean calls."""
    pool = recording.pool
    right = np.array(correctness(pool), dtype=float)
    size = len(pool)
    if plan == "pass":
        return np.array([pass_at_k(size, int(right.sum()), n)]), 0.0
    if plan == "random":
        return np.array([right.mean()]), 0.0
    groups = [
        None if candidate.answer is None else pool.group_of(i)
        for i, candidate in enumerate(pool.candidates)
    ]
    if plan == "majority":
        return np.array([majority_at_k(groups, right.tolist(), n)]), 0.0
    if plan == "best-score":
        return np.array([best_score_at_k(need_scores(recording), right.tolist(), n)]), 0.0
    if plan == "likelihood":
        return np.array([best_score_at_k(likelihoods(pool), right.tolist(), n)]), 0.0
    if plan == "self-certainty":
        return np.array([best_score_at_k(certainties(pool), right.tolist(), n)]), 0.0
    streams = [
        np.random.default_rng([*problem_seed(seed, pool.problem.id), n, stream])
        for stream in (0, 1)
    ]
    if plan == "weighted-majority":
        drawn = draw_subsets(size, n, 1 if n == size else count, streams[0])
        return weighted_votes(groups, need_scores(recording), right, drawn), 0.0
    if isinstance(plan, str) and plan.startswith(BORDA):
        drawn = draw_subsets(size, n, 1 if n == size else count, streams[0])
        return borda_votes(groups, certainties(pool), right, drawn, power_of(plan)), 0.0
    if not len(recording.codes):
        raise UserError(
            f"the selector {name!r} needs a judge's verdicts, and none were given: give "
            "VERDICTS, or only selectors that need none, such as --selectors pass,majority"
        )
    if plan == MEAN_VERDICT:
        drawn = draw_subsets(size, n, 1 if n == size else count, streams[0])
        return best_mean_verdict(recording, drawn, right), float(n * (n - 1))
    assert not isinstance(plan, str)
    drawn = draw_subsets(size, n, count, streams[0])
    played = replay_many(recording, plan, drawn, streams[1])
    return right[played.chosen], float(played.calls.mean())
