"""Requests in flight at a server: an event loop in a thread of its own, and a queue of answers."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Callable

from pairjudge_lab.engines.contract import Completion, Request
from pairjudge_lab.engines.server.asking import Asker
from pairjudge_lab.engines.server.concurrency import Concurrency
from pairjudge_lab.engines.server.label_only import LabelReader


class ServerSession:
    """Keeps a server busy.

    Parameters
    ----------
    open_asker : callable
        Opens what asks the server; called in the thread in which it is used.
    concurrency : Concurrency
        How many requests are in flight.
    """

    def __init__(
        self,
        open_asker: Callable[[], Asker],
        concurrency: Concurrency,
    ) -> None:
        self._concurrency = concurrency
        self._answers: queue.Queue[tuple[str, Completion] | BaseException] = queue.Queue()
        self._waiting: deque[tuple[str, Request]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._problem: BaseException | None = None
        self._refusal: BaseException | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

        async def begin() -> Asker:
            return open_asker()

        try:
            self._asker = asyncio.run_coroutine_threadsafe(begin(), self._loop).result()
        except BaseException:
            self._stop()
            raise
        only = self._asker.config.label_only
        self._complete = LabelReader(self._asker).complete if only else self._asker.complete

    def submit(self, ticket: str, request: Request) -> None:
        self._loop.call_soon_threadsafe(self._take, ticket, request)

    def collect(self) -> list[tuple[str, Completion]]:
        """At least one completion, and all that are there.

        Raises
        ------
        UserError
            When the server refuses altogether; after every completion that came before.
        """
        found = []
        told = self._problem or self._answers.get()
        while not isinstance(told, BaseException):
            found.append(told)
            try:
                told = self._answers.get_nowait()
            except queue.Empty:
                return found
        # It comes last: nothing is asked any more.
        self._problem = told
        if not found:
            raise told
        return found

    def close(self) -> None:
        async def end() -> None:
            self._waiting.clear()
            running = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            await self._asker.connection.close()

        if not self._loop.is_closed():
            asyncio.run_coroutine_threadsafe(end(), self._loop).result(timeout=30)
            self._stop()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=30)
        self._loop.close()

    def _take(self, ticket: str, request: Request) -> None:
        if self._refusal is None:
            self._waiting.append((ticket, request))
            self._fill()

    def _fill(self) -> None:
        """Begin with as many requests as may be in flight."""
        while self._waiting and len(self._tasks) < self._concurrency.limit:
            task = self._loop.create_task(self._run(*self._waiting.popleft()))
            self._tasks.add(task)
            self._asker.in_flight = len(self._tasks)

    async def _run(self, ticket: str, request: Request) -> None:
        try:
            self._answers.put((ticket, await self._complete(request)))
        except asyncio.CancelledError:
            raise
        except BaseException as problem:  # noqa: BLE001
            # Whoever collects is told, once all answers that had begun are there.
            self._refusal = self._refusal or problem
            self._waiting.clear()
            self._asker.give_up_waiting()
        finally:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.discard(task)
            self._asker.in_flight = len(self._tasks)
            if self._refusal is None:
                self._fill()
            elif not self._tasks:
                self._answers.put(self._refusal)
