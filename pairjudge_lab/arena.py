"""The one loop that plays tournaments over a judge.

The arena never waits for one problem: it collects what every running tournament asks for, gives
the judge full batches, and lets each tournament go on as soon as its own verdicts are there.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from pairjudge_lab.records import Judge, Match, Play, Pool, Selection, Tournament, Verdict
from pairjudge_lab.store import Store, judge_digest, verdict_key


@dataclass(slots=True)
class Ledger:
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

    Args:
        judge: anything with ``identity``, ``capacity`` and ``judge``.
        store: where verdicts are kept; without one they live as long as the arena.
        progress: whether to show a progress bar.
    """

    def __init__(self, judge: Judge, store: Store | None = None, *, progress: bool = False) -> None:
        self._judge_model = judge
        self.store = store if store is not None else Store()
        self.progress = progress
        self.ledger = Ledger()
        self._digest = judge_digest(judge.identity)

    def play(
        self, pools: Sequence[Pool], tournament: Tournament, *, seed: int = 0
    ) -> list[Selection]:
        """Play one tournament for each pool; selections in the order of the pools.

        A pool's random choices depend on the seed and its problem id alone, so neither the batch
        size nor the other pools change what is selected.
        """
        selections: list[Selection | None] = [None] * len(pools)
        waiting: dict[str, list[tuple[_Round, int]]] = {}
        queue: dict[str, tuple[int, int]] = {}
        with self._bar(len(pools), "tournaments") as bar:

            def advance(play: Play, place: int, number: int, sent: list[Verdict] | None) -> None:
                """Send verdicts until the tournament asks for something that is not known yet."""
                while True:
                    try:
                        matches = play.send(sent) if sent is not None else next(play)
                    except StopIteration as end:
                        selections[place] = end.value
                        bar.update()
                        return
                    row = _Round(play, place, number, matches, [None] * len(matches), len(matches))
                    for key, slot in self._look_up(row):
                        if key in waiting:
                            self.ledger.shared += 1
                        else:
                            queue[key] = (number, -_size(matches[slot]))
                        waiting.setdefault(key, []).append((row, slot))
                    if row.missing:
                        return
                    sent, number = [v for v in row.verdicts if v is not None], number + 1

            for place, pool in enumerate(pools):
                advance(tournament.play(pool, problem_rng(seed, pool.problem.id)), place, 0, None)
            while queue:
                # Those that are furthest behind first, so that all end together and the last
                # batches are as full as can be; like lengths together, so that little is padding.
                keys = sorted(queue, key=lambda k: queue[k])[: self._judge_model.capacity]
                for key in keys:
                    del queue[key]
                batch = [waiting[key][0][0].matches[waiting[key][0][1]] for key in keys]
                verdicts = self._judge(keys, batch)
                bar.set_postfix(verdicts=self.ledger.judged, refresh=False)
                for key, verdict in zip(keys, verdicts, strict=True):
                    for row, slot in waiting.pop(key):
                        self.ledger.statuses[verdict.status.value] += 1
                        row.verdicts[slot] = verdict
                        row.missing -= 1
                        if not row.missing:
                            sent = [v for v in row.verdicts if v is not None]
                            advance(row.play, row.place, row.number + 1, sent)
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
                self.ledger.statuses[known[key].status.value] += 1
            else:
                places.setdefault(key, []).append(place)
        self.ledger.asked += len(matches)
        absent = sum(map(len, places.values()))
        self.ledger.from_store += len(matches) - absent
        self.ledger.shared += absent - len(places)
        todo = sorted(places, key=lambda key: -_size(matches[places[key][0]]))
        with self._bar(len(matches), "verdicts") as bar:
            bar.update(len(matches) - absent)
            for begin in range(0, len(todo), self._judge_model.capacity):
                some = todo[begin : begin + self._judge_model.capacity]
                batch = [matches[places[key][0]] for key in some]
                for key, verdict in zip(some, self._judge(some, batch), strict=True):
                    for place in places[key]:
                        verdicts[place] = verdict
                        self.ledger.statuses[verdict.status.value] += 1
                        bar.update()
        return [v for v in verdicts if v is not None]

    def _look_up(self, row: _Round) -> list[tuple[str, int]]:
        """Fill in what the store knows; the keys and slots of the rest."""
        keys = [verdict_key(self._digest, match) for match in row.matches]
        known = self.store.get(keys)
        self.ledger.asked += len(keys)
        for slot, key in enumerate(keys):
            if key in known:
                row.verdicts[slot] = known[key]
                row.missing -= 1
                self.ledger.from_store += 1
                self.ledger.statuses[known[key].status.value] += 1
        return [(key, slot) for slot, key in enumerate(keys) if key not in known]

    def _judge(self, keys: Sequence[str], matches: Sequence[Match]) -> list[Verdict]:
        clock = time.perf_counter()
        verdicts = self._judge_model.judge(matches)
        self.ledger.seconds += time.perf_counter() - clock
        if len(verdicts) != len(matches):
            raise RuntimeError(
                f"the judge returned {len(verdicts)} verdicts for {len(matches)} matches"
            )
        self.store.put(self._judge_model.identity, zip(keys, matches, verdicts, strict=True))
        self.ledger.judged += len(verdicts)
        self.ledger.prompt_tokens += sum(v.prompt_tokens for v in verdicts)
        self.ledger.completion_tokens += sum(v.completion_tokens for v in verdicts)
        return verdicts

    def _bar(self, total: int, unit: str) -> _Bar:
        return _Bar(total, unit, self.progress)


class _Bar:
    """tqdm where a bar is wanted, nothing where not: tqdm's import is not free."""

    def __init__(self, total: int, unit: str, shown: bool) -> None:
        self._bar = None
        if shown:
            from tqdm.auto import tqdm

            self._bar = tqdm(total=total, unit=f" {unit}", smoothing=0.1)

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def update(self, steps: int = 1) -> None:
        if self._bar is not None:
            self._bar.update(steps)

    def set_postfix(self, *, refresh: bool, **values: int) -> None:
        if self._bar is not None:
            self._bar.set_postfix(values, refresh=refresh)


def problem_rng(seed: int, problem_id: str) -> np.random.Generator:
    """The generator of one problem's random choices, the same in every process."""
    return np.random.default_rng(problem_seed(seed, problem_id))


def problem_seed(seed: int, problem_id: str) -> list[int]:
    """What seeds one problem's random choices; more numbers may follow, for further streams."""
    digest = hashlib.sha256(problem_id.encode("utf-8", "surrogatepass")).digest()
    return [seed, int.from_bytes(digest[:8], "big")]


def all_ordered_pairs(pool: Pool, repetitions: Iterable[int] = (0,)) -> list[Match]:
    """Every ordered pair of a pool's candidates, for each repetition."""
    places = range(len(pool))
    return [Match(pool, a, b, r) for r in repetitions for a in places for b in places if a != b]


def _size(match: Match) -> int:
    return len(match.question) + len(match.response_a) + len(match.response_b)
