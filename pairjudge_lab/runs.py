"""One selection run: pools in, a tournament over a judge, and a summary against the baselines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isnan
from pathlib import Path
from typing import Any

from pairjudge_lab.answers import prepare
from pairjudge_lab.arena import Arena, Ledger
from pairjudge_lab.files.writing import write_whole
from pairjudge_lab.records import (
    Judge,
    Pool,
    Selection,
    Status,
    StreamingJudge,
    Tournament,
    UserError,
)
from pairjudge_lab.selectors import baselines
from pairjudge_lab.statistics.intervals import Estimate, difference_interval, mean_interval
from pairjudge_lab.store import Store


@dataclass(frozen=True, slots=True)
class SelectionRun:
    """What a run selected, and what it cost.

    ``pools`` are those that were played: the first n candidates of each problem. ``right[i]`` says
    whether selection i is right, or None where that is not known.
    """

    pools: tuple[Pool, ...]
    selections: tuple[Selection, ...]
    judge: Mapping[str, Any]
    tournament: str
    n: int
    seed: int
    ledger: Ledger
    wall_seconds: float

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
        ledger = self.ledger
        return {
            "tournament": self.tournament,
            "rules": dict(self.selections[0].rules),
            "judge": dict(self.judge),
            "n": self.n,
            "seed": self.seed,
            "problems": len(self.pools),
            "problems_without_known_truth": len(self.pools) - len(self.known),
            "accuracy": accuracies.pop(self.tournament, None),
            "baselines": accuracies,
            "gains": {name: _plain(value) for name, value in self.gains().items()},
            "calls": sum(s.calls for s in self.selections),
            "calls_saved": sum(s.calls_saved for s in self.selections),
            "notes": dict(Counter(s.note for s in self.selections if s.note)),
            "verdicts": {
                **{status.value: ledger.statuses[status.value] for status in Status},
                "asked": ledger.asked,
                "judged": ledger.judged,
                "from_store": ledger.from_store,
                "shared": ledger.shared,
            },
            "prompt_tokens": ledger.prompt_tokens,
            "completion_tokens": ledger.completion_tokens,
            "judge_seconds": round(ledger.seconds, 3),
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

    Raises:
        UserError: when a pool has fewer than n candidates.
    """
    import time

    clock = time.perf_counter()
    played = [prepare(pool.first(n)) for pool in pools]
    arena = Arena(judge, store, progress=progress)
    selections = arena.play(played, tournament, seed=seed)
    return SelectionRun(
        pools=tuple(played),
        selections=tuple(selections),
        judge=judge.identity,
        tournament=tournament.name,
        n=n,
        seed=seed,
        ledger=arena.ledger,
        wall_seconds=time.perf_counter() - clock,
    )


def open_folder(folder: Path) -> Path:
    """Make a folder and see that it can be written to.

    Raises:
        UserError: when it cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".can-write"
        probe.touch()
        probe.unlink()
    except (OSError, ValueError) as problem:
        # A name that the system cannot encode, or one with a NUL, is a ValueError.
        said = getattr(problem, "strerror", None) or str(problem)
        raise UserError(f"cannot write to the folder {folder}: {said}") from None
    return folder


def save_run(run: SelectionRun, folder: Path) -> None:
    """Write ``selections.jsonl`` and ``summary.json``, each complete or not at all."""
    lines = "".join(json.dumps(row) + "\n" for row in run.rows())
    write_whole(folder / "selections.jsonl", lines)
    write_whole(folder / "summary.json", json.dumps(run.summary(), indent=2) + "\n")
