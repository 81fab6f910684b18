"""Which protocol and which wording a model is asked with, where the user does not say."""

from __future__ import annotations

import json
from pathlib import Path

from pairjudge_lab.engines.options import ModelOptions
from pairjudge_lab.protocols import places
from pairjudge_lab.protocols.families import FAMILIES
from pairjudge_lab.protocols.template import Template, read_template
from pairjudge_lab.records import UserError

TEMPLATE_FILE = "judge_template.md"
"""A model folder may carry the wording it was trained with under this name."""

PROTOCOL_FILE = "judge.json"
"""And, under this one, the name of its protocol."""


def choose_protocol(path: Path | None, options: ModelOptions, spec: str = "") -> str:
    """The name of the protocol.

    The one asked for, else the model's own: what its folder names, what it is known for, or what
    its architecture tells. A language model of no known kind is asked as PairJudge is.

    Raises
    ------
    UserError
        When a file that tells cannot be read.
    """
    if options.protocol != "auto":
        return options.protocol
    if path is None:
        return FAMILIES.get(spec, "pairjudge")
    if not path.is_dir():
        return "pairjudge"
    note = path / PROTOCOL_FILE
    if not note.exists():
        told = _json(path / "config.json", '{"architectures": ["Qwen2ForCausalLM"]}')
        kinds = told.get("architectures") if isinstance(told, dict) else None
        first = kinds[0] if isinstance(kinds, list) and kinds else ""
        return "scalar" if str(first).endswith("ForSequenceClassification") else "pairjudge"
    example = '{"protocol": "pairjudge"}'
    told = _json(note, example)
    name = told.get("protocol") if isinstance(told, dict) else None
    if not isinstance(name, str):
        raise UserError(f"{note} cannot be read; it looks like {example}")
    return name


def model_template(path: Path | None, options: ModelOptions, name: str) -> Template | None:
    """The wording asked for, or the one the model brings; None leaves the protocol's own.

    Raises
    ------
    UserError
        When the file cannot be read or lacks a place.
    """
    if options.template is not None:
        return read_template(options.template, places(name))
    own = path / TEMPLATE_FILE if path is not None and path.is_dir() else None
    # A wording is of use only for the protocol that it was written for.
    if own is None or not own.exists() or name != choose_protocol(path, ModelOptions()):
        return None
    return read_template(own, places(name))


def _json(file: Path, example: str) -> object:
    try:
        if not file.is_file():
            raise OSError("not a file")
        found: object = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        raise UserError(f"{file} cannot be read; it is JSON and looks like {example}") from None
    return found
