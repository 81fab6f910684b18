"""The columns that say which match and what was said."""

MATCH = ("judge", "problem_id", "response_a", "response_b", "verdict")


def said(table, *columns):
    return [tuple(row) for row in table[list(columns or MATCH)].itertuples(index=False)]
