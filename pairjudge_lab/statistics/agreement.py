"""Agreement beyond chance: between the orders, repetitions, or judges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


def cohen_kappa(table: np.ndarray) -> np.ndarray:
    """Cohen's kappa of a square table, or of a stack of them: (..., k, k) to (...).

    (p_o - p_e) / (1 - p_e) with p_e from both margins: 1 is full agreement, 0 what chance gives,
    below 0 less than that. NaN where both raters only ever gave one and the same answer.
    """
    counts = np.asarray(table, dtype=float)
    total = counts.sum(axis=(-2, -1))
    observed = np.trace(counts, axis1=-2, axis2=-1) / total
    expected = (counts.sum(axis=-1) * counts.sum(axis=-2)).sum(axis=-1) / total**2
    return np.asarray(_beyond(observed, expected))


def gwet_ac1(table: np.ndarray) -> np.ndarray:
    """Gwet's AC1 of two raters: as kappa, with p_e = sum q (1 - q) / (k - 1), q the mean margins.

    It does not fall when one answer is rare (Gwet 2008). (..., k, k) to (...).
    """
    counts = np.asarray(table, dtype=float)
    total = counts.sum(axis=(-2, -1))
    observed = np.trace(counts, axis1=-2, axis2=-1) / total
    share = (counts.sum(axis=-1) + counts.sum(axis=-2)) / (2 * total[..., None])
    expected = (share * (1 - share)).sum(axis=-1) / (counts.shape[-1] - 1)
    return np.asarray(_beyond(observed, expected))


def _beyond(observed: np.ndarray, expected: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(expected < 1, (observed - expected) / (1 - expected), np.nan))


def fleiss_kappa(counts: np.ndarray) -> float:
    """Fleiss' kappa (statsmodels): (items, answers), how many raters gave each answer to an item.

    Every item must have the same number of raters; use ``krippendorff_alpha`` otherwise.

    Raises
    ------
    ValueError
        When the items have different numbers of raters.
    """
    from statsmodels.stats.inter_rater import fleiss_kappa as fleiss

    raters = np.asarray(counts).sum(axis=1)
    if len(np.unique(raters)) > 1:
        raise ValueError(
            f"items have from {raters.min()} to {raters.max()} raters; Fleiss' kappa needs the "
            f"same "
            "number for each: use krippendorff_alpha"
        )
    return float(fleiss(np.asarray(counts)))


def krippendorff_alpha(ratings: np.ndarray, *, level: str = "nominal") -> float:
    """Krippendorff's alpha (package krippendorff): (raters, items), NaN where there is no rating.

    1 - D_o / D_e. Items with fewer than two ratings say nothing. NaN where every rating is the
    same.

    Parameters
    ----------
    level : str
        ``nominal``, ``ordinal``, ``interval`` or ``ratio``.
    """
    import krippendorff

    data = np.asarray(ratings, dtype=float)
    if len(np.unique(data[~np.isnan(data)])) < 2:
        return float("nan")
    return float(krippendorff.alpha(reliability_data=data, level_of_measurement=level))


def raters_by_item(table: pd.DataFrame, by: str = "judge") -> tuple[np.ndarray, list[str]]:
    """(raters, ordered pairs) of verdict codes, NaN where a rater has none or none could be read.

    An ordered pair of one repetition is an item; with ``by="repetition"`` the repetitions are the
    raters, and an ordered pair of one judge is an item.
    """
    from pairjudge_lab.verdicts.codes import UNREAD, codes_of

    items = ["problem_id", "response_a", "response_b"]
    items += [c for c in ("judge", "repetition") if c in table and c != by]
    codes = table.assign(code=codes_of(table).astype(float))
    codes.loc[codes["code"] == UNREAD, "code"] = np.nan
    wide = codes.set_index([*items, by])["code"].unstack(by)
    return wide.to_numpy().T, [str(name) for name in wide.columns]
