"""Fetching the wording of PairJudge RM's authors, which this package does not contain."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Sequence

from pairjudge_lab.protocols.template import PLACES, Template
from pairjudge_lab.records import UserError

_RAW = "https://raw.githubusercontent.com/THU-KEG/{}/main/{}/compare_0_ex.md"
AUTHORS_URLS = tuple(
    _RAW.format(repository, folder)
    for repository in ("PairwiseRM", "PairJudgeRM")
    for folder in ("prompts", "prompt")
)
LARGEST = 200_000
"""Bytes; a template is a page of text, so anything larger is something else."""


def fetch_template(urls: Sequence[str] = AUTHORS_URLS, *, timeout: float = 30.0) -> Template:
    """The first template found at the addresses.

    Raises:
        UserError: when none answers with a text that has the three places.
    """
    problems = []
    for url in urls:
        try:
            if not url.startswith(("https://", "http://")):
                raise ValueError("an address starts with https://")
            with urllib.request.urlopen(url, timeout=timeout) as answer:  # noqa: S310
                body = answer.read(LARGEST + 1)
            if len(body) > LARGEST:
                raise ValueError(f"more than {LARGEST} bytes")
            return Template(_with_our_places(body.decode("utf-8")).removesuffix("\n"), url)
        except (urllib.error.URLError, OSError, ValueError) as problem:
            problems.append(f"{url}: {problem}")
    raise UserError(
        "the authors' template could not be fetched; tried " + "; ".join(problems) + ". "
        "Download compare_0_ex.md by hand and give it with --template"
    )


def _with_our_places(text: str) -> str:
    """The text with places such as ``{{question}}`` written our way."""
    places = "|".join(PLACES)
    return re.sub(rf"\{{\{{\s*({places})\s*\}}\}}", r"{\1}", text)
