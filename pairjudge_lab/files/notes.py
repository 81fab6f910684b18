"""Notes of ours about a run, as JSON: others can have changed them, or broken them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pairjudge_lab.files.reading import json_lines, parse_json, read_text
from pairjudge_lab.records import UserError

Kind = type | tuple[type, ...]


def read_note(file: Path, shape: Mapping[str, Kind]) -> dict[str, Any]:
    """An object that we wrote down, with the values that it must have.

    Parameters
    ----------
    file : Path
    shape : mapping of str to type or tuple of types
        Which names it has, and what their values are.

    Raises
    ------
    UserError
        When it cannot be read, or is something else.
    """
    try:
        return shaped(parse_json(read_text(file), str(file)), shape, str(file))
    except UserError as problem:
        raise UserError(f"{problem}; move it away, and the same command writes it anew") from None


def note_lines(file: Path, shape: Mapping[str, Kind]) -> Iterator[dict[str, Any]]:
    """The objects of a JSONL file, with the values that each must have.

    Raises
    ------
    UserError
        As ``read_note``.
    """
    for where, value in json_lines(file):
        yield shaped(value, shape, where)


def shaped(value: Any, shape: Mapping[str, Kind], where: str) -> dict[str, Any]:
    """An object, seen to have values of these types.

    Raises
    ------
    UserError
        When it has not; ``where`` begins the message.
    """
    if not isinstance(value, dict):
        raise UserError(f"{where} is not sound: it is no object")
    for name, kind in shape.items():
        if name not in value:
            raise UserError(f"{where} is not sound: it lacks {name!r}")
        if not _may_be(value[name], kind):
            raise UserError(f"{where} is not sound: {name!r} cannot be {str(value[name])!r:.60}")
    return value


def _may_be(value: Any, kind: Kind) -> bool:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    # Python takes True for a whole number.
    return isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))
