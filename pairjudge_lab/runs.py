"""One selection run: pools in, a tournament over a judge, and a summary against the baselines."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pairjudge_lab.answers import prepare, without_answer
from pairjudge_lab.arena import Arena, RunStatistics
from pairjudge_lab.datasets.pools import load_pools, save_pools
from pairjudge_lab.files.reading import parse_json, read_text
from pairjudge_lab.files.writing import whole_file, write_whole
from pairjudge_lab.records import (
    Judge,
    Match,
    Pool,
    Selection,
    Status,
    StreamingJudge,
    Tournament,
    UserError,
    Verdict,
)
from pairjudge_lab.renamed import renamed_attribute
from pairjudge_lab.results import Result
from pairjudge_lab.selectors import baselines
from pairjudge_lab.statistics.intervals import Estimate, difference_interval, mean_interval
from pairjudge_lab.store import Store
from pairjudge_lab.store.opening import own_place
from pairjudge_lab.tournaments import rules_in_words
from pairjudge_lab.tournaments import tournament as tournament_named

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True)
class SelectionRun(Result):
    """What a run selected, and what it cost.

    ``pools`` are those that were played: the first n candidates of each problem. ``right[i]`` says
    whether selection i is right, or None where that is not known. ``undecided`` counts, by problem,
    the answers and comparisons that took too long to decide.
    """

    picture: ClassVar[tuple[str, str]] = ("selectors", "plot_accuracies")

    pools: tuple[Pool, ...]
    selections: tuple[Selection, ...]
    judge: Mapping[str, Any]
    tournament: str
    n: int
    seed: int
    statistics: RunStatistics
    wall_seconds: float
    rules: Mapping[str, Any] = field(default_factory=dict)
    undecided: Mapping[str, int] = field(default_factory=dict)

    ledger = renamed_attribute("ledger", "statistics")

    @property
    def right(self) -> list[bool | None]:
        return [
            pool.candidates[selection.candidate].correct
            for pool, selection in zip(self.pools, self.selections, strict=True)
        ]

    @property
    def known(self) -> list[int]:
        """Places of the problems where it is known of every candidate whether it is right."""
        return [
            i
            for i, pool in enumerate(self.pools)
            if all(c.correct is not None for c in pool.candidates)
        ]

    def accuracies(self) -> dict[str, Estimate]:
        """Accuracy of the tournament and of every baseline on the same problems."""
        if not self.known:
            return {}
        values = self.values()
        return {name: mean_interval(scores) for name, scores in values.items()}

    def gains(self) -> dict[str, Estimate]:
        """The tournament's accuracy minus each baseline's, problem by problem."""
        if not self.known:
            return {}
        values = self.values()
        own = values.pop(self.tournament)
        return {name: difference_interval(own, scores) for name, scores in values.items()}

    def values(self) -> dict[str, list[float]]:
        """One value a problem whose truth is known, for the tournament and each baseline."""
        own = [float(bool(self.right[i])) for i in self.known]
        known = [self.pools[i] for i in self.known]
        rows = {name: list(map(rule, known)) for name, rule in baselines(known).items()}
        return {self.tournament: own, **rows}

    def summary(self) -> dict[str, Any]:
        """Everything as plain values for JSON."""
        accuracies = {name: _plain(value) for name, value in self.accuracies().items()}
        spent = self.statistics
        return {
            "tournament": self.tournament,
            "rules": dict(self.selections[0].rules),
            "rules_in_words": rules_in_words(self.selections[0].rules),
            "judge": dict(self.judge),
            "n": self.n,
            "seed": self.seed,
            "problems": len(self.pools),
            "problems_without_known_truth": len(self.pools) - len(self.known),
            "answers_undecided": sum(self.undecided.values()),
            "problems_with_undecided_answers": len(self.undecided),
            "candidates_without_answer": without_answer(self.pools),
            "accuracy": accuracies.pop(self.tournament, None),
            "baselines": accuracies,
            "gains": {name: _plain(value) for name, value in self.gains().items()},
            "calls": sum(s.calls for s in self.selections),
            "calls_saved": sum(s.calls_saved for s in self.selections),
            "notes": dict(Counter(s.note for s in self.selections if s.note)),
            "verdicts": {
                **{status.value: spent.statuses[status.value] for status in Status},
                "asked": spent.asked,
                "judged": spent.judged,
                "from_store": spent.from_store,
                "shared": spent.shared,
            },
            "prompt_tokens": spent.prompt_tokens,
            "completion_tokens": spent.completion_tokens,
            "judge_seconds": round(spent.seconds, 3),
            "wall_seconds": round(self.wall_seconds, 3),
        }

    def rows(self) -> list[dict[str, Any]]:
        """One plain row a problem: what was selected, whether it is right, and its cost."""
        return [
            {
                "problem_id": pool.problem.id,
                "candidate": selection.candidate,
                "correct": right,
                "calls": selection.calls,
                "calls_saved": selection.calls_saved,
                "rounds": selection.rounds,
                "verdicts": dict(selection.statuses),
                "note": selection.note,
            }
            for pool, selection, right in zip(self.pools, self.selections, self.right, strict=True)
        ]

    def to_frame(self) -> pd.DataFrame:
        """One line a problem: what was selected, whether it is right, and its cost."""
        import pandas as pd

        return pd.DataFrame(self.rows())

    def to_dict(self) -> dict[str, Any]:
        """The summary: figures, costs and what was asked for, without the texts."""
        return self.summary()

    def plotted(self) -> tuple[Any, ...]:
        return (self.accuracies(),)

    def plot(self, **options: Any) -> Axes:
        """Accuracy of the tournament and of the baselines; see ``plots.selectors``."""
        return Result.plot(self, highlight=self.tournament, **options)


def _plain(value: Estimate) -> dict[str, Any]:
    """An estimate for JSON, which has no NaN: a bound that is not known is null."""
    return {k: None if isinstance(v, float) and isnan(v) else v for k, v in asdict(value).items()}


def run_selection(
    pools: Sequence[Pool],
    judge: Judge | StreamingJudge,
    tournament: Tournament,
    *,
    n: int,
    seed: int = 0,
    store: Store | None = None,
    progress: bool | Path = False,
) -> SelectionRun:
    """Play a tournament among the first n candidates of each pool.

    Raises
    ------
    UserError
        When a pool has fewer than n candidates.
    """
    import time

    clock = time.perf_counter()
    undecided: Counter[str] = Counter()
    played = [prepare(pool.first(n), undecided) for pool in pools]
    arena = Arena(judge, store, progress=progress)
    selections = arena.play(played, tournament, seed=seed)
    return SelectionRun(
        pools=tuple(played),
        selections=tuple(selections),
        judge=judge.identity,
        tournament=tournament.name,
        n=n,
        seed=seed,
        statistics=arena.statistics,
        wall_seconds=time.perf_counter() - clock,
        rules=_rules_of(tournament),
        undecided=dict(undecided),
    )


def _rules_of(tournament: Tournament) -> dict[str, Any]:
    rules = getattr(tournament, "rules", None)
    return asdict(rules) if is_dataclass(rules) and not isinstance(rules, type) else {}


def open_folder(folder: Path) -> Path:
    """Make a folder and see that it can be written to.

    Raises
    ------
    UserError
        When it cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # A name that cannot be foreseen: a link in its place would be written through.
        with tempfile.NamedTemporaryFile(prefix=".can-write-", dir=folder):
            pass
    except (OSError, ValueError) as problem:
        # A name that the system cannot encode, or one with a NUL, is a ValueError.
        said = getattr(problem, "strerror", None) or str(problem)
        raise UserError(f"cannot write to the folder {folder}: {said}") from None
    return folder


STORE = "verdicts.sqlite"
"""The store in a run's folder, where no other was named."""


FILES = ("selections.jsonl", "summary.json", "pools.jsonl", "run.json")
"""What ``save_run`` writes into a run's folder."""


def save_run(run: SelectionRun, folder: Path) -> None:
    """Write ``selections.jsonl``, ``summary.json``, ``pools.jsonl`` and ``run.json``.

    Each is written whole or not at all; with the store, ``load_run`` makes the run of them again.
    """
    lines = "".join(json.dumps(row) + "\n" for row in run.rows())
    write_whole(folder / "selections.jsonl", lines)
    write_whole(folder / "summary.json", json.dumps(run.summary(), indent=2) + "\n")
    with whole_file(folder / "pools.jsonl") as new:
        save_pools(run.pools, new)
    facts = {
        "judge": dict(run.judge),
        "tournament": run.tournament,
        "rules": dict(run.rules),
        "n": run.n,
        "seed": run.seed,
        "wall_seconds": run.wall_seconds,
        "undecided": dict(run.undecided),
        # A Counter does not survive asdict. The name is that of runs before 0.2.0.
        "ledger": {
            f.name: getattr(run.statistics, f.name)
            for f in fields(RunStatistics)
            if f.name != "statuses"
        }
        | {"statuses": dict(run.statistics.statuses)},
    }
    write_whole(folder / "run.json", json.dumps(facts, indent=2) + "\n")


class _Remembered:
    """A judge that is known by its identity alone: all it has said is in the store."""

    capacity = 1024

    def __init__(self, identity: Mapping[str, Any]) -> None:
        self.identity = identity

    def judge(self, matches: Sequence[Match]) -> list[Verdict]:
        raise UserError(
            f"{len(matches)} verdicts of this run are not in its store, so it cannot be loaded; "
            "the command that made it judges them again"
        )


def load_run(folder: str | Path, store: str | Path | None = None) -> SelectionRun:
    """A finished run, as it was, without judging.

    The tournament is played again on the verdicts in the store, which gives the same selections
    with their whole history.

    Parameters
    ----------
    folder : str or Path
        Of ``pairjudge-lab select --out``, or of ``save_run``.
    store : str or Path, optional
        Where another one than ``verdicts.sqlite`` in the folder was named.

    Raises
    ------
    UserError
        When the folder holds no run, or its verdicts are not in the store.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from pairjudge_lab import UserError, load_run
    >>> try:
    ...     load_run(mkdtemp())
    ... except UserError as problem:
    ...     print("no finished run" in str(problem))
    True
    """
    folder = Path(folder)
    file = folder / "run.json"
    kept = Path(store) if store is not None else own_place(folder / STORE)
    if not file.is_file() or not kept.is_file():
        absent = file if not file.is_file() else kept
        raise UserError(
            f"{folder} holds no finished run that can be loaded: there is no {absent.name}; runs "
            "of 'pairjudge-lab select' can be"
        )
    try:
        facts = parse_json(read_text(file), str(file))
        rules = tournament_named(facts["tournament"], **facts["rules"])
        known = {f.name for f in fields(RunStatistics)}
        statistics = RunStatistics(**{k: v for k, v in facts["ledger"].items() if k in known})
        statistics.statuses = Counter(facts["ledger"]["statuses"])
        n, seed, wall = int(facts["n"]), int(facts["seed"]), float(facts["wall_seconds"])
        judge = _Remembered(dict(facts["judge"]))
        # Of runs before 0.2.0 it is not known.
        undecided = {str(name): int(k) for name, k in facts.get("undecided", {}).items()}
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise UserError(f"{file} is not sound: {problem!r}") from None
    pools = load_pools(folder / "pools.jsonl")
    with Store(kept) as found:
        again = run_selection(pools, judge, rules, n=n, seed=seed, store=found)
    return replace(again, statistics=statistics, wall_seconds=wall, undecided=undecided)
