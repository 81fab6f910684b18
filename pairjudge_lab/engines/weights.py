"""Weights that are whole: nothing missing, nothing left over, nothing that is no number.

A library fills a weight that a file lacks at random and says so in a log line; what such a model
says differs from run to run. Here it is refused, by name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pairjudge_lab.records import UserError

LOADED = (".safetensors", ".json", ".jinja", ".txt", ".model", ".tiktoken", ".py", ".gguf")
"""Endings of the files in a model folder that could change what a model says."""


def check_loading(spec: str, told: Mapping[str, Any]) -> None:
    """Refuse a model by what transformers tells of its loading.

    Parameters
    ----------
    spec : str
        What the model is called in the message.
    told : mapping
        ``output_loading_info`` of ``from_pretrained``.

    Raises
    ------
    UserError
        When weights are missing, are left over, or are of another shape; with their names.
    """
    for kind, meaning in (
        ("missing_keys", "are missing"),
        ("unexpected_keys", "belong to no part of the model"),
        ("mismatched_keys", "are of another shape"),
    ):
        names = sorted(str(n[0] if isinstance(n, tuple | list) else n) for n in told.get(kind, ()))
        if names:
            raise UserError(
                f"{spec}: {len(names)} weights {meaning}: {some_names(names)}; the files are not "
                "whole or belong to another kind of model; fetch them again, or name the protocol "
                "that fits with --protocol"
            )


def check_numbers(spec: str, model: Any) -> None:
    """Refuse a model with a weight that is not a finite number.

    Raises
    ------
    UserError
        With the names of those weights.
    """
    import torch

    with torch.inference_mode():
        broken = [
            name
            for name, weight in model.named_parameters()
            if weight.is_floating_point() and not bool(torch.isfinite(weight).all())
        ]
    if broken:
        raise UserError(
            f"{spec}: {len(broken)} weights hold values that are no numbers: {some_names(broken)}; "
            "the files are damaged; fetch them again"
        )


def check_json(folder: Path) -> None:
    """Refuse a model folder with a JSON file that cannot be read.

    A library may leave such a file out without a word, and the model is then another one.

    Raises
    ------
    UserError
        With the file's name.
    """
    for file in sorted(folder.glob("*.json")):
        try:
            if not file.is_file():
                raise ValueError("it is no regular file")
            json.loads(file.read_text("utf-8"))
        except (OSError, ValueError, RecursionError) as problem:
            raise UserError(f"{file} is not sound JSON: {str(problem)[:120]}") from None


def folder_digest(folder: Path) -> str:
    """One digest of every file in a model folder that could change what the model says.

    Weights, configuration, tokenizer files of every kind, chat templates, and code.
    """
    parts = [
        f"{file.relative_to(folder).as_posix()}:{file_digest(file)}"
        for file in sorted(folder.rglob("*"))
        if file.suffix in LOADED and file.is_file()
    ]
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def some_names(names: Iterable[str]) -> str:
    """The first four of some names, and how many more there are."""
    listed = list(names)
    more = f" and {len(listed) - 4} more" if len(listed) > 4 else ""
    return ", ".join(listed[:4]) + more
