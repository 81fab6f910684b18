"""Verdicts as small whole numbers, for arrays.

A code says what a verdict favours. What that means depends on the kind of the verdicts, which an
array does not hold and whoever keeps one must: ``TIE`` is "both correct" of labels, and "neither
is better" of preferences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.records import Status, UserError, Verdict, VerdictKind

if TYPE_CHECKING:
    import pandas as pd

FIRST, SECOND, TIE, NEITHER, UNREAD, MISSING = range(6)
"""The response shown first or second is favoured, both alike, neither correct, nothing could be
read; or there is no verdict."""

CODES = {"A": FIRST, "B": SECOND, "tie": TIE, "neither": NEITHER, "invalid": UNREAD}
"""Codes by the words of the column ``verdict``."""

_READ = Status.PARSED
_UNREAD = Verdict(Status.UNPARSED, reason="recorded as unread")
_VERDICTS = {
    VerdictKind.LABELS: (
        Verdict(_READ, True, False),
        Verdict(_READ, False, True),
        Verdict(_READ, True, True),
        Verdict(_READ, False, False),
        _UNREAD,
    ),
    VerdictKind.PREFERENCE: (
        Verdict(_READ, preference="A"),
        Verdict(_READ, preference="B"),
        Verdict(_READ, preference="tie"),
    ),
}


def codes_of(table: pd.DataFrame) -> np.ndarray:
    """(rows,) the code of each verdict, as ``int8``.

    Raises
    ------
    UserError
        For a word that is no verdict.
    """
    import pandas as pd

    said = pd.Index(list(CODES)).get_indexer(pd.Index(table["verdict"]))
    if (said < 0).any():
        row = int(np.flatnonzero(said < 0)[0])
        raise UserError(
            f"row {row + 1}: unknown verdict {table['verdict'].iloc[row]!r}; a verdict is one of "
            f"{', '.join(CODES)}"
        )
    return said.astype(np.int8)


def verdict_of(code: int, kind: VerdictKind) -> Verdict:
    """The verdict that a code stands for, without its text and cost.

    Raises
    ------
    ValueError
        For ``MISSING``, or ``NEITHER`` among preferences.
    """
    if code == UNREAD:
        return _UNREAD
    if 0 <= code < len(_VERDICTS[kind]):
        return _VERDICTS[kind][code]
    raise ValueError(f"there is no verdict of kind {kind.value} with code {code}")
