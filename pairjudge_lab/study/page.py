"""What a study says: curves, position bias, and the page that shows both."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pairjudge_lab.datasets.verdicts import verdict_costs
from pairjudge_lab.files.spreadsheet import csv_text
from pairjudge_lab.files.writing import write_whole
from pairjudge_lab.plots.scaling import plot_curve
from pairjudge_lab.plots.style import as_data_uri, save_picture
from pairjudge_lab.records import Pool, UserError
from pairjudge_lab.replay import curve, pools_heard, record
from pairjudge_lab.selectors import known_of_all
from pairjudge_lab.statistics.intervals import FEWEST_PROBLEMS
from pairjudge_lab.statistics.position import bias_report
from pairjudge_lab.study.run import StudyRun

if TYPE_CHECKING:
    import pandas as pd

WITHOUT_JUDGE = ("pass", "random", "majority")
"""Selectors that every study compares its tournaments with."""

OF_THE_GENERATOR = {"likelihood": "mean_logprob", "self-certainty": "self_certainty"}
"""Selectors by what the generator thought of its candidates, where it told of all; such figures of
several generators are not on one scale, so then there are none."""


def write_findings(
    run: StudyRun,
    folder: Path,
    tournaments: list[str],
    *,
    title: str,
    subsets: int = 100,
    seed: int = 0,
    guard_formulas: bool = False,
) -> dict[str, Any]:
    """Write ``curve.csv``, ``bias.csv``, their pictures and ``report.html``.

    Parameters
    ----------
    run : StudyRun
    folder : Path
    tournaments : list of str
        Replayed on the recorded verdicts, beside the selectors that ask no judge.
    title : str
        Of the page.
    subsets : int
        Random subsets and brackets a problem and N.
    seed : int
        Of these.
    guard_formulas : bool
        In the ``.csv`` files, as ``files.spreadsheet.csv_text`` does.

    Returns
    -------
    dict
        The headline figures.
    """
    facts: dict[str, Any] = {
        "title": title,
        "counts": run.counts,
        "spent": {
            "calls": run.spent.calls, "tokens": run.spent.tokens, "dollars": run.spent.dollars
        },
        "stopped": run.stopped,
        "curve": None,
        "bias": None,
        "notes": [],
    }  # fmt: skip
    pictures: dict[str, str] = {}

    def save(name: str, table: pd.DataFrame) -> None:
        write_whole(folder / f"{name}.csv", csv_text(table, guard_formulas=guard_formulas))

    try:
        facts["curve"], pictures["curve"] = _curve(run, folder, tournaments, subsets, seed, save)
    except UserError as problem:
        facts["notes"].append(f"No curve: {problem}")
    try:
        facts["bias"], pictures["bias"] = _bias(run, folder, seed, save)
    except UserError as problem:
        facts["notes"].append(f"No position bias: {problem}")
    write_whole(folder / "findings.json", json.dumps(facts, indent=2, default=str) + "\n")
    write_whole(folder / "report.html", _page(facts, pictures))
    return facts


def _curve(
    run: StudyRun,
    folder: Path,
    tournaments: list[str],
    subsets: int,
    seed: int,
    save: Callable[[str, pd.DataFrame], None],
) -> tuple[list[dict[str, Any]], str]:
    heard, _ = pools_heard(run.pools, run.verdicts)
    largest = min(map(len, heard), default=1)
    sizes = [n for n in (1, 2, 4, 8, 16, 32, 64, 128) if n < largest] + [largest]
    found = curve(
        record(heard, run.verdicts),
        [*WITHOUT_JUDGE, *_of_the_generator(heard), *tournaments],
        sizes,
        subsets=subsets,
        seed=seed,
        costs=verdict_costs(run.verdicts),
    )
    frame = found.to_frame()
    save("curve", frame)
    figure = plot_curve(found).figure
    save_picture(figure, folder / "curve.svg")
    known = frame.astype(object).where(frame.notna(), None)
    rows = [{str(k): v for k, v in row.items()} for row in known.to_dict("records")]
    return rows, as_data_uri(figure)


def _of_the_generator(pools: Sequence[Pool]) -> list[str]:
    candidates = [c for pool in pools for c in pool.candidates]
    if len({c.source for c in candidates}) > 1:
        return []
    return [name for name, of in OF_THE_GENERATOR.items() if known_of_all(candidates, of)]


def _bias(
    run: StudyRun, folder: Path, seed: int, save: Callable[[str, pd.DataFrame], None]
) -> tuple[list[dict[str, Any]], str]:
    import pandas as pd

    from pairjudge_lab.plots.bias import plot_bias

    report = bias_report(run.verdicts, seed=seed)
    rows = [row.row() for row in report.rows]
    save("bias", pd.DataFrame(rows))
    figure = plot_bias(report).figure
    save_picture(figure, folder / "bias.svg")
    return rows, as_data_uri(figure)


def _page(facts: dict[str, Any], pictures: dict[str, str]) -> str:
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = files("pairjudge_lab.study").joinpath("study.html.j2").read_text("utf-8")
    return environment.from_string(source).render(
        **facts, pictures=pictures, fewest=FEWEST_PROBLEMS
    )
