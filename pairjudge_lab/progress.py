"""How far long work is: a bar on a terminal or in a notebook, lines of a log anywhere else."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO, TypeVar

Item = TypeVar("Item")

EVERY = 30.0
"""Seconds between two lines where there is no terminal."""

LOG = "progress.log"
"""The file in a run's folder to which the lines are appended."""


class Progress:
    """The progress of one piece of work.

    On a terminal and in a notebook this is a bar of tqdm. Where standard error is neither (nohup, a
    log file, CI) it is one line every 30 seconds, also while a single unit takes longer: how much
    is done, at what rate, and how long the rest will take. Work that ends sooner says nothing.

    Parameters
    ----------
    total : int
        How many units there are.
    unit : str
        What is counted, in the plural.
    shown : bool or Path
        False shows nothing. A path is a log file to which the lines are appended as well,
        whatever standard error is.
    stream : TextIO, optional
        Where to show it; standard error by default.
    every : float
        Seconds between two lines.
    clock : callable
        Gives seconds.

    Examples
    --------
    >>> with Progress(2, "verdicts", False) as progress:
    ...     progress.update()
    """

    def __init__(
        self,
        total: int,
        unit: str,
        shown: bool | Path = True,
        *,
        stream: TextIO | None = None,
        every: float = EVERY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.total, self.unit, self.done = total, unit, 0
        self._stream = sys.stderr if stream is None else stream
        self._every, self._clock = every, clock
        self._start = self._last = clock()
        self._counted = 0
        self._facts: dict[str, Any] = {}
        self._bar: Any = None
        self._log = shown if isinstance(shown, Path) else None
        self._lines = bool(shown)
        self._spoke = False
        self._over = threading.Event()
        self._timer: threading.Thread | None = None
        if shown and (self._stream.isatty() or _in_notebook()):
            # tqdm's import is not free, and nobody else needs it.
            from tqdm.auto import tqdm

            file = None if _in_notebook() else self._stream
            self._bar = tqdm(total=total, unit=f" {unit}", smoothing=0.1, file=file)
            self._lines = False

    def __enter__(self) -> Progress:
        if self._lines or self._log is not None:
            self._timer = threading.Thread(target=self._keep_time, daemon=True)
            self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End it: where lines were said, a last one says what was done and how long it took."""
        self._over.set()
        if self._timer is not None:
            self._timer.join()
        if self._spoke:
            self._say(f"{self._how_far()} in {_span(self._clock() - self._start)}")
        if self._bar is not None:
            self._bar.close()

    def update(self, steps: int = 1, *, counted: bool = True) -> None:
        """Add units that are done.

        Parameters
        ----------
        steps : int
            How many.
        counted : bool
            Whether they took time. Those that did not (they were stored already) are left out of
            the rate, which would promise too much otherwise.
        """
        self.done += steps
        self._counted += steps if counted else 0
        if self._bar is not None:
            if not counted:
                # tqdm leaves what was there at the start out of its rate.
                self._bar.initial += steps
            self._bar.update(steps)

    def shrink(self, steps: int) -> None:
        """Take away units that turned out not to be needed."""
        self.total = max(self.done, self.total - steps)
        if self._bar is not None:
            self._bar.total = self.total

    def note(self, **facts: object) -> None:
        """Show facts beside the counts, such as ``verdicts=120``."""
        self._facts.update(facts)
        if self._bar is not None:
            self._bar.set_postfix(self._facts, refresh=False)

    def over(self, items: Iterable[Item]) -> Iterator[Item]:
        """Go through items, each of them one unit."""
        with self:
            for item in items:
                yield item
                self.update()

    def tick(self) -> None:
        """Say how far it is, where a line is due by the clock; a thread calls this meanwhile."""
        now = self._clock()
        if now - self._last < self._every:
            return
        self._last, self._spoke = now, True
        line = self._how_far()
        if self._counted:
            rate = self._counted / (now - self._start)
            line += f", {_rate(rate)}, {_span((self.total - self.done) / rate)} left"
        else:
            line += f", {_span(now - self._start)} so far"
        self._say(line)

    def _keep_time(self) -> None:
        while not self._over.wait(min(1.0, self._every / 2)):
            self.tick()

    def _how_far(self) -> str:
        share = f" ({100 * self.done / self.total:.0f} %)" if self.total else ""
        facts = "".join(f", {name} {value}" for name, value in self._facts.items())
        return f"{self.done} of {self.total} {self.unit}{share}{facts}"

    def _say(self, line: str) -> None:
        if self._lines:
            print(line, file=self._stream, flush=True)
        if self._log is not None:
            # Not through a link: one that was planted would have another file written to.
            follow_no_link = getattr(os, "O_NOFOLLOW", 0)
            how = os.O_WRONLY | os.O_APPEND | os.O_CREAT | follow_no_link
            with os.fdopen(os.open(self._log, how, 0o666), "a", encoding="utf-8") as log:
                log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}\n")


def _in_notebook() -> bool:
    """Whether this is the kernel of a notebook, whose standard error is no terminal."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and shell.has_trait("kernel")


def _rate(rate: float) -> str:
    if rate >= 1:
        return f"{rate:.1f} a second"
    if rate * 60 >= 1:
        return f"{60 * rate:.1f} a minute"
    return f"{3600 * rate:.1f} an hour"


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
