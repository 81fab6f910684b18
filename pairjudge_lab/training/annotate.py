"""Judgments worth training on: a teacher plays tournaments, and what it got right is kept.

The steps are those of the paper (arXiv 2501.13007): problems whose candidates are all right or all
wrong are left out, a judgment is kept when it is right about both candidates and follows the format
to the letter, and every step is counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pairjudge_lab.answers import prepare
from pairjudge_lab.arena import Arena
from pairjudge_lab.files.writing import write_whole
from pairjudge_lab.protocols import PairJudgeProtocol, PointwiseProtocol
from pairjudge_lab.protocols.pointwise import split_answers
from pairjudge_lab.protocols.template import Template
from pairjudge_lab.records import (
    Judge,
    Match,
    MatchResult,
    Pool,
    StreamingJudge,
    Tournament,
    UserError,
)
from pairjudge_lab.renamed import renamed_keywords
from pairjudge_lab.store import Store
from pairjudge_lab.store.opening import own_place
from pairjudge_lab.training.completions import (
    critique_to_the_letter,
    refuse_composed,
    to_the_letter,
)
from pairjudge_lab.training.funnel import Funnel, funnel_card
from pairjudge_lab.training.judgments import SPLITS, Judgment

TRAIN, OF_CRITIC = "train.jsonl", ("critiques.jsonl", "critic_template.md")


@renamed_keywords(within_teams="within_groups")
def annotate(
    pools: Sequence[Pool],
    judge: Judge | StreamingJudge,
    tournament: Tournament,
    folder: Path,
    *,
    protocol: PairJudgeProtocol | None = None,
    critic: Judge | StreamingJudge | None = None,
    critic_template: Template | None = None,
    replicates: int = 1,
    held_out: float = 0.1,
    balance: bool = True,
    within_groups: bool = False,
    seed: int = 0,
    progress: bool | Path = False,
) -> Funnel:
    """Let a teacher judge tournaments, and write what is worth training on into a folder.

    Parameters
    ----------
    pools : sequence of Pool
        Problems with candidates known to be right or wrong.
    judge : Judge or StreamingJudge
        The teacher.
    tournament : Tournament
        Which pairs it is shown.
    folder : Path
        Gets ``train.jsonl``, ``held_out.jsonl``, the template, ``funnel.json``, a card, and the
        store that an interrupted run goes on from.
    protocol : PairJudgeProtocol or None
        How the trained judge will be asked; its prompts are written, whatever the teacher's were.
        By default as the teacher is, or as PairJudge where it is asked in another way.
    critic : Judge or StreamingJudge or None
        A teacher that is asked about one response at a time; its critiques of the responses that
        were kept go to ``critiques.jsonl``, for a pointwise rival.
    critic_template : Template or None
        The wording in which such a rival will be asked; by default the critic's.
    replicates : int
        Tournaments a problem, each with its own draws.
    held_out : float
        Share of the problems whose rows no training sees.
    balance : bool
        Draw as many rows in which only A is right as in which only B is.
    within_groups : bool
        Also judge pairs that share a final answer. A knockout never asks for them, so a judge
        trained without them has not seen two right responses.
    seed : int
        Of the tournaments, the split, and the balance.

    Raises
    ------
    UserError
        When nothing is left to train on, a figure makes no sense, or a teacher's text is not that
        of one judge, as a cascade's.
    """
    for teacher in (judge, critic):
        refuse_composed(teacher)
    if not 0 < held_out < 1:
        raise UserError(f"the held-out share lies between 0 and 1, got {held_out}")
    funnel = Funnel()
    mixed = [replace(pool, groups=()) if within_groups else pool for pool in _mixed(pools, funnel)]
    if not mixed:
        left = {
            "all right": funnel.all_right,
            "all wrong": funnel.all_wrong,
            "unknown": funnel.unknown,
            "contradictory": funnel.contradictory,
        }
        counted = ", ".join(f"{count} {name}" for name, count in left.items())
        raise UserError(
            f"none of {funnel.problems} problems has both right and wrong candidates ({counted}), "
            "so there is nothing to learn from; give reference answers, or other problems"
        )
    if protocol is None:
        own = getattr(judge, "protocol", None)
        protocol = PairJudgeProtocol(own.template if isinstance(own, PairJudgeProtocol) else None)
    folder.mkdir(parents=True, exist_ok=True)
    kept: dict[tuple[str, str, str], Judgment] = {}
    with Store(own_place(folder / "verdicts.sqlite")) as store:
        arena = Arena(judge, store, progress=progress)
        for replicate in range(replicates):
            selections = arena.play(mixed, tournament, seed=seed + replicate)
            funnel.tournaments += len(selections)
            for pool, selection in zip(mixed, selections, strict=True):
                for results in selection.history:
                    for judgment in _keep(pool, results, protocol, funnel):
                        kept.setdefault(_shown(judgment), judgment)
    funnel.distinct = len(kept)
    rng = np.random.default_rng([seed, 17])
    rows = list(kept.values())
    funnel.only_one_before = _only_one(rows)
    rows = _balanced(rows, rng) if balance else rows
    funnel.only_one_after = _only_one(rows)
    if not rows:
        raise UserError(
            f"no judgment of {funnel.comparisons} was right about both candidates and in the "
            "format to the letter; try another teacher"
        )
    out = _held_out(rows, held_out, rng)
    texts = {}
    for split in SPLITS:
        some = [row for row in rows if (row.question in out) == (split == "held_out")]
        funnel.rows[split] = len(some)
        texts[f"{split}.jsonl"] = "".join(json.dumps(row.to_row()) + "\n" for row in some)
    if not funnel.rows["train"]:
        raise UserError("every row fell to the held-out problems; give more problems")
    texts["template.md"] = protocol.template.text + "\n"
    if critic is not None:
        asked = getattr(critic, "protocol", None)
        asked = asked if isinstance(asked, PointwiseProtocol) else PointwiseProtocol()
        texts["critiques.jsonl"] = _critiques(
            rows, mixed, critic, asked, folder, funnel, progress=progress
        )
        texts["critic_template.md"] = (critic_template or asked.template).text + "\n"
    texts["funnel.json"] = json.dumps(funnel.to_dict(), indent=2) + "\n"
    texts["README.md"] = funnel_card(funnel, judge, tournament, replicates, seed)
    _write(folder, texts)
    if critic is not None and not funnel.critiques:
        raise UserError(
            f"no critique of {funnel.criticised} responses was right and in the format to the "
            "letter; the rows for a pairwise judge are written, but a pointwise one needs another "
            "critic"
        )
    return funnel


def _held_out(rows: Sequence[Judgment], share: float, rng: np.random.Generator) -> set[str | None]:
    """The questions whose rows no training sees, whatever their ids."""
    question = {row.problem_id: row.question for row in rows}
    names = sorted(question)
    drawn = rng.permutation(names)[: max(1, round(share * len(names)))].tolist()
    return {question[name] for name in drawn}


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    """Write a folder of judgments, the rows to train on last: where they stand, all stands."""
    for name in (TRAIN, *set(OF_CRITIC) - set(texts)):
        (folder / name).unlink(missing_ok=True)
    for name in sorted(texts, key=lambda name: name == TRAIN):
        write_whole(folder / name, texts[name])


def _mixed(pools: Sequence[Pool], funnel: Funnel) -> Iterator[Pool]:
    """The problems that have both right and wrong candidates, and no text that is both."""
    prepared = list(map(prepare, pools))
    truths: dict[tuple[str, str], set[bool]] = {}
    for pool in prepared:
        for candidate in pool.candidates:
            if candidate.correct is not None:
                key = (pool.problem.question, candidate.text)
                truths.setdefault(key, set()).add(candidate.correct)
    for pool in prepared:
        funnel.problems += 1
        right = [c.correct for c in pool.candidates]
        if None in right:
            funnel.unknown += 1
        elif any(len(truths[pool.problem.question, c.text]) > 1 for c in pool.candidates):
            funnel.contradictory += 1
        elif all(right):
            funnel.all_right += 1
        elif not any(right):
            funnel.all_wrong += 1
        else:
            funnel.played += 1
            yield pool


def _keep(
    pool: Pool, results: Sequence[MatchResult], protocol: PairJudgeProtocol, funnel: Funnel
) -> Iterator[Judgment]:
    for result in results:
        if result.b is None:
            continue
        shown = [(result.a, result.b, v) for v in result.verdicts]
        shown += [(result.b, result.a, v) for v in result.swapped]
        for a, b, verdict in shown:
            funnel.comparisons += 1
            name = verdict.status.value
            funnel.statuses[name] = funnel.statuses.get(name, 0) + 1
            truth = (pool.candidates[a].correct, pool.candidates[b].correct)
            if (verdict.a_correct, verdict.b_correct) != truth:
                continue
            funnel.right += 1
            text = to_the_letter(verdict)
            if text is None:
                continue
            funnel.to_the_letter += 1
            match = Match(pool, a, b)
            yield Judgment(
                tuple(protocol.messages(match)),
                text,
                pool.problem.id,
                match.question,
                match.response_a,
                match.response_b,
                a,
                b,
                *truth,
            )


def _critiques(
    rows: Sequence[Judgment],
    pools: Sequence[Pool],
    critic: Judge | StreamingJudge,
    asked: PointwiseProtocol,
    folder: Path,
    funnel: Funnel,
    *,
    progress: bool | Path,
) -> str:
    """Critiques that are right and to the letter, one for each response that was kept."""
    by_name = {pool.problem.id: pool for pool in pools}
    matches = {}
    for row in rows:
        assert row.a is not None
        assert row.b is not None
        matches[row.problem_id, row.a, row.b] = Match(by_name[row.problem_id], row.a, row.b)
    with Store(own_place(folder / "verdicts.sqlite")) as store:
        verdicts = Arena(critic, store, progress=progress).judge(list(matches.values()))
    found: dict[tuple[str, str], str] = {}
    criticised: set[tuple[str, str]] = set()
    for match, verdict in zip(matches.values(), verdicts, strict=True):
        said = split_answers(verdict.text)
        for place, i in enumerate((match.a, match.b)):
            candidate = match.pool.candidates[i]
            key = (match.question, candidate.text)
            criticised.add(key)
            critique = critique_to_the_letter(said[place], asked) if said else None
            if critique is not None and asked.label(critique)[0] == candidate.correct:
                found.setdefault(key, critique)
    funnel.criticised, funnel.critiques = len(criticised), len(found)
    return "".join(
        json.dumps({"question": question, "response": response, "completion": text}) + "\n"
        for (question, response), text in found.items()
    )


def _shown(row: Judgment) -> tuple[str, str, str]:
    return str(row.question), str(row.response_a), str(row.response_b)


def _only_one(rows: Sequence[Judgment]) -> tuple[int, int]:
    only_a = sum(bool(r.a_correct) and not r.b_correct for r in rows)
    return only_a, sum(bool(r.b_correct) and not r.a_correct for r in rows)


def _balanced(rows: list[Judgment], rng: np.random.Generator) -> list[Judgment]:
    """As many rows in which only A is right as in which only B is; the rest stays."""
    places: tuple[list[int], list[int]] = ([], [])
    for place, row in enumerate(rows):
        if row.a_correct != row.b_correct:
            places[bool(row.b_correct)].append(place)
    larger = max(places, key=len)
    excess = abs(len(places[0]) - len(places[1]))
    gone = set(rng.choice(larger, size=excess, replace=False).tolist()) if excess else set()
    return [row for place, row in enumerate(rows) if place not in gone]
