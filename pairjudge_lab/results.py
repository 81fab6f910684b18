"""What results have in common: as a table, as plain values, in a notebook, and as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from html import escape
from importlib import import_module
from math import isfinite
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def one_line(text: str) -> str:
    """A name as a line of a table can hold it: whatever ends a line in it is written out.

    Examples
    --------
    >>> print(one_line("my judge\\nits second line"))
    my judge\\nits second line
    """
    return "\\n".join(text.splitlines())


class Result:
    """A frozen data class that can be tabled, written, shown and drawn.

    A class of results says what its table is (``to_frame``); ``picture`` names the module of
    ``plots`` and the function that draws it, and ``plotted`` what that function is given.

    Examples
    --------
    >>> from pairjudge_lab import bias_report, load_verdicts
    >>> report = bias_report(load_verdicts("embedded"))
    >>> len(report.to_frame()), report.to_dict()["method"]
    (1, 'score')
    """

    __slots__ = ()

    picture: ClassVar[tuple[str, str]] = ("estimates", "plot_estimates")

    def to_frame(self) -> pd.DataFrame:
        """The result as a table; each class says what a line is."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """All fields as plain values, for JSON; numbers that are not known or infinite are None."""
        whole: dict[str, Any] = plain(self)
        return whole

    def plotted(self) -> tuple[Any, ...]:
        """What the picture's function is given."""
        return (self,)

    def plot(self, **options: Any) -> Axes:
        """Draw it.

        Parameters
        ----------
        **options
            Of the function that ``picture`` names, such as ``ax``.
        """
        module, function = self.picture
        # Pictures stand above results, so they are looked for when one is drawn.
        axes: Axes = getattr(import_module(f"pairjudge_lab.plots.{module}"), function)(
            *self.plotted(), **options
        )
        return axes

    def _repr_html_(self) -> str:
        if type(self).__str__ is not object.__str__:
            return f"<pre>{escape(str(self))}</pre>"
        html: str = self.to_frame().to_html(index=False, float_format="{:.4g}".format)
        return html


def plain(value: Any) -> Any:
    """A value for JSON: data classes and mappings as objects, arrays and tables as lists."""
    if value is None or isinstance(value, bool | str):
        return str(value.value) if isinstance(value, Enum) else value
    if is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: plain(getattr(value, field.name))
            for field in fields(value)
            if not field.name.startswith("_")
        }
    if isinstance(value, Mapping):
        return {_key(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value) if isfinite(value) else None
    if hasattr(value, "to_dict"):  # a data frame
        return plain(value.to_dict("records"))
    if hasattr(value, "tolist"):  # an array or one of its numbers
        return plain(value.tolist())
    return str(value)


def _key(key: Any) -> str:
    return ", ".join(map(str, key)) if isinstance(key, tuple) else str(key)
