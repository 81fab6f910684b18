"""Logs of OpenAI's evals: model-graded comparisons, read and written.

A line is ``{"spec": ...}``, an event, or ``{"final_report": ...}``; an event has ``run_id``,
``event_id``, ``sample_id``, ``type`` and ``data``. Model-graded choices are events of the type
``metrics`` with ``data.choice``; exact matches are of the type ``match`` with ``picked`` and
``expected``. The layout was read in openai/evals: ``evals/record.py``,
``evals/elsuite/modelgraded/classify.py`` and ``evals/registry/modelgraded/battle.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pairjudge_lab.datasets.rows import read_rows, text_of
from pairjudge_lab.records import UserError

if TYPE_CHECKING:
    import pandas as pd

CHOICES: Mapping[str, str] = {
    "Yes": "A", "No": "B", "A": "A", "B": "B", "C": "tie", "1": "A", "2": "B", "tie": "tie",
    "Tie": "tie",
}  # fmt: skip
"""What a choice means: ``battle`` asks whether the first response is better than the second."""

_INVALID = "__invalid__"


def evals_rows(path: Path, *, choices: Mapping[str, str] = CHOICES) -> Iterator[dict[str, Any]]:
    """Rows of a verdict table from a log of pairwise, model-graded evaluations.

    Parameters
    ----------
    path : Path
    choices : mapping, optional
        From a choice to ``A``, ``B`` or ``tie``.

    Yields
    ------
    dict
        ``judge`` (the run's grader where the log names it, else the evaluation), ``problem_id``
        (the sample), ``response_a`` and ``response_b`` (``completion1`` and ``completion2``),
        ``verdict``, and ``gold`` where the log knows it.

    Raises
    ------
    UserError
        A choice that means nothing here; the message lists those that do.
    """
    judge, judges = "evals", {}
    for row in read_rows(path):
        spec = row.data.get("spec")
        if isinstance(spec, Mapping):
            judge = text_of(spec.get("eval_name")) or judge
            judges[text_of(spec.get("run_id"))] = judge
            continue
        data = row.data.get("data")
        kind = row.data.get("type")
        if kind not in ("metrics", "match") or not isinstance(data, Mapping):
            continue
        given = data.get("choice") if kind == "metrics" else data.get("picked")
        if given is None and kind == "metrics":
            continue  # other metrics are no verdicts
        gold = None
        if kind == "match":
            gold = _meaning(data.get("expected"), choices)
        verdict = _meaning(given, choices)
        if verdict is None:
            if given not in (_INVALID, None, ""):
                raise UserError(
                    f"{row.where}: the choice {given!r:.60} means neither response nor a tie; "
                    f"choices: {', '.join(choices)}; say what it means, as in "
                    "choices={'First': 'A', 'Second': 'B'}"
                )
            verdict = "invalid"
        known = data.get("choice_metascore")
        if isinstance(known, bool) and verdict in ("A", "B"):
            gold = verdict if known else {"A": "B", "B": "A"}[verdict]
        yield {
            "judge": judges.get(text_of(row.data.get("run_id")), judge),
            "problem_id": str(row.data.get("sample_id")),
            "response_a": "completion1",
            "response_b": "completion2",
            "verdict": verdict,
            "gold": gold if gold in ("A", "B") else None,
        }


def to_evals(table: pd.DataFrame, *, eval_name: str = "pairjudge-lab") -> list[dict[str, Any]]:
    """A verdict table as the lines of an evals log, as ``evals_rows`` reads them.

    Parameters
    ----------
    table : DataFrame
        Of one judge; ``neither`` has no word there and is written as a choice of its own.
    eval_name : str
        What the log calls the evaluation, where the table names no judge.

    Returns
    -------
    list of dict
        The specification, then one event of the type ``metrics`` a verdict.

    Raises
    ------
    UserError
        Several judges.
    """
    judges = list(table["judge"].unique()) if "judge" in table else [eval_name]
    if len(judges) > 1:
        raise UserError(f"a log is of one judge; this table has {len(judges)}: keep one's rows")
    words = {"A": "Yes", "B": "No", "tie": "tie", "invalid": _INVALID}
    lines: list[dict[str, Any]] = [{"spec": {"eval_name": str(judges[0]), "run_id": "0"}}]
    for number, row in enumerate(table.to_dict("records")):
        sample = f"{row['problem_id']}.{row['response_a']}.{row['response_b']}"
        said = str(row["verdict"])
        data: dict[str, Any] = {"choice": words.get(said, said)}
        if row.get("gold") in ("A", "B") and said in ("A", "B"):
            data["choice_metascore"] = said == row["gold"]
        lines.append(
            {
                "run_id": "0",
                "event_id": number,
                "sample_id": sample,
                "type": "metrics",
                "data": data,
            }
        )
    return lines


def _meaning(choice: Any, choices: Mapping[str, str]) -> str | None:
    return choices.get(str(choice).strip()) if choice is not None else None
