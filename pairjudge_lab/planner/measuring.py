"""What every way of selecting is worth on each problem of a pilot, and what it costs there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pairjudge_lab.progress import Progress
from pairjudge_lab.records import Pool, UserError
from pairjudge_lab.replay.curves import mean_tokens, without_verdicts
from pairjudge_lab.replay.recording import Recording
from pairjudge_lab.replay.selecting import each_problem, plan_named, values
from pairjudge_lab.results import one_line
from pairjudge_lab.tournaments import TOURNAMENTS

COSTS = ("calls", "tokens", "money")
MAJORITY = "majority"


@dataclass(frozen=True, slots=True)
class Configuration:
    """One way of selecting.

    Attributes
    ----------
    tournament : str
        Or ``majority``, which asks no judge.
    n : int
        Candidates.
    judge : str
        Empty where none is asked.
    order : str
        ``one`` order a match, as the tournament shows it, or ``both``.
    votes : int
        Verdicts a match in each order.
    """

    tournament: str
    n: int
    judge: str = ""
    order: str = "one"
    votes: int = 1

    def __str__(self) -> str:
        parts = [f"{self.tournament} of {self.n}"]
        if self.order == "both":
            parts.append("both orders")
        if self.votes > 1:
            parts.append(f"{self.votes} votes")
        if self.judge:
            parts.append(f"judge {one_line(self.judge)}")
        return ", ".join(parts)


@dataclass(frozen=True)
class Measured:
    """Every configuration on every problem.

    Attributes
    ----------
    configurations : tuple of Configuration
    problems : tuple of str
    accuracy : ndarray of float, shape (configurations, problems)
        The chance that what is selected is right, over subsets and draws.
    costs : mapping of str to ndarray of float, shape (configurations, problems)
        ``calls`` of the judge; ``tokens`` that the judge reads and writes and the candidates are
        written in; ``money`` in dollars. What is not known is not there.
    ceiling : mapping of int to ndarray of float, shape (problems,)
        By N, the chance that there is a right candidate: what no judge can pass.
    left_out : mapping of str to int
        Problems that were not used, by reason.
    """

    configurations: tuple[Configuration, ...]
    problems: tuple[str, ...]
    accuracy: np.ndarray
    costs: Mapping[str, np.ndarray]
    ceiling: Mapping[int, np.ndarray]
    left_out: Mapping[str, int]

    def take(self, places: Sequence[int] | np.ndarray) -> Measured:
        """Of some problems alone, by their place."""
        some = np.asarray(places, dtype=int)
        return Measured(
            self.configurations,
            tuple(self.problems[i] for i in some),
            self.accuracy[:, some],
            {name: cost[:, some] for name, cost in self.costs.items()},
            {n: values[some] for n, values in self.ceiling.items()},
            self.left_out,
        )


def measure(
    judged: Mapping[str, Sequence[Recording]],
    sizes: Sequence[int] | None = None,
    *,
    tournaments: Sequence[str] = ("knockout", "pivot", "swiss", "round-robin"),
    votes: Sequence[int] = (1, 3, 5),
    tokens: Mapping[str, Mapping[str, tuple[float, float]]] | None = None,
    prices: Mapping[str, tuple[float, float]] | None = None,
    subsets: int = 100,
    seed: int = 0,
    progress: bool | Path = False,
) -> Measured:
    """Play every configuration on the recorded verdicts.

    A problem's values depend on the seed and its own recording alone, so those of a part of a pilot
    are those of the whole. Numbers of votes that were not recorded, orders that were not, and
    tournaments that need labels where there are preferences, are no configurations.

    Parameters
    ----------
    judged : mapping of str to sequence of Recording
        By the judge's name. Problems that one of the judges has not seen are left out, so that all
        configurations are of the same ones.
    sizes : sequence of int, optional
        The values of N; by default 2, 4, 8, ... and the largest that all problems have.
    tournaments : sequence of str
    votes : sequence of int
        Verdicts a match; as many repetitions must be recorded.
    tokens : mapping, optional
        By judge and problem id, the mean tokens of a verdict that are read and written.
    prices : mapping of str to (float, float), optional
        By judge, and ``generator``: dollars a million tokens read and written. A generator's
        prompt is taken for its question, at four characters a token.
    subsets : int
        Random subsets and draws a problem.
    seed : int
    progress : bool or Path
        Whether to show progress; a path is a log file for it.

    Raises
    ------
    UserError
        For no judges, an unknown tournament, no problem whose truth is known, or an N that is not
        there.
    """
    if not judged:
        raise UserError("a plan needs the recorded verdicts of one judge at least")
    unknown = [name for name in tournaments if name not in TOURNAMENTS]
    if unknown:
        raise UserError(f"no tournament named {unknown[0]!r}; there are: {', '.join(TOURNAMENTS)}")
    if prices is not None and (absent := sorted(set(judged) - set(prices))):
        raise UserError(f"there is no price for the judge {absent[0]!r}; give one for each")
    for name in tournaments:
        if getattr(TOURNAMENTS[name], "needs_fresh_verdicts", False):
            raise UserError(f"the tournament {name!r} cannot be played on recorded verdicts")
    shared, left_out = _shared(judged)
    first = next(iter(shared.values()))
    largest = min(len(r) for some in shared.values() for r in some)
    if sizes is None:
        sizes = [n for n in (2, 4, 8, 16, 32, 64, 128) if n < largest] + [largest]
    sizes = sorted(set(sizes))
    if sizes[0] < 2 or sizes[-1] > largest:
        raise UserError(
            f"N is 2 to {largest} here, the fewest candidates that a problem has with verdicts of "
            f"every judge; got {', '.join(map(str, sizes))}"
        )
    plain = without_verdicts([r.pool for r in first])
    rows: list[tuple[Configuration, np.ndarray, np.ndarray]] = []
    free = np.zeros(len(first))
    answered = any(c.answer is not None for r in first for c in r.pool.candidates)
    for n in sizes if answered else ():
        some = partial(values, MAJORITY, MAJORITY, n=n, count=1, seed=seed)
        hits = np.array([float(found.mean()) for found, _ in each_problem(some, plain)])
        rows.append((Configuration(MAJORITY, n), hits, free))
    todo = [
        (configuration, recordings)
        for judge, recordings in shared.items()
        for configuration in _of_a_judge(judge, recordings, sizes, tournaments, votes)
    ]
    for configuration, recordings in Progress(len(todo), "configurations", progress).over(todo):
        rows.append((configuration, *_play(configuration, recordings, subsets, seed)))
    configurations = tuple(row[0] for row in rows)
    calls = np.array([row[2] for row in rows])
    ceiling = {}
    for n in sizes:
        some = partial(values, "pass", "pass", n=n, count=1, seed=seed)
        ceiling[n] = np.array([float(hits.mean()) for hits, _ in each_problem(some, plain)])
    return Measured(
        configurations,
        tuple(r.pool.problem.id for r in first),
        np.array([row[1] for row in rows]),
        {"calls": calls, **_costs(configurations, calls, [r.pool for r in first], tokens, prices)},
        ceiling,
        left_out,
    )


def _shared(
    judged: Mapping[str, Sequence[Recording]],
) -> tuple[dict[str, list[Recording]], dict[str, int]]:
    """The problems that every judge has seen and whose truth is known, in one order."""
    everything = list(dict.fromkeys(r.pool.problem.id for some in judged.values() for r in some))
    by = {judge: {r.pool.problem.id: r for r in some} for judge, some in judged.items()}
    seen = [name for name in everything if all(name in some for some in by.values())]
    usable = [
        name
        for name in seen
        if all(c.correct is not None for some in by.values() for c in some[name].pool.candidates)
        and all(len(some[name]) >= 2 for some in by.values())
    ]
    if not usable:
        raise UserError(
            "no problem has the verdicts of every judge and candidates whose truth is known; a "
            "plan needs both"
        )
    counts = {
        "not judged by every judge": len(everything) - len(seen),
        "it is not known which candidates are right": len(seen) - len(usable),
    }
    shared = {judge: [some[name] for name in usable] for judge, some in by.items()}
    return shared, {why: count for why, count in counts.items() if count}


def _of_a_judge(
    judge: str,
    recordings: Sequence[Recording],
    sizes: Sequence[int],
    tournaments: Sequence[str],
    votes: Sequence[int],
) -> list[Configuration]:
    recorded = min(len(r.codes) for r in recordings)
    preferences = recordings[0].kind.value == "preference"
    found = []
    for name in tournaments:
        kind: Any = TOURNAMENTS[name]
        if preferences and getattr(kind, "needs_labels", False):
            continue
        found += [
            Configuration(name, n, judge, order, count)
            for n in sizes
            for order in ("one", "both")
            for count in sorted(set(votes))
            if count <= recorded
        ]
    return found


def _play(
    configuration: Configuration, recordings: Sequence[Recording], subsets: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """(problems,) accuracy and (problems,) calls."""
    rules: dict[str, Any] = {"votes": configuration.votes}
    if configuration.order == "both":
        rules["order"] = "both"
    kind = plan_named(configuration.tournament, **rules)
    some = partial(
        values, configuration.tournament, kind, n=configuration.n, count=subsets, seed=seed
    )
    found = each_problem(some, recordings)
    return (
        np.array([float(hits.mean()) for hits, _ in found]),
        np.array([float(calls) for _, calls in found]),
    )


def _costs(
    configurations: Sequence[Configuration],
    calls: np.ndarray,
    pools: Sequence[Pool],
    tokens: Mapping[str, Mapping[str, tuple[float, float]]] | None,
    prices: Mapping[str, tuple[float, float]] | None,
) -> dict[str, np.ndarray]:
    judges = {c.judge for c in configurations if c.judge}
    names = {pool.problem.id for pool in pools}
    if tokens is None or not all(names <= set(tokens.get(judge, ())) for judge in judges):
        return {}
    written = np.array([mean_tokens(pool) for pool in pools])
    asked = np.array([len(pool.problem.question) / 4 for pool in pools])
    spent: list[np.ndarray] = []
    paid: list[np.ndarray] = []
    for configuration, called in zip(configurations, calls, strict=True):
        own = tokens.get(configuration.judge, {})
        each = np.array([own.get(pool.problem.id, (0.0, 0.0)) for pool in pools]).T
        n = configuration.n
        spent.append(called * each.sum(axis=0) + n * written)
        if prices is not None:
            judge = np.array(prices.get(configuration.judge, (0.0, 0.0)))
            read, wrote = prices.get("generator", (0.0, 0.0))
            paid.append((called * (judge @ each) + n * (read * asked + wrote * written)) / 1e6)
    return {"tokens": np.array(spent), **({"money": np.array(paid)} if paid else {})}
