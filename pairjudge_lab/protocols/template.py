"""A judge's template: the user message with its places, given as text, a file, or fetched.

The places are ``{question}``, ``{response_a}`` and ``{response_b}`` (for a pointwise critic
``{question}`` and ``{response}``), each exactly once; every other brace is kept as it stands, so
LaTeX in a template needs no escaping.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pairjudge_lab.files.reading import read_text
from pairjudge_lab.records import UserError

LARGEST = 200_000
"""Bytes; a template is a page of text, so anything larger is something else."""

PLACES = ("question", "response_a", "response_b")


@dataclass(frozen=True, slots=True)
class Template:
    """The wording of a request.

    Raises
    ------
    UserError
        When one of the places is missing or stands there twice.
    """

    text: str
    source: str = "built in"
    places: tuple[str, ...] = PLACES

    def __post_init__(self) -> None:
        found = self._pattern.findall(self.text)
        for place in self.places:
            if found.count(place) != 1:
                raise UserError(
                    f"template ({self.source}): the place {{{place}}} stands there "
                    f"{found.count(place)} times; it must stand there once"
                )

    @property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("{(" + "|".join(self.places) + ")}")

    @property
    def digest(self) -> str:
        """SHA-256 of the wording: part of every verdict's identity."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def fill(self, values: Mapping[str, str]) -> str:
        """The message; a value that itself contains ``{response_b}`` is not filled again."""
        return self._pattern.sub(lambda found: values[found.group(1)], self.text)


def read_template(path: Path, places: tuple[str, ...] = PLACES) -> Template:
    """Read a template from a UTF-8 file; a line end that closes the file is no part of it.

    Raises
    ------
    UserError
        When the file cannot be read or lacks a place.
    """
    try:
        text = read_text(path, "template", LARGEST)
    except UserError as problem:
        raise UserError(f"cannot read the template {path}: {problem}") from None
    return Template(text.removesuffix("\n"), str(path), places)
