"""The stages of a study, each of which goes on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pairjudge_lab.answers import prepare
from pairjudge_lab.arena import Arena, all_ordered_pairs
from pairjudge_lab.datasets.pools import load_pools, save_pools
from pairjudge_lab.datasets.verdicts import save_verdicts
from pairjudge_lab.engines.cached import producer_of
from pairjudge_lab.engines.contract import Engine
from pairjudge_lab.engines.weights import file_digest
from pairjudge_lab.files.notes import read_note, shaped
from pairjudge_lab.files.writing import whole_file, write_whole
from pairjudge_lab.generation import GenerationConfig
from pairjudge_lab.progress import LOG, Progress
from pairjudge_lab.records import Judge, Pool, Problem, StreamingJudge, UserError
from pairjudge_lab.results import Result
from pairjudge_lab.sampling import SolutionPrompt, sample
from pairjudge_lab.sampling.sampler import SAMPLING, Sampled
from pairjudge_lab.store import Store, judge_digest
from pairjudge_lab.store.opening import own_place
from pairjudge_lab.study.budget import Budget, Price, Spent, spent_so_far
from pairjudge_lab.verdicts.table import matches_table

if TYPE_CHECKING:
    import pandas as pd

CHUNK = 8
"""Problems between two looks at the budget."""

COUNTED = ("sampled", "from_store", "truncated", "empty")
"""What is counted of the solutions, among others."""


@dataclass(frozen=True)
class Study:
    """What is studied, and how.

    Attributes
    ----------
    problems : sequence of Problem
    generators : mapping of str to Engine
        By the names that their candidates carry.
    judge : Judge or StreamingJudge
    n : int
        Solutions of each generator for each problem.
    sampling : GenerationConfig
        Of the generators.
    prompt : SolutionPrompt, optional
        How a generator is asked.
    repetitions : int
        Verdicts on each ordered pair.
    budget : Budget
        Where to stop, with what there is.
    prices : mapping of str to Price
        By a generator's name, or ``judge``.
    """

    problems: Sequence[Problem]
    generators: Mapping[str, Engine]
    judge: Judge | StreamingJudge
    n: int = 16
    sampling: GenerationConfig = SAMPLING
    prompt: SolutionPrompt | None = None
    repetitions: int = 1
    budget: Budget = field(default_factory=Budget)
    prices: Mapping[str, Price] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StudyRun(Result):
    """What came of a study.

    Attributes
    ----------
    pools : tuple of Pool
        Those whose every ordered pair was judged.
    verdicts : DataFrame
        The verdict table.
    counts : dict
        The account: solutions and verdicts, where they came from, what was left out.
    spent : Spent
    stopped : str
        Why it stopped early; empty where it did not.
    """

    picture: ClassVar[tuple[str, str]] = ("bias", "plot_bias")

    pools: tuple[Pool, ...]
    verdicts: pd.DataFrame
    counts: dict[str, Any]
    spent: Spent
    stopped: str

    def to_frame(self) -> pd.DataFrame:
        """The verdict table."""
        return self.verdicts

    def plotted(self) -> tuple[Any, ...]:
        from pairjudge_lab.statistics.position import bias_report

        return (bias_report(self.verdicts),)


def run_study(study: Study, folder: Path, *, progress: bool = False) -> StudyRun:
    """Sample, judge every ordered pair, and write pools and verdicts down.

    What a run that was killed had done is not done again.

    Parameters
    ----------
    study : Study
    folder : Path
        Where everything is kept: ``study.sqlite``, ``pools.parquet``, ``verdicts.parquet``.
    progress : bool
        Whether to show progress; it is in ``progress.log`` in any case.

    Raises
    ------
    UserError
        When solutions could not be generated, or nothing could be judged.
    """
    shown: bool | Path = folder / LOG if progress else False
    judge = judge_digest(study.judge.identity)
    producers = {
        name: judge_digest(producer_of(engine, study.sampling))
        for name, engine in study.generators.items()
    }
    stopped = ""
    with Store(own_place(folder / "study.sqlite")) as store:

        def over() -> str:
            return study.budget.exceeded(spent_so_far(store, judge, producers, study.prices))

        pools, counts, stopped = _candidates(study, folder, store, over, shown)
        arena = Arena(study.judge, store, progress=shown)
        tables, judged = [], 0
        chunk = CHUNK if study.budget.limited else max(1, len(pools))
        for begin in range(0, len(pools), chunk):
            # A budget that sampling has reached leaves nothing to judge with.
            stopped = over()
            if stopped:
                break
            some = pools[begin : begin + chunk]
            matches = [m for p in some for m in all_ordered_pairs(p, range(study.repetitions))]
            name = str(study.judge.identity.get("name", "judge"))
            tables.append(matches_table(name, matches, arena.judge(matches)))
            judged += len(some)
        if not tables:
            raise UserError(f"nothing was judged: {stopped or 'there are no candidates'}")
        import pandas as pd

        table = pd.concat(tables, ignore_index=True)
        counts["verdicts"] = {
            "asked": arena.statistics.asked,
            "judged": arena.statistics.judged,
            "from_store": arena.statistics.from_store,
            "shared": arena.statistics.shared,
            **dict(arena.statistics.statuses),
        }
        counts["problems"] = {"asked": len(study.problems), "judged": judged}
        spent = spent_so_far(store, judge, producers, study.prices)
    with whole_file(folder / "verdicts.parquet") as new:
        save_verdicts(table, new)
    return StudyRun(tuple(pools[:judged]), table, counts, spent, stopped)


def _candidates(
    study: Study, folder: Path, store: Store, over: Callable[[], str], shown: bool | Path
) -> tuple[list[Pool], dict[str, Any], str]:
    """The pools, prepared; the account of them; and why sampling stopped, where it did."""
    file, note = folder / "pools.parquet", folder / "pools.json"
    key = study_key(study)
    if file.exists() and note.exists():
        told = {"file": ""} | read_note(note, {"study": str, "counts": dict, "stopped": str})
        shaped(told["counts"], {"left_out": dict, **dict.fromkeys(COUNTED, int)}, str(note))
        # A run that broke off between the two files leaves the note of other pools.
        same = told["study"] == key and told["file"] == file_digest(file)
        if same and not told["stopped"]:
            return [prepare(pool) for pool in load_pools(file)], told["counts"], ""
    chunk = CHUNK if study.budget.limited else len(study.problems)
    pools: list[Pool] = []
    counts: dict[str, Any] = {"left_out": {}}
    stopped = ""
    for begin in range(0, len(study.problems), chunk):
        # The first problems are sampled in any case: the plan has done so.
        if begin and (stopped := over()):
            break
        found = sample_problems(study, study.problems[begin : begin + chunk], study.n, store, shown)
        pools += found.pools
        counts["left_out"].update(found.left_out)
        for name, count in found.counts.items():
            counts[name] = counts.get(name, 0) + count
    pools = list(Progress(len(pools), "pools prepared", shown).over(map(prepare, pools)))
    if not pools:
        raise UserError(f"no problem could be asked: {set(counts['left_out'].values())}")
    with whole_file(file) as new:
        save_pools(pools, new)
    facts = {"study": key, "file": file_digest(file), "counts": counts, "stopped": stopped}
    write_whole(note, json.dumps(facts, indent=2) + "\n")
    return pools, counts, stopped


def sample_problems(
    study: Study,
    problems: Sequence[Problem],
    n: int,
    store: Store,
    shown: bool | Path = False,
) -> Sampled:
    return sample(
        problems,
        study.generators,
        n,
        study.sampling,
        prompt=study.prompt,
        store=store,
        progress=shown,
    )


def study_key(study: Study) -> str:
    """What tells one study from another, as far as its candidates go."""
    facts = {
        "problems": [[p.id, p.question, p.answer] for p in study.problems],
        "generators": {name: dict(e.identity) for name, e in study.generators.items()},
        "n": study.n,
        "sampling": dict(study.sampling.identity),
        "prompt": None
        if study.prompt is None
        else [
            study.prompt.template.digest,
            list(map(list, study.prompt.shots)),
            study.prompt.system,
        ],
    }
    return judge_digest(facts)
