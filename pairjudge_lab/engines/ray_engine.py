"""Replicas of an engine on a Ray cluster: one a GPU, or a few CPU cores each.

A replica that is lost takes no answer along: its requests are asked again elsewhere, and another
replica is started in its place.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pairjudge_lab.engines.contract import Completion, Request
from pairjudge_lab.engines.options import ModelOptions
from pairjudge_lab.generation import GenerationConfig
from pairjudge_lab.records import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

Submission = tuple[str, Request]
"""A ticket and its request."""

STARTS = 3
"""Tries to start Ray on this machine."""

MOST_LOSSES = 20
"""Replicas lost before a run gives up: by then something other than chance is killing them."""


def open_ray(spec: str, options: ModelOptions) -> RayEngine:
    """Replicas of what the spec names: ``MODEL``, or ``4:MODEL`` for four of them."""
    count, _, rest = spec.partition(":")
    if count.isdigit() and rest:
        if not 1 <= int(count) <= 10_000:
            raise UserError(f"replicas are between 1 and 10,000, got {count}")
        return RayEngine(rest, options, workers=int(count))
    return RayEngine(spec, options)


class RayEngine:
    """Replicas of one engine on a Ray cluster.

    Parameters
    ----------
    spec : str
        What every replica loads, as ``load_engine`` takes it; a path must be there on every machine
        of the cluster.
    options : ModelOptions, optional
        How each replica runs its model.
    workers : int, optional
        How many replicas; by default one for each GPU of the cluster, or one for every two CPU
        cores where there is none.
    cores : int, optional
        CPU cores a replica; by default they are shared out, or one where it has a GPU.
    rows : int, optional
        Requests that a replica is given at once; by default what its engine says it can take.

    Raises
    ------
    UserError
        When Ray is not installed, or the cluster is too small for a replica.
    """

    def __init__(
        self,
        spec: str,
        options: ModelOptions | None = None,
        *,
        workers: int | None = None,
        rows: int | None = None,
        cores: int | None = None,
    ) -> None:
        ray = connect()
        self.spec = spec
        self.options = options or ModelOptions()
        resources = ray.cluster_resources()
        self._gpus = self.options.tensor_parallel if resources.get("GPU", 0) >= 1 else 0
        there = int(resources.get("CPU", 1))
        gpus = int(resources.get("GPU", 0)) // max(1, self._gpus)
        self.workers = workers or gpus or max(1, there // 2)
        self._cores = cores or (1 if self._gpus else max(1, there // self.workers))
        if self.workers * self._cores > there:
            raise UserError(
                f"{self.workers} replicas do not fit: the cluster has {there} CPU cores"
            )
        self.replicas = [self.start() for _ in range(self.workers)]
        told = ray.get(self.replicas[0].describe.remote())
        self.name, self._identity, capacity, self._strings = told
        self.rows: int = rows or capacity
        self.losses = 0

    @property
    def identity(self) -> Mapping[str, Any]:
        """That of one replica: where a text was generated does not change it."""
        found: Mapping[str, Any] = self._identity
        return found

    @property
    def capacity(self) -> int:
        # One batch in work and one waiting for each replica, so that none is ever idle.
        return 2 * self.rows * self.workers

    @property
    def control_strings(self) -> Iterable[str] | None:
        found: Iterable[str] | None = self._strings
        return found

    def session(self, config: GenerationConfig) -> _Session:
        """Requests in flight on the cluster."""
        return _Session(self, config)

    def start(self) -> Any:
        """One more replica."""
        actor = connect().remote(max_restarts=0)(_Replica)
        placed = actor.options(
            num_cpus=self._cores,
            num_gpus=self._gpus,
            # Code that lies in the directory of the run is no module of ours.
            runtime_env={"env_vars": {"PYTHONSAFEPATH": "1"}},
        )
        return placed.remote(self.spec, self.options, self._cores, str(Path.cwd()))

    def close(self) -> None:
        """Give the replicas' resources back to the cluster."""
        ray = connect()
        for replica in self.replicas:
            ray.kill(replica)
        self.replicas = []


class _Session:
    def __init__(self, engine: RayEngine, config: GenerationConfig) -> None:
        self._engine, self._config = engine, config
        self._waiting: deque[Submission] = deque()
        # By the stream of answers: who was asked, and what has not been answered yet.
        self._working: dict[Any, tuple[Any, dict[str, Request]]] = {}

    def submit(self, ticket: str, request: Request) -> None:
        self._waiting.append((ticket, request))

    def collect(self) -> list[tuple[str, Completion]]:
        ray = connect()
        while True:
            self._hand_out()
            ready, _ = ray.wait(list(self._working), num_returns=1)
            found: list[tuple[str, Completion]] = []
            for stream in ready:
                replica, missing = self._working[stream]
                try:
                    some = ray.get(next(stream))
                except StopIteration:
                    del self._working[stream]
                except ray.exceptions.RayActorError:
                    del self._working[stream]
                    self._replace(replica, missing)
                except ray.exceptions.RayTaskError as problem:
                    raise UserError(
                        f"a replica of {self._engine.spec} failed: {problem.cause!r}"
                    ) from problem
                else:
                    for ticket, _ in some:
                        del missing[ticket]
                    found += some
            if found:
                return found

    def close(self) -> None:
        self._waiting.clear()
        self._working.clear()

    def _hand_out(self) -> None:
        """Give every replica a batch, and a second one that it finds when it has done the first."""
        for most in (1, 2):
            for replica in self._engine.replicas:
                load = sum(busy is replica for busy, _ in self._working.values())
                if load < most and self._waiting:
                    # What is there is shared out, so that no replica idles beside a full one.
                    share = -(-len(self._waiting) // self._engine.workers)
                    count = max(1, min(self._engine.rows, share))
                    batch = [self._waiting.popleft() for _ in range(min(count, len(self._waiting)))]
                    stream = replica.generate.options(num_returns="streaming").remote(
                        batch, self._config
                    )
                    self._working[stream] = (replica, dict(batch))

    def _replace(self, replica: Any, missing: dict[str, Request]) -> None:
        """Ask a lost replica's requests again, first of all, and start another in its place."""
        engine = self._engine
        self._waiting.extendleft(reversed(missing.items()))
        # Its other batch is lost with it, and is reported when its place has been taken already.
        place = next((i for i, one in enumerate(engine.replicas) if one is replica), None)
        if place is None:
            return
        engine.losses += 1
        if engine.losses > MOST_LOSSES:
            raise UserError(
                f"{engine.losses} replicas of {engine.spec} were lost; every answer so far is "
                "stored, and the same command goes on once the cluster is sound"
            )
        engine.replicas[place] = engine.start()


class _Replica:
    """One engine in a process of its own."""

    def __init__(self, spec: str, options: ModelOptions, cores: int, here: str) -> None:
        import torch

        from pairjudge_lab.engines.registry import load_engine

        # Where relative paths begin; another machine may not have that folder.
        with contextlib.suppress(OSError):
            os.chdir(here)
        torch.set_num_threads(cores)
        self._engine = load_engine(spec, options)

    def describe(self) -> tuple[str, dict[str, Any], int, frozenset[str] | None]:
        strings = self._engine.control_strings
        known = None if strings is None else frozenset(strings)
        engine = self._engine
        return engine.name, dict(engine.identity), int(engine.capacity), known

    def generate(
        self, asked: list[Submission], config: GenerationConfig
    ) -> Iterator[list[tuple[str, Completion]]]:
        """Completions as they end, each time all that have."""
        session = self._engine.session(config)
        try:
            for ticket, request in asked:
                session.submit(ticket, request)
            done = 0
            while done < len(asked):
                some = session.collect()
                done += len(some)
                yield some
        finally:
            session.close()


def connect() -> Any:
    """Ray, connected: to the cluster in RAY_ADDRESS, or to one started on this machine."""
    import ray

    if not ray.is_initialized():
        # Without this a token file is written into the home folder.
        os.environ.setdefault("RAY_AUTH_MODE", "disabled")
        start: Callable[..., Any] = ray.init
        # Ray puts the driver's working directory among the places of every worker's modules,
        # whatever PYTHONSAFEPATH says; here that is a folder which holds none.
        with contextlib.chdir(sys.prefix):
            for attempt in range(STARTS):
                try:
                    start(
                        address=os.environ.get("RAY_ADDRESS") or None,
                        include_dashboard=False,
                        log_to_driver=False,
                        logging_level="error",
                    )
                    break
                except Exception as problem:
                    # Ray gives a node thirty seconds to start, which a busy machine may need.
                    if "timed out" not in str(problem) or attempt + 1 == STARTS:
                        raise UserError(f"Ray did not start: {problem}") from problem
                    ray.shutdown()
    return ray
