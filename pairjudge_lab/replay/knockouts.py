"""Knockouts on recorded verdicts, compiled: the same draws, the same winners.

The loop below is ``Knockout.play`` for one recorded table, written for numba. Everything that play
leaves to chance is made of ``rng.random()`` (see ``tournaments/lots.py``), so both make the same
choices in the same order, and the tests hold them to the same selections exactly.
"""

from __future__ import annotations

import numpy as np

from pairjudge_lab.compiling import njit
from pairjudge_lab.records import UserError, VerdictKind
from pairjudge_lab.replay.recording import Recording
from pairjudge_lab.tournaments import Knockout
from pairjudge_lab.verdicts.codes import FIRST, MISSING, NEITHER, SECOND, TIE, UNREAD

_ORDERS = {"drawn": 0, "random": 1, "balanced": 2, "both": 3}
_X, _Y, _TIE, _OUT = range(4)


def can_compile(knockout: Knockout) -> bool:
    """Whether the compiled replay knows these rules: one vote, nothing judged again or kept, and
    no seeded bracket."""
    rules = knockout.rules
    return knockout.seeding is None and rules.votes == 1 and rules.unread in ("tie", "neither")


def replay_knockouts(
    recording: Recording,
    knockout: Knockout,
    subsets: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Play one knockout among each subset of the candidates, one after the other.

    Each makes the draws that ``replay(recording, knockout, rng, subset)`` would.

    Args:
        subsets: (count, n) places in the recorded pool, see ``draw_subsets``.

    Returns:
        (count,) the candidate selected, as its place in the recorded pool, and (count,) the calls.

    Raises:
        UserError: for rules that it does not know (see ``can_compile``), or a verdict that was not
            recorded.
    """
    if not can_compile(knockout):
        raise UserError(
            "the compiled replay plays knockouts with one vote, without seeding, and with the "
            "rules tie or neither for unreadable verdicts; use replay() for others"
        )
    count, n = subsets.shape
    rules = knockout.rules
    teams = np.unique(
        [recording.pool.team_of(c) for c in range(len(recording))], return_inverse=True
    )[1].astype(np.int64)
    single = rules.order != "both"
    neither = _OUT if rules.neither == "out" else _TIE
    # What each recorded word counts for, by the rules: _FIRST and _SECOND stay as they are.
    unread = neither if rules.unread == "neither" else _TIE
    limit = knockout.calls(n) if rules.budget is None else min(rules.budget, knockout.calls(n))
    chosen = np.empty(count, dtype=np.int64)
    calls = np.empty(count, dtype=np.int64)
    at = _play(
        np.ascontiguousarray(recording.codes[0]),
        teams,
        np.ascontiguousarray(subsets, dtype=np.int32),
        _ORDERS[rules.order],
        single and rules.both_correct == "first" and recording.kind is VerdictKind.LABELS,
        neither,
        unread,
        limit,
        rng,
        chosen,
        calls,
    )
    if at >= 0:
        raise recording.missing(at // len(recording), at % len(recording), 0)
    return chosen, calls


@njit(cache=True, nogil=True)
def _claim(slots: int, streak: int) -> float:
    """``Referee.claim``."""
    must = 0
    if abs(streak) >= 2:
        must = -1 if streak > 0 else 1
    elif abs(slots) >= 2:
        must = -1 if slots > 0 else 1
    last = 1 if streak > 0 else (-1 if streak < 0 else 0)
    claim: float = 10 * must - 2 * slots - 0.5 * last
    return claim


@njit(cache=True, nogil=True)
def _play(
    codes: np.ndarray,
    teams: np.ndarray,
    subsets: np.ndarray,
    order: int,
    first_wins: bool,
    neither: int,
    unread: int,
    limit: int,
    rng: np.random.Generator,
    chosen: np.ndarray,
    calls_out: np.ndarray,
) -> int:
    """Fill ``chosen`` and ``calls_out``; -1, or the place of a verdict that was not recorded."""
    size, n = len(teams), subsets.shape[1]
    room = np.zeros((10, size), dtype=np.int64)
    alive, row, ordered, left = room[0], room[1], room[2], room[3]
    first_seen, start, result = room[4], room[5], room[6]
    wins, slots, streak = room[7], room[8], room[9]
    cost = 2 if order == 3 else 1
    for number in range(len(chosen)):
        for i in range(n):
            alive[i] = subsets[number, i]
        wins[:] = 0
        if order == 2:
            slots[:] = 0
            streak[:] = 0
        count, calls = n, 0
        spent = False
        while not spent:
            one_team = True
            for i in range(1, count):
                if teams[alive[i]] != teams[alive[0]]:
                    one_team = False
                    break
            if one_team:
                break
            # draw_round: shuffle, the last of an odd number sits out, teams side by side.
            for i in range(count):
                row[i] = alive[i]
            for last in range(count - 1, 0, -1):
                j = int(rng.random() * (last + 1))
                row[last], row[j] = row[j], row[last]
            playing = count - count % 2
            _group(row, teams, playing, first_seen, start, ordered)
            half = playing // 2
            # Referee.settle: what is shown, then what is heard.
            asked = 0
            for i in range(half):
                x, y = ordered[i], ordered[i + half]
                if teams[x] == teams[y]:
                    result[i] = -1
                    continue
                if spent or calls + asked + cost > limit:
                    spent = True
                    result[i] = -2
                    continue
                asked += cost
                swap = False
                if order == 1:
                    swap = int(rng.random() * 2) == 0
                elif order == 2:
                    lead = _claim(slots[y], streak[y]) - _claim(slots[x], streak[x])
                    swap = lead > 0 or (lead == 0 and int(rng.random() * 2) == 0)
                a, b = (y, x) if swap else (x, y)
                if order == 2:
                    slots[a] += 1
                    slots[b] -= 1
                    streak[a] = streak[a] + 1 if streak[a] > 0 else 1
                    streak[b] = streak[b] - 1 if streak[b] < 0 else -1
                code = codes[a, b]
                if code == MISSING:
                    return int(a * size + b)
                if order == 3:
                    other = codes[b, a]
                    if other == MISSING:
                        return int(b * size + a)
                    if other == FIRST:
                        other = SECOND
                    elif other == SECOND:
                        other = FIRST
                    if code != other:
                        # One order alone decides nothing; orders that disagree are a tie.
                        split = code != UNREAD and other != UNREAD
                        result[i] = _TIE if split else unread
                        continue
                if code == TIE and first_wins:
                    code = FIRST
                if code == FIRST:
                    result[i] = _X if a == x else _Y
                elif code == SECOND:
                    result[i] = _Y if a == x else _X
                elif code == NEITHER:
                    result[i] = neither
                elif code == UNREAD:
                    result[i] = unread
                else:
                    result[i] = _TIE
            calls += asked
            # Referee.advance.
            going = 0
            for i in range(half):
                x, y = ordered[i], ordered[i + half]
                said = result[i]
                if said == -2:
                    left[going] = x
                    left[going + 1] = y
                    going += 2
                    continue
                if said == _OUT:
                    continue
                if said == _X:
                    winner = x
                elif said == _Y:
                    winner = y
                else:
                    winner = x if int(rng.random() * 2) == 0 else y
                if said != -1:
                    wins[winner] += 1
                left[going] = winner
                going += 1
            if count % 2:
                left[going] = row[count - 1]
                going += 1
            if going == 0:
                break
            count = going
            for i in range(count):
                alive[i] = left[i]
        if spent:
            most = -1
            for i in range(count):
                most = max(most, wins[alive[i]])
            going = 0
            for i in range(count):
                if wins[alive[i]] == most:
                    alive[going] = alive[i]
                    going += 1
            count = going
        chosen[number] = alive[int(rng.random() * count)]
        calls_out[number] = calls
    return -1


@njit(cache=True, nogil=True)
def _group(
    row: np.ndarray,
    teams: np.ndarray,
    count: int,
    first_seen: np.ndarray,
    start: np.ndarray,
    ordered: np.ndarray,
) -> None:
    """Sort by team in the order of first appearance, keeping the order within each team."""
    seen = 0
    first_seen[:] = -1
    for i in range(count):
        team = teams[row[i]]
        if first_seen[team] < 0:
            first_seen[team] = seen
            start[seen] = 0
            seen += 1
        start[first_seen[team]] += 1
    if seen == count:
        for i in range(count):
            ordered[i] = row[i]
        return
    total = 0
    for place in range(seen):
        total, start[place] = total + start[place], total
    for i in range(count):
        place = first_seen[teams[row[i]]]
        ordered[start[place]] = row[i]
        start[place] += 1
