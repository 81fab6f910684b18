"""Verdict tables of a few pairs, written as letters."""

import pandas as pd

from pairjudge_lab.statistics.position import bias_report

LETTERS = {"A": "A", "B": "B", "C": "tie"}


def table_of(*pairs, judge="j", problems=None):
    """A pair a problem; "AB" is A with x shown first and B with y shown first."""
    rows = []
    for i, (one, two) in enumerate(pairs):
        name = f"p{i}" if problems is None else f"p{problems[i]}-{i}"
        name = name.split("-")[0]
        x, y = f"x{i}", f"y{i}"
        rows.append((judge, name, x, y, LETTERS.get(one, "invalid")))
        rows.append((judge, name, y, x, LETTERS.get(two, "invalid")))
    columns = ["judge", "problem_id", "response_a", "response_b", "verdict"]
    return pd.DataFrame(rows, columns=columns)


def bias_of(*pairs, **more):
    (row,) = bias_report(table_of(*pairs, **more), resamples=200).rows
    return row
