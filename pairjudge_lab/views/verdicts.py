"""A verdict table of any size that sorts, searches and filters (DataTables, by itables)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from pairjudge_lab.extras import naming_extras
from pairjudge_lab.records import Pool
from pairjudge_lab.verdicts.marks import MARKS, verdict_marks
from pairjudge_lab.views.view import View, rendered

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = ("judge", "problem_id", "response_a", "response_b", "repetition", "verdict", "status")
_NUMBERS = ("a_probability", "b_probability")


@naming_extras()
def view_verdicts(
    table: pd.DataFrame,
    pools: Sequence[Pool] = (),
    *,
    sure: float = 0.9,
    text: int = 0,
    caption: str = "",
    library: bool = True,
) -> View:
    """A verdict table to search and filter, with panes for what is worth a look.

    The panes filter by judge, by verdict, and by the marks of ``verdict_marks``: flipped by order,
    wrong and sure, unparsed, judges disagree. Every row is in the page, none is left out; the
    browser draws those of one screen. Nothing is fetched: the library of the table, about a
    megabyte, is in the page too.

    Parameters
    ----------
    table : DataFrame
        A verdict table.
    pools : sequence of Pool
        Which candidates are correct, for ``wrong and sure``.
    sure : float
        See ``verdict_marks``.
    text : int
        Characters of the judge's text to show; 0 shows none.
    caption : str
        Words under the table.
    library : bool
        Whether the library comes with the view. One table of a page is enough to bring it.

    Returns
    -------
    View
        Where no script runs, an untrusted notebook for example, its first rows as a plain table.

    Raises
    ------
    UserError
        See ``verdict_marks``.
    """
    frame = _frame(table, pools, sure, text)
    panes = [
        place for place, name in enumerate(frame) if name in ("judge", "verdict", "status", *MARKS)
    ]
    first = frame.head(20)
    return rendered(
        "verdicts.html.j2",
        first.to_string(index=False),
        library=_library() if library else "",
        table=_datatable(frame, panes, caption),
        caption=caption,
        heads=list(frame),
        rows=first.to_numpy().tolist(),
        total=len(frame),
    )


def _frame(table: pd.DataFrame, pools: Sequence[Pool], sure: float, text: int) -> pd.DataFrame:
    """The columns that are shown; marks as words, since a pane lists words."""
    marks = verdict_marks(table, pools, sure=sure)
    frame = table[[name for name in _SHOWN if name in table]].astype(str)
    for name in _NUMBERS:
        if name in table and table[name].notna().any():
            frame[name] = table[name].map(lambda share: "" if share != share else f"{share:.3f}")
    for name in MARKS:
        frame[name] = marks[name].map({True: "yes", False: "no"}).astype(object).fillna("unknown")
    if text and "text" in table:
        frame["text"] = table["text"].fillna("").astype(str).str.slice(0, text)
    return frame.reset_index(drop=True)


def _datatable(frame: pd.DataFrame, panes: list[int], caption: str) -> str:
    from html import escape

    from itables.javascript import to_html_datatable

    options: dict[str, Any] = {
        "connected": False,
        "maxBytes": 0,
        "maxColumns": 0,
        "allow_html": False,
        "display_logo_when_loading": False,
        "showIndex": False,
        "pageLength": 25,
        "order": [],
        "classes": "display compact pjl-verdicts-table",
        "layout": {"top1": "searchPanes", "topStart": "pageLength", "topEnd": "search"},
        "searchPanes": {
            "columns": panes,
            "cascadePanes": True,
            "viewCount": True,
            "initCollapsed": True,
            "layout": "columns-4",
        },
        # A pane is shown however many rows there are to a word.
        "columnDefs": [{"targets": panes, "searchPanes": {"show": True}}],
    }
    return str(to_html_datatable(frame, escape(caption) or None, **options))


@cache
def _library() -> str:
    """The script and styles of the table, which are inlined once on a page."""
    import itables.options
    from itables.javascript import generate_init_offline_itables_html

    return str(generate_init_offline_itables_html(itables.options.dt_bundle))
