"""Labels of several annotators beside a judge's: by item, compared, and by cluster of items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.statistics.names import codes_by_name

if TYPE_CHECKING:
    import pandas as pd


def aligned(
    labels: pd.DataFrame, judge: pd.Series, cluster: pd.Series | None
) -> tuple[pd.DataFrame, pd.Series, np.ndarray]:
    """Labels, the judge's by the same items, and a number for each item's cluster."""
    if labels.shape[1] < 2:
        raise UserError(f"leaving one annotator out needs two or more, got {labels.shape[1]}")
    for what, index in (("labels", labels.index), ("the judge's labels", judge.index)):
        if not index.is_unique:
            raise UserError(f"an item stands twice in {what}: {index[index.duplicated()][0]!r}")
    said = judge.reindex(labels.index)
    if cluster is None:
        return labels, said, np.arange(len(labels))
    codes, _ = codes_by_name(cluster.reindex(labels.index), "cluster")
    return labels, said, codes


def agreement(label: Any, others: Sequence[Any]) -> float:
    """The share of the others who gave the same label."""
    return float(np.mean([label == other for other in others]))


def clustered(values: np.ndarray, owner: np.ndarray) -> tuple[float, float, int]:
    """The mean, its standard error, and how many clusters there are."""
    mean, clusters = float(values.mean()), int(owner.max()) + 1
    if clusters < 2:
        return mean, 0.0, clusters
    residuals = np.bincount(owner, weights=values - mean, minlength=clusters)
    square = np.square(residuals).sum() * clusters / (clusters - 1)
    return mean, float(np.sqrt(square)) / len(values), clusters
