"""A judge behind any server that speaks the OpenAI chat protocol: vLLM, SGLang, TGI, a commercial
API.

Many requests are in flight at once, and each verdict is handed on as it arrives. What can go wrong
on the way is tried again, with growing waits, up to a limit; then the verdict is ``failed``: no
tie, no label, and nothing that the store would keep.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import os
import queue
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from pairjudge_lab.protocols import (
    JudgeProtocol,
    PairJudgeProtocol,
    conversations,
    read_answers,
)
from pairjudge_lab.protocols.labels import Cue, soft_labels
from pairjudge_lab.records import Match, Status, UserError, Verdict

KEY_VARIABLE = "PAIRJUDGE_API_KEY"
"""The environment variable that holds a server's key; it is never written anywhere."""

_AGAIN = {408, 409, 425, 429}
_REFUSED = {401: "the key was refused", 403: "access was refused", 404: "there is no such address"}


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How a server is asked.

    Attributes:
        concurrency: requests in flight at once.
        attempts: how often one match is asked before its verdict is ``failed``.
        timeout: seconds a request may take.
        wait: seconds before the second attempt; each further wait is twice as long, up to
            ``longest_wait``. A server's own Retry-After comes first.
        max_tokens: the most tokens of an answer.
        logprobs: likeliest tokens to ask for beside each token, for the labels' probabilities; 0
            asks for none. A server that does not tell costs nothing but the probabilities.

    Raises:
        UserError: for a value that makes no sense.
    """

    concurrency: int = 64
    attempts: int = 8
    timeout: float = 300.0
    wait: float = 0.5
    longest_wait: float = 30.0
    max_tokens: int = 2048
    logprobs: int = 0

    def __post_init__(self) -> None:
        if self.concurrency < 1 or self.attempts < 1 or self.max_tokens < 1:
            raise UserError(
                "concurrency, attempts and max_tokens are at least 1; got "
                f"{self.concurrency}, {self.attempts}, {self.max_tokens}"
            )
        if self.timeout <= 0 or self.wait < 0 or self.longest_wait < self.wait:
            raise UserError(
                "timeout is above 0, wait at least 0 and longest_wait at least wait; got "
                f"{self.timeout}, {self.wait}, {self.longest_wait}"
            )


class ServerJudge:
    """Judges matches by asking a server.

    Args:
        address: the base address, such as ``http://127.0.0.1:8000/v1``.
        model: the model's name at the server.
        protocol: how it is asked and read.
        options: how the server is treated.
        temperature: 0 is greedy.
        seed: sent along with a temperature, different for each repetition.

    Raises:
        UserError: for an address that is no HTTP address, or that holds a password.
    """

    def __init__(
        self,
        address: str,
        model: str,
        protocol: JudgeProtocol | None = None,
        options: ServerOptions | None = None,
        *,
        temperature: float = 0.0,
        seed: int = 0,
    ) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UserError(
                f"a server's address looks like http://127.0.0.1:8000/v1, got {address!r}"
            )
        if parts.username or parts.password:
            raise UserError(f"an address holds no password; put the key into {KEY_VARIABLE}")
        if not model:
            raise UserError(
                "name the model at the server behind a #, such as http://127.0.0.1:8000/v1#NAME"
            )
        self.address = address.rstrip("/")
        self.model = model
        self.protocol: JudgeProtocol = protocol or PairJudgeProtocol()
        self.options = options or ServerOptions()
        self.temperature = temperature
        self.seed = seed

    @property
    def identity(self) -> Mapping[str, Any]:
        decoding: dict[str, Any] = {
            "temperature": self.temperature,
            "max_tokens": self.options.max_tokens,
        }
        if self.temperature > 0:
            decoding["seed"] = self.seed
        return {
            "name": self.model,
            "protocol": self.protocol.name,
            "template": self.protocol.template.digest,
            "server": self.address,
            "decoding": decoding,
        }

    @property
    def capacity(self) -> int:
        """Twice what is in flight: the next request waits beside the connection, and is sent the
        moment that an answer frees its slot."""
        return 2 * self.options.concurrency

    def session(self) -> _Session:
        """A connection to the server that keeps many matches in flight."""
        return _Session(self)

    def request(self, messages: list[dict[str, str]], repetition: int) -> dict[str, Any]:
        """The body of one request."""
        body: dict[str, Any] = {
            "model": self.model,
            "messages": messages,
            "max_tokens": self.options.max_tokens,
            "temperature": self.temperature,
            "top_p": 1.0,
        }
        if self.protocol.stop:
            body["stop"] = list(self.protocol.stop)
        if self.temperature > 0:
            body["seed"] = self.seed * 100_003 + repetition
        if self.options.logprobs:
            body["logprobs"], body["top_logprobs"] = True, self.options.logprobs
        return body

    def read(self, answer: Any) -> Completion | None:
        """The completion in a server's answer; None where it holds no text to read."""
        try:
            choice = answer["choices"][0]
            text = choice["message"]["content"]
            cut_off = choice.get("finish_reason") == "length"
            usage = answer.get("usage") or {}
            tokens = int(usage.get("prompt_tokens") or 0), int(usage.get("completion_tokens") or 0)
        except (KeyError, IndexError, TypeError, AttributeError, ValueError):
            return None
        if not isinstance(text, str) or not text.strip():
            return None
        return Completion(text, cut_off, *tokens, _shares(choice, self.protocol.cues))

    def verdict(self, answers: Sequence[Completion]) -> Verdict:
        """The verdict in the answers to a match's requests."""
        verdict = read_answers(self.protocol, [(a.text, a.cut_off) for a in answers])
        soft: tuple[float | None, float | None] = (None, None)
        if verdict.status is Status.PARSED:
            soft = soft_labels([share for a in answers for share in a.shares])
        return replace(
            verdict,
            prompt_tokens=sum(a.prompt_tokens for a in answers),
            completion_tokens=sum(a.completion_tokens for a in answers),
            a_probability=soft[0],
            b_probability=soft[1],
        )


@dataclass(frozen=True, slots=True)
class Completion:
    """What a server wrote after one request; ``shares[i]`` are the probabilities of cue i's words,
    where it told them."""

    text: str
    cut_off: bool
    prompt_tokens: int
    completion_tokens: int
    shares: tuple[tuple[float, ...] | None, ...]


def _shares(choice: Any, cues: Sequence[Cue]) -> tuple[tuple[float, ...] | None, ...]:
    """The words' probabilities at the last place of each cue, from a choice's ``logprobs``."""
    found: list[tuple[float, ...] | None] = [None] * len(cues)
    try:
        written = ""
        for token in (choice.get("logprobs") or {}).get("content") or ():
            for number, cue in enumerate(cues):
                if written.endswith(cue.after):
                    told = [token, *(token.get("top_logprobs") or ())]
                    weights = {str(t["token"]): math.exp(float(t["logprob"])) for t in told}
                    found[number] = cue.shares(weights)
            written += str(token["token"])
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError):
        # What cannot be read is not known; the verdict itself is in the text.
        return tuple(None for _ in cues)
    return tuple(found)


class _Session:
    """An event loop in a thread of its own, and a queue of answers."""

    def __init__(self, judge: ServerJudge) -> None:
        import httpx

        self._judge = judge
        self._answers: queue.Queue[tuple[str, Verdict] | BaseException] = queue.Queue()
        key = os.environ.get(KEY_VARIABLE)
        many = judge.options.concurrency
        self._client = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=judge.options.timeout,
            limits=httpx.Limits(max_connections=many, max_keepalive_connections=many),
        )
        self._slots = asyncio.Semaphore(many)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def submit(self, ticket: str, match: Match) -> None:
        asyncio.run_coroutine_threadsafe(self._answer(ticket, match), self._loop)

    def collect(self) -> list[tuple[str, Verdict]]:
        """At least one answer, and all that are there.

        Raises:
            UserError: when the server refuses altogether, which no second attempt would change.
        """
        found = [self._answers.get()]
        while True:
            try:
                found.append(self._answers.get_nowait())
            except queue.Empty:
                break
        for answer in found:
            if isinstance(answer, BaseException):
                raise answer
        return [answer for answer in found if not isinstance(answer, BaseException)]

    def close(self) -> None:
        async def end() -> None:
            running = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            await self._client.aclose()

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(timeout=30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=30)
        self._loop.close()

    async def _answer(self, ticket: str, match: Match) -> None:
        try:
            self._answers.put((ticket, await self._ask(ticket, match)))
        except asyncio.CancelledError:
            raise
        except BaseException as problem:  # noqa: BLE001
            # Whoever collects is told; here nobody would hear it.
            self._answers.put(problem)

    async def _ask(self, ticket: str, match: Match) -> Verdict:
        """A match's verdict, from as many requests as its protocol takes."""
        clock = time.perf_counter()
        asked = conversations(self._judge.protocol, match)
        answers = await asyncio.gather(
            *(
                self._complete(f"{ticket} {number}", self._judge.request(m, match.repetition))
                for number, m in enumerate(asked)
            )
        )
        failures = [answer for answer in answers if isinstance(answer, str)]
        if failures:
            return Verdict(Status.FAILED, reason=failures[0])
        verdict = self._judge.verdict([a for a in answers if not isinstance(a, str)])
        return replace(verdict, seconds=time.perf_counter() - clock)

    async def _complete(self, ticket: str, body: dict[str, Any]) -> Completion | str:
        """A completion, after as many attempts as it takes, or why there is none."""
        options, reason = self._judge.options, ""
        for attempt in range(options.attempts):
            async with self._slots:
                completion, reason, asked_wait = await self._try(body)
            if completion is not None:
                return completion
            if asked_wait is None:
                break
            if attempt + 1 < options.attempts:
                await asyncio.sleep(max(asked_wait, self._wait(ticket, attempt)))
        return f"{reason} ({attempt + 1} attempts)"

    async def _try(self, body: dict[str, Any]) -> tuple[Completion | None, str, float | None]:
        """One attempt: a completion, or why there is none and the seconds that the server asks to
        wait (None where a second attempt would change nothing)."""
        import httpx

        try:
            answer = await self._client.post(f"{self._judge.address}/chat/completions", json=body)
        except httpx.TimeoutException:
            return None, f"no answer within {self._judge.options.timeout:g} s", 0.0
        except httpx.TransportError as problem:
            return None, f"the connection broke: {type(problem).__name__}", 0.0
        status = answer.status_code
        if status in _REFUSED:
            raise UserError(
                f"{self._judge.address} answered {status}: {_REFUSED[status]}; check the address, "
                f"the model's name, and the key in {KEY_VARIABLE}"
            )
        if status in _AGAIN or status >= 500:
            return None, f"the server answered {status}", _retry_after(answer.headers)
        if status != 200:
            said = " ".join(answer.text.split())[:200]
            return None, f"the server answered {status}: {said}", None
        try:
            content = answer.json()
        except ValueError:
            return None, "the answer was not JSON, or only a part of it", 0.0
        completion = self._judge.read(content)
        if completion is None:
            return None, "the answer held no text", 0.0
        return completion, "", 0.0

    def _wait(self, ticket: str, attempt: int) -> float:
        """Seconds to wait: twice as long each time, spread so that not all come back at once."""
        options = self._judge.options
        digest = hashlib.sha256(f"{ticket} {attempt}".encode()).digest()
        spread = 0.5 + int.from_bytes(digest[:4], "big") / 2**32
        return min(options.longest_wait, options.wait * 2.0**attempt) * spread


def _retry_after(headers: Mapping[str, str]) -> float:
    """The seconds a server asks to wait, given as a number or as a date; 0 where it does not."""
    said = headers.get("Retry-After", "")
    try:
        return max(0.0, min(600.0, float(said)))
    except ValueError:
        pass
    try:
        return max(0.0, min(600.0, parsedate_to_datetime(said).timestamp() - time.time()))
    except (TypeError, ValueError):
        return 0.0
