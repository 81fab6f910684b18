"""Files that others wrote, read without trust: whatever is wrong with one is a line to its user.

Everything that reads a file goes through here. JSON may not nest deeper than ``DEEPEST``; half a
surrogate pair becomes U+FFFD, since no tokenizer, database or terminal takes it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pairjudge_lab.records import UserError

DEEPEST = 100
"""Brackets within brackets in JSON; data of ours have four."""

_STRUCTURE = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


@contextmanager
def reading(path: str | Path) -> Iterator[None]:
    """Whatever a file makes its reader raise becomes a ``UserError`` that names the file."""
    try:
        yield
    except (UserError, GeneratorExit):
        raise
    except RecursionError:
        raise UserError(f"cannot read {path}: it nests too deep") from None
    except MemoryError:
        raise UserError(f"cannot read {path}: it does not fit in memory") from None
    except UnicodeDecodeError as problem:
        raise UserError(
            f"cannot read {path}: it is not UTF-8 text (byte {problem.start})"
        ) from None
    except OSError as problem:
        said = problem.strerror or str(problem)
        raise UserError(f"cannot read {path}: {_line(said)}") from None
    except Exception as problem:  # noqa: BLE001
        # Parsers of broken files raise anything, pyarrow's own errors among them.
        said = _line(str(problem)) or type(problem).__name__
        raise UserError(f"cannot read {path}: {said}") from None


def regular_file(path: str | Path, what: str = "file") -> Path:
    """The path, seen to name a regular file: a pipe or a device would be waited for.

    Raises
    ------
    UserError
        For anything else.
    """
    with reading(path):
        path = Path(path)
        if path.is_file():
            return path
        if path.is_dir():
            raise UserError(f"{path} is a folder, not a {what}")
        if path.exists():
            raise UserError(f"{path} is not a regular file")
    raise UserError(f"no such {what}: {path}")


def read_text(path: str | Path, what: str = "file", largest: int = 1 << 34) -> str:
    """The text of a UTF-8 file, without a byte order mark.

    Raises
    ------
    UserError
        No regular file, more than ``largest`` bytes, or not UTF-8.
    """
    with reading(path):
        file = regular_file(path, what)
        if file.stat().st_size > largest:
            raise UserError(f"{file} has more than {largest:,} bytes, too many for a {what}")
        return file.read_text(encoding="utf-8-sig")


def parse_json(text: str, where: str) -> Any:
    """The value of a JSON text.

    Raises
    ------
    UserError
        Not JSON, nested deeper than ``DEEPEST``, or a number of thousands of digits.
    """
    depth = 0
    for found in _STRUCTURE.finditer(text):
        char = found[0]
        if char in "[{":
            depth += 1
            if depth > DEEPEST:
                raise UserError(f"{where}: not JSON that is read here: more than {DEEPEST} levels")
        elif char in "]}":
            depth -= 1
    try:
        value = json.loads(text)
    except json.JSONDecodeError as problem:
        raise UserError(f"{where}: not JSON: {problem}") from None
    except (ValueError, RecursionError) as problem:
        raise UserError(f"{where}: not JSON that is read here: {_line(str(problem))}") from None
    return sound(value) if _ESCAPED_SURROGATE.search(text) else value


def sound(value: Any) -> Any:
    """A value of JSON with U+FFFD for every half of a surrogate pair."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [sound(one) for one in value]
    if isinstance(value, dict):
        return {sound(key): sound(one) for key, one in value.items()}
    return value


def json_lines(path: str | Path) -> Iterator[tuple[str, Any]]:
    """The values of a JSONL file, each with where it stands; empty lines are left out.

    Raises
    ------
    UserError
        As ``regular_file`` and ``parse_json``.
    """
    with reading(path), regular_file(path).open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                where = f"{path}, line {number}"
                yield where, parse_json(line, where)


def number_of(value: float | str, what: str) -> float:
    """A number that is finite.

    Raises
    ------
    UserError
        For anything else; ``what`` begins the message.
    """
    try:
        number = float(value)
    except (ValueError, OverflowError, TypeError):
        number = math.nan
    if not math.isfinite(number):
        raise UserError(f"{what} is a finite number, got {value!r:.60}")
    return number


def _line(text: str) -> str:
    return (text.strip().splitlines() or [""])[0][:300]
