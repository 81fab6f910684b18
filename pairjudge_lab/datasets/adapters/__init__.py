"""Other tools' result files as verdict tables, and verdict tables as theirs.

``load_verdicts(path)`` recognises their layouts; ``read_layout`` names one.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pairjudge_lab.datasets.rows import read_rows
from pairjudge_lab.files.reading import json_lines, parse_json, read_text, regular_file
from pairjudge_lab.records import UserError

LAYOUTS = ("inspect", "rewardbench", "judgebench", "mt-bench", "openai-evals")
"""The layouts that are read: inspect_ai's logs (``.eval``, ``.json``), RewardBench's scores
(``.json``), JudgeBench's outputs, MT-Bench's pairwise judgments and the logs of OpenAI's evals
(``.jsonl``)."""


def read_layout(path: str | Path, layout: str, **options: Any) -> list[dict[str, Any]]:
    """Rows of a verdict table from another tool's result file.

    Parameters
    ----------
    path : str or Path
    layout : str
        One of ``LAYOUTS``.
    **options
        Of the layout's own reader: see ``inspect_rows`` and ``evals_rows``.

    Raises
    ------
    UserError
        An unknown layout, no such file, or a file of another layout.
    """
    from pairjudge_lab.datasets.adapters.inspect_logs import inspect_rows
    from pairjudge_lab.datasets.adapters.judgebench import judgebench_rows
    from pairjudge_lab.datasets.adapters.mt_bench import mt_bench_rows
    from pairjudge_lab.datasets.adapters.openai_evals import evals_rows
    from pairjudge_lab.datasets.adapters.rewardbench import rewardbench_rows

    def judgebench(path: Path) -> Iterator[dict[str, Any]]:
        return judgebench_rows(read_rows(path))

    def mt_bench(path: Path) -> Iterator[dict[str, Any]]:
        return mt_bench_rows(read_rows(path))

    readers: dict[str, Callable[..., Iterator[dict[str, Any]]]] = {
        "inspect": inspect_rows,
        "rewardbench": rewardbench_rows,
        "judgebench": judgebench,
        "mt-bench": mt_bench,
        "openai-evals": evals_rows,
    }
    if layout not in readers:
        raise UserError(f"no layout {layout!r} of result files; there are: {', '.join(LAYOUTS)}")
    path = Path(path)
    regular_file(path)
    rows = list(readers[layout](path, **options))
    if not rows:
        raise UserError(f"{path} holds no verdicts")
    return rows


def recognise(path: Path) -> str | None:
    """The layout of another tool's result file; None where it is none of them.

    Only ``.eval``, ``.json`` and the first line of a ``.jsonl`` file are looked at.
    """
    if not path.is_file():
        return None
    if path.suffix == ".eval" or (path.suffix == ".json" and zipfile.is_zipfile(path)):
        return "inspect"
    try:
        if path.suffix == ".json":
            first = parse_json(read_text(path), str(path))
        elif path.suffix == ".jsonl":
            _, first = next(json_lines(path), ("", None))
        else:
            return None
    except UserError:  # its own reader says what is wrong with it
        return None
    if not isinstance(first, dict):
        return None
    if {"eval", "samples"} <= first.keys():
        return "inspect"
    if "results" in first and {"text_chosen", "text", "scores"} & first.keys():
        return "rewardbench"
    if {"judgments", "pair_id"} <= first.keys():
        return "judgebench"
    if {"g1_winner", "g2_winner"} <= first.keys():
        return "mt-bench"
    if "spec" in first or {"run_id", "event_id", "type"} <= first.keys():
        return "openai-evals"
    return None
