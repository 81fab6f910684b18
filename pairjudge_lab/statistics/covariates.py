"""What else a judge goes by: length, style and its own family, in preferences and in the order.

``preference_covariates`` asks whether a response wins because it is, say, longer, beside its
author's strength. ``order_covariates`` asks whether the effect of the order is larger for some
pairs than for others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.records import UserError
from pairjudge_lab.statistics.clustered_logit import LogitFit, clustered_logit
from pairjudge_lab.statistics.contests import contests
from pairjudge_lab.statistics.names import codes_by_name

if TYPE_CHECKING:
    import pandas as pd

_STYLE = {
    "formulas": re.compile(r"\$\$.+?\$\$|\$[^$\n]+\$|\\\(.+?\\\)|\\\[.+?\\\]", re.S),
    "list items": re.compile(r"^[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]+\S", re.M),
    "headings": re.compile(r"^#{1,6}[ \t]+\S", re.M),
    "bold": re.compile(r"\*\*[^*\n]+\*\*|__[^_\n]+__"),
    "code blocks": re.compile(r"^```.*?^```", re.M | re.S),
}


def style_counts(text: str) -> dict[str, int]:
    """Counts of a response's style.

    Returns
    -------
    mapping
        ``characters``, ``formulas`` (LaTeX between its delimiters), ``list items``, ``headings``,
        ``bold`` and ``code blocks`` of Markdown.
    """
    return {
        "characters": len(text),
        **{name: len(pattern.findall(text)) for name, pattern in _STYLE.items()},
    }


def style_differences(first: Sequence[str], second: Sequence[str]) -> dict[str, np.ndarray]:
    """How much more of each style the first response has, from -1 to 1.

    Parameters
    ----------
    first, second : sequence of str
        The texts of each comparison, in the order shown.

    Returns
    -------
    mapping
        By name, (comparisons,) (first - second) / (first + second), and 0 where neither has any.
    """
    if len(first) != len(second):
        raise UserError(f"two texts a comparison; got {len(first)} and {len(second)}")
    counted = {text: style_counts(text) for text in {*first, *second}}
    out = {}
    for name in style_counts(""):
        a, b = (np.array([counted[t][name] for t in texts], float) for texts in (first, second))
        out[name] = (a - b) / np.maximum(a + b, 1)
    return out


def own_family(judge: str, first: Sequence[str], second: Sequence[str]) -> np.ndarray:
    """(comparisons,) 1 where the first response alone is of the judge's family, -1 the second.

    Parameters
    ----------
    judge : str
        The family of the judge, such as ``gpt``.
    first, second : sequence of str
        The families of the authors of the responses, in the order shown.
    """
    a, b = (np.array([family == judge for family in side], float) for side in (first, second))
    return np.asarray(a - b)


def preference_covariates(
    first: Sequence[str] | np.ndarray | pd.Series,
    second: Sequence[str] | np.ndarray | pd.Series,
    outcome: Sequence[str] | np.ndarray | pd.Series,
    covariates: Mapping[str, Sequence[float] | np.ndarray],
    cluster: Sequence[str] | np.ndarray | pd.Series,
    *,
    strengths: bool = True,
    order_effect: bool = True,
    level: float = 0.95,
) -> LogitFit:
    """Bradley-Terry with covariates: ln odds = theta_i - theta_j + gamma + beta (z_i - z_j).

    Parameters
    ----------
    first, second : sequence of str or array or Series
        (comparisons,) names of the authors, in the order shown.
    outcome : sequence of str or array or Series
        ``A``, ``B``, or ``tie``, which counts as half a win of each.
    covariates : mapping
        By name, (comparisons,) the first response's value less the second's, such as
        ``style_differences`` and ``own_family`` give.
    cluster : sequence of str or array or Series
        (comparisons,) the problem of each.
    strengths : bool
        Whether authors have strengths of their own, relative to the first by name.
    order_effect : bool
        Whether the model has one, ``(order)``.
    level : float
        Of the limits: profile ones of covariates and order, Student's of strengths.

    Raises
    ------
    UserError
        As ``contests`` and ``clustered_logit``; for a covariate of another length or without a
        value.
    """
    import pandas as pd

    data = contests(first, second, outcome)
    columns, names = [], []
    if strengths:
        design = data.design(order_effect=False)[:, 1:]
        columns, names = list(design.T), list(data.items[1:])
    if order_effect:
        columns, names = [*columns, np.ones(len(data.won))], [*names, "(order)"]
    for name, values in covariates.items():
        columns.append(_values(name, values, len(data.won)))
        names.append(name)
    groups, _ = codes_by_name(pd.Series(list(cluster)), "cluster")
    if len(groups) != len(data.won) or not columns:
        raise UserError("every comparison needs a cluster, and the model something to fit")
    wanted = [name for name in names if name not in data.items]
    return clustered_logit(
        np.column_stack(columns), names, data.won, groups, profiled=wanted, level=level
    )


def order_covariates(
    one: Sequence[str] | np.ndarray | pd.Series,
    other: Sequence[str] | np.ndarray | pd.Series,
    covariates: Mapping[str, Sequence[float] | np.ndarray],
    cluster: Sequence[str] | np.ndarray | pd.Series,
    *,
    level: float = 0.95,
) -> LogitFit:
    """The order effect gamma + delta w of pairs with covariates w, conditional on the pair.

    As in ``order.order_limits``, what is common to both orders drops out: a pair that goes to a
    position twice goes to the first one with logit 2 (gamma + delta w), a pair that does so once
    and ties once with logit gamma + delta w. Others say nothing and are counted.

    Parameters
    ----------
    one, other : sequence of str or array or Series
        (pairs,) the verdicts ``A``, ``B`` or ``tie`` in the two orders, by position; ``invalid``
        where it was not read.
    covariates : mapping
        By name, (pairs,) what does not change with the order, such as the absolute difference in
        length. ``(order)`` is gamma where all of them are 0: centre them.
    cluster : sequence of str or array or Series
        (pairs,) the problem of each.
    level : float
        Of the profile limits.

    Raises
    ------
    UserError
        For a verdict of another name; as ``clustered_logit``.
    """
    import pandas as pd

    sides = [pd.Index(["A", "B", "tie", "invalid"]).get_indexer(pd.Index(v)) for v in (one, other)]
    if len(sides[0]) != len(sides[1]) or min(s.min(initial=0) for s in sides) < 0:
        raise UserError("a pair has two verdicts, each of them A, B, tie or invalid")
    a, b = sides
    unread = (a == 3) | (b == 3)
    lean = np.array([1, -1, 0, 0])[a] + np.array([1, -1, 0, 0])[b]
    used = ~unread & (lean != 0)
    size = np.abs(lean)[used].astype(float)
    values = [_values(name, v, len(a))[used] * size for name, v in covariates.items()]
    groups, _ = codes_by_name(pd.Series(list(cluster)), "cluster")
    if len(groups) != len(a):
        raise UserError(f"every pair needs a cluster; got {len(groups)} for {len(a)} pairs")
    return clustered_logit(
        np.column_stack([size, *values]),
        ["(order)", *covariates],
        (lean[used] > 0).astype(float),
        groups[used],
        left_out=(
            ("unread pairs", int(unread.sum())),
            ("pairs that say nothing of the order", int((~unread & (lean == 0)).sum())),
        ),
        level=level,
    )


def _values(name: str, values: Sequence[float] | np.ndarray, rows: int) -> np.ndarray:
    found = np.asarray(values, dtype=float)
    if found.shape != (rows,) or not np.isfinite(found).all():
        raise UserError(f"{name!r} needs a number for each of the {rows} rows, none missing")
    return found
