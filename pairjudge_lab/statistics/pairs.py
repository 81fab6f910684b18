"""Pairs judged in both orders: what every question about position starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.verdicts.codes import CODES, FIRST, NEITHER, SECOND, TIE, codes_of
from pairjudge_lab.verdicts.codes import UNREAD as INVALID

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Pairs:
    """Unordered pairs with their two verdicts; one judge, or whatever the table was grouped by.

    Each repetition of a pair is a pair of its own. ``x`` is the response whose name sorts first.

    Attributes:
        name: the group.
        problem: (pairs,) the number of the problem.
        problems: how many problems there are, paired or not.
        x_first, y_first: (pairs,) the verdict with x, or y, shown first, as codes.
        gold: (pairs,) 0 where x is known to be better, 1 where y is, -1 where it is not known.
        verdicts: how many verdicts the group has.
        unpaired: how many of them have no counterpart in the other order.
        invalid_verdicts: how many could not be read.
    """

    name: str
    problem: np.ndarray
    problems: int
    x_first: np.ndarray
    y_first: np.ndarray
    gold: np.ndarray
    verdicts: int
    unpaired: int
    invalid_verdicts: int

    def __len__(self) -> int:
        return len(self.problem)

    @property
    def readable(self) -> np.ndarray:
        """(pairs,) whether both verdicts could be read."""
        return np.asarray((self.x_first != INVALID) & (self.y_first != INVALID))

    @property
    def winners(self) -> tuple[np.ndarray, np.ndarray]:
        """(pairs,) each: who won with x, and with y, shown first: 0 x, 1 y, 2 nobody, 3 not
        read."""
        return _BY_X[self.x_first], _BY_Y[self.y_first]


_BY_X = np.array([0, 1, 2, 2, 3])
_BY_Y = np.array([1, 0, 2, 2, 3])


def pair_up(table: pd.DataFrame, by: str | None = "judge") -> list[Pairs]:
    """Bring the two orders of every pair together.

    Args:
        table: a verdict table.
        by: the column whose values are the groups; without one the whole table is one group.

    Returns:
        One ``Pairs`` a group, in the order in which the groups first appear.

    Raises:
        UserError: when the column is not there, a verdict is unknown, a response meets itself, or
        the
            same ordered pair occurs twice in one repetition of a group.
    """
    import pandas as pd

    if by is not None and by not in table:
        raise UserError(f"no column {by!r}; there are: {', '.join(map(str, table.columns))}")
    if by is None:
        group, names = np.zeros(len(table), dtype=np.int64), pd.Index(["all"])
    else:
        group, names = pd.factorize(table[by])
    problem, problems = pd.factorize(table["problem_id"])
    both = pd.concat([table["response_a"], table["response_b"]], ignore_index=True).astype(str)
    responses, labels = pd.factorize(both, sort=True)
    a, b = responses[: len(table)], responses[len(table) :]
    repetition = (
        pd.factorize(table["repetition"])[0]
        if "repetition" in table
        else np.zeros(len(table), dtype=np.int64)
    )
    said = codes_of(table)
    _check(table, a, b)
    gold = _gold(table, a < b)
    # One number for each unordered pair of a repetition, so that sorting brings its orders
    # together.
    low, high = np.minimum(a, b), np.maximum(a, b)
    key = np.zeros(len(table), dtype=np.int64)
    for part, size in (
        (group, len(names)),
        (problem, len(problems)),
        (repetition, repetition.max(initial=0) + 1),
        (low, len(labels)),
        (high, len(labels)),
    ):
        key = pd.factorize(key * size + part)[0] if size > 1 else key
    swapped = (a > b).astype(np.int64)
    place = np.argsort(2 * key + swapped, kind="stable")
    sorted_key, sorted_swap = key[place], swapped[place]
    same = sorted_key[1:] == sorted_key[:-1]
    twice = np.flatnonzero(same & (sorted_swap[1:] == sorted_swap[:-1]))
    if len(twice):
        one, other = sorted((place[twice[0]], place[twice[0] + 1]))
        row = table.iloc[other]
        raise UserError(
            f"rows {one + 1} and {other + 1}: {row['response_a']!r} is shown before "
            f"{row['response_b']!r} twice in one repetition of problem {row['problem_id']!r}; "
            f"number "
            "repetitions in a column 'repetition', or keep one of them"
        )
    begins = np.flatnonzero(same)
    x_rows, y_rows = place[begins], place[begins + 1]
    out = []
    for g, name in enumerate(names):
        mine = group == g
        here = group[x_rows] == g
        xs, ys = x_rows[here], y_rows[here]
        numbers = np.unique(problem[mine])
        back = np.zeros(len(problems), dtype=np.int64)
        back[numbers] = np.arange(len(numbers))
        out.append(
            Pairs(
                name=str(name),
                problem=back[problem[xs]],
                problems=len(numbers),
                x_first=said[xs],
                y_first=said[ys],
                gold=np.where(gold[xs] >= 0, gold[xs], gold[ys]),
                verdicts=int(mine.sum()),
                unpaired=int(mine.sum()) - 2 * len(xs),
                invalid_verdicts=int((said[mine] == INVALID).sum()),
            )
        )
    return out


def _check(table: pd.DataFrame, a: np.ndarray, b: np.ndarray) -> None:
    if (a == b).any():
        row = int(np.flatnonzero(a == b)[0])
        raise UserError(f"row {row + 1}: {table['response_a'].iloc[row]!r} is paired with itself")


def _gold(table: pd.DataFrame, x_is_first: np.ndarray) -> np.ndarray:
    """By row: 0 where x is the better one, 1 where y is, -1 where it is not known."""
    if "gold" not in table:
        return np.full(len(table), -1)
    said = table["gold"].map({"A": 0, "B": 1}).fillna(-1).to_numpy().astype(np.int64)
    return np.where(said < 0, -1, np.where(x_is_first, said, 1 - said))


__all__ = ["CODES", "FIRST", "INVALID", "NEITHER", "SECOND", "TIE", "Pairs", "pair_up"]
