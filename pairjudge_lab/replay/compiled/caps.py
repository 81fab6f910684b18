"""CAPS, compiled: ``Caps.play`` on a recorded table, of whole solutions."""

from __future__ import annotations

import numpy as np

from pairjudge_lab.replay.compiled.drawing import Round, one_group
from pairjudge_lab.replay.compiled.rates import Rates, Settings, best_of, cover, forget, meet, near
from pairjudge_lab.replay.compiled.referee import start
from pairjudge_lab.replay.compiled.rules import Accounts, RuleCodes, Table, kernel, leaf


@kernel
def play_caps(
    table: Table,
    rules: RuleCodes,
    accounts: Accounts,
    work: Round,
    parts: Rates,
    wholes: Rates,
    settings: Settings,
    close: float,
    subsets: np.ndarray,
    rng: np.random.Generator,
    chosen: np.ndarray,
    calls: np.ndarray,
) -> int:
    """One CAPS a line of ``subsets``; see ``play_knockouts``.

    Parameters
    ----------
    parts, wholes : Rates
        Win rates of the matches of parts, and of those of whole solutions.
    close : float
        How far from the best score the finalists may be.
    """
    n = subsets.shape[1]
    everyone = np.arange(n)
    final = np.zeros(n, dtype=np.int64)
    still = np.zeros(n, dtype=np.int64)
    for number in range(len(chosen)):
        start(accounts, table, subsets[number], rules)
        forget(parts)
        forget(wholes)
        spent, covered = False, False
        while not spent:
            pairs = 0
            if not covered:
                pairs = cover(accounts, work, parts, everyone, n, settings.coverage, rng)
                covered = pairs == 0
            last = covered
            if last:
                pairs = near(accounts, rules, work, parts, everyone, n, settings.window, rng)
            if pairs == 0:
                break
            spent = meet(accounts, table, rules, work, parts, pairs, settings.floor, rng)
            if accounts.calls[1] >= 0:
                return int(accounts.calls[1])
            if last:
                break
        finalists = _close(parts, everyone, n, close, final)
        while not spent and not one_group(accounts, final, finalists):
            pairs = cover(accounts, work, wholes, final, finalists, 1, rng)
            if pairs == 0:
                left = _close(wholes, final, finalists, close, still)
                if one_group(accounts, still, left):
                    break
                pairs = near(accounts, rules, work, wholes, still, left, settings.window, rng)
            if pairs == 0:
                break
            spent = meet(accounts, table, rules, work, wholes, pairs, settings.floor, rng)
            if accounts.calls[1] >= 0:
                return int(accounts.calls[1])
        chosen[number] = accounts.players[best_of(wholes, parts, final, finalists, rng)]
        calls[number] = accounts.calls[0]
    return -1


@leaf
def _close(rates: Rates, among: np.ndarray, count: int, close: float, out: np.ndarray) -> int:
    """``Caps._close``: writes who they are; how many."""
    best = rates.score[among[0]]
    for k in range(1, count):
        best = max(best, rates.score[among[k]])
    found = 0
    for k in range(count):
        c = among[k]
        if rates.score[c] >= best - close:
            out[found] = c
            found += 1
    return found
