"""What a study will take, by a trial on its first problem."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pairjudge_lab.answers import prepare
from pairjudge_lab.arena import Arena, all_ordered_pairs
from pairjudge_lab.engines.contract import Engine
from pairjudge_lab.files.notes import read_note, shaped
from pairjudge_lab.files.reading import number_of
from pairjudge_lab.files.writing import write_whole
from pairjudge_lab.records import Pool, UserError
from pairjudge_lab.sampling.sampler import Sampled
from pairjudge_lab.store import Store, judge_digest
from pairjudge_lab.store.opening import own_place
from pairjudge_lab.study.budget import Price
from pairjudge_lab.study.plan import StudyPlan
from pairjudge_lab.study.run import Study, sample_problems, study_key

TRIAL_SOLUTIONS, TRIAL_VERDICTS = 4, 8

_SAMPLING_TRIAL = {"solutions": int, "seconds": float, "asked": dict}
_JUDGING_TRIAL = {
    "verdicts": int, "seconds": float, "distinct": float, "read": float, "written": float,
}  # fmt: skip


def plan_study(study: Study, folder: Path) -> StudyPlan:
    """Estimate what a study takes, by a trial on its first problem; the trial's answers are kept.

    What the trial took is written down, by generators and by judge: a second trial would find its
    answers in the store, in no time.
    """
    file, key, judge = folder / "plan.json", study_key(study), judge_digest(study.judge.identity)
    told: dict[str, Any] = {"study": key, "judges": {}}
    if file.exists():
        found = read_note(file, {"study": str, "plan": dict})
        if found["study"] == key and isinstance(found.get("judges"), dict):
            told = found
    with Store(own_place(folder / "study.sqlite")) as store:
        if "sampling" not in told or judge not in told["judges"]:
            pool = _try_sampling(study, store, told)
            _try_judging(study, pool, store, told["judges"], judge)
    trial = shaped(told["sampling"], _SAMPLING_TRIAL, str(file))
    tried = shaped(told["judges"][judge], _JUDGING_TRIAL, str(file))
    each = study.n * len(study.generators)
    solutions = each * len(study.problems)
    pairs = each * (each - 1) * len(study.problems) * study.repetitions
    distinct = tried["distinct"]
    asked = _sound_tokens(trial["asked"], study, str(file))
    read, written = tried["read"], tried["written"]
    dollars = None
    if study.prices:
        dollars = pairs * distinct * study.prices.get("judge", Price()).of(read, written)
        for name, (prompt, answer) in asked.items():
            price = study.prices.get(name, Price())
            dollars += study.n * len(study.problems) * price.of(prompt, answer)
    plan = StudyPlan(
        problems=len(study.problems),
        generators=len(study.generators),
        n=study.n,
        solutions=solutions,
        matches=pairs,
        distinct=distinct,
        sampling_tokens=study.n * len(study.problems) * sum(map(sum, asked.values())),
        judging_tokens=pairs * distinct * (read + written),
        seconds=trial["seconds"] * solutions / max(1, trial["solutions"])
        + tried["seconds"] * pairs * distinct / max(1, tried["verdicts"]),
        dollars=dollars,
        trial={"solutions": trial["solutions"], "verdicts": tried["verdicts"]},
    )
    write_whole(file, json.dumps({**told, "plan": plan.to_dict()}, indent=2) + "\n")
    return plan


def _sound_tokens(told: dict[str, Any], study: Study, where: str) -> dict[str, tuple[float, float]]:
    """By generator, the tokens read and written for a solution, as they were noted."""
    found = {}
    for name in study.generators:
        both = told.get(name)
        if not isinstance(both, list | tuple) or len(both) != 2:
            raise UserError(f"{where} is not sound; move it away, and it is written anew")
        found[name] = (number_of(both[0], where), number_of(both[1], where))
    return found


def _try_sampling(study: Study, store: Store, told: dict[str, Any]) -> Pool:
    """Sample a few solutions of the first problem, and note what they took where it is new."""
    few = min(TRIAL_SOLUTIONS, study.n)
    clock = time.perf_counter()
    found = sample_problems(study, study.problems[:1], few, store)
    if not found.pools:
        raise UserError(f"the first problem cannot be asked: {set(found.left_out.values())}")
    told.setdefault(
        "sampling",
        {
            "solutions": len(found.pools[0].candidates),
            "seconds": time.perf_counter() - clock,
            "asked": _tokens_of_a_solution(study.generators, found, few),
        },
    )
    return prepare(found.pools[0])


def _try_judging(study: Study, pool: Pool, store: Store, told: dict[str, Any], judge: str) -> None:
    """Judge a few pairs of the first problem, and note what they took."""
    matches = all_ordered_pairs(pool)
    texts = {(m.response_a, m.response_b): m for m in matches}
    clock = time.perf_counter()
    verdicts = Arena(study.judge, store).judge(list(texts.values())[:TRIAL_VERDICTS])
    told[judge] = {
        "verdicts": len(verdicts),
        "seconds": time.perf_counter() - clock,
        "distinct": len(texts) / max(1, len(matches)),
        "read": sum(v.prompt_tokens for v in verdicts) / max(1, len(verdicts)),
        "written": sum(v.completion_tokens for v in verdicts) / max(1, len(verdicts)),
    }


def _tokens_of_a_solution(
    generators: Mapping[str, Engine], found: Sampled, samples: int
) -> dict[str, tuple[float, float]]:
    """By generator, the tokens read and written for one solution: every sample is asked for with
    the prompt anew, as ``spent_so_far`` counts it."""
    candidates = found.pools[0].candidates
    return {
        name: (
            found.prompt_tokens.get(name, 0) / samples,
            sum(c.tokens or 0 for c in candidates if c.source == name) / samples,
        )
        for name in generators
    }
