"""Totals of problems: what every figure is computed from.

The verdicts of one problem hang together, so problems are what a study samples. A table of totals
has one row a problem and a named column for each thing counted; a bootstrap resample is a vector of
how often each problem was drawn, times that table, and no verdict is ever copied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Totals:
    """Named columns of numbers.

    Attributes
    ----------
    names : tuple of str
        Of the columns.
    values : array
        (..., columns); the axis before the last has the problems, or resamples of them.
    """

    names: tuple[str, ...]
    values: np.ndarray

    @classmethod
    def of(cls, columns: Mapping[str, np.ndarray]) -> Totals:
        """Totals from their columns, each (problems,)."""
        return cls(tuple(columns), np.stack([np.asarray(c, float) for c in columns.values()], -1))

    @classmethod
    def count(cls, problem: np.ndarray, problems: int, columns: Mapping[str, np.ndarray]) -> Totals:
        """Sum columns by problem.

        Parameters
        ----------
        problem : array
            (rows,) the number of each row's problem.
        problems : int
            How many there are.
        columns : mapping
            By name, (rows,) what each row adds.
        """
        summed = {
            name: np.bincount(problem, weights=np.asarray(column, float), minlength=problems)
            for name, column in columns.items()
        }
        return cls.of(summed)

    def __getitem__(self, name: str) -> np.ndarray:
        """(...) one column."""
        return np.asarray(self.values[..., self.names.index(name)])

    def __len__(self) -> int:
        return len(self.values)

    @property
    def whole(self) -> Totals:
        """The sums over all problems."""
        return Totals(self.names, self.values.sum(axis=0))

    def resampled(self, rng: np.random.Generator, resamples: int) -> Totals:
        """(resamples, columns): the sums over problems drawn with replacement."""
        return Totals(self.names, resampled_sums(self.values, rng, resamples))


def resampled_sums(values: np.ndarray, rng: np.random.Generator, resamples: int) -> np.ndarray:
    """(problems, columns) to (resamples, columns): sums over problems drawn with replacement."""
    problems = len(values)
    drawn = np.zeros((resamples, values.shape[1]))
    even = np.full(problems, 1 / max(problems, 1))
    step = max(1, 20_000_000 // max(problems, 1))
    for begin in range(0, resamples if problems else 0, step):
        some = slice(begin, min(begin + step, resamples))
        counts = rng.multinomial(problems, even, size=some.stop - some.start)
        drawn[some] = counts @ values
    return drawn
