"""Pairs judged in both orders: what every question about position starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.renamed import renamed_attribute
from pairjudge_lab.statistics.names import codes_by_name
from pairjudge_lab.verdicts.codes import CODES, FIRST, NEITHER, SECOND, TIE, UNREAD, codes_of
from pairjudge_lab.verdicts.table import row_kinds

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


@dataclass(frozen=True, slots=True)
class Pairs:
    """Unordered pairs with their two verdicts; one judge, or whatever the table was grouped by.

    Each repetition of a pair is a pair of its own. ``x`` is the response whose name sorts first.

    Attributes
    ----------
    name : str
        The group.
    problem : array
        (pairs,) the number of the problem.
    problems : int
        How many problems there are, paired or not.
    x_first, y_first : array
        (pairs,) the verdict with x, or y, shown first, as codes.
    gold : array
        (pairs,) 0 where x is known to be better, 1 where y is, -1 where it is not known.
    verdicts : int
        How many verdicts the group has.
    unpaired : int
        How many of them have no counterpart in the other order.
    unread_verdicts : int
        How many could not be read.
    identical : int
        Pairs of two identical texts, which say nothing of the order and are left out; 0 where the
        texts are not known.
    distinct : int or None
        How many different pairs of texts there are among ``pairs``; None where the texts are not
        known.
    """

    name: str
    problem: np.ndarray
    problems: int
    x_first: np.ndarray
    y_first: np.ndarray
    gold: np.ndarray
    verdicts: int
    unpaired: int
    unread_verdicts: int
    identical: int = 0
    distinct: int | None = None

    def __len__(self) -> int:
        return len(self.problem)

    @property
    def read(self) -> np.ndarray:
        """(pairs,) whether both verdicts could be read."""
        return np.asarray((self.x_first != UNREAD) & (self.y_first != UNREAD))

    readable = renamed_attribute("readable", "read")

    @property
    def winners(self) -> tuple[np.ndarray, np.ndarray]:
        """(pairs,) each: who won with x, and with y, shown first: 0 x, 1 y, 2 nobody, 3 not
        read."""
        return _BY_X[self.x_first], _BY_Y[self.y_first]


_BY_X = np.array([0, 1, 2, 2, 3])
_BY_Y = np.array([1, 0, 2, 2, 3])


def pair_up(
    table: pd.DataFrame,
    by: str | None = "judge",
    *,
    texts: Mapping[tuple[str, str], str] | None = None,
) -> list[Pairs]:
    """Bring the two orders of every pair together.

    Names are compared as text in Unicode's composed form (NFC), so that 1 and "1" are one name.

    Parameters
    ----------
    table : DataFrame
        A verdict table.
    by : str or None
        The column whose values are the groups; without one the whole table is one group.
    texts : mapping or None
        The text of each response, by problem id and response. Pairs of identical texts are then
        left out and counted: whatever the judge says of them, it is not about the order of two
        responses.

    Returns
    -------
    list of Pairs
        One ``Pairs`` a group, in the order in which the groups first appear.

    Raises
    ------
    UserError
        When the column is not there, a name is missing, a verdict is unknown, a response meets
        itself, a group holds labels and preferences, the same ordered pair occurs twice in one
        repetition of a group, or the two orders of a pair contradict each other on which response
        is better.
    """
    import pandas as pd

    if by is not None and by not in table:
        raise UserError(f"no column {by!r}; there are: {', '.join(map(str, table.columns))}")
    rows = len(table)
    group, names = np.zeros(rows, dtype=np.int64), ["all"]
    if by is not None:
        group, names = codes_by_name(table[by], by)
    problem, problems = codes_by_name(table["problem_id"], "problem_id")
    responses, labels = codes_by_name(
        pd.concat([table["response_a"], table["response_b"]], ignore_index=True), "response"
    )
    # x is the response whose name sorts first.
    rank = np.empty(len(labels), dtype=np.int64)
    rank[np.argsort(labels)] = np.arange(len(labels))
    _check_kinds(table, group, names)
    a, b = rank[responses[:rows]], rank[responses[rows:]]
    repetition = np.zeros(rows, dtype=np.int64)
    if "repetition" in table:
        repetition, _ = codes_by_name(table["repetition"], "repetition")
    said = codes_of(table)
    _check(table, a, b)
    gold = _gold(table, a < b)
    low, high = np.minimum(a, b), np.maximum(a, b)
    x_rows, y_rows = _orders(table, (group, problem, repetition, low, high), a > b)
    _check_gold(table, gold, x_rows, y_rows)
    content = None
    if texts is not None:
        content = _contents(
            texts, problems, sorted(labels), problem[x_rows], low[x_rows], high[x_rows]
        )
    out = []
    for g, name in enumerate(names):
        mine, here = group == g, group[x_rows] == g
        numbers = np.unique(problem[mine])
        back = np.zeros(len(problems), dtype=np.int64)
        back[numbers] = np.arange(len(numbers))
        paired, identical, distinct = int(here.sum()), 0, None
        if content is not None:
            differ = content[:, 0] != content[:, 1]
            identical = int((here & ~differ).sum())
            here = here & differ
            distinct = len(np.unique(np.sort(content[here], axis=1), axis=0))
        xs, ys = x_rows[here], y_rows[here]
        out.append(
            Pairs(
                name=name,
                problem=back[problem[xs]],
                problems=len(numbers),
                x_first=said[xs],
                y_first=said[ys],
                gold=np.where(gold[xs] >= 0, gold[xs], gold[ys]),
                verdicts=int(mine.sum()),
                unpaired=int(mine.sum()) - 2 * paired,
                unread_verdicts=int((said[mine] == UNREAD).sum()),
                identical=identical,
                distinct=distinct,
            )
        )
    return out


def _check_kinds(table: pd.DataFrame, group: np.ndarray, names: list[str]) -> None:
    """A tie of labels is another thing than a tie of preferences."""
    kinds = row_kinds(table)
    for g, name in enumerate(names):
        if len({kind for kind in kinds[group == g] if kind is not None}) > 1:
            raise UserError(
                f"the verdicts of {name!r:.60} are labels and preferences, which cannot be counted "
                "together; keep the rows of one kind (column 'kind')"
            )


def _orders(
    table: pd.DataFrame, parts: tuple[np.ndarray, ...], swapped: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The rows with x shown first and, of the same pairs, those with y shown first."""
    import pandas as pd

    # One number for each unordered pair of a repetition, so that sorting brings its orders
    # together.
    key = np.zeros(len(table), dtype=np.int64)
    for part in parts:
        size = int(part.max(initial=0)) + 1
        key = pd.factorize(key * size + part)[0] if size > 1 else key
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
            "number repetitions in a column 'repetition', or keep one of them"
        )
    begins = np.flatnonzero(same)
    return place[begins], place[begins + 1]


def _contents(
    texts: Mapping[tuple[str, str], str],
    problems: list[str],
    labels: list[str],
    problem: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
) -> np.ndarray:
    """(pairs, 2) a number for the text of x and of y, the same for the same text."""
    import pandas as pd

    keys = np.concatenate([problem * len(labels) + low, problem * len(labels) + high])
    places, names = pd.factorize(keys)
    found = []
    for name in names:
        owner, response = problems[int(name) // len(labels)], labels[int(name) % len(labels)]
        if (owner, response) not in texts:
            raise UserError(f"there is no text of response {response!r} of problem {owner!r}")
        found.append(texts[owner, response])
    numbers = pd.factorize(pd.Index(found, dtype=object))[0]
    return np.asarray(numbers[places].reshape(2, -1).T)


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


def _check_gold(
    table: pd.DataFrame, gold: np.ndarray, x_rows: np.ndarray, y_rows: np.ndarray
) -> None:
    one, other = gold[x_rows], gold[y_rows]
    apart = np.flatnonzero((one >= 0) & (other >= 0) & (one != other))
    if len(apart):
        first, second = sorted((int(x_rows[apart[0]]), int(y_rows[apart[0]])))
        row = table.iloc[second]
        raise UserError(
            f"rows {first + 1} and {second + 1}: gold is {row['gold']!r} in both orders of "
            f"{row['response_a']!r} and {row['response_b']!r} of problem {row['problem_id']!r} "
            f"({len(apart)} such pairs); gold names the position of the better response, so it "
            "changes with the order"
        )


__all__ = ["CODES", "FIRST", "UNREAD", "NEITHER", "SECOND", "TIE", "Pairs", "pair_up"]
