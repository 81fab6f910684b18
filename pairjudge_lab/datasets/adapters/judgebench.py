"""JudgeBench's result files, read and written.

One row a pair: ``pair_id``, ``label``, and ``judgments``, the second with the responses swapped.
The layout was read in ScalerLab/JudgeBench: ``run_judge.py``, ``utils/judges.py`` and a file of
``outputs/``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pairjudge_lab.datasets.rows import Row, absent, column, text_of
from pairjudge_lab.records import Pool, UserError

if TYPE_CHECKING:
    import pandas as pd

DECISIONS = {"A>B": "A", "B>A": "B", "A=B": "tie"}
_SHOWN = (("response_A", "response_B"), ("response_B", "response_A"))


def judgebench_rows(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    """Rows of a verdict table from rows of a result file.

    Parameters
    ----------
    rows : iterable of Row
        Their ``where`` begins with the file's path, whose name tells the judge apart.

    Yields
    ------
    dict
        ``judge``, ``problem_id``, ``response_a``, ``response_b`` (``response_A`` and
        ``response_B`` in the order shown), ``verdict``, ``gold`` and ``text``. A judgment that is
        null, or whose decision is none of ``A>B``, ``B>A`` and ``A=B``, was not read: ``invalid``.

    Raises
    ------
    UserError
        A row without ``judgments`` or ``pair_id``, or with a label of another kind.
    """
    rows = list(rows)
    models = _models(rows)
    for row in rows:
        judgments = row.data.get("judgments")
        if not isinstance(judgments, list) or len(judgments) not in (1, 2):
            if "judgments" not in row.data:
                raise absent(row, ["judgments"])
            raise UserError(f"{row.where}: judgments are one or two; got {judgments!r:.60}")
        label = DECISIONS.get(column(row, "label"))
        if label not in ("A", "B"):
            raise UserError(f"{row.where}: label is A>B or B>A; got {row.data['label']!r:.60}")
        for judgment, (first, second) in zip(judgments, _SHOWN, strict=False):
            said = judgment if isinstance(judgment, Mapping) else {}
            inner = said.get("judgment")
            inner = inner if isinstance(inner, Mapping) else {}
            yield {
                "judge": _judge(row, models),
                "problem_id": column(row, "pair_id"),
                "response_a": first,
                "response_b": second,
                "verdict": DECISIONS.get(str(said.get("decision")), "invalid"),
                "gold": label if first == "response_A" else {"A": "B", "B": "A"}[label],
                "text": text_of(inner.get("response")) or "",
            }


def to_judgebench(table: pd.DataFrame, pools: Sequence[Pool]) -> list[dict[str, Any]]:
    """Verdicts of one judge on pools of two, as rows of a JudgeBench result file.

    Parameters
    ----------
    table : DataFrame
        Verdicts in both orders on candidates 0 and 1 of each pool.
    pools : sequence of Pool
        Of two candidates, one of them known to be correct and the other not.

    Returns
    -------
    list of dict
        One row a pool that has verdicts.

    Raises
    ------
    UserError
        Several judges or repetitions, a pool of another size, or one without a right and a wrong
        candidate.
    """
    for name in ("judge", "repetition"):
        if name in table and table[name].nunique() > 1:
            raise UserError(
                f"a JudgeBench file holds one judge and one repetition; this table has "
                f"{table[name].nunique()} values of {name}: keep the rows of one"
            )
    judge = str(table["judge"].iloc[0]) if "judge" in table else "judge"
    said = {
        (str(row["problem_id"]), str(row["response_a"])): row for row in table.to_dict("records")
    }
    out = []
    for pool in pools:
        verdicts = [said.get((pool.problem.id, side)) for side in ("0", "1")]
        if verdicts == [None, None]:
            continue
        right = [c.correct for c in pool.candidates]
        if right not in ([True, False], [False, True]):
            raise UserError(
                f"pool {pool.problem.id!r}: a JudgeBench pair is one correct and one wrong "
                f"response; this pool's correctness is {right}"
            )
        out.append(
            {
                "pair_id": pool.problem.id,
                "question": pool.problem.question,
                "response_A": pool.candidates[0].text,
                "response_B": pool.candidates[1].text,
                "label": "A>B" if right[0] else "B>A",
                "judge_name": judge,
                "judgments": [_judgment(judge, row) for row in verdicts],
            }
        )
    return out


def _judgment(judge: str, row: Mapping[Any, Any] | None) -> dict[str, Any] | None:
    if row is None:
        return None
    decisions = {said: decision for decision, said in DECISIONS.items()}
    text = row.get("text")
    return {
        "judgment": {"judge_model": judge, "response": text if isinstance(text, str) else ""},
        # 'neither' has no word of its own there; like an unread verdict, it decides nothing.
        "decision": decisions.get(str(row["verdict"])),
    }


def _models(rows: Sequence[Row]) -> dict[str, list[str]]:
    """The models of each judge's name, as its judgments say; a pair without any says nothing."""
    found: dict[str, list[str]] = {}
    for row in rows:
        given = row.data.get("judgments")
        mine = found.setdefault(str(row.data.get("judge_name", "judge")), [])
        for judgment in given if isinstance(given, list) else ():
            inner = judgment.get("judgment") if isinstance(judgment, Mapping) else None
            model = inner.get("judge_model") if isinstance(inner, Mapping) else None
            if model and str(model) not in mine:
                mine.append(str(model))
    return found


def _judge(row: Row, models: Mapping[str, Sequence[str]]) -> str:
    """The judge's name: what the file's name says, else what the judgments say.

    Raises
    ------
    UserError
        When one name has judgments of several models, so that a pair without one is nobody's.
    """
    found = re.search(r"judge_name=([^,]+),judge_model=(.+?)\.jsonl", row.where)
    if found:
        return f"{found.group(1)}/{found.group(2)}"
    name = str(row.data.get("judge_name", "judge"))
    mine = models[name]
    if len(mine) > 1:
        raise UserError(
            f"{row.where}: judge {name!r} has judgments of {', '.join(sorted(mine))} in this file; "
            "give each model a file"
        )
    return f"{name}/{mine[0]}" if mine else name
