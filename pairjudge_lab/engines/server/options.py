"""How a server is treated: how many requests at once, how often, how long, how much."""

from __future__ import annotations

from dataclasses import dataclass

from pairjudge_lab.records import UserError

KEY_VARIABLE = "PAIRJUDGE_API_KEY"
"""The environment variable that holds a server's key; it is never written anywhere."""


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How a server is asked.

    Attributes
    ----------
    concurrency : int
        The most requests in flight at once.
    begin_with : int
        Requests in flight at first; more are sent while throughput grows, fewer after time-outs
        and status 429. Equal to ``concurrency``: their number never grows.
    attempts : int
        How often one request is sent before it has failed.
    silence : float
        Seconds that an answer which has begun may pause. One that has not begun is waited for as
        long as the server answers others in their order.
    total : float
        The most seconds that one attempt may take from when it is sent.
    connect : float
        Seconds until a connection must stand.
    top_logprobs : int
        Likeliest tokens to ask for beside each token where probabilities of labels are wanted.
    largest : int or None
        The most bytes of one answer; None allows for what ``max_new_tokens`` tokens can take.
    continues : bool or None
        Whether the server continues an assistant's message, as label-only answers need; None asks
        it what it is.

    Raises
    ------
    UserError
        For a value that makes no sense.
    """

    concurrency: int = 256
    begin_with: int = 8
    attempts: int = 8
    silence: float = 300.0
    total: float = 7200.0
    connect: float = 10.0
    top_logprobs: int = 20
    largest: int | None = None
    continues: bool | None = None

    def __post_init__(self) -> None:
        counts = {"concurrency": 10_000, "begin_with": 10_000, "attempts": 100, "top_logprobs": 100}
        for name, most in counts.items():
            if not 1 <= getattr(self, name) <= most:
                raise UserError(
                    f"{name} lies between 1 and {most:,} for a server, got {getattr(self, name)}"
                )
        for name in ("silence", "total", "connect"):
            if not 0 < getattr(self, name) < 10_000_000:
                raise UserError(f"{name} is above 0 seconds, got {getattr(self, name)}")
        if self.largest is not None and self.largest < 1:
            raise UserError(f"largest is at least one byte, got {self.largest}")

    def bytes_allowed(self, max_new_tokens: int, logprobs: int) -> int:
        """The most bytes of one answer of so many tokens, each with so many alternatives."""
        # A streamed token takes some 300 bytes, an alternative some 120; texts escape to six-fold.
        return self.largest or 1_000_000 + max_new_tokens * (1_000 + 200 * logprobs)
