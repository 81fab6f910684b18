"""The probabilities that a verdict table holds, each with what is true of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.records import UserError, VerdictKind
from pairjudge_lab.verdicts.judges import only_judge
from pairjudge_lab.verdicts.kinds import need_labels
from pairjudge_lab.verdicts.table import table_kind

if TYPE_CHECKING:
    import pandas as pd

Labels = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Probability, truth and problem of each label: what ``calibration.calibration`` takes."""


@dataclass(frozen=True, slots=True)
class Probabilities:
    """Probabilities by the position that the response had.

    Attributes
    ----------
    positions : mapping
        Labels by ``all``, ``shown first`` and ``shown second``; of preferences, of which one
        probability is the other's rest, only ``all``.
    without_probability : int
        Labels left out because the judge told no probability of them.
    without_truth : int
        Labels left out that have a probability, but of which it is not known what is true.
    """

    positions: dict[str, Labels]
    without_probability: int
    without_truth: int

    @property
    def left_out(self) -> int:
        """Labels left out for either reason."""
        return self.without_probability + self.without_truth


def probabilities_of(
    table: pd.DataFrame, truth: Mapping[tuple[str, str], bool] | None = None
) -> Probabilities:
    """The probabilities of a verdict table with what came true.

    Parameters
    ----------
    table : DataFrame
        A verdict table with the column ``a_probability``, and ``b_probability`` for labels.
    truth : mapping or None
        Of a judge of correctness, whether each response is right, by problem and name. Without it
        the table is taken for one of preferences: the probability of naming A is held against the
        column ``gold``.

    Raises
    ------
    UserError
        For verdicts of several judges, labels without pools or preferences with them, a table
        without the columns needed, or one without a single probability whose truth is known.
    """
    only_judge(table, "the verdicts")
    kind = table_kind(table)
    if truth is None and kind is VerdictKind.LABELS:
        raise UserError(
            "the table holds labels, whose probabilities are held against what is true of each "
            "response: give the pools too"
        )
    if truth is not None:
        need_labels(kind, "calibration against pools")
    needed = ("a_probability", "gold") if truth is None else ("a_probability", "b_probability")
    missing = [name for name in needed if name not in table]
    if missing:
        raise UserError(
            f"the table has no column {' and none '.join(map(repr, missing))}; of a judge of "
            "correctness give the pools, of a judge of preference a column gold; probabilities are "
            "there where the engine told them"
        )
    problem = table["problem_id"].astype(str).to_numpy()
    sides = []
    if truth is None:
        known = table["gold"].map({"A": 1.0, "B": 0.0}).to_numpy(dtype=float)
        sides.append((table["a_probability"].to_numpy(dtype=float), known))
    else:
        for side in ("a", "b"):
            names = zip(problem, table[f"response_{side}"].astype(str), strict=True)
            known = np.array([truth.get(key, np.nan) for key in names], dtype=float)
            sides.append((table[f"{side}_probability"].to_numpy(dtype=float), known))
    kept = [np.isfinite(p) & np.isfinite(known) for p, known in sides]
    untold = sum(int((~np.isfinite(p)).sum()) for p, _ in sides)
    unknown = sum(int((np.isfinite(p) & ~np.isfinite(known)).sum()) for p, known in sides)
    if not any(mine.any() for mine in kept):
        raise UserError("no label has both a probability and a known truth")
    labels = [
        (p[mine], known[mine], problem[mine]) for (p, known), mine in zip(sides, kept, strict=True)
    ]
    whole = tuple(np.concatenate(parts) for parts in zip(*labels, strict=True))
    positions: dict[str, Labels] = {"all": (whole[0], whole[1], whole[2])}
    if truth is not None:
        named = zip(("shown first", "shown second"), labels, strict=True)
        positions |= {name: part for name, part in named if part[0].size}
    return Probabilities(positions, untold, unknown)
