"""How many requests are in flight: more while throughput grows, fewer when the server asks."""

from __future__ import annotations

GAIN = 1.1
"""A larger number of requests in flight is kept where answers come this much faster."""
RETRY = 16
"""After so many times as many answers as are in flight, a larger number is tried again."""


class Concurrency:
    """The number of requests in flight at one server, found by trying.

    It doubles for as long as the doubled number brings answers at least ``GAIN`` times as fast, and
    goes back one step when it does not. A time-out or a status 429 halves it; from there on it
    grows by one for each round of good answers. Times are the caller's, in seconds.

    Parameters
    ----------
    first, most : int
        Where it begins, and what it never exceeds.

    Attributes
    ----------
    limit : int
        The number at present.
    sent : int
        Requests sent so far, repeated ones included.
    """

    def __init__(self, first: int, most: int) -> None:
        self.limit = min(first, most)
        self.sent = 0
        self._most = most
        self._halved_at = float("-inf")
        self._careful = False
        # The state of the search: answers a second before the last step, and what is being tried.
        self._rate: float | None = None
        self._tried_from: int | None = None
        self._rest = 0
        self._patience = RETRY
        self._began: float | None = None
        self._count = 0

    def answered(self, now: float, *, full: bool) -> None:
        """A good answer came; ``full`` when as many were in flight as are allowed."""
        if not full:
            # A rate that the server was not asked for says nothing of what it can do.
            self._begin(None)
            return
        if self._began is None:
            self._began = now
            return
        self._count += 1
        if self._careful and self._count >= self.limit:
            self.limit = min(self._most, self.limit + 1)
            self._begin(now)
        elif not self._careful and self._count >= max(self.limit, 8):
            self._search(self._count / max(now - self._began, 1e-9))
            self._begin(now)

    def slow_down(self, now: float, sent: float) -> None:
        """The server was too busy for a request sent then, or let it wait too long.

        Requests sent before the last halving say nothing new.
        """
        if sent <= self._halved_at:
            return
        self._halved_at = now
        self.limit = max(1, self.limit // 2)
        self._careful = True
        self._begin(None)

    def _search(self, rate: float) -> None:
        """One step, after a round at the present limit that brought answers at this rate."""
        if self._tried_from is not None:
            gained = self._rate is None or rate >= GAIN * self._rate
            if not gained:
                self.limit = self._tried_from
                self._tried_from = None
                self._rest = self._patience
                self._patience *= 2
                return
        elif self._rest > 0:
            self._rest -= 1
            self._rate = rate
            return
        self._rate, self._tried_from = rate, self.limit
        self.limit = min(self._most, 2 * self.limit)
        if self.limit == self._tried_from:
            self._tried_from, self._rest = None, self._patience

    def _begin(self, now: float | None) -> None:
        self._began = now
        self._count = 0
