"""What the PairJudge RM paper reports, as data (arXiv 2501.13007, Table 2 and pass@1)."""

from __future__ import annotations

import csv

from pairjudge_lab.embedded import data_path
from pairjudge_lab.records import UserError

SOURCE = "arXiv 2501.13007v2, Table 2 (accuracy in per cent; the paper gives no intervals)"


def paper_rows() -> list[dict[str, str]]:
    """Every figure of the table: ``benchmark``, ``method``, ``generator``, ``n``, ``accuracy``."""
    with data_path("paper_table2.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def paper_table(benchmark: str, generator: str) -> dict[str, dict[int, float]]:
    """Accuracy in per cent by method and N, as the paper prints it, for one benchmark and
    generator.

    Raises
    ------
    UserError
        For a benchmark or generator that the table does not hold.
    """
    rows = paper_rows()
    for name, value in (("benchmark", benchmark), ("generator", generator)):
        offered = list(dict.fromkeys(row[name] for row in rows))
        if value not in offered:
            raise UserError(
                f"no {name} {value!r} in the paper's table; it has {', '.join(offered)}"
            )
    out: dict[str, dict[int, float]] = {}
    for row in rows:
        if (row["benchmark"], row["generator"]) == (benchmark, generator):
            out.setdefault(row["method"], {})[int(row["n"])] = float(row["accuracy"])
    return out
