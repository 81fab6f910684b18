"""Turn the recorded requests into the study's pools and verdicts.

    python data/study/assemble.py requests.jsonl

Writes ``pools.parquet`` and ``verdicts.parquet`` beside itself. Only what the plan still asks for
is taken: requests of an earlier wording stay in the file and are counted as left out. A second run
on the same file writes the same tables.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import plan

from pairjudge_lab.answers import prepare
from pairjudge_lab.datasets.pools import save_pools
from pairjudge_lab.datasets.verdicts import save_verdicts
from pairjudge_lab.protocols.labels import soft_labels
from pairjudge_lab.records import Candidate, Match, Pool, Status, Verdict
from pairjudge_lab.verdicts.table import table_row, to_table


class Answers:
    """The recorded responses, by what was asked."""

    def __init__(self, path: Path) -> None:
        self.rows = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            self.rows[row["key"]] = row
        self.models = sorted({row["model"] for row in self.rows.values()})
        asked = self.rows.values()
        self.generators = sorted({r["model"] for r in asked if r["what"]["kind"] == "candidate"})
        self.used: set[str] = set()

    def of(self, model: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """The row of a request, or None where it was not recorded."""
        asked = json.dumps([model, body], sort_keys=True)
        key = hashlib.sha256(asked.encode()).hexdigest()[:32]
        row = self.rows.get(key)
        if row is not None:
            self.used.add(key)
        return row


def pool_of(answers: Answers, problem: Any) -> Pool | None:
    """The candidates of a problem, in the order in which they were planned, up to the first that
    is missing; None with fewer than the judged ones."""
    found: list[Candidate] = []
    for number in range(plan.EACH):
        rows = [
            answers.of(m, plan.candidate_request(problem.question, number))
            for m in answers.generators
        ]
        if any(row is None for row in rows):
            break
        for model, row in zip(answers.generators, rows, strict=True):
            assert row is not None
            said = row["response"]
            found.append(
                Candidate(
                    said["content"],
                    source=model,
                    tokens=said["tokens_predicted"],
                    seconds=row["seconds"],
                    finish="length" if said["stop_type"] == "limit" else "stop",
                )
            )
    if len(found) < plan.FIRST_EACH * len(answers.generators):
        return None
    return prepare(Pool(problem.problem(), tuple(found)))


def label_verdict(answers: Answers, model: str, begun: str, wording: str) -> Verdict | None:
    """The verdict whose labels were begun for the judge, with the probabilities of both."""
    text, label, shares, seconds, tokens = "", "", [], 0.0, 0
    for position in plan.label_positions(wording):
        text += label + position.lead
        row = answers.of(model, plan.label_request(begun + text))
        if row is None:
            return None
        told = plan.weights(row["response"])
        share = position.shares({piece: math.exp(value) for piece, value in told.items()})
        if share is None:
            return Verdict(Status.UNPARSED, text=text, reason="no label among the likeliest tokens")
        shares.append(share)
        label = position.words[max(range(len(share)), key=lambda i: share[i])]
        seconds += row["seconds"]
        tokens = row["response"]["tokens_evaluated"]
    said = plan.PROTOCOLS[wording].read(text + label + plan.PROTOCOLS[wording].close)
    a, b = soft_labels(shares)
    return Verdict(
        said.status, said.a_correct, said.b_correct, text=said.text, prompt_tokens=tokens,
        completion_tokens=2, seconds=seconds, a_probability=a, b_probability=b,
    )  # fmt: skip


def reasoned_verdicts(
    answers: Answers, model: str, match: Match, wording: str, repetition: int
) -> tuple[Verdict, Verdict] | None:
    """The verdict with its reasoning as it was written, and with the labels that were begun for the
    judge where it wrote none."""
    row = answers.of(model, plan.reasoned_request(match, wording, repetition))
    if row is None:
        return None
    said = row["response"]
    read = plan.PROTOCOLS[wording].read(said["content"], cut_off=said["stop_type"] == "limit")
    written = Verdict(
        read.status, read.a_correct, read.b_correct, text=said["content"], reason=read.reason,
        prompt_tokens=said["tokens_evaluated"], completion_tokens=said["tokens_predicted"],
        seconds=row["seconds"],
    )  # fmt: skip
    if not plan.unread(said, wording):
        return written, written
    begun = plan.closing_prompt(match, wording, said["content"])
    closed = label_verdict(answers, model, begun, wording)
    if closed is None:
        return None
    whole = replace(
        closed,
        text=f"{said['content'].rstrip()}\n\n{closed.text}",
        prompt_tokens=written.prompt_tokens,
        completion_tokens=written.completion_tokens + 2,
        seconds=written.seconds + closed.seconds,
    )
    return written, whole


def labelled(answers: Answers, pool: Pool) -> list[tuple[Any, ...]] | None:
    """The rows without reasoning of all models; None while a match of a generator is missing, and
    without those of another judge while one of its own is."""
    rows = []
    pairs = [p for p in permutations(range(len(pool)), 2) if len({pool.groups[i] for i in p}) == 2]
    for model in answers.models:
        found = []
        for a, b in pairs:
            begun = plan.label_prompt(Match(pool, a, b), plan.WORDING)
            verdict = label_verdict(answers, model, begun, plan.WORDING)
            if verdict is None:
                break
            found.append(table_row(f"{model}, labels", 0, pool.problem.id, a, b, verdict))
        if len(found) == len(pairs):
            rows += found
        elif model in answers.generators:
            return None
    return rows


Part = tuple[tuple[str, str, bool], tuple[int, int], list[tuple[Any, ...]] | None]
"""What is judged together, its place in the order of recording, and its rows; None of what is not
whole."""


def reasoned(answers: Answers, pool: Pool, place: int) -> Iterator[Part]:
    """The rows with reasoning, in parts.

    Greedy verdicts are one judge a wording, and those at a temperature a judge of their own, whose
    repetitions are numbered from 0. Each is there twice: as it was written, and with its labels
    begun for it where it wrote none.
    """
    asked = [(wording, wording, 0) for wording in plan.REASONED_WORDINGS]
    first = plan.REASONED_WORDINGS[0]
    warm = f"{first}, temperature {plan.TEMPERATURE}"
    asked += [(warm, first, number + 1) for number in range(plan.REPETITIONS)]
    for model in answers.models:
        for name, wording, number in asked:
            if (name != first and place >= plan.BLOCK) or model != answers.generators[-1]:
                continue
            pairs = plan.reasoned_matches(pool, wording, number)
            for more in (False, True):
                some = pairs[plan.REASONED_PAIRS :] if more else pairs[: plan.REASONED_PAIRS]
                rows: list[tuple[Any, ...]] = []
                whole = True
                for match in (m for pair in some for m in (pair, pair.swapped)):
                    verdicts = reasoned_verdicts(answers, model, match, wording, number)
                    if verdicts is None:
                        whole = False
                        break
                    of = (max(0, number - 1), pool.problem.id, match.a, match.b)
                    judge = f"{model}, reasoning, {name}"
                    rows.append(table_row(judge, *of, verdicts[0]))
                    rows.append(table_row(f"{judge}, labels asked for", *of, verdicts[1]))
                yield (model, name, more), (number, place), rows if whole else None


def begun_in_order(parts: Iterable[Part]) -> list[tuple[Any, ...]]:
    """The rows of the parts before the first that is not whole.

    Several are recorded at a time, and short answers are done first: the whole ones behind a part
    that is not would be those with short answers. Repetitions are there when all of them are.
    """
    series: dict[tuple[str, str, bool], list[Part]] = {}
    for part in parts:
        series.setdefault(part[0], []).append(part)
    rows: list[tuple[Any, ...]] = []
    for some in series.values():
        if any(number and found is None for _, (number, _), found in some):
            continue
        for _, _, found in sorted(some, key=lambda part: part[1]):
            if found is None:
                break
            rows += found
    return rows


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("requests", type=Path)
    words.add_argument("--out", type=Path, default=Path(__file__).parent)
    given = words.parse_args()
    answers = Answers(given.requests)
    pools, rows, begun = [], [], 0
    parts: list[Part] = []
    for place, problem in enumerate(plan.problems(plan.PROBLEMS)):
        pool = pool_of(answers, problem)
        if pool is None:
            continue
        first = pool.first(plan.FIRST_EACH * len(answers.generators))
        verdicts = labelled(answers, first)
        if verdicts is None:
            begun += 1
            continue
        pools.append(pool)
        rows += verdicts
        parts += reasoned(answers, first, place)
    rows += begun_in_order(parts)
    print(f"{len(answers.rows)} requests, {len(answers.rows) - len(answers.used)} of them not used")
    if begun:
        print(f"{begun} problems with candidates left out: not all their matches are judged yet")
    if not pools:
        print("no problem has all its verdicts yet; nothing written")
        return
    save_pools(pools, given.out / "pools.parquet")
    print(f"{len(pools)} pools, {sum(map(len, pools))} candidates")
    if rows:
        table = to_table(rows)
        save_verdicts(table, given.out / "verdicts.parquet")
        for name, count in Counter(table["judge"]).items():
            print(f"{name}: {count} verdicts")


if __name__ == "__main__":
    main()
