"""Comparisons of two items each, as a logistic regression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.statistics.comparable import check_names
from pairjudge_lab.statistics.names import codes_by_name

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Contests:
    """Comparisons with their outcome.

    Attributes
    ----------
    items : tuple of str
        Names, sorted.
    first, second : array
        (comparisons,) the number of the item shown first and second.
    won : array
        (comparisons,) 1 where the first won, 0 where the second did, 0.5 for a tie.
    weight : array
        (comparisons,) how often each occurred.
    """

    items: tuple[str, ...]
    first: np.ndarray
    second: np.ndarray
    won: np.ndarray
    weight: np.ndarray

    def design(self, *, order_effect: bool) -> np.ndarray:
        """(comparisons, items [+ 1]): 1 for the first, -1 for the second, and 1 for the order."""
        rows = np.arange(len(self.first))
        out = np.zeros((len(rows), len(self.items) + order_effect))
        out[rows, self.first] += 1
        out[rows, self.second] -= 1
        if order_effect:
            out[:, -1] = 1
        return out


def contests(
    first: Sequence[str] | np.ndarray | pd.Series,
    second: Sequence[str] | np.ndarray | pd.Series,
    outcome: Sequence[str] | np.ndarray | pd.Series,
    weight: np.ndarray | None = None,
) -> Contests:
    """Comparisons from names and outcomes ``A``, ``B`` or ``tie``.

    Raises
    ------
    UserError
        For no comparisons, missing names, another outcome, an item that meets itself, or a weight
        that is negative or no number.
    """
    import pandas as pd

    check_names(first, second)
    count = len(first)
    both = pd.concat([pd.Series(list(first)), pd.Series(list(second))], ignore_index=True)
    codes, names = codes_by_name(both, "item")
    order = np.argsort(names)
    place = np.empty(len(names), dtype=np.int64)
    place[order] = np.arange(len(names))
    i, j = place[codes[:count]], place[codes[count:]]
    items = tuple(names[k] for k in order)
    kinds = pd.Index(["A", "B", "tie"]).get_indexer(pd.Index(outcome))
    if len(kinds) != count or (kinds < 0).any():
        row = int(np.argmax(kinds < 0)) if len(kinds) == count else min(len(kinds), count)
        said = repr(pd.Series(list(outcome)).iloc[row]) if row < len(kinds) else "nothing"
        raise UserError(
            f"comparison {row + 1} ended in {said}; an outcome is A, B or tie. Leave out what "
            "could not be read, and say how many there were"
        )
    if (i == j).any():
        row = int(np.flatnonzero(i == j)[0])
        raise UserError(f"comparison {row + 1}: {items[i[row]]!r} meets itself")
    often = np.ones(count) if weight is None else np.asarray(weight, dtype=float)
    if often.shape != (count,) or not np.all(np.isfinite(often) & (often >= 0)):
        raise UserError(f"{count} comparisons need as many weights, none of them negative")
    return Contests(items, i, j, np.array([1.0, 0.0, 0.5])[kinds], often)
