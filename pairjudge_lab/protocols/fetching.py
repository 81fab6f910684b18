"""Fetching the wording of PairJudge RM's authors, which this package does not contain."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException

from pairjudge_lab.protocols.template import LARGEST, PLACES, Template
from pairjudge_lab.records import UserError

_RAW = "https://raw.githubusercontent.com/THU-KEG/{}/main/{}/compare_0_ex.md"
AUTHORS_URLS = tuple(
    _RAW.format(repository, folder)
    for repository in ("PairwiseRM", "PairJudgeRM")
    for folder in ("prompts", "prompt")
)


def fetch_template(urls: Sequence[str] = AUTHORS_URLS, *, timeout: float = 30.0) -> Template:
    """The first template found at the addresses.

    Raises
    ------
    UserError
        When none answers with a text that has the three places.
    """
    problems = []
    for url in urls:
        try:
            body = _body(url, timeout)
            return Template(_with_our_places(body.decode("utf-8")).removesuffix("\n"), url)
        except (OSError, ValueError, HTTPException) as problem:
            problems.append(f"{url}: {problem}")
    raise UserError(
        "the authors' template could not be fetched; tried " + "; ".join(problems) + ". "
        "Download compare_0_ex.md by hand and give it with --template"
    )


def _body(url: str, timeout: float) -> bytes:
    """What an address answers, complete.

    Raises
    ------
    ValueError
        Another kind of address, also of a redirection, or an answer that is too long or too short.
    """
    if not url.startswith(("https://", "http://")):
        raise ValueError("an address starts with https://")
    # The usual opener follows a redirection to ftp as well.
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPRedirectHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPErrorProcessor,
        urllib.request.UnknownHandler,
    ):
        opener.add_handler(handler())
    with opener.open(url, timeout=timeout) as answer:
        body: bytes = answer.read(LARGEST + 1)
        announced = answer.headers.get("Content-Length", "")
        if len(body) > LARGEST:
            raise ValueError(f"more than {LARGEST} bytes")
        if announced.isdigit() and int(announced) != len(body):
            raise ValueError(f"{len(body)} bytes came of {announced}")
        return body


def _with_our_places(text: str) -> str:
    """The text with places such as ``{{question}}`` written our way."""
    places = "|".join(PLACES)
    return re.sub(rf"\{{\{{\s*({places})\s*\}}\}}", r"{\1}", text)
