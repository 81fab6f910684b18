"""One request on its way: when it was sent, when its answer began, and when it is given up."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from pairjudge_lab.engines.server.options import ServerOptions


@dataclass(slots=True)
class Exchange:
    """A request and the times of its latest attempt, on the monotonic clock.

    Attributes
    ----------
    name : str
        Sent along as X-Request-Id, with the attempt's number.
    attempts : int
        How often it was sent.
    sent : float or None
        When; None while it waits to be sent again.
    begun : bool
        Whether its answer has begun.
    heard : float
        When the last whole piece of the answer came.
    beside : int
        Requests on their way when it was sent.
    overtaken : int
        Answers to requests sent later that have begun since.
    """

    name: str
    attempts: int = 0
    sent: float | None = None
    begun: bool = False
    heard: float = 0.0
    beside: int = 0
    overtaken: int = 0


@dataclass(slots=True)
class Exchanges:
    """All requests on their way to one server, and whether it still speaks.

    A request whose answer has not begun may stand in the server's queue, so it is not given up
    because time passes: only when the server has said nothing to anybody, or has begun with many
    requests that were sent later.
    """

    options: ServerOptions
    open: dict[str, Exchange] = field(default_factory=dict)
    heard: float = 0.0
    patience: float = 0.0
    doubled: float = 0.0

    def __post_init__(self) -> None:
        self.patience = self.options.silence

    def send(self, exchange: Exchange) -> None:
        """It is sent, for the first time or again."""
        exchange.attempts += 1
        exchange.sent = exchange.heard = time.monotonic()
        exchange.begun, exchange.overtaken, exchange.beside = False, 0, len(self.open)

    def hear(self, exchange: Exchange, *, begun: bool) -> None:
        """A whole piece of its answer came; some servers send one with nothing in it at once."""
        exchange.heard = self.heard = time.monotonic()
        if exchange.begun or not begun:
            return
        exchange.begun = True
        for other in self.open.values():
            if not other.begun and other.sent and exchange.sent and other.sent < exchange.sent:
                other.overtaken += 1

    def overdue(self, exchange: Exchange) -> str:
        """Why the request is to be given up; empty while it is not."""
        if exchange.sent is None:
            return ""
        now = time.monotonic()
        if now - exchange.sent > self.options.total:
            return f"no whole answer within {self.options.total:g} s"
        if exchange.begun:
            paused = now - exchange.heard > self.options.silence
            return f"the answer paused for {self.options.silence:g} s" if paused else ""
        if now - exchange.sent <= self.patience:
            return ""
        if exchange.overtaken >= 2 * exchange.beside + 8:
            return f"no answer within {self.patience:g} s, though later requests were answered"
        if now - self.heard <= self.patience:
            return ""
        reason = f"no answer within {self.patience:g} s"
        if exchange.sent > self.doubled:
            # Once for all that were sent by now: a slow server is given twice the time.
            self.doubled, self.patience = now, 2 * self.patience
        return reason

    def queued(self, exchange: Exchange) -> bool:
        """Whether the request stands in a long queue: it has waited, and so have those after it."""
        if exchange.sent is None or exchange.begun or exchange.overtaken > 4:
            return False
        return time.monotonic() - exchange.sent > self.options.silence / 2
