"""The report of a selection run."""

from __future__ import annotations

import json
from importlib.resources import files
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pairjudge_lab.files.writing import write_whole
from pairjudge_lab.mathematics import STYLE, mathematics_markup
from pairjudge_lab.plots.bracket import plot_bracket
from pairjudge_lab.plots.cross_table import plot_cross_table
from pairjudge_lab.plots.selectors import plot_accuracies
from pairjudge_lab.plots.style import as_data_uri
from pairjudge_lab.plots.verdict_matrix import kind_of, plot_verdict_matrix, verdicts_of
from pairjudge_lab.records import MatchResult, Pool, Selection
from pairjudge_lab.runs import SelectionRun

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MEANINGS = {
    "parsed": "both labels were read",
    "unparsed": "the judge answered, but not in its format; never counted as a label",
    "truncated": "the answer was cut off by the token limit before both labels",
    "failed": "no answer was obtained",
}


_BRACKET = (
    "A box is a candidate with its final answer; colour is its answer group, a bold solid frame "
    "with ✓ a right answer, a dashed frame a wrong one. Dotted lines: a bye, or a meeting of "
    "two with the same answer, which costs no call. A red cross: a right answer was put out. The "
    "triangle points at the candidate that was selected."
)
_CROSS_TABLE = (
    "A line is a candidate with its final answer, ✓ where it is right. A cell holds the position "
    "in which it was shown, the line of its opponent, and the points it took; grey cells are byes "
    "and meetings within an answer group, which cost no call. The triangle points at the "
    "candidate selected."
)
_MATRIX = (
    "What the judge said of each match: the line was shown first, the column second. Candidates "
    "stand by answer group, right answers (✓) first; each pair was asked in one order unless both "
    "were."
)


def write_selection_report(run: SelectionRun, path: str | Path, *, title: str) -> None:
    """Write a run's report as one HTML file.

    Parameters
    ----------
    run : SelectionRun
        What ``runs.run_selection`` gave.
    path : str or Path
        The file.
    title : str
        Its heading.

    Raises
    ------
    UserError
        When the file cannot be written.

    Examples
    --------
    >>> from pairjudge_lab import Knockout, load_judge, load_pools, write_selection_report
    >>> from pairjudge_lab.runs import run_selection
    >>> pools = load_pools("embedded", limit=6)
    >>> run = run_selection(pools, load_judge("simulated:accuracy=0.9"), Knockout(), n=4)
    >>> write_selection_report(run, "report.html", title="A run")
    """
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    environment.filters["mathematics"] = mathematics_markup
    environment.globals["mathematics_style"] = STYLE
    source = files("pairjudge_lab.report").joinpath("selection.html.j2").read_text("utf-8")
    page = environment.from_string(source).render(title=title, **_facts(run))
    write_whole(Path(path), page)


def _facts(run: SelectionRun) -> dict[str, Any]:
    accuracies = run.accuracies()
    summary = run.summary()
    facts: dict[str, Any] = {
        "summary": summary,
        "accuracies": accuracies,
        "gains": run.gains(),
        "meanings": _MEANINGS,
        "identity": json.dumps(
            {"judge": dict(run.judge), "rules": summary["rules_in_words"]}, indent=2
        ),
        "picture": "",
        "match": None,
    }
    if accuracies:
        axes = plot_accuracies(accuracies, highlight=run.tournament)
        facts["accuracy_picture"] = as_data_uri(axes.figure)
        facts["sentence"] = _sentence(run)
    place = _telling_problem(run)
    if place is not None:
        pool, selection = run.pools[place], run.selections[place]
        axes, facts["legend"] = _picture(pool, selection)
        facts["picture"] = as_data_uri(axes.figure)
        facts["problem"] = pool.problem
        facts["note"] = selection.note
        facts["match"] = _telling_match(pool, selection)
    return facts


def _sentence(run: SelectionRun) -> str:
    own, gain = run.accuracies()[run.tournament], run.gains()["majority"]
    words = "more than" if gain.estimate >= 0 else "less than"
    interval = f"95 % interval {gain.percent('+').strip()}; "
    if isnan(gain.low):
        interval, sure = "", "so few problems tell nothing of others"
    elif gain.low > 0 or gain.high < 0:
        sure = "the interval leaves zero out"
    else:
        sure = "an interval that includes zero: these problems do not tell the two apart"
    return (
        f"The {run.tournament} selects a right answer for {100 * own.estimate:.1f} % of the "
        "problems, "
        f"{100 * abs(gain.estimate):.1f} points {words} majority voting ({interval}{sure})."
    )


def _picture(pool: Pool, selection: Selection) -> tuple[Axes, str]:
    """The picture that fits the tournament, and how to read it."""
    if str(selection.rules["tournament"]).startswith("knockout"):
        return plot_bracket(pool, selection), _BRACKET
    if len(selection.history) <= 12:
        return plot_cross_table(pool, selection), _CROSS_TABLE
    codes = verdicts_of(selection, len(pool))
    return plot_verdict_matrix(pool, codes, kind=kind_of(selection)), _MATRIX


def _telling_problem(run: SelectionRun) -> int | None:
    """A problem that shows something: majority wrong, the tournament right, many calls."""

    def interest(place: int) -> tuple[bool, int]:
        known = place in known_places
        saved_it = known and values[run.tournament][index[place]] > values["majority"][index[place]]
        return saved_it, run.selections[place].calls

    known_places = run.known
    index = {place: i for i, place in enumerate(known_places)}
    values = run.values() if known_places else {}
    drawn = [i for i, s in enumerate(run.selections) if s.history and len(run.pools[i]) <= 64]
    return max(drawn, key=interest, default=None)


def _telling_match(pool: Pool, selection: Selection) -> dict[str, Any] | None:
    judged = [r for results in selection.history for r in results if r.verdicts]
    if not judged:
        return None

    def interest(result: MatchResult) -> bool:
        assert result.b is not None
        return pool.candidates[result.a].correct != pool.candidates[result.b].correct

    result = max(judged, key=interest)
    verdict = result.verdicts[0]
    assert verdict is not None
    assert result.b is not None
    sides = []
    for position, index in (("A", result.a), ("B", result.b)):
        candidate = pool.candidates[index]
        truth = {True: ", right", False: ", wrong", None: ""}[candidate.correct]
        mark = {True: "right", False: "wrong", None: ""}[candidate.correct]
        sides.append(
            {
                "position": position,
                "index": index,
                "text": candidate.text,
                "truth": truth,
                "mark": mark,
            }
        )
    said = {"A": "only A correct", "B": "only B correct", "tie": "both correct"}
    return {
        "sides": sides,
        "judgment": verdict.text,
        "status": verdict.status.value,
        "outcome": said.get(verdict.outcome, verdict.outcome),
    }
