"""What can go wrong with one attempt, and how it is said without the key."""

from __future__ import annotations

import json
import math
import time
from base64 import b64encode
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from html import escape
from urllib.parse import quote

import httpx2
import openai

from pairjudge_lab.engines.server.options import KEY_VARIABLE
from pairjudge_lab.records import UserError

LONGEST_WAIT = 600.0
"""Seconds; a server that asks for more is asked again all the same."""

_REFUSED = {401: "the key was refused", 403: "access was refused", 404: "there is no such address"}
_AGAIN = {408, 409, 425, 429}


class AttemptError(Exception):
    """An attempt gave no answer.

    Attributes
    ----------
    reason : str
        Why.
    again : bool
        Whether another attempt could change anything.
    astray : bool
        Whether it looks as if the address were wrong, while nothing good came from there.
    wait : float
        Seconds that the server asks to wait.
    refusal : str
        Its words, where it understood the request and did not take it in this form.
    """

    def __init__(
        self,
        reason: str,
        *,
        again: bool = True,
        astray: bool = False,
        wait: float = 0.0,
        refusal: str = "",
    ) -> None:
        super().__init__(reason)
        self.reason, self.again, self.astray = reason, again, astray
        self.wait, self.refusal = wait, refusal


def read_failure(problem: Exception, address: str, key: str | None) -> AttemptError:
    """What a failed attempt means.

    Parameters
    ----------
    problem : Exception
        What the client, or reading the answer, raised.
    address, key : str
        The server's; the key is masked in what is said.

    Raises
    ------
    UserError
        When no other attempt, of this or another request, could succeed.
    """
    if isinstance(problem, UserError):
        raise problem
    if isinstance(problem, openai.APIStatusError):
        return _read_status(problem, address, key)
    if isinstance(problem, openai.APIConnectionError):
        cause = problem.__cause__
        astray = isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout)
        what = "there was no connection" if astray else "the connection broke"
        return AttemptError(f"{what}: {type(cause or problem).__name__}", astray=astray)
    if isinstance(problem, openai.APIError):
        return AttemptError(f"the server broke off: {without_key(problem.message, key)}")
    if isinstance(problem, json.JSONDecodeError | UnicodeError | RecursionError):
        return AttemptError("the answer was not JSON, or only a part of it")
    return AttemptError(f"the answer could not be read: {type(problem).__name__}")


def _read_status(problem: openai.APIStatusError, address: str, key: str | None) -> AttemptError:
    status = problem.status_code
    if status in _REFUSED:
        raise UserError(
            f"{address} answered {status}: {_REFUSED[status]}; check the address, the model's "
            f"name, and the key in {KEY_VARIABLE}"
        )
    if 300 <= status < 400:
        return AttemptError(f"the server answered {status}: another address", astray=True)
    if status in _AGAIN or status >= 500:
        wait = retry_after(problem.response.headers)
        return AttemptError(f"the server answered {status}", wait=wait)
    said = without_key(problem.response.text, key)
    return AttemptError(
        f"the server answered {status}: {said}",
        again=False,
        refusal=said if status in (400, 422) else "",
    )


def without_key(text: str, key: str | None) -> str:
    """The text in one printable line, the key masked in every form in which it may be repeated."""
    shown = masked(text, key)
    return " ".join("".join(c if c.isprintable() else " " for c in shown).split())


def masked(text: str, key: str | None) -> str:
    """The text with ``[key]`` for the key: plain, or as JSON, HTML, addresses or Base64 have it."""
    if not key:
        return text
    packed = [b64encode(part + key.encode()).decode() for part in (b"", b":")]
    forms = {key, quote(key, safe=""), key.replace("/", "\\/"), escape(key), json.dumps(key)[1:-1]}
    forms.update(packed, (form.rstrip("=") for form in packed))
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, "[key]")
    return text


def retry_after(headers: Mapping[str, str]) -> float:
    """The seconds a server asks to wait, given as a number or as a date; 0 where it does not."""
    said = headers.get("retry-after", "")
    try:
        seconds = float(said)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(said).timestamp() - time.time()
        except (TypeError, ValueError, OverflowError):
            return 0.0
    return max(0.0, min(LONGEST_WAIT, seconds)) if math.isfinite(seconds) else 0.0
