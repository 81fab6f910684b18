"""The ladder and double elimination, compiled."""

from __future__ import annotations

import numpy as np

from pairjudge_lab.replay.compiled.drawing import Round, draw_round, one_group, shuffle
from pairjudge_lab.replay.compiled.referee import advance, settle, start
from pairjudge_lab.replay.compiled.rules import (
    GROUP,
    UNPLAYED,
    Accounts,
    RuleCodes,
    Table,
    kernel,
    leaf,
)


@kernel
def play_ladders(
    table: Table,
    rules: RuleCodes,
    accounts: Accounts,
    work: Round,
    subsets: np.ndarray,
    rng: np.random.Generator,
    chosen: np.ndarray,
    calls: np.ndarray,
) -> int:
    """``Ladder.play``, one a line of ``subsets``; see ``play_knockouts``."""
    n = subsets.shape[1]
    # Who could not be read goes to the end of the line, at most once a match.
    line = np.zeros(4 * n, dtype=np.int64)
    for number in range(len(chosen)):
        start(accounts, table, subsets[number], rules)
        for i in range(n):
            line[i] = i
        shuffle(line, n, rng)
        king, head, end = line[0], 1, n
        spent = False
        while _apart(accounts, line, king, head, end):
            work.xs[0], work.ys[0] = king, line[head]
            challenger = line[head]
            head += 1
            spent = settle(accounts, table, rules, work.xs, work.ys, 1, False, rng)
            if accounts.calls[1] >= 0:
                return int(accounts.calls[1])
            if spent:
                break
            on = advance(accounts, rules, 0, king, challenger, rng)
            if on == -2:
                line[end] = challenger
                end += 1
            elif on >= 0:
                king = on
            elif head < end:
                king = line[head]
                head += 1
            else:
                king = king if int(rng.random() * 2) == 0 else challenger
        chosen[number] = accounts.players[king]
        calls[number] = accounts.calls[0]
    return -1


@leaf
def _apart(accounts: Accounts, line: np.ndarray, king: int, head: int, end: int) -> bool:
    """Whether anybody in the line has another answer than the king."""
    apart = 0
    for i in range(head, end):
        apart += accounts.groups[line[i]] != accounts.groups[king]
    return apart > 0


@kernel
def play_double_eliminations(
    table: Table,
    rules: RuleCodes,
    accounts: Accounts,
    work: Round,
    reset: bool,
    subsets: np.ndarray,
    rng: np.random.Generator,
    chosen: np.ndarray,
    calls: np.ndarray,
) -> int:
    """``DoubleElimination.play``, one a line of ``subsets``; see ``play_knockouts``."""
    n = subsets.shape[1]
    alive = np.zeros(n, dtype=np.int64)
    some = np.zeros((2, n), dtype=np.int64)
    losses = np.zeros(n, dtype=np.int64)
    wins = np.zeros(n, dtype=np.int64)
    for number in range(len(chosen)):
        start(accounts, table, subsets[number], rules)
        for i in range(n):
            alive[i] = i
        losses[:] = 0
        wins[:] = 0
        count = n
        spent = False
        while not spent and not one_group(accounts, alive, count):
            sizes = [0, 0]
            for i in range(count):
                lost = losses[alive[i]]
                some[lost, sizes[lost]] = alive[i]
                sizes[lost] += 1
            final = sizes[0] == 1 and sizes[1] == 1
            pairs = 0
            if final:
                work.xs[0], work.ys[0] = some[0, 0], some[1, 0]
                pairs = 1
            else:
                for lost in range(2):
                    more, _ = draw_round(accounts, work, some[lost], sizes[lost], pairs, rng)
                    pairs += more
            spent = settle(accounts, table, rules, work.xs, work.ys, pairs, False, rng)
            if accounts.calls[1] >= 0:
                return int(accounts.calls[1])
            for p in range(pairs):
                x, y = work.xs[p], work.ys[p]
                on = advance(accounts, rules, p, x, y, rng)
                last = accounts.result[p] == GROUP or (final and not reset)
                heard = accounts.result[p] != GROUP and accounts.result[p] != UNPLAYED
                for c in (x, y):
                    if on != -2 and on != c:
                        losses[c] = 2 if last else losses[c] + 1
                    elif on != -2 and heard:
                        wins[c] += 1
            going = 0
            for i in range(count):
                if losses[alive[i]] < 2:
                    going += 1
            if going == 0:
                break
            going = 0
            for i in range(count):
                if losses[alive[i]] < 2:
                    alive[going] = alive[i]
                    going += 1
            count = going
        if spent:
            count = _best(alive, count, losses, wins)
        chosen[number] = accounts.players[alive[int(rng.random() * count)]]
        calls[number] = accounts.calls[0]
    return -1


@leaf
def _best(alive: np.ndarray, count: int, losses: np.ndarray, wins: np.ndarray) -> int:
    """Keep those with the fewest losses and, of them, the most wins; how many they are."""
    best = 2**62
    width = 2**31
    for i in range(count):
        best = min(best, losses[alive[i]] * width - wins[alive[i]])
    going = 0
    for i in range(count):
        if losses[alive[i]] * width - wins[alive[i]] == best:
            alive[going] = alive[i]
            going += 1
    return going
