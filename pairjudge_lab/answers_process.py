"""The math-verify process, as the lab sees it: a request goes in, a reply comes out in time.

It is started when first needed, replaced when it hangs, used by one thread at a time, and ends with
the process that started it, however that ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import threading
from dataclasses import dataclass, field
from typing import Any

from pairjudge_lab.isolation import python_command, safe_environment

START_LIMIT = 120.0
"""Seconds for the first reply: math-verify imports sympy."""
GRACE = 60.0
"""Seconds beyond a request's limit, which is processor time, before the process itself is taken to
hang."""


class Late(Exception):  # noqa: N818
    """A request took longer than its limit."""


@dataclass
class _Running:
    """One process and what it has said; it belongs to the process with that id."""

    owner: int
    process: subprocess.Popen[bytes] | None = None
    replies: queue.SimpleQueue[bytes] = field(default_factory=queue.SimpleQueue)


class AnswerProcess:
    """Answers requests, each within a limit of its own; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: _Running | None = None

    def ask(self, request: dict[str, str], seconds: float) -> Any:
        """The result of a request.

        Raises
        ------
        Late
            When it was not there within the limit.
        RuntimeError
            When the process does not start.
        """
        with self._lock:
            for fresh in (False, True):
                running = self._start(fresh)
                line = json.dumps({**request, "seconds": seconds}).encode() + b"\n"
                try:
                    assert running.process is not None
                    assert running.process.stdin is not None
                    running.process.stdin.write(line)
                    running.process.stdin.flush()
                    reply = self._reply(running, seconds + GRACE)
                except BrokenPipeError:
                    reply = b""
                if reply is None:
                    self._end()
                    raise Late
                if reply:
                    told = json.loads(reply)
                    if told.get("late"):
                        raise Late
                    return told["result"]
                # It had ended (somebody killed it): a fresh one is asked, once.
                self._end()
            raise Late

    def close(self) -> None:
        with self._lock:
            self._end()

    def _start(self, fresh: bool) -> _Running:
        running = self._running
        # After a fork the pipes are the parent's.
        if running is not None and running.owner == os.getpid() and not fresh:
            return running
        running = self._running = _Running(os.getpid())
        # The kernel ends a process with the thread that started it, so that thread must last as
        # long: it is the one that reads the replies.
        threading.Thread(target=_read, args=(running,), daemon=True).start()
        if not self._reply(running, START_LIMIT):
            self._end()
            raise RuntimeError(
                "the answer checker did not start; try: "
                f"python -m pairjudge_lab.answers_worker {os.getpid()}"
            )
        return running

    @staticmethod
    def _reply(running: _Running, seconds: float) -> bytes | None:
        """A line; empty when the process has ended, None when none came in time."""
        try:
            line = running.replies.get(timeout=seconds)
        except queue.Empty:
            return None
        return line if line.endswith(b"\n") else b""

    def _end(self) -> None:
        running, self._running = self._running, None
        if running is None or running.process is None or running.owner != os.getpid():
            return
        with contextlib.suppress(OSError):
            running.process.kill()
        running.process.wait()
        if running.process.stdin is not None:
            with contextlib.suppress(OSError):
                running.process.stdin.close()


def _read(running: _Running) -> None:
    """Start the process, and hand on its lines until it ends; the last one is empty."""
    try:
        process = subprocess.Popen(  # noqa: S603
            python_command("pairjudge_lab.answers_worker", str(os.getpid())),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=safe_environment(),
        )
    except OSError:
        running.replies.put(b"")
        return
    running.process = process
    assert process.stdout is not None
    with process.stdout as lines:
        for line in lines:
            running.replies.put(line)
    running.replies.put(b"")
