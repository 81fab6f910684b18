"""Preferences read from the probabilities of labels, in one order or in both together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pairjudge_lab.records import UserError, VerdictKind
from pairjudge_lab.verdicts.columns import MATCH_COLUMNS
from pairjudge_lab.verdicts.table import normalise

if TYPE_CHECKING:
    import pandas as pd

COSTS = ("prompt_tokens", "completion_tokens", "seconds")


def by_probability(table: pd.DataFrame, *, both_orders: bool = True) -> pd.DataFrame:
    """Which response a judge of labels finds likelier to be correct, as a table of preferences.

    A row's margin is logit P(first correct) - logit P(second correct). What a position adds to the
    margin is the same in both orders and falls out of the mean over them, with the second order's
    sign turned. A label says only on which side of one half a probability lies: a judge that calls
    nearly everything correct may still find the right one likelier.

    Parameters
    ----------
    table : DataFrame
        A verdict table with ``a_probability`` and ``b_probability``, the probabilities of calling
        each response correct.
    both_orders : bool
        Whether a row's preference is that of both orders of its pair, in the same repetition. Its
        tokens and seconds are then those of both, and it stands twice, once from each side: whoever
        uses such a row has asked the judge twice.

    Returns
    -------
    DataFrame
        The same rows in the same order, with ``verdict`` ``A``, ``B`` or ``tie`` (equal margins),
        ``kind`` ``preference``, and ``a_probability`` that of the first being preferred. A row
        without probabilities, or without its other order where both are wanted, is ``invalid``,
        with a ``reason``.

    Raises
    ------
    UserError
        For a table without probabilities, or one of preferences.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("p", "0", "1", "A", 0.9, 0.4), ("p", "1", "0", "A", 0.8, 0.7)]
    >>> names = ["problem_id", "response_a", "response_b", "verdict"]
    >>> table = pd.DataFrame(rows, columns=[*names, "a_probability", "b_probability"])
    >>> labels = table.assign(a_correct=True, b_correct=[False, True], verdict=["A", "tie"])
    >>> by_probability(labels, both_orders=False)["verdict"].tolist()
    ['A', 'A']
    >>> by_probability(labels)["verdict"].tolist()
    ['A', 'B']
    """
    from scipy.special import expit, logit

    table = normalise(table).reset_index(drop=True)
    needed = ("a_probability", "b_probability")
    if not set(needed) <= set(table) or not table[list(needed)].notna().all(axis=1).any():
        raise UserError(
            "the table holds no probabilities of both labels; record them (--soft or --fast)"
        )
    if (table["kind"] == VerdictKind.PREFERENCE.value).any():
        raise UserError("the table holds preferences; this takes the probabilities of labels")
    # A probability of exactly 0 or 1 is one that was rounded.
    first, second = (logit(table[name].astype(float).clip(1e-6, 1 - 1e-6)) for name in needed)
    margin = (first - second).to_numpy()
    why = np.where(np.isnan(margin), "no probabilities of both labels", "")
    costs = [name for name in COSTS if name in table]
    spent = table[costs].copy()
    if both_orders:
        other = _other_order(table)
        paired = other >= 0
        why = np.where(paired | (why != ""), why, "the other order was not recorded")
        turned = np.where(paired, -margin[other], np.nan)
        why = np.where((why == "") & np.isnan(turned), "the other order has no probabilities", why)
        margin = (margin + turned) / 2
        for name in costs:
            values = table[name].to_numpy()
            spent[name] = values + np.where(paired, values[other], 0)
    said = np.where(margin > 0, "A", np.where(margin < 0, "B", "tie"))
    said = np.where(np.isnan(margin), "invalid", said)
    chance = expit(margin)
    labels = [name for name in ("a_correct", "b_correct", "text", "kind") if name in table]
    kinds: list[Any] = [None if v == "invalid" else VerdictKind.PREFERENCE.value for v in said]
    new = table.drop(columns=labels).assign(
        verdict=said,
        kind=kinds,
        a_probability=chance,
        b_probability=1 - chance,
        status=np.where(said == "invalid", "unparsed", "parsed"),
        reason=why,
        **{name: spent[name] for name in costs},
    )
    return normalise(new)


def _other_order(table: pd.DataFrame) -> np.ndarray:
    """(rows,) the row of the same pair in the other order, by judge and repetition; -1 for none."""
    names = [name for name in MATCH_COLUMNS if name in table]
    keys = list(zip(*(table[name].astype(str) for name in names), strict=True))
    place = {key: row for row, key in enumerate(keys)}
    return np.array([place.get((*key[:-2], key[-1], key[-2]), -1) for key in keys], dtype=int)
