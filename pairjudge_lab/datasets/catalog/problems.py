"""Problem sets by name. How their columns are called was read where ``source`` says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from pairjudge_lab.datasets.fetching import Remote
from pairjudge_lab.datasets.registry import Entry
from pairjudge_lab.datasets.rows import Row, absent, column
from pairjudge_lab.records import Problem, UserError

MATH_SUBJECTS = (
    "algebra",
    "counting_and_probability",
    "geometry",
    "intermediate_algebra",
    "number_theory",
    "prealgebra",
    "precalculus",
)


def math_500(rows: Iterable[Row]) -> Iterator[Problem]:
    """``unique_id``, ``problem``, ``answer``."""
    for row in rows:
        yield Problem(column(row, "unique_id"), column(row, "problem"), column(row, "answer"))


def numbered(prefix: str) -> Callable[[Iterable[Row]], Iterator[Problem]]:
    """``id``, ``problem`` and ``answer``; the id is written after the prefix."""

    def read(rows: Iterable[Row]) -> Iterator[Problem]:
        for row in rows:
            yield Problem(
                f"{prefix}-{column(row, 'id')}", column(row, "problem"), column(row, "answer")
            )

    return read


def gsm8k(part: str) -> Callable[[Iterable[Row]], Iterator[Problem]]:
    """``question`` and ``answer``, whose last line is ``#### `` and the number."""

    def read(rows: Iterable[Row]) -> Iterator[Problem]:
        for number, row in enumerate(rows):
            _, mark, answer = column(row, "answer").rpartition("####")
            if not mark:
                raise UserError(f"{row.where}: the answer has no line that begins with ####")
            yield Problem(
                f"gsm8k-{part}-{number}",
                column(row, "question"),
                answer.strip().replace(",", ""),
            )

    return read


def olympiad(rows: Iterable[Row]) -> Iterator[Problem]:
    """``id``, ``question`` and ``final_answer``, a list; ``context``, where there is one, comes
    before the question."""
    for row in rows:
        answers = row.data.get("final_answer")
        if "final_answer" not in row.data:
            raise absent(row, ["final_answer"])
        known = answers if isinstance(answers, list) else [] if answers is None else [answers]
        if not all(isinstance(answer, str) for answer in known):
            raise UserError(f"{row.where}: final_answer is texts; got {answers!r:.60}")
        question = column(row, "question")
        if row.data.get("context"):
            question = f"{row.data['context']}\n\n{question}"
        yield Problem(
            f"olympiadbench-{column(row, 'id')}",
            question,
            ", ".join(a.strip().strip("$") for a in known) or None,
        )


def math_train(rows: Iterable[Row]) -> Iterator[Problem]:
    """``problem`` and ``solution``; the answer is the last ``\\boxed{...}`` of the solution."""
    for number, row in enumerate(rows):
        yield Problem(
            f"math-train-{number}", column(row, "problem"), last_boxed(column(row, "solution"))
        )


def last_boxed(text: str) -> str | None:
    """What stands in the last ``\\boxed{...}`` of a text, braces balanced; None without one."""
    start = text.rfind("\\boxed{")
    if start < 0:
        return None
    depth = 0
    for place in range(start + len("\\boxed"), len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return text[start + len("\\boxed{") : place]
    return None


PROBLEMS = (
    Entry(
        name="math-500",
        kind="problems",
        licence="MIT (the split is openai/prm800k's; the hub's card states none)",
        size="500 problems, 0.4 MB",
        purpose="competition mathematics of five levels, the usual test set of Best-of-N studies",
        # The LFS pointer of openai/prm800k, prm800k/math_splits/test.jsonl, has the same checksum.
        source="columns: cards of copies of HuggingFaceH4/MATH-500 (macabdul9, lmms-lab)",
        remote=Remote(
            ("test.jsonl",),
            repository="HuggingFaceH4/MATH-500",
            revision="6e4ed1a2a79af7d8630a6b768ec859cb5af4d3be",
            checksums={
                "test.jsonl": "35dc41080a3680858b27fa7e0533d2d547825316fc5dafe5d316f4ccc5a06132"
            },
        ),
        read=math_500,
    ),
    Entry(
        name="gsm8k",
        kind="problems",
        licence="MIT",
        size="1,319 problems, 0.7 MB",
        purpose="grade-school word problems, the test split",
        source="card of openai/gsm8k on the hub; answers: openai/grade-school-math, test.jsonl",
        remote=Remote(("main/test-00000-of-00001.parquet",), repository="openai/gsm8k"),
        read=gsm8k("test"),
    ),
    Entry(
        name="gsm8k-train",
        kind="problems",
        licence="MIT",
        size="7,473 problems, 4.0 MB",
        purpose="grade-school word problems, the training split",
        source="card of openai/gsm8k on the hub; answers: openai/grade-school-math, test.jsonl",
        remote=Remote(("main/train-00000-of-00001.parquet",), repository="openai/gsm8k"),
        read=gsm8k("train"),
    ),
    Entry(
        name="aime-2024",
        kind="problems",
        licence="not stated on its card",
        size="30 problems, 0.1 MB",
        purpose="hard competition mathematics with whole numbers as answers",
        source="card of HuggingFaceH4/aime_2024 on the hub",
        remote=Remote(
            ("data/train-00000-of-00001.parquet",),
            repository="HuggingFaceH4/aime_2024",
            revision="2fe88a2f1091d5048c0f36abc874fb997b3dd99a",
            checksums={
                "data/train-00000-of-00001.parquet": (
                    "26139847601a5037c237d5928b195e7260ca8074cf4f264b794af42847f79ccf"
                )
            },
        ),
        read=numbered("aime-2024"),
    ),
    Entry(
        name="aime-2025",
        kind="problems",
        licence="not stated on its page on the hub",
        size="30 problems, 15 kB",
        purpose="hard competition mathematics with whole numbers as answers, a year later",
        source="public loaders of math-ai/aime25 (problem, answer, id), and the card of a copy",
        remote=Remote(
            ("test.jsonl",),
            repository="math-ai/aime25",
            revision="563bb8404243c5f09de6ec262f2db674fe5bce9b",
            checksums={
                "test.jsonl": "b4e273c02d3e7fe1b74b59eae768fc8230bfb0f79539890cb56f4361caac0331"
            },
        ),
        read=numbered("aime-2025"),
    ),
    Entry(
        name="olympiadbench-maths",
        kind="problems",
        licence="Apache-2.0",
        size="674 problems",
        purpose="olympiad mathematics in English, text only, with final answers",
        source="columns, context among them: README of OpenBMB/OlympiadBench, whose evaluator asks "
        "mathematics without it; repository: public loaders of Hothan/OlympiadBench",
        remote=Remote(
            ("OlympiadBench/OE_TO_maths_en_COMP/OE_TO_maths_en_COMP.parquet",),
            repository="Hothan/OlympiadBench",
            revision="91184b52131e7fc9455fef848035173aea8cc01a",
        ),
        read=olympiad,
    ),
    Entry(
        name="math-train",
        kind="problems",
        licence="MIT",
        size="7,500 problems, 6 MB",
        purpose="MATH's own training split, seven subjects; none of MATH-500 is in it",
        source="licence: hendrycks_math.py of EleutherAI/hendrycks_math; columns: cards of copies",
        remote=Remote(
            tuple(f"{subject}/train-00000-of-00001.parquet" for subject in MATH_SUBJECTS),
            repository="EleutherAI/hendrycks_math",
            revision="21a5633873b6a120296cce3e2df9d5550074f4a3",
        ),
        read=math_train,
    ),
    Entry(
        name="math-12k",
        kind="problems",
        licence="MIT",
        size="12,000 problems, 11 MB",
        purpose="all of MATH that is not in MATH-500: the training split of PRM800K",
        # Its LFS pointer in the repository gives the checksum.
        source="README of openai/prm800k; columns as in MATH-500 (card of hzy/math, same files)",
        remote=Remote(
            ("train.jsonl",),
            urls=(
                "https://media.githubusercontent.com/media/openai/prm800k/"
                "00811d6de065642a6967b9017d4cee59550c0ef4/prm800k/math_splits/train.jsonl",
            ),
            checksums={
                "train.jsonl": "90d96daeac3fe343ebb1e22ce93dd99690f75983e957f88de42f87cffe1e8076"
            },
        ),
        read=math_500,
    ),
)
"""The problem sets that are known by name."""
