"""MT-Bench's files of pairwise judgments, read as verdict tables.

One row a pair: ``question_id``, ``turn``, ``model_1``, ``model_2``, and the winners of two games,
``g1_winner`` with the first model shown first and ``g2_winner`` with the second. The layout was
read in lm-sys/FastChat: ``fastchat/llm_judge/common.py`` and ``show_result.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pairjudge_lab.datasets.rows import Row, column, text_of
from pairjudge_lab.records import UserError

GAMES = (("g1", "model_1", "model_2"), ("g2", "model_2", "model_1"))


def mt_bench_rows(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    """Rows of a verdict table from rows of a file such as ``gpt-4_pair.jsonl``.

    Parameters
    ----------
    rows : iterable of Row

    Yields
    ------
    dict
        Two a row, one for each order: ``judge`` (the model), ``problem_id`` (the question),
        ``response_a`` and ``response_b`` (the models in the order shown; those of a later turn as
        ``model, turn 2``, so that both turns of a question count as one problem), ``verdict``,
        ``text``, and ``prompt``, the name of the judge's prompt. ``error`` is ``invalid``.

    Raises
    ------
    UserError
        A column that is absent, a winner of another kind, or two models that were scored one by
        one, in no order.
    """
    for row in rows:
        if "m1_score" in row.data:
            raise UserError(
                f"{row.where}: the models were scored one by one, so nothing was shown first; "
                "MT-Bench's pairwise judgments are those made with --mode pairwise-all or "
                "pairwise-baseline"
            )
        judge, prompt = _judge(row)
        turn = column(row, "turn")
        behind = "" if turn == "1" else f", turn {turn}"
        models = {name: f"{column(row, name)}{behind}" for name in ("model_1", "model_2")}
        for game, first, second in GAMES:
            said = {first: "A", second: "B", "tie": "tie", "error": "invalid"}
            winner = column(row, f"{game}_winner")
            if winner not in said:
                raise UserError(
                    f"{row.where}: {game}_winner is model_1, model_2, tie or error; "
                    f"got {winner!r:.60}"
                )
            yield {
                "judge": judge,
                "problem_id": column(row, "question_id"),
                "response_a": models[first],
                "response_b": models[second],
                "verdict": said[winner],
                "text": text_of(row.data.get(f"{game}_judgment")) or "",
                "prompt": prompt,
            }


def _judge(row: Row) -> tuple[str, str]:
    """The judge's model and the name of its prompt."""
    judge = row.data.get("judge")
    if isinstance(judge, list | tuple) and len(judge) == 2:
        return str(judge[0]), str(judge[1])
    return column(row, "judge"), ""
