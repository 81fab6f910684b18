"""Whether strengths can be fitted to comparisons at all."""

from __future__ import annotations

from typing import Any

import numpy as np

from pairjudge_lab.records import UserError


def check_names(first: Any, second: Any) -> None:
    """Raise for no comparisons, and for a name that is missing."""
    import pandas as pd

    if not len(first) or len(first) != len(second):
        raise UserError(
            f"strengths need comparisons of two items each, got {len(first)} and {len(second)} "
            "names; is the table empty, or was every verdict left out as unread?"
        )
    for what, names in (("first", first), ("second", second)):
        missing = pd.isna(pd.Series(names)).to_numpy()
        if missing.any():
            row = int(missing.argmax())
            raise UserError(f"comparison {row + 1}: the {what} item has no name")


def check_connected(counts: np.ndarray, items: tuple[str, ...], *, prior: bool = False) -> None:
    """Raise where the strengths of two groups cannot be compared, or would be infinite.

    With a prior no strength is infinite.
    """
    from scipy.sparse.csgraph import connected_components

    # i has taken something off j, shown first or second; a tie gives to both.
    won = counts[:, :, 0] + counts[:, :, 1].T + counts[:, :, 2] + counts[:, :, 2].T
    groups, member = connected_components(won > 0, directed=True, connection="strong")
    if groups == 1:
        return
    weak, _ = connected_components(won > 0, directed=True, connection="weak")
    names = ", ".join(items[k] for k in np.flatnonzero(member == member[0])[:5])
    if weak > 1:
        raise UserError(
            f"no chain of comparisons joins all items ({names} and others stand apart), so their "
            "strengths cannot be compared; fit each part on its own"
        )
    if prior:
        return
    raise UserError(
        f"a strength has no finite estimate: {names} (and perhaps more) only ever won, or only "
        f"ever "
        "lost, against the rest. Leave them out, gather more comparisons, or give a prior"
    )
