"""Uncertainty-guided Swiss, compiled: ``UncertaintySwiss.play`` on a recorded table."""

from __future__ import annotations

import numpy as np

from pairjudge_lab.replay.compiled.drawing import Round
from pairjudge_lab.replay.compiled.rates import Rates, Settings, best_of, cover, forget, meet, near
from pairjudge_lab.replay.compiled.referee import start
from pairjudge_lab.replay.compiled.rules import Accounts, RuleCodes, Table, kernel


@kernel
def play_uncertainty_swiss(
    table: Table,
    rules: RuleCodes,
    accounts: Accounts,
    work: Round,
    rates: Rates,
    settings: Settings,
    subsets: np.ndarray,
    rng: np.random.Generator,
    chosen: np.ndarray,
    calls: np.ndarray,
) -> int:
    """One uncertainty-guided Swiss tournament a line of ``subsets``; see ``play_knockouts``."""
    n = subsets.shape[1]
    everyone = np.arange(n)
    for number in range(len(chosen)):
        start(accounts, table, subsets[number], rules)
        forget(rates)
        spent = False
        while not spent:
            pairs = cover(accounts, work, rates, everyone, n, settings.coverage, rng)
            if pairs == 0:
                pairs = near(accounts, rules, work, rates, everyone, n, settings.window, rng)
            if pairs == 0:
                break
            spent = meet(accounts, table, rules, work, rates, pairs, settings.floor, rng)
            if accounts.calls[1] >= 0:
                return int(accounts.calls[1])
        chosen[number] = accounts.players[best_of(rates, rates, everyone, n, rng)]
        calls[number] = accounts.calls[0]
    return -1
