"""The one loop that plays tournaments over a judge.

The arena never waits for one problem: it collects what every running tournament asks for, gives
the judge full batches, and lets each tournament go on as soon as its own verdicts are there.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from heapq import heappop, heappush
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pairjudge_lab.progress import Progress
from pairjudge_lab.records import (
    Judge,
    Match,
    Play,
    Pool,
    Selection,
    Session,
    StreamingJudge,
    Tournament,
    Verdict,
)
from pairjudge_lab.records.sessions import open_session
from pairjudge_lab.renamed import renamed_attribute, renamed_names
from pairjudge_lab.store import Store, judge_digest, verdict_key
from pairjudge_lab.verdicts.kinds import check_tournament, judge_kind


@dataclass(slots=True)
class RunStatistics:
    """What an arena has spent: verdicts by status, and how many came from where.

    ``asked`` = ``judged`` + ``from_store`` + ``shared``, where shared verdicts answered a match
    with the same texts that was in play at the same time. Tokens and seconds are the judge's for
    the verdicts judged here.
    """

    asked: int = 0
    judged: int = 0
    from_store: int = 0
    shared: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    statuses: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Round:
    """One round of one tournament: its matches, and the verdicts that have come."""

    play: Play
    place: int
    number: int
    matches: list[Match]
    verdicts: list[Verdict | None]
    missing: int


class Arena:
    """Plays tournaments, or judges plain lists of matches, over one judge and one store.

    Parameters
    ----------
    judge : Judge or StreamingJudge
        Anything with ``identity``, ``capacity`` and ``judge``.
    store : Store or None
        Where verdicts are kept; without one they live as long as the arena.
    progress : bool or Path
        Whether to show how far it is; a path is a log file that gets it as well.

    Examples
    --------
    >>> from pairjudge_lab import Arena, Knockout, load_judge, load_pools, prepare
    >>> pools = [prepare(pool.first(8)) for pool in load_pools("embedded", limit=3)]
    >>> arena = Arena(load_judge("simulated:accuracy=0.9"))
    >>> selections = arena.play(pools, Knockout(), seed=0)
    >>> len(selections), arena.statistics.asked == sum(s.calls for s in selections)
    (3, True)
    """

    def __init__(
        self,
        judge: Judge | StreamingJudge,
        store: Store | None = None,
        *,
        progress: bool | Path = False,
    ) -> None:
        self._judge_model = judge
        self.store = store if store is not None else Store()
        self.progress = progress
        self.statistics = RunStatistics()
        self._digest = judge_digest(judge.identity)

    ledger = renamed_attribute("ledger", "statistics")

    def play(
        self, pools: Sequence[Pool], tournament: Tournament, *, seed: int = 0
    ) -> list[Selection]:
        """Play one tournament for each pool; selections in the order of the pools.

        A pool's random choices depend on the seed and its problem id alone, so neither the batch
        size nor the other pools change what is selected.

        Raises
        ------
        UserError
            When the tournament needs labels and the judge gives preferences.
        """
        check_tournament(tournament, judge_kind(self._judge_model))
        selections: list[Selection | None] = [None] * len(pools)
        waiting: dict[str, list[tuple[_Round, int]]] = {}
        # Those that are furthest behind first, so that all end together and the last batches are as
        # full as can be; like lengths together, so that little is padding.
        queue: list[tuple[int, int, str]] = []
        most = [tournament.calls(len(pool)) for pool in pools]
        with Progress(sum(most), "verdicts", self.progress) as bar, self._open() as session:

            def advance(play: Play, place: int, number: int, sent: list[Verdict] | None) -> None:
                """Send verdicts until the tournament asks for something that is not known yet."""
                while True:
                    try:
                        matches = play.send(sent) if sent is not None else next(play)
                    except StopIteration as end:
                        selections[place] = end.value
                        bar.shrink(most[place])
                        return
                    most[place] -= len(matches)
                    row = _Round(play, place, number, matches, [None] * len(matches), len(matches))
                    for key, index in self._look_up(row):
                        if key in waiting:
                            self.statistics.shared += 1
                        else:
                            heappush(queue, (number, -matches[index].size, key))
                        waiting.setdefault(key, []).append((row, index))
                    bar.update(len(matches) - row.missing, counted=False)
                    if row.missing:
                        return
                    sent, number = [v for v in row.verdicts if v is not None], number + 1

            def hear(key: str, verdict: Verdict) -> None:
                bar.update()
                bar.update(len(waiting[key]) - 1, counted=False)
                for row, index in waiting.pop(key):
                    self.statistics.statuses[verdict.status.value] += 1
                    row.verdicts[index] = verdict
                    row.missing -= 1
                    if not row.missing:
                        sent = [v for v in row.verdicts if v is not None]
                        advance(row.play, row.place, row.number + 1, sent)

            for place, pool in enumerate(pools):
                advance(tournament.play(pool, problem_rng(seed, pool.problem.id)), place, 0, None)
            flying: dict[str, Match] = {}
            while queue or flying:
                while queue and len(flying) < self._judge_model.capacity:
                    key = heappop(queue)[2]
                    row, index = waiting[key][0]
                    flying[key] = row.matches[index]
                    session.submit(key, flying[key])
                for key, verdict in self._collect(session, flying):
                    hear(key, verdict)
        return [s for s in selections if s is not None]

    def judge(self, matches: Sequence[Match]) -> list[Verdict]:
        """Judge a plain list of matches; verdicts in their order."""
        verdicts: list[Verdict | None] = [None] * len(matches)
        keys = [verdict_key(self._digest, match) for match in matches]
        known = self.store.get(keys)
        places: dict[str, list[int]] = {}
        for place, key in enumerate(keys):
            if key in known:
                verdicts[place] = known[key]
                self.statistics.statuses[known[key].status.value] += 1
            else:
                places.setdefault(key, []).append(place)
        self.statistics.asked += len(matches)
        absent = sum(map(len, places.values()))
        self.statistics.from_store += len(matches) - absent
        self.statistics.shared += absent - len(places)
        todo = sorted(places, key=lambda key: matches[places[key][0]].size)
        with Progress(len(matches), "verdicts", self.progress) as bar, self._open() as session:
            bar.update(len(matches) - absent, counted=False)
            flying: dict[str, Match] = {}
            while todo or flying:
                while todo and len(flying) < self._judge_model.capacity:
                    key = todo.pop()
                    flying[key] = matches[places[key][0]]
                    session.submit(key, flying[key])
                for key, verdict in self._collect(session, flying):
                    for place in places[key]:
                        verdicts[place] = verdict
                        self.statistics.statuses[verdict.status.value] += 1
                        bar.update()
        return [v for v in verdicts if v is not None]

    def _look_up(self, row: _Round) -> list[tuple[str, int]]:
        """Fill in what the store knows; the keys and places of the rest."""
        keys = [verdict_key(self._digest, match) for match in row.matches]
        known = self.store.get(keys)
        self.statistics.asked += len(keys)
        for index, key in enumerate(keys):
            if key in known:
                row.verdicts[index] = known[key]
                row.missing -= 1
                self.statistics.from_store += 1
                self.statistics.statuses[known[key].status.value] += 1
        return [(key, index) for index, key in enumerate(keys) if key not in known]

    def _collect(self, session: Session, flying: dict[str, Match]) -> list[tuple[str, Verdict]]:
        """What has been answered, stored before anybody hears it."""
        clock = time.perf_counter()
        answers = session.collect()
        self.statistics.seconds += time.perf_counter() - clock
        self.store.put(
            self._judge_model.identity,
            [(key, flying.pop(key), verdict) for key, verdict in answers],
        )
        self.statistics.judged += len(answers)
        self.statistics.prompt_tokens += sum(v.prompt_tokens for _, v in answers)
        self.statistics.completion_tokens += sum(v.completion_tokens for _, v in answers)
        return answers

    @contextmanager
    def _open(self) -> Iterator[Session]:
        """A session at the judge; whatever is in flight when it is left is given up."""
        session = open_session(self._judge_model, self.store)
        try:
            yield session
        finally:
            session.close()


def problem_rng(seed: int, problem_id: str) -> np.random.Generator:
    """The generator of one problem's random choices, the same in every process."""
    return np.random.default_rng(problem_seed(seed, problem_id))


def problem_seed(seed: int, problem_id: str) -> list[int]:
    """What seeds one problem's random choices; more numbers may follow, for further streams."""
    digest = hashlib.sha256(problem_id.encode("utf-8", "surrogatepass")).digest()
    return [seed, int.from_bytes(digest[:8], "big")]


def all_ordered_pairs(pool: Pool, repetitions: Iterable[int] = (0,)) -> list[Match]:
    """Every ordered pair of a pool's candidates, for each repetition.

    Parameters
    ----------
    pool : Pool
        N candidates.
    repetitions : iterable of int
        The numbers of the repetitions.

    Returns
    -------
    list of Match
        N(N - 1) for each repetition.

    Examples
    --------
    >>> from pairjudge_lab import Pool, all_ordered_pairs
    >>> pool = Pool.from_texts("What is 2 + 3?", ["5", "6", "7"])
    >>> [(match.a, match.b) for match in all_ordered_pairs(pool)]
    [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)]
    """
    places = range(len(pool))
    return [Match(pool, a, b, r) for r in repetitions for a in places for b in places if a != b]


if not TYPE_CHECKING:
    __getattr__ = renamed_names(__name__, Ledger="RunStatistics")
