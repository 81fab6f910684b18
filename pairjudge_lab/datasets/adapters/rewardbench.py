"""RewardBench's per-prompt result files: scores of chosen and rejected responses.

One JSON object whose columns are lists. The first version has ``text_chosen``, ``text_rejected``,
``results`` (1, 0 or 0.5) and ``scores_chosen``, ``scores_rejected``; the second has ``text`` and
``scores`` (lists a prompt, the correct responses first) and ``num_correct``. The layout was read in
allenai/reward-bench: ``scripts/run_rm.py``, ``run_v2.py`` and ``run_generative_v2.py``.

Nothing there says which response a judge saw first, so every pair is given with the chosen response
as ``response_a``, and nothing can be learnt from it about position bias.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import Any

from pairjudge_lab.datasets.rows import listed, text_of
from pairjudge_lab.files.reading import parse_json, read_text
from pairjudge_lab.records import UserError


def rewardbench_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Rows of a verdict table from a file of ``eval-set-scores``.

    Parameters
    ----------
    path : Path

    Yields
    ------
    dict
        ``judge``, ``problem_id``, ``response_a`` (``chosen`` or ``chosen-i``), ``response_b``
        (``rejected`` or ``rejected-j``), ``verdict``, ``gold`` (always ``A``) and ``subset``.
        Scores decide where there are any, equal ones being a tie; without scores, a result of 0.5
        is what RewardBench writes for a judgment that could not be read: ``invalid``.

    Raises
    ------
    UserError
        Another layout, columns of unequal length, or picks of one in four without scores, which
        are no pairs.
    """
    data = parse_json(read_text(path), str(path))
    if not isinstance(data, dict):
        raise UserError(f"{path}: results are an object of columns; got {type(data).__name__}")
    judge = text_of(data.get("model")) or "rewardbench"
    columns = {k: v for k, v in data.items() if isinstance(v, list)}
    lengths = {k: len(v) for k, v in columns.items()}
    if "results" not in columns or len(set(lengths.values())) != 1:
        raise UserError(
            f"{path}: results are columns of one length, with 'results' among them; got "
            f"{listed(f'{k} ({n})' for k, n in lengths.items()) or 'no columns'}"
        )
    for number in range(lengths["results"]):
        row = {name: values[number] for name, values in columns.items()}
        name = text_of(row.get("id"))
        subset = text_of(row.get("subset"))
        about = {
            "judge": judge,
            "problem_id": f"{subset}-{number if name is None else name}",
            "gold": "A",
            "subset": subset,
        }
        pairs = _pairs(row, f"{path}, row {number + 1}")
        for first, second, verdict in pairs:
            yield {**about, "response_a": first, "response_b": second, "verdict": verdict}


def _pairs(row: Mapping[str, Any], where: str) -> list[tuple[str, str, str]]:
    chosen, rejected = row.get("scores_chosen"), row.get("scores_rejected")
    if chosen is not None and rejected is not None:
        said = _compared(chosen, rejected, where)
        result = row["results"]
        told: str | None = "A" if result == 1 else "B" if result == 0 else None
        if told is not None and said != "tie" and told != said:
            raise UserError(
                f"{where}: its results are {result!r}, and its scores say otherwise: "
                f"{chosen!r:.40} and {rejected!r:.40}"
            )
        return [("chosen", "rejected", said)]
    if isinstance(row.get("scores"), list):
        return _of_several(row["scores"], row.get("num_correct"), where)
    if "text_chosen" in row:
        verdicts = {1: "A", 0: "B", 0.5: "invalid"}
        if not isinstance(row["results"], int | float) or row["results"] not in verdicts:
            raise UserError(f"{where}: results are 1, 0 or 0.5; got {row['results']!r:.60}")
        return [("chosen", "rejected", verdicts[row["results"]])]
    raise UserError(
        f"{where}: there are no scores, only whether one of four was picked rightly, which is no "
        "verdict on a pair; run RewardBench with --score_w_ratings"
    )


def _of_several(scores: Sequence[Any], correct: Any, where: str) -> list[tuple[str, str, str]]:
    right = 1 if correct is None else correct
    if isinstance(right, float) and right.is_integer():
        right = int(right)
    if not isinstance(right, int) or not 1 <= right < len(scores):
        raise UserError(
            f"{where}: num_correct is at least 1 and less than the {len(scores)} scores; got "
            f"{correct!r:.60}"
        )
    unread = _unread_ratings(scores)
    return [
        (
            f"chosen-{i}",
            f"rejected-{j}",
            "invalid"
            if i in unread or right + j in unread
            else _compared(scores[i], scores[right + j], where),
        )
        for i in range(right)
        for j in range(len(scores) - right)
    ]


def _unread_ratings(scores: Sequence[Any]) -> set[int]:
    """The places of ratings that RewardBench could not read, which it writes as -1.

    Ratings of a generative judge are whole numbers from 1 to 10; -1 among other scores is a score.
    """
    plain = [one[0] if isinstance(one, list) and one else one for one in scores]
    ratings = all(not isinstance(one, bool) and one in (-1, *range(1, 11)) for one in plain)
    return {place for place, one in enumerate(plain) if ratings and one == -1}


def _compared(chosen: Any, rejected: Any, where: str) -> str:
    """``A``, ``B`` or ``tie``, by score; reward models may give each score as a list of one."""
    pair = [
        score[0] if isinstance(score, list) and score else score for score in (chosen, rejected)
    ]
    numbers = all(isinstance(s, int | float) and not isinstance(s, bool) for s in pair)
    # No number is neither more nor less than another: that would be read as a tie.
    if not numbers or any(isnan(score) for score in pair):
        raise UserError(f"{where}: scores are numbers; got {chosen!r:.40} and {rejected!r:.40}")
    return "A" if pair[0] > pair[1] else "B" if pair[0] < pair[1] else "tie"
