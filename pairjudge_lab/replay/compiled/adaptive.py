"""The adaptive tournament, compiled: ``Adaptive.play`` on a recorded table."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pairjudge_lab.replay.compiled.drawing import Round, shuffle
from pairjudge_lab.replay.compiled.points import Points, clear
from pairjudge_lab.replay.compiled.posterior import Draws, draw_normal, favourite, sample
from pairjudge_lab.replay.compiled.referee import counted, settle, start
from pairjudge_lab.replay.compiled.rules import (
    BOTH,
    KEPT,
    NONE,
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

    Attributes
    ----------
    coverage : int
        Pairings that every group plays first.
    confidence : float
        The share of draws in which one group must be best.
    ceiling : float
        A share of a round-robin's matches, below 0 where there is none.
    meetings : int
        How often the same two may meet.
    most : int
        Calls that a match can take when nothing can be read.
    """

    coverage: int
    confidence: float
    ceiling: float
    meetings: int
    most: int


class Groups(NamedTuple):
    """The answer groups of one play, in the order in which they were drawn.

    Attributes
    ----------
    of : array
        (n,) each player's answer group.
    members : array
        (n,) the players, group by group; ``begin`` (n + 1,) where each group begins.
    played : array
        (n,) pairings of each group.
    sent : array
        (n,) pairings of each player.
    met : array
        (n, n) how often two players have met.
    between : array
        (n, n) how often players of two groups have.
    """

    of: np.ndarray
    members: np.ndarray
    begin: np.ndarray
    played: np.ndarray
    sent: np.ndarray
    met: np.ndarray
    between: np.ndarray


def new_groups(n: int) -> Groups:
    """Working arrays for n players."""
    lines = np.zeros((5, n + 1), dtype=np.int64)
    met = np.zeros((2, n, n), dtype=np.int64)
    return Groups(lines[0, :n], lines[1, :n], lines[2], lines[3, :n], lines[4, :n], met[0], met[1])


@kernel
def play_adaptives(
    table: Table,
    rules: RuleCodes,
    accounts: Accounts,
    work: Round,
    points: Points,
    groups: Groups,
    draws: Draws,
    terms: Terms,
    subsets: np.ndarray,
    rng: np.random.Generator,
    chosen: np.ndarray,
    calls: np.ndarray,
) -> int:
    """One adaptive tournament a line of ``subsets``; see ``play_knockouts``.

    Returns
    -------
    int
        The place of a verdict that was not recorded, ``NOT_CONVERGED``, or -1.
    """
    fit = points.fit
    for number in range(len(chosen)):
        start(accounts, table, subsets[number], rules)
        clear(accounts, points)
        fit.theta[:] = 0
        fit.count[0] = 0
        count, apart = _form(accounts, work, groups, rng)
        own_rules = limited(rules, min(rules.limit, _most(terms, count, apart)))
        spent = False
        while count > 1 and not spent and _least(groups, count) < terms.coverage:
            pairs = _cover(work, groups, count, terms, rng)
            if pairs < 0:
                break
            spent = _meet(accounts, table, own_rules, work, points, groups, pairs, rng)
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
            if not _challenge(work, groups, draws, fit, count, terms, rng):
                break
            spent = _meet(accounts, table, own_rules, work, points, groups, 1, rng)
            if accounts.calls[1] >= 0:
                return int(accounts.calls[1])
        if newton(fit, count, points.points, points.correct, points.wrong, 0.5) < 0:
            return NOT_CONVERGED
        chosen[number] = accounts.players[_strongest(accounts, groups, fit, rng)]
        calls[number] = accounts.calls[0]
    return -1


@leaf
def _form(
    accounts: Accounts, work: Round, groups: Groups, rng: np.random.Generator
) -> tuple[int, int]:
    """Draw the groups' order; how many there are, and how many pairs are of two groups."""
    n = len(accounts.players)
    for i in range(n):
        work.row[i] = i
    shuffle(work.row, n, rng)
    work.seen[:] = -1
    count = 0
    for i in range(n):
        c = work.row[i]
        group = accounts.groups[c]
        if work.seen[group] < 0:
            work.seen[group] = count
            work.begin[count] = 0
            count += 1
        groups.of[c] = work.seen[group]
        work.begin[groups.of[c]] += 1
    total, apart = 0, n * n
    for t in range(count):
        size = work.begin[t]
        apart -= size * size
        groups.begin[t] = total
        work.begin[t] = total
        total += size
    groups.begin[count] = total
    for i in range(n):
        c = work.row[i]
        groups.members[work.begin[groups.of[c]]] = c
        work.begin[groups.of[c]] += 1
    for i in range(n):
        groups.played[i] = 0
        groups.sent[i] = 0
        for j in range(n):
            groups.met[i, j] = 0
            groups.between[i, j] = 0
    return count, apart // 2


@leaf
def _most(terms: Terms, count: int, apart: int) -> int:
    """``Adaptive._most``."""
    if terms.ceiling < 0:
        return terms.meetings * apart * terms.most
    return max(0, count - 1, int(apart * terms.ceiling)) * terms.most


@leaf
def _least(groups: Groups, count: int) -> int:
    least = groups.played[0]
    for t in range(1, count):
        least = min(least, groups.played[t])
    return int(least)


@leaf
def _cover(work: Round, groups: Groups, count: int, terms: Terms, rng: np.random.Generator) -> int:
    """A round of those who have played least, in random order; its pairs, -1 where some two had
    nothing new to tell."""
    order = work.ordered
    for t in range(count):
        order[t] = t
    shuffle(order, count, rng)
    need = 0
    for k in range(count):
        t, at = order[k], k
        need += groups.played[t] < terms.coverage
        while at > 0 and groups.played[order[at - 1]] > groups.played[t]:
            order[at] = order[at - 1]
            at -= 1
        order[at] = t
    half = min(need + 1, count) // 2
    pairs = 0
    for k in range(half):
        pairs += _send(work, groups, order[k], order[k + half], terms.meetings, pairs)
    return pairs if pairs == half else -1


@leaf
def _send(work: Round, groups: Groups, s: int, t: int, meetings: int, at: int) -> bool:
    """The two members who met least and, of these, were sent least meet, at place ``at``; whether
    any two can still tell something new."""
    if not _open(groups, s, t, meetings):
        return False
    least = 2**62
    width = 2**31
    for i in range(groups.begin[s], groups.begin[s + 1]):
        one = groups.members[i]
        for j in range(groups.begin[t], groups.begin[t + 1]):
            other = groups.members[j]
            cost = groups.met[one, other] * width + groups.sent[one] + groups.sent[other]
            if cost < least:
                least = cost
                work.xs[at], work.ys[at] = one, other
    x, y = work.xs[at], work.ys[at]
    groups.met[x, y] += 1
    groups.met[y, x] += 1
    groups.between[s, t] += 1
    groups.between[t, s] += 1
    groups.sent[x] += 1
    groups.sent[y] += 1
    groups.played[s] += 1
    groups.played[t] += 1
    return True


@leaf
def _open(groups: Groups, s: int, t: int, meetings: int) -> bool:
    """Whether some members of two groups have met less often than they may."""
    pairs = (groups.begin[s + 1] - groups.begin[s]) * (groups.begin[t + 1] - groups.begin[t])
    return bool(groups.between[s, t] < pairs * meetings)


@part
def _challenge(
    work: Round,
    groups: Groups,
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
        if t != first and (rival < 0 or value > best) and _open(groups, first, t, terms.meetings):
            rival, best = t, value
    return rival >= 0 and _send(work, groups, first, rival, terms.meetings, 0)


@part
def _meet(
    accounts: Accounts,
    table: Table,
    rules: RuleCodes,
    work: Round,
    points: Points,
    groups: Groups,
    pairs: int,
    rng: np.random.Generator,
) -> bool:
    """``settle`` and, for the groups of those who met, ``Evidence.add``."""
    wins, fit = points.points, points.fit
    spent = settle(accounts, table, rules, work.xs, work.ys, pairs, False, rng)
    for p in range(pairs):
        what = counted(accounts, p, work.xs[p])
        if what == KEPT:
            continue
        s, t = groups.of[work.xs[p]], groups.of[work.ys[p]]
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
def _strongest(accounts: Accounts, groups: Groups, fit: Fit, rng: np.random.Generator) -> int:
    """The best by its group's strength, then by the share of verdicts that called it correct, then
    by lot."""
    best, most, share, lot = -1, 0.0, 0.0, 0.0
    for c in range(len(accounts.players)):
        strength = np.rint(fit.theta[groups.of[c]] * 1e9)
        own = accounts.called[c] / max(accounts.heard[c], 1)
        mine = rng.random()
        if (
            best < 0
            or strength > most
            or (strength == most and (own > share or (own == share and mine < lot)))
        ):
            best, most, share, lot = c, strength, own, mine
    return best
