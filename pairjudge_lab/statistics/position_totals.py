"""What is counted of pairs judged in both orders, by problem and with names."""

from __future__ import annotations

import numpy as np

from pairjudge_lab.statistics.pairs import Pairs
from pairjudge_lab.statistics.totals import Totals

CELLS = tuple(one + other for one in "xyc" for other in "xyc")
"""Who won with x shown first and who with y shown first: x, y, or nobody (c); row by row."""

UNREAD_WINNER = 3
"""The winner of an unread verdict."""


def position_totals(pairs: Pairs) -> Totals:
    """Totals of pairs read in both orders, and of verdicts whose better response is known.

    Columns: the nine ``CELLS``; ``read``, ``unread``, ``pairs``; ``consistent``, ``changed``;
    ``full_first`` and ``half_first``, pairs that went to the first position in both orders, or in
    one and tied in the other, and the same of the second; ``primacy`` and ``recency`` their sums;
    ``lean_first`` and ``lean_second``, with halves counting half, and ``lean_squares``; ``first``
    and ``second``, verdicts for a position, and ``sided``, their sum; where gold is known
    ``gold_pairs``, ``gold`` (verdicts), of them read ``gold_both`` (pairs), ``gold_read``,
    ``gold_x`` and ``gold_y``; ``right``, ``right_x``, ``right_y``, ``right_both``.
    """
    x, y = pairs.winners
    read = pairs.read
    counted = np.bincount(
        10 * pairs.problem + np.where(read, 3 * x + y, 9), minlength=10 * pairs.problems
    ).reshape(pairs.problems, 10)
    columns = {cell: counted[:, i].astype(float) for i, cell in enumerate(CELLS)}
    xx, xy, xc, yx, yy, yc, cx, cy, cc = columns.values()
    # By position: x with x first is A; y with y first is A as well.
    full_first, half_first, full_second, half_second = xy, xc + cy, yx, yc + cx
    consistent = xx + yy + cc
    primacy, recency = full_first + half_first, full_second + half_second
    columns |= {
        "unread": counted[:, 9].astype(float),
        "read": consistent + primacy + recency,
        "pairs": consistent + primacy + recency + counted[:, 9],
        "consistent": consistent,
        "changed": primacy + recency,
        "primacy": primacy,
        "recency": recency,
        "full_first": full_first,
        "half_first": half_first,
        "full_second": full_second,
        "half_second": half_second,
        "lean_first": full_first + half_first / 2,
        "lean_second": full_second + half_second / 2,
        "lean_squares": full_first + full_second + (half_first + half_second) / 4,
        "first": (xx + xy + xc) + (xy + yy + cy),
        "second": (yx + yy + yc) + (xx + yx + cx),
    }
    columns["sided"] = columns["first"] + columns["second"]
    known = pairs.gold >= 0
    right_x, right_y = known & (x == pairs.gold), known & (y == pairs.gold)
    told_x, told_y = known & (x != UNREAD_WINNER), known & (y != UNREAD_WINNER)
    gold = Totals.count(
        pairs.problem,
        pairs.problems,
        {
            "gold_pairs": known,
            "gold": 2 * known,
            "gold_read": told_x.astype(int) + told_y,
            "gold_x": told_x,
            "gold_y": told_y,
            "gold_both": told_x & told_y,
            "right": right_x.astype(int) + right_y,
            "right_x": right_x,
            "right_y": right_y,
            "right_both": right_x & right_y,
        },
    )
    return Totals.of(columns | {name: gold[name] for name in gold.names})
