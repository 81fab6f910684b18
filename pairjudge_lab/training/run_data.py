"""What a training run reads: judgments, critiques, and the wording they were made with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pairjudge_lab.engines.weights import file_digest
from pairjudge_lab.files.notes import note_lines
from pairjudge_lab.protocols.template import Template, read_template
from pairjudge_lab.records import Match, UserError
from pairjudge_lab.training.judgments import Judgment, read_folder, read_hub, read_judgments


def judgments_of(data: str, split: str) -> Iterator[Judgment] | None:
    """The judgments of a split; None where the data has no held-out part."""
    path = Path(data)
    if path.is_dir():
        return read_folder(path, split)
    if split == "held_out":
        return None
    if path.suffix in (".json", ".jsonl") or path.exists():
        return read_judgments(path)
    return read_hub(data)


def read_critiques(folder: Path) -> dict[tuple[str, str], str]:
    """What a pointwise critic is to say, by question and response.

    Raises
    ------
    UserError
        When the folder holds none, or they are something else.
    """
    path = folder / "critiques.jsonl"
    if not path.is_file():
        raise UserError(
            f"{folder} holds no critiques.jsonl, which a pointwise critic is trained on; make it "
            "with 'pairjudge-lab annotate --critic SPEC'"
        )
    names = ("question", "response", "completion")
    rows = note_lines(path, dict.fromkeys(names, str))
    return {(row["question"], row["response"]): row["completion"] for row in rows}


def template_of(folder: Path, kind: str) -> Template | None:
    """The wording that the data was made with; None where it does not say."""
    if kind == "pointwise":
        path = folder / "critic_template.md"
        return read_template(path, ("question", "response")) if path.is_file() else None
    path = folder / "template.md"
    return read_template(path) if path.is_file() else None


def check_held_out(data: str, pairs: Sequence[Match]) -> None:
    """See that no question that is measured is one that is trained on.

    Raises
    ------
    UserError
        When one is.
    """
    measured = {match.question for match in pairs}
    trained = judgments_of(data, "train") if measured else None
    both = measured & {str(row.question) for row in trained or ()}
    if both:
        raise UserError(
            f"{len(both)} of the {len(measured)} questions of the held-out pairs are trained on "
            f"too (such as {min(both)!r:.80}), so what is measured on them is what was learnt; "
            "keep the questions of train.jsonl and held_out.jsonl apart"
        )


def contents_digest(data: str) -> str:
    """A digest of the files that a run reads; of a dataset on the hub, its name."""
    path = Path(data)
    names = ("*.jsonl", "*.md")
    files = sorted(f for n in names for f in path.glob(n)) if path.is_dir() else [path]
    told = [[f.name, file_digest(f)] for f in files if f.is_file() and f.name != "README.md"]
    return hashlib.sha256(repr(told or data).encode()).hexdigest()


def data_signature(data: str) -> Any:
    path = Path(data)
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path] if path.exists() else []
    return [data, *((f.name, f.stat().st_size, f.stat().st_mtime_ns) for f in files)].__repr__()
