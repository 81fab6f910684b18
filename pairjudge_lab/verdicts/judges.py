"""Whose verdicts a table holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pairjudge_lab.records import UserError

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 5


def only_judge(table: pd.DataFrame, what: str) -> str | None:
    """The one judge of a table; None where it has no column ``judge``, or no rows.

    Parameters
    ----------
    what : str
        The table, for the message: ``the verdicts``.

    Raises
    ------
    UserError
        When there are several.

    Examples
    --------
    >>> import pandas as pd
    >>> only_judge(pd.DataFrame({"judge": ["tiny", "tiny"]}), "the verdicts")
    'tiny'
    """
    judges = list(table["judge"].unique()) if "judge" in table else []
    if len(judges) > 1:
        # Quoted: a name may hold a comma.
        shown = ", ".join(repr(str(judge)) for judge in judges[:SHOWN])
        rest = ", ..." if len(judges) > SHOWN else ""
        raise UserError(
            f"{what} come from {len(judges)} judges: {shown}{rest}; keep one: "
            "load_verdicts(..., judge=NAME), --judge NAME of 'calibration', 'curve', 'price' and "
            "'report', or the judge recorded:FILE#NAME"
        )
    return str(judges[0]) if judges else None
