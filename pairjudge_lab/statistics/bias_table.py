"""The position bias of several judges as a table: in text, in Jupyter, and as a data frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any, ClassVar

from pairjudge_lab.results import Result, one_line
from pairjudge_lab.statistics.intervals import FEW_PROBLEMS, FEWEST_PROBLEMS, Estimate

if TYPE_CHECKING:
    import pandas as pd

    from pairjudge_lab.statistics.position_bias import PositionBias

_HEAD = (
    "judge",
    "problems",
    "pairs",
    "same",
    "first",
    "second",
    "unread",
    "consistent, %",
    "position effect, points",
    "p",
    "adjusted",
)
_WIDTHS = (8, 6, 6, 6, 6, 6, 21, 23, 8, 8)


@dataclass(frozen=True, slots=True)
class BiasReport(Result):
    """Position bias of every judge of a table; prints as a table, and is one in Jupyter.

    Attributes
    ----------
    rows : tuple of PositionBias
        One a judge.
    resamples, seed : int
        Of the bootstrap, where ``method`` is that.
    statuses : mapping
        Verdicts by status where the table has one, and by whether they could be read where it does
        not.
    method, weight : str
        Of all intervals; see ``figures.Figures``.
    margin : float or None
        Of the tests of equivalence, None where there are none.
    unread : str
        What became of verdicts that could not be read, in consistency and accuracy.
    """

    picture: ClassVar[tuple[str, str]] = ("bias", "plot_bias")

    rows: tuple[PositionBias, ...]
    resamples: int
    seed: int
    statuses: dict[str, int]
    method: str = "score"
    weight: str = "pairs"
    margin: float | None = None
    unread: str = "left out"

    def to_frame(self) -> pd.DataFrame:
        """One line a judge; intervals as columns ``..._low`` and ``..._high``."""
        import pandas as pd

        lines = []
        for row in self.rows:
            line: dict[str, Any] = {}
            for key, value in row.row().items():
                if isinstance(value, dict) and set(value) == {"estimate", "low", "high"}:
                    line[key] = value["estimate"]
                    line[f"{key}_low"], line[f"{key}_high"] = value["low"], value["high"]
                elif key == "bounds":
                    for name, bound in value.items():
                        line[f"{name}_worst"], line[f"{name}_best"] = bound["low"], bound["high"]
                elif key not in ("tests", "bounds_intervals"):
                    line[key] = value
            line["p"] = row.p
            lines.append(line)
        return pd.DataFrame(lines)

    @property
    def largest(self) -> PositionBias:
        """The judge with the largest position effect either way.

        It was picked for its effect, so ``p_adjusted`` is its p value: of several unbiased judges
        the largest is below .05 by its own p far more often than one time in twenty.
        """
        return max(self.rows, key=lambda row: abs(row.position_effect.estimate))

    def __str__(self) -> str:
        wide = max([5, *(len(one_line(row.group)) for row in self.rows)])
        lines = []
        for name, *cells in (self._head(), *map(self._line, self.rows)):
            shown = [f"{cell:>{w}}" for cell, w in zip(cells, (*_WIDTHS, 8), strict=False)]
            lines.append(" ".join([f"{name:{wide}}", *shown]))
        return "\n".join([*lines, *self.notes])

    def _repr_html_(self) -> str:
        from html import escape

        def cells(line: Sequence[str], tag: str) -> str:
            return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in line) + "</tr>"

        body = "".join(cells(self._line(row), "td") for row in self.rows)
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return f"<table>{cells(self._head(), 'th')}{body}</table>{notes}"

    def _head(self) -> tuple[str, ...]:
        return _HEAD if self.margin is None else (*_HEAD, "none")

    def _line(self, row: PositionBias) -> tuple[str, ...]:
        counts = (row.problems, row.pairs, row.consistent, row.primacy, row.recency, row.unread)
        line = (
            one_line(row.group),
            *map(str, counts),
            _percent(row.consistency),
            _percent(row.position_effect),
            f"{row.p:.2g}",
            f"{row.p_adjusted:.2g}",
        )
        return line if self.margin is None else (*line, f"{row.equivalence:.2g}")

    @property
    def notes(self) -> list[str]:
        """What was left out, and how the figures were made, in words."""
        unread = sum(r.unread for r in self.rows)
        unpaired = sum(r.unpaired for r in self.rows)
        identical = sum(r.identical for r in self.rows)
        same_texts = f"{identical} pairs of identical texts, " if identical else ""
        return [
            "same, first, second: pairs with the same winner in both orders, or drawn to the "
            "response shown first or second. Figures are over pairs read in both orders"
            + (
                "."
                if self.unread == "left out"
                else "; in the share of consistent pairs one that "
                "was not read counts against the judge."
            ),
            f"Left out: {same_texts}{unread} pairs with an unread verdict (counted "
            f"as unread), {unpaired} verdicts without a counterpart in the other order. Verdicts: "
            + ", ".join(f"{count} {status}" for status, count in self.statuses.items())
            + ".",
            *self._open(),
            *self._few(),
            self._how(),
        ]

    def _open(self) -> list[str]:
        """What the headlines could be, had everything been read; nothing where everything was."""
        out = []
        for row in self.rows:
            if not row.unread:
                continue
            said = (
                f"{name.replace('_', ' ')} {100 * low:.1f} to {100 * high:.1f}"
                for name, (low, high) in row.bounds.items()
                if name != "order_effect"
            )
            out.append(
                f"{one_line(row.group)}: had the {row.unread} unread pairs gone the worst way or "
                "the best: "
                + ", ".join(said)
                + (
                    "."
                    if isnan(row.tipping)
                    else f"; no position effect if {100 * row.tipping:.0f} % of the unread "
                    "verdicts favoured the first."
                )
            )
        return out

    def _few(self) -> list[str]:
        # Quoted: a name may hold a comma.
        read = {f"'{one_line(row.group)}'": row.position_effect.n for row in self.rows}
        none = [name for name, n in read.items() if n < FEWEST_PROBLEMS]
        few = [name for name, n in read.items() if FEWEST_PROBLEMS <= n < FEW_PROBLEMS]
        out = []
        if none:
            out.append(
                f"No intervals for {', '.join(none)}: fewer than {FEWEST_PROBLEMS} problems with a "
                "pair that was read in both orders."
            )
        if few:
            out.append(
                f"Take the intervals of {', '.join(few)} with caution: fewer than {FEW_PROBLEMS} "
                "problems with a pair that was read in both orders."
            )
        return out

    def _how(self) -> str:
        how = {
            "score": "score limits with problems as clusters",
            "bootstrap": f"{self.resamples} bootstrap resamples of the problems, seed {self.seed}",
        }[self.method]
        weight = {
            "pairs": "Every pair counts the same (weight: pairs).",
            "problems": "Every problem counts the same (weight: problems).",
        }[self.weight]
        equal = (
            ""
            if self.margin is None
            else f" none: p of the two one-sided tests that the position effect is within "
            f"{100 * self.margin:g} points of 0; below .05 says that it is."
        )
        return (
            f"{weight} 95 % intervals: {how}. p: of no position effect, with problems as clusters; "
            f"adjusted after Benjamini and Hochberg.{equal}"
        )


def _percent(value: Estimate) -> str:
    if isnan(value.low):
        return f"{100 * value.estimate:.1f}"
    return f"{100 * value.estimate:.1f} [{100 * value.low:.1f}, {100 * value.high:.1f}]"
