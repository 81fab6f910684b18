"""Datasets of sampled solutions, read as pools: one row a problem, or one row a solution."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import Any

from pairjudge_lab.datasets.catalog.grouping import grouped, steps_text
from pairjudge_lab.datasets.rows import Row, absent, column, listed, text_of, truth
from pairjudge_lab.records import Candidate, Pool, Problem, UserError


def gsm8k_solutions(rows: Iterable[Row]) -> Iterator[Pool]:
    """``question``, ``ground_truth`` (its last line is ``A: `` and the number), and one object a
    system with ``solution`` and ``is_correct``."""
    systems = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")
    for number, row in enumerate(rows):
        _, mark, answer = column(row, "ground_truth").rpartition("A:")
        if not mark:
            raise UserError(f"{row.where}: the ground truth has no line that begins with A:")
        missing = [name for name in systems if not isinstance(row.data.get(name), dict)]
        if missing:
            raise absent(row, missing)
        yield Pool(
            Problem(
                f"gsm8k-test-{number}", column(row, "question"), answer.strip().replace(",", "")
            ),
            tuple(_of_system(row, name, row.data[name]) for name in systems),
        )


def _of_system(row: Row, name: str, said: dict[str, Any]) -> Candidate:
    text = said.get("solution")
    if not isinstance(text, str):
        raise UserError(f"{row.where}: {name}.solution is text; got {type(text).__name__}")
    return Candidate(text, correct=truth(row, "is_correct", said), source=name)


def rewardmath(rows: Iterable[Row]) -> Iterator[Pool]:
    """One row a solution: ``problem_id``, ``problem``, ``answer``, ``eval_solution`` (steps),
    ``solution_type`` (``chosen`` or ``rejected``), ``solution_reference`` (who wrote it)."""

    def chosen(row: Row) -> bool:
        said = column(row, "solution_type")
        if said not in ("chosen", "rejected"):
            raise UserError(f"{row.where}: solution_type is chosen or rejected; got {said!r:.60}")
        return said == "chosen"

    return grouped(
        rows,
        key=lambda row: column(row, "problem_id"),
        problem=lambda row, key: Problem(
            f"rewardmath-{key}", column(row, "problem"), column(row, "answer")
        ),
        candidate=lambda row: Candidate(
            steps_text(row, row.data.get("eval_solution"), "eval_solution"),
            correct=chosen(row),
            source=text_of(row.data.get("solution_reference")),
        ),
    )


def processbench(rows: Iterable[Row]) -> Iterator[Pool]:
    """One row a solution: ``problem``, ``steps``, ``final_answer_correct``, ``generator``."""
    return grouped(
        rows,
        key=lambda row: column(row, "problem"),
        problem=lambda row, key: Problem(f"processbench-{column(row, 'id')}", key),
        candidate=lambda row: Candidate(
            steps_text(row, row.data.get("steps"), "steps"),
            correct=truth(row, "final_answer_correct"),
            source=text_of(row.data.get("generator")),
        ),
    )


def prm800k(rows: Iterable[Row]) -> Iterator[Pool]:
    """One row a labelled solution; ``question`` holds the problem, its answer, and of phase 2 the
    solution. Whether a solution is right is left open: ``answers.prepare`` compares the answers. A
    solution that was labelled twice is one candidate."""

    def of(row: Row) -> dict[str, Any]:
        question = row.data.get("question")
        if not isinstance(question, dict) or not isinstance(question.get("problem"), str):
            raise UserError(f"{row.where}: question is an object with the text of a problem")
        return question

    def candidate(row: Row) -> Candidate:
        question = of(row)
        score = question.get("pre_generated_verifier_score")
        if score is not None and not isinstance(score, int | float):
            raise UserError(
                f"{row.where}: pre_generated_verifier_score is a number; got {score!r:.60}"
            )
        return Candidate(
            steps_text(row, question.get("pre_generated_steps"), "question.pre_generated_steps"),
            answer=text_of(question.get("pre_generated_answer")),
            score=None if score is None else float(score),
        )

    return grouped(
        rows,
        key=lambda row: str(of(row)["problem"]),
        problem=lambda row, key: Problem("", key, text_of(of(row).get("ground_truth_answer"))),
        candidate=candidate,
        prefix="prm800k",
        once=True,
    )


def jetts(rows: Iterable[Row]) -> Iterator[Pool]:
    """One row a query: ``query`` (or ``prompt``, ``question``) and ``responses``, objects with
    ``content`` (or ``response``, ``text``) and ``metadata.score``. A score of 1 is correct, of 0
    wrong; one between them says neither."""
    for row in rows:
        line = row.where.rpartition(" ")[2]
        question = next(
            (row.data[n] for n in ("query", "prompt", "question") if row.data.get(n)), None
        )
        responses = row.data.get("responses")
        if not isinstance(question, str) or not isinstance(responses, list) or not responses:
            raise absent(row, ["query", "responses"])
        yield Pool(
            Problem(f"{PurePath(row.file).stem}-{int(line) - 1}", question),
            tuple(_jetts_response(row, r) for r in responses),
        )


def _jetts_response(row: Row, response: Any) -> Candidate:
    names = ("content", "response", "text")
    if not isinstance(response, dict):
        raise UserError(f"{row.where}: a response is an object; got {type(response).__name__}")
    text = next((response[n] for n in names if isinstance(response.get(n), str)), None)
    if text is None:
        raise UserError(
            f"{row.where}: a response has its text in {', '.join(names)}; got {listed(response)}"
        )
    about = response.get("metadata")
    score = (about if isinstance(about, dict) else {}).get("score", response.get("score"))
    return Candidate(text, correct=bool(score) if score in (0, 1) else None)
