"""The adaptive tournament, compiled: ``Adaptive.play`` on a recorded table."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pairjudge_lab.replay.compiled.drawing import Round, shuffle
from pairjudge_lab.replay.compiled.points import Points, clear
from pairjudge_lab.replay.compiled.posterior import Draws, draw_normal, favourite, sample
from pairjudge_lab.replay.compiled.referee import BOTH, NONE, counted, settle, start
from pairjudge_lab.replay.compiled.rules import (
    KEPT,
    OUT,
    TIED,
    WON_X,
    WON_Y,
    Accounts,
    RuleCodes,
    Table,
    kernel,
    leaf,
    limited,
    part,
)
from pairjudge_lab.replay.compiled.strengths import Fit, newton

NOT_CONVERGED = -2


class Terms(NamedTuple):
    """An ``Adaptive``'s own settings.

    Attributes:
        coverage: pairings that every team plays first.
        confidence: the share of draws in which one team must be best.
        ceiling: a share of a round-robin's matches, below 0 where there is none.
        meetings: how often the same two may meet.
        most: calls that a match can take when nothing can be read.
    """

    coverage: int
    confidence: float
    ceiling: float
    meetings: int
    most: int


class Teams(NamedTuple):
    """The teams of one play, in the order in which they were drawn.

    Attributes:
        of: (n,) each player's team.
        members: (n,) the players, team by team; ``begin`` (n + 1,) where each team begins.
        played: (n,) pairings of each team.
        sent: (n,) pairings of each player.
        met: (n, n) how often two players have met.
        between: (n, n) how often players of two teams have.
    """

    of: np.ndarray
    members: np.ndarray
    begin: np.ndarray
    played: np.ndarray
    sent: np.ndarray
    met: np.ndarray
    between: np.ndarray


def new_teams(n: int) -> Teams:
    """Room for n players."""
    lines = np.zeros((5, n + 1), dtype=np.int64)
    met = np.zeros((2, n, n), dtype=np.int64)
    return Teams(lines[0, :n], lines[1, :n], lines[2], lines[3, :n], lines[4, :n], met[0], met[1])


@kernel
def play_adaptives(
    table: Table,
    rules: RuleCodes,
    accounts: Accounts,
    room: Round,
    points: Points,
    teams: Teams,
    draws: Draws,
    terms: Terms,
    subsets: np.ndarray,
    rng: np.random.Generator,
    chosen: np.ndarray,
    calls: np.ndarray,
) -> int:
    """One adaptive tournament a line of ``subsets``; see ``play_knockouts``.

    Returns:
        The place of a verdict that was not recorded, ``NOT_CONVERGED``, or -1.
    """
    fit = points.fit
    for number in range(len(chosen)):
        start(accounts, table, subsets[number], rules)
        clear(accounts, points)
        fit.theta[:] = 0
        fit.count[0] = 0
        count, apart = _form(accounts, room, teams, rng)
        own_rules = limited(rules, min(rules.limit, _most(terms, count, apart)))
        spent = False
        while count > 1 and not spent and _least(teams, count) < terms.coverage:
            pairs = _cover(room, teams, count, terms, rng)
            if pairs < 0:
                break
            spent = _meet(accounts, table, own_rules, room, points, teams, pairs, rng)
            if accounts.calls[1] >= 0:
                return int(accounts.calls[1])
        asking = count > 1 and not spent
        if asking:
            draw_normal(draws, count, rng)
        while asking and not spent:
            if newton(fit, count, points.points, points.correct, points.wrong, 0.5) < 0:
                return NOT_CONVERGED
            if favourite(draws, fit, count, terms.confidence) >= 0:
                break
            if not _challenge(room, teams, draws, fit, count, terms, rng):
                break
            spent = _meet(accounts, table, own_rules, room, points, teams, 1, rng)
            if accounts.calls[1] >= 0:
                return int(accounts.calls[1])
        if newton(fit, count, points.points, points.correct, points.wrong, 0.5) < 0:
            return NOT_CONVERGED
        chosen[number] = accounts.players[_strongest(accounts, teams, fit, rng)]
        calls[number] = accounts.calls[0]
    return -1


@leaf
def _form(
    accounts: Accounts, room: Round, teams: Teams, rng: np.random.Generator
) -> tuple[int, int]:
    """Draw the teams' order; how many there are, and how many pairs of players are of two teams."""
    n = len(accounts.players)
    for i in range(n):
        room.row[i] = i
    shuffle(room.row, n, rng)
    room.seen[:] = -1
    count = 0
    for i in range(n):
        c = room.row[i]
        group = accounts.groups[c]
        if room.seen[group] < 0:
            room.seen[group] = count
            room.begin[count] = 0
            count += 1
        teams.of[c] = room.seen[group]
        room.begin[teams.of[c]] += 1
    total, apart = 0, n * n
    for t in range(count):
        size = room.begin[t]
        apart -= size * size
        teams.begin[t] = total
        room.begin[t] = total
        total += size
    teams.begin[count] = total
    for i in range(n):
        c = room.row[i]
        teams.members[room.begin[teams.of[c]]] = c
        room.begin[teams.of[c]] += 1
    for i in range(n):
        teams.played[i] = 0
        teams.sent[i] = 0
        for j in range(n):
            teams.met[i, j] = 0
            teams.between[i, j] = 0
    return count, apart // 2


@leaf
def _most(terms: Terms, count: int, apart: int) -> int:
    """``Adaptive._most``."""
    if terms.ceiling < 0:
        return terms.meetings * apart * terms.most
    return max(0, count - 1, int(apart * terms.ceiling)) * terms.most


@leaf
def _least(teams: Teams, count: int) -> int:
    least = teams.played[0]
    for t in range(1, count):
        least = min(least, teams.played[t])
    return int(least)


@leaf
def _cover(room: Round, teams: Teams, count: int, terms: Terms, rng: np.random.Generator) -> int:
    """A round of those who have played least, in random order; its pairs, -1 where some two had
    nothing new to tell."""
    order = room.ordered
    for t in range(count):
        order[t] = t
    shuffle(order, count, rng)
    need = 0
    for k in range(count):
        t, at = order[k], k
        need += teams.played[t] < terms.coverage
        while at > 0 and teams.played[order[at - 1]] > teams.played[t]:
            order[at] = order[at - 1]
            at -= 1
        order[at] = t
    half = min(need + 1, count) // 2
    pairs = 0
    for k in range(half):
        pairs += _send(room, teams, order[k], order[k + half], terms.meetings, pairs)
    return pairs if pairs == half else -1


@leaf
def _send(room: Round, teams: Teams, s: int, t: int, meetings: int, at: int) -> bool:
    """The two members who met least and, of these, were sent least meet, at place ``at``; whether
    any two can still tell something new."""
    if not _open(teams, s, t, meetings):
        return False
    least = 2**62
    width = 2**31
    for i in range(teams.begin[s], teams.begin[s + 1]):
        one = teams.members[i]
        for j in range(teams.begin[t], teams.begin[t + 1]):
            other = teams.members[j]
            cost = teams.met[one, other] * width + teams.sent[one] + teams.sent[other]
            if cost < least:
                least = cost
                room.xs[at], room.ys[at] = one, other
    x, y = room.xs[at], room.ys[at]
    teams.met[x, y] += 1
    teams.met[y, x] += 1
    teams.between[s, t] += 1
    teams.between[t, s] += 1
    teams.sent[x] += 1
    teams.sent[y] += 1
    teams.played[s] += 1
    teams.played[t] += 1
    return True


@leaf
def _open(teams: Teams, s: int, t: int, meetings: int) -> bool:
    """Whether some members of two teams have met less often than they may."""
    pairs = (teams.begin[s + 1] - teams.begin[s]) * (teams.begin[t + 1] - teams.begin[t])
    return bool(teams.between[s, t] < pairs * meetings)


@part
def _challenge(
    room: Round,
    teams: Teams,
    draws: Draws,
    fit: Fit,
    count: int,
    terms: Terms,
    rng: np.random.Generator,
) -> bool:
    """The best of one draw meets the best other of another; whether that can be."""
    first = sample(draws, fit, count, rng, -1)
    place = sample(draws, fit, count, rng, first)
    rival, best = -1, 0.0
    for t in range(count):
        value = draws.values[t, place] + fit.theta[t]
        if t != first and (rival < 0 or value > best) and _open(teams, first, t, terms.meetings):
            rival, best = t, value
    return rival >= 0 and _send(room, teams, first, rival, terms.meetings, 0)


@part
def _meet(
    accounts: Accounts,
    table: Table,
    rules: RuleCodes,
    room: Round,
    points: Points,
    teams: Teams,
    pairs: int,
    rng: np.random.Generator,
) -> bool:
    """``settle`` and, for the teams of those who met, ``Evidence.add``."""
    wins, fit = points.points, points.fit
    spent = settle(accounts, table, rules, room.xs, room.ys, pairs, False, rng)
    for p in range(pairs):
        what = counted(accounts, rules, p, room.xs[p])
        if what == KEPT:
            continue
        s, t = teams.of[room.xs[p]], teams.of[room.ys[p]]
        if what != OUT and wins[s, t] + wins[t, s] == 0:
            fit.met[0, fit.count[0]], fit.met[1, fit.count[0]] = s, t
            fit.count[0] += 1
        if what == WON_X:
            wins[s, t] += 1
        elif what == WON_Y:
            wins[t, s] += 1
        elif what == TIED:
            wins[s, t] += 0.5
            wins[t, s] += 0.5
        # A tie of preferences calls nobody correct.
        if accounts.result[p] == BOTH and rules.labels:
            points.correct[s] += 1
            points.correct[t] += 1
        elif accounts.result[p] == NONE:
            points.wrong[s] += 1
            points.wrong[t] += 1
    return spent


@leaf
def _strongest(accounts: Accounts, teams: Teams, fit: Fit, rng: np.random.Generator) -> int:
    """The best by its team's strength, then by the share of verdicts that called it correct, then
    by lot."""
    best, most, share, lot = -1, 0.0, 0.0, 0.0
    for c in range(len(accounts.players)):
        strength = np.rint(fit.theta[teams.of[c]] * 1e9)
        own = accounts.called[c] / max(accounts.heard[c], 1)
        mine = rng.random()
        if (
            best < 0
            or strength > most
            or (strength == most and (own > share or (own == share and mine < lot)))
        ):
            best, most, share, lot = c, strength, own, mine
    return best
