"""A tournament replayed on many subsets of one pool: compiled where it can be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from pairjudge_lab.records import Tournament
from pairjudge_lab.replay.compiled.adaptive import (
    NOT_CONVERGED,
    Terms,
    new_groups,
    play_adaptives,
)
from pairjudge_lab.replay.compiled.blossoms import new_search
from pairjudge_lab.replay.compiled.caps import play_caps
from pairjudge_lab.replay.compiled.drawing import new_round
from pairjudge_lab.replay.compiled.elimination import play_double_eliminations, play_ladders
from pairjudge_lab.replay.compiled.knockout import BY_SIZE, BY_STRENGTH, play_knockouts
from pairjudge_lab.replay.compiled.points import SCORES, new_points, play_pivots, play_round_robins
from pairjudge_lab.replay.compiled.posterior import new_draws
from pairjudge_lab.replay.compiled.rates import Settings, new_rates
from pairjudge_lab.replay.compiled.rules import accounts, rule_codes, table_of
from pairjudge_lab.replay.compiled.swiss import play_swiss
from pairjudge_lab.replay.compiled.uncertainty import play_uncertainty_swiss
from pairjudge_lab.replay.recording import Recording, check_replay, replay
from pairjudge_lab.replay.voting import need_scores
from pairjudge_lab.tournaments import (
    Adaptive,
    Caps,
    DoubleElimination,
    Knockout,
    Ladder,
    Pivot,
    RoundRobin,
    Swiss,
    UncertaintySwiss,
)
from pairjudge_lab.tournaments.round_robin import berger_rounds
from pairjudge_lab.tournaments.seeding import bracket_seats
from pairjudge_lab.tournaments.swiss import tie_breaks


class Replays(NamedTuple):
    """What came of each subset.

    Attributes
    ----------
    chosen : array
        (count,) the candidate selected, as its place in the recorded pool.
    calls : array
        (count,) the judge calls that it took.
    compiled : bool
        Whether compiled code played; without it the tournament's own generator did, some hundred
        times slower.
    """

    chosen: np.ndarray
    calls: np.ndarray
    compiled: bool


def can_compile(tournament: Tournament) -> bool:
    """Whether there is compiled code for this tournament; it knows every rule."""
    return type(tournament) in _COMPILED


def replay_many(
    recording: Recording, tournament: Tournament, subsets: np.ndarray, rng: np.random.Generator
) -> Replays:
    """Play a tournament among each subset of the candidates, one after the other.

    Each makes the draws that ``replay(recording, tournament, rng, subset)`` would, and selects the
    same candidate.

    Parameters
    ----------
    subsets : array
        (count, n) places in the recorded pool, see ``draw_subsets``.

    Raises
    ------
    UserError
        See ``replay``.
    """
    check_replay(recording, tournament)
    count = len(subsets)
    chosen, calls = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    compiled = _COMPILED.get(type(tournament))
    if compiled is None:
        for i, subset in enumerate(subsets.tolist()):
            selection = replay(recording, tournament, rng, subset)
            chosen[i], calls[i] = subset[selection.candidate], selection.calls
        return Replays(chosen, calls, False)
    at = _play(compiled, recording, tournament, subsets, rng, chosen, calls)
    if at == NOT_CONVERGED:
        raise RuntimeError("Bradley-Terry strengths did not converge in 100 steps")
    if at >= 0:
        size = len(recording)
        raise recording.missing(at // size % size, at % size, at // size**2)
    return Replays(chosen, calls, True)


class Compiled(NamedTuple):
    """How compiled code plays a tournament.

    Attributes
    ----------
    kernel : callable
        Plays one tournament a line of the subsets.
    more : callable
        What the kernel takes beyond what all of them do, for a recording, a tournament and n
        players.
    meets_again : bool
        Whether the same two can meet more than once.
    limited : bool
        Whether the generator stops at the tournament's ``calls(n)``.
    by_labels : bool
        Whether it asks how often each candidate was called correct; else nobody counts.
    """

    kernel: Callable[..., int]
    more: Callable[[Recording, Any, int], tuple[Any, ...]]
    meets_again: bool
    limited: bool
    by_labels: bool = False


def _play(
    compiled: Compiled,
    recording: Recording,
    kind: Any,
    subsets: np.ndarray,
    rng: np.random.Generator,
    chosen: np.ndarray,
    calls: np.ndarray,
) -> int:
    """Play on all subsets; the place of a missing verdict, ``NOT_CONVERGED``, or -1."""
    n = subsets.shape[1]
    limit = kind.calls(n) if compiled.limited else None
    codes = rule_codes(kind.rules, limit, recording, meets_again=compiled.meets_again)
    if not compiled.by_labels:
        codes = codes._replace(labels=0)
    return int(
        compiled.kernel(
            table_of(recording),
            codes,
            accounts(n, n, codes),
            new_round(n, len(recording)),
            *compiled.more(recording, kind, n),
            np.ascontiguousarray(subsets, dtype=np.int32),
            rng,
            chosen,
            calls,
        )
    )


def _knockout(recording: Recording, kind: Knockout, n: int) -> tuple[Any, ...]:
    seeding = {None: 0, "majority": BY_SIZE, "score": BY_STRENGTH}[kind.seeding]
    scores = need_scores(recording) if seeding == BY_STRENGTH else []
    seats = bracket_seats(n) if seeding else []
    return seeding, np.array(scores, dtype=float), np.array(seats, dtype=np.int64)


def _round_robin(recording: Recording, kind: RoundRobin, n: int) -> tuple[Any, ...]:
    table = berger_rounds(n)
    rounds = np.array(table, dtype=np.int64).reshape(len(table), n // 2, 2)
    return new_points(n), SCORES[kind.score], rounds


def _swiss(recording: Recording, kind: Swiss, n: int) -> tuple[Any, ...]:
    return new_points(n), new_search(n), tie_breaks(n - n % 2), kind.most_rounds(n)


def _adaptive(recording: Recording, kind: Adaptive, n: int) -> tuple[Any, ...]:
    terms = Terms(
        kind.coverage,
        float(kind.confidence),
        -1.0 if kind.ceiling is None else float(kind.ceiling),
        1 if kind.rules.order == "both" else 2,
        kind.rules.most_calls_a_match,
    )
    return new_points(n), new_groups(n), new_draws(n), terms


def _uncertainty_swiss(_: Recording, kind: UncertaintySwiss, n: int) -> tuple[Any, ...]:
    return new_rates(n), Settings(kind.coverage, kind.window, float(kind.floor))


def _caps(_: Recording, kind: Caps, n: int) -> tuple[Any, ...]:
    settings = Settings(kind.coverage, kind.window, float(kind.floor))
    return new_rates(n), new_rates(n), settings, float(kind.close)


_COMPILED: dict[type, Compiled] = {
    Adaptive: Compiled(play_adaptives, _adaptive, meets_again=True, limited=False, by_labels=True),
    Knockout: Compiled(play_knockouts, _knockout, meets_again=False, limited=True),
    Ladder: Compiled(play_ladders, lambda *_: (), meets_again=False, limited=True),
    DoubleElimination: Compiled(
        play_double_eliminations,
        lambda _, kind, n: (kind.reset,),
        meets_again=True,
        limited=True,
    ),
    RoundRobin: Compiled(
        play_round_robins, _round_robin, meets_again=False, limited=False, by_labels=True
    ),
    Pivot: Compiled(
        play_pivots,
        lambda _, kind, n: (new_points(n), kind.pivots),
        meets_again=False,
        limited=False,
        by_labels=True,
    ),
    Swiss: Compiled(play_swiss, _swiss, meets_again=True, limited=False),
    UncertaintySwiss: Compiled(
        play_uncertainty_swiss, _uncertainty_swiss, meets_again=True, limited=True
    ),
    Caps: Compiled(play_caps, _caps, meets_again=True, limited=True),
}
