"""A judge on a Ray cluster: one replica a GPU (or a few CPU cores), matches spread over them.

A replica that is lost takes no verdict along: its matches are judged again elsewhere, and another
replica is started in its place.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pairjudge_lab.judges.options import ModelOptions
from pairjudge_lab.records import Candidate, Match, Pool, Problem, UserError, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

Question = tuple[str, str, str, int]
"""All that a replica needs of a match: the question, both responses in order, the repetition."""

MOST_LOSSES = 20
"""Replicas lost before a run gives up: by then something other than chance is killing them."""


class RayJudge:
    """Replicas of one judge on a Ray cluster.

    Args:
        spec: what every replica loads, as ``load_judge`` takes it; a path must be there on every
            machine of the cluster.
        options: how each replica runs its model.
        workers: how many replicas; by default one for each GPU of the cluster, or one for every two
            CPU cores where there is none.
        cores: CPU cores a replica; by default they are shared out, or one where it has a GPU.
        rows: matches that a replica is given at once; by default what its judge says it can take.

    Raises:
        UserError: when Ray is not installed, or the cluster has no room for a replica.
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
        ray = _ray()
        self.spec = spec
        self.options = options or ModelOptions()
        room = ray.cluster_resources()
        self._gpus = 1 if room.get("GPU", 0) >= 1 else 0
        there = int(room.get("CPU", 1))
        self.workers = workers or int(room.get("GPU", 0)) or max(1, there // 2)
        self._cores = cores or (1 if self._gpus else max(1, there // self.workers))
        if self.workers * self._cores > there:
            raise UserError(
                f"{self.workers} replicas do not fit: the cluster has {there} CPU cores"
            )
        self.replicas = [self._start() for _ in range(self.workers)]
        self._identity, capacity = ray.get(self.replicas[0].describe.remote())
        self._rows = rows or capacity
        self.losses = 0

    @property
    def identity(self) -> Mapping[str, Any]:
        """That of one replica: where a verdict was judged does not change it."""
        found: Mapping[str, Any] = self._identity
        return found

    @property
    def capacity(self) -> int:
        # One batch in work and one waiting for each replica, so that none is ever idle.
        return 2 * self._rows * self.workers

    def session(self) -> _Session:
        return _Session(self)

    def close(self) -> None:
        """Give the replicas' resources back to the cluster."""
        ray = _ray()
        for replica in self.replicas:
            ray.kill(replica)
        self.replicas = []

    def _start(self) -> Any:
        actor = _replica_class().options(num_cpus=self._cores, num_gpus=self._gpus)
        return actor.remote(self.spec, self.options, self._cores)


class _Session:
    def __init__(self, judge: RayJudge) -> None:
        self._judge = judge
        self._waiting: deque[tuple[str, Match]] = deque()
        # By reference: who was asked, and for what.
        self._working: dict[Any, tuple[Any, list[tuple[str, Match]]]] = {}

    def submit(self, ticket: str, match: Match) -> None:
        self._waiting.append((ticket, match))

    def collect(self) -> list[tuple[str, Verdict]]:
        ray = _ray()
        while True:
            self._hand_out()
            done, _ = ray.wait(list(self._working), num_returns=1)
            found: list[tuple[str, Verdict]] = []
            for reference in done:
                replica, batch = self._working.pop(reference)
                try:
                    verdicts = ray.get(reference)
                except ray.exceptions.RayActorError:
                    self._replace(replica, batch)
                except ray.exceptions.RayTaskError as problem:
                    raise UserError(
                        f"a replica of {self._judge.spec} failed: {problem.cause!r}"
                    ) from problem
                else:
                    found += zip((ticket for ticket, _ in batch), verdicts, strict=True)
            if found:
                return found

    def close(self) -> None:
        self._waiting.clear()
        self._working.clear()

    def _hand_out(self) -> None:
        """Give every replica a batch, and a second one that it finds when it has done the first."""
        for most in (1, 2):
            for replica in self._judge.replicas:
                load = sum(busy is replica for busy, _ in self._working.values())
                if load < most and self._waiting:
                    # What is there is shared out, so that no replica idles beside a full one.
                    share = -(-len(self._waiting) // self._judge.workers)
                    count = max(1, min(self._judge._rows, share))
                    batch = [self._waiting.popleft() for _ in range(min(count, len(self._waiting)))]
                    reference = replica.judge.remote([_question(match) for _, match in batch])
                    self._working[reference] = (replica, batch)

    def _replace(self, replica: Any, batch: list[tuple[str, Match]]) -> None:
        """Judge a lost replica's matches again, first of all, and start another in its place."""
        judge = self._judge
        self._waiting.extendleft(reversed(batch))
        # Its other batch is lost with it, and is reported when its place has been taken already.
        place = next((i for i, one in enumerate(judge.replicas) if one is replica), None)
        if place is None:
            return
        judge.losses += 1
        if judge.losses > MOST_LOSSES:
            raise UserError(
                f"{judge.losses} replicas of {judge.spec} were lost; every verdict so far is "
                "stored, and the same command goes on once the cluster is sound"
            )
        judge.replicas[place] = judge._start()


def _question(match: Match) -> Question:
    return match.question, match.response_a, match.response_b, match.repetition


def _match(question: Question) -> Match:
    asked, a, b, repetition = question
    return Match(Pool(Problem("", asked), (Candidate(a), Candidate(b))), 0, 1, repetition)


class _Replica:
    """One loaded judge in a process of its own."""

    def __init__(self, spec: str, options: ModelOptions, cores: int) -> None:
        import torch

        from pairjudge_lab.judges.loading import load_judge

        torch.set_num_threads(cores)
        judge: Any = load_judge(spec, options)
        self._judge = judge

    def describe(self) -> tuple[dict[str, Any], int]:
        return dict(self._judge.identity), int(self._judge.capacity)

    def judge(self, questions: list[Question]) -> list[Verdict]:
        found: list[Verdict] = self._judge.judge([_match(question) for question in questions])
        return found


def _replica_class() -> Any:
    return _ray().remote(max_restarts=0)(_Replica)


def _ray() -> Any:
    """Ray, connected: to the cluster in RAY_ADDRESS, or to one started on this machine."""
    import ray

    if not ray.is_initialized():
        # Without this a token file is written into the home folder.
        os.environ.setdefault("RAY_AUTH_MODE", "disabled")
        start: Callable[..., Any] = ray.init
        start(
            address=os.environ.get("RAY_ADDRESS") or None,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="error",
        )
    return ray
