"""The referee, compiled: ``tournaments.referee.Referee`` on a recorded table."""

from __future__ import annotations

import numpy as np

from pairjudge_lab.replay.compiled.rules import (
    BALANCED,
    BOTH,
    BOTH_ORDERS,
    GROUP,
    KEPT,
    NONE,
    NOT_READ,
    PENDING,
    RANDOM,
    SPLIT,
    TIED,
    UNPLAYED,
    WON_X,
    WON_Y,
    Accounts,
    RuleCodes,
    Table,
    X,
    Y,
    leaf,
)
from pairjudge_lab.verdicts.codes import FIRST, MISSING, NEITHER, SECOND, TIE, UNREAD

_SAYS = np.array(
    [
        [{FIRST: Y, SECOND: X, TIE: BOTH, NEITHER: NONE}.get(code, NOT_READ) for code in range(6)],
        [{FIRST: X, SECOND: Y, TIE: BOTH, NEITHER: NONE}.get(code, NOT_READ) for code in range(6)],
    ]
)
"""What a verdict says of x and y, where y and where x was shown first. Verdicts come in no order
that a processor could foresee, so one is looked up and not decided by comparisons."""


@leaf
def start(accounts: Accounts, table: Table, subset: np.ndarray, rules: RuleCodes) -> None:
    """Open the accounts of a play of these candidates."""
    for i in range(len(subset)):
        accounts.players[i] = subset[i]
        accounts.groups[i] = table.groups[subset[i]]
        accounts.lead[i] = 0
        accounts.in_a_row[i] = 0
    if rules.tracks:
        for i in range(len(subset)):
            for j in range(len(subset)):
                accounts.shown[i, j] = 0
                accounts.asked[i, j] = 0
    accounts.calls[0] = 0
    accounts.calls[1] = -1


@leaf
def claim(accounts: Accounts, c: int) -> float:
    """``Referee.claim``."""
    lead, in_a_row = accounts.lead[c], accounts.in_a_row[c]
    must = 0
    if abs(in_a_row) >= 2:
        must = -1 if in_a_row > 0 else 1
    elif abs(lead) >= 2:
        must = -1 if lead > 0 else 1
    last = 1 if in_a_row > 0 else (-1 if in_a_row < 0 else 0)
    found: float = 10 * must - 2 * lead - 0.5 * last
    return found


@leaf
def hear(accounts: Accounts, table: Table, rules: RuleCodes, a: int, b: int) -> int:
    """The next verdict of an ordered pair."""
    repetition = 0
    if rules.tracks:
        repetition = accounts.asked[a, b] % len(table.codes)
        accounts.asked[a, b] += 1
    i, j = accounts.players[a], accounts.players[b]
    code = table.codes[repetition, i, j]
    if code == MISSING:
        accounts.calls[1] = (repetition * len(table.groups) + i) * len(table.groups) + j
    found: int = code
    return found


@leaf
def settle(
    accounts: Accounts,
    table: Table,
    rules: RuleCodes,
    xs: np.ndarray,
    ys: np.ndarray,
    pairs: int,
    oriented: bool,
    rng: np.random.Generator,
) -> bool:
    """``Referee.settle``: fills ``result`` and ``first``; whether the calls are spent now."""
    spent = False
    asked = 0
    votes = rules.votes
    single = rules.cost == 1 and rules.again == 0
    for p in range(pairs):
        x, y = xs[p], ys[p]
        accounts.first[p] = x
        if accounts.groups[x] == accounts.groups[y]:
            accounts.result[p] = GROUP
            continue
        if spent or accounts.calls[0] + asked + rules.cost > rules.limit:
            spent = True
            accounts.result[p] = UNPLAYED
            continue
        a, b = _show(accounts, rules, x, y, oriented, rng)
        accounts.first[p] = a
        if single:
            said = hear(accounts, table, rules, a, b)
            accounts.result[p] = _heard(accounts, rules, x, a, b, said)
            asked += 1
            continue
        accounts.result[p] = PENDING
        for vote in range(votes):
            accounts.said[asked + vote] = hear(accounts, table, rules, a, b)
        if rules.order == BOTH_ORDERS:
            for vote in range(votes):
                accounts.said[asked + votes + vote] = hear(accounts, table, rules, b, a)
        asked += rules.cost
    accounts.calls[0] += asked
    if single:
        return spent
    for _ in range(rules.again):
        if not _hear_again(accounts, table, rules, xs, ys, pairs):
            break
    begin = 0
    for p in range(pairs):
        if accounts.result[p] == PENDING:
            x, y = xs[p], ys[p]
            a = accounts.first[p]
            accounts.result[p] = _decide(accounts, rules, x, y, a, begin)
            begin += rules.cost
    return spent


@leaf
def _show(
    accounts: Accounts,
    rules: RuleCodes,
    x: int,
    y: int,
    oriented: bool,
    rng: np.random.Generator,
) -> tuple[int, int]:
    """Who is shown first, and who second; booked."""
    if rules.order == BOTH_ORDERS:
        return x, y
    swap = False
    low, high = min(x, y), max(x, y)
    if rules.tracks and accounts.shown[low, high]:
        swap = accounts.shown[low, high] - 1 == x
    elif rules.order == RANDOM:
        swap = int(rng.random() * 2) == 0
    elif rules.order == BALANCED and not oriented:
        ahead = claim(accounts, y) - claim(accounts, x)
        swap = ahead > 0 or (ahead == 0 and int(rng.random() * 2) == 0)
    a, b = (y, x) if swap else (x, y)
    if rules.tracks:
        accounts.shown[low, high] = a + 1
    if rules.order == BALANCED:
        in_a_row = accounts.in_a_row
        accounts.lead[a] += 1
        accounts.lead[b] -= 1
        in_a_row[a] = in_a_row[a] + 1 if in_a_row[a] > 0 else 1
        in_a_row[b] = in_a_row[b] - 1 if in_a_row[b] < 0 else -1
    return a, b


@leaf
def _hear_again(
    accounts: Accounts,
    table: Table,
    rules: RuleCodes,
    xs: np.ndarray,
    ys: np.ndarray,
    pairs: int,
) -> bool:
    """Judge what could not be read once more, as far as the calls go; whether there was any."""
    left = rules.limit - accounts.calls[0]
    begin, done = 0, 0
    for p in range(pairs):
        if accounts.result[p] != PENDING:
            continue
        a = accounts.first[p]
        b = ys[p] if a == xs[p] else xs[p]
        for k in range(rules.cost):
            if accounts.said[begin + k] == UNREAD and done < left:
                done += 1
                one, other = (b, a) if k >= rules.votes else (a, b)
                accounts.said[begin + k] = hear(accounts, table, rules, one, other)
        begin += rules.cost
    accounts.calls[0] += done
    return done > 0


@leaf
def _decide(accounts: Accounts, rules: RuleCodes, x: int, y: int, a: int, begin: int) -> int:
    """The result of a pairing from its verdicts."""
    b = y if a == x else x
    one = _majority(accounts, rules, x, a, b, begin)
    if rules.order != BOTH_ORDERS:
        return one
    other = _majority(accounts, rules, x, b, a, begin + rules.votes)
    if one == other:
        return one
    return NOT_READ if NOT_READ in (one, other) else SPLIT


@leaf
def _heard(accounts: Accounts, rules: RuleCodes, x: int, a: int, b: int, code: int) -> int:
    """What a single verdict says."""
    if rules.labels and code != UNREAD:
        _book(accounts, a, b, code)
    said: int = _SAYS[int(a == x), code]
    return said


@leaf
def _book(accounts: Accounts, a: int, b: int, code: int) -> None:
    """Who was called correct."""
    accounts.heard[a] += 1
    accounts.heard[b] += 1
    accounts.called[a] += code in (FIRST, TIE)
    accounts.called[b] += code in (SECOND, TIE)


@leaf
def _majority(accounts: Accounts, rules: RuleCodes, x: int, a: int, b: int, begin: int) -> int:
    """What the votes of one order say."""
    wins_x, wins_y, both, neither = 0, 0, 0, 0
    for k in range(rules.votes):
        code = accounts.said[begin + k]
        if code == UNREAD:
            continue
        if rules.labels:
            _book(accounts, a, b, code)
        if code == TIE:
            both += 1
        elif code == NEITHER:
            neither += 1
        elif (code == FIRST) == (a == x):
            wins_x += 1
        else:
            wins_y += 1
    total = wins_x + wins_y + both + neither
    if total == 0:
        return NOT_READ
    if 2 * wins_x > total:
        return X
    if 2 * wins_y > total:
        return Y
    if 2 * both > total:
        return BOTH
    if 2 * neither > total:
        return NONE
    if wins_x != wins_y:
        return X if wins_x > wins_y else Y
    return SPLIT


@leaf
def counted(accounts: Accounts, p: int, x: int) -> int:
    """What a pairing counts for: ``Referee._counted``; ``KEPT`` also where it was not played."""
    what: int = accounts.counts[int(accounts.first[p] == x), accounts.result[p]]
    return what


@leaf
def advance(
    accounts: Accounts, rules: RuleCodes, p: int, x: int, y: int, rng: np.random.Generator
) -> int:
    """Who goes on: x, y, -1 for nobody, or -2 for both."""
    what = counted(accounts, p, x)
    if what == TIED:
        return x if int(rng.random() * 2) == 0 else y
    if what == KEPT:
        return -2
    won = x if what == WON_X else y
    return won if what <= WON_Y else -1
