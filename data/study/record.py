"""Record the study: candidates and verdicts of small language models, request by request.

Asks llama-server (llama.cpp) over the loopback interface. Every request and the server's response
are one line of a JSONL file, on disk before the next request of the same chain is sent, under a key
made of all that was asked. Started again, the script goes on where it stopped. The order makes
whatever exists a usable study: problems come in blocks, and a block is generated and judged before
the next one begins. Example, with two servers running:

    python data/study/record.py --out requests.jsonl --budget 3600 \\
        --server qwen2.5-coder-0.5b=http://127.0.0.1:8405 \\
        --server qwen2.5-coder-1.5b=http://127.0.0.1:8415
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import plan

from pairjudge_lab.answers import prepare
from pairjudge_lab.records import Candidate, Match, Pool
from pairjudge_lab.word_problems import WordProblem

FIELDS = [
    "content", "tokens_predicted", "tokens_evaluated", "tokens_cached", "stop_type", "stop_word",
    "truncated", "completion_probabilities", "timings", "model",
]  # fmt: skip
"""What a response holds; the settings of a generation are those of its request."""


@dataclass
class Journal:
    """The file of requests and responses."""

    path: Path
    known: dict[str, dict[str, Any]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        if self.path.exists():
            kept = self.path.read_bytes()
            whole = kept.rfind(b"\n") + 1
            for line in kept[:whole].splitlines():
                row = json.loads(line)
                self.known[row["key"]] = row["response"]
            if whole < len(kept):
                # A line that a kill cut off.
                os.truncate(self.path, whole)
        self.stream = self.path.open("ab")

    def put(self, row: dict[str, Any]) -> None:
        line = json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        with self.lock:
            self.stream.write(line)
            self.stream.flush()
            os.fsync(self.stream.fileno())
            self.known[row["key"]] = row["response"]


class Server:
    """One model behind one llama-server, or behind several with as many slots each."""

    def __init__(
        self, name: str, addresses: list[str], slots: int, journal: Journal, until: float
    ) -> None:
        self.name, self.addresses, self.slots = name, addresses, slots
        self.journal, self.until = journal, until
        self.client = httpx.Client(timeout=httpx.Timeout(1800.0, connect=10.0))

    def ask(self, slot: int, what: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        """The response to a request, from the file where it is known.

        Raises:
            TimeoutError: when the time for new requests is over.
        """
        asked = [self.name, body]
        key = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:32]
        if key in self.journal.known:
            return self.journal.known[key]
        if time.time() > self.until:
            raise TimeoutError
        begin = time.time()
        # The slot decides which cached prompt is found, and nothing of the answer.
        which, place = divmod(slot, self.slots)
        sent = {**body, "id_slot": place, "cache_prompt": True, "response_fields": FIELDS}
        answer = self.client.post(f"{self.addresses[which]}/completion", json=sent)
        answer.raise_for_status()
        response = answer.json()
        self.journal.put(
            {
                "key": key,
                "model": self.name,
                "what": what,
                "request": body,
                "response": response,
                "begun": round(begin, 3),
                "seconds": round(time.time() - begin, 3),
            }
        )
        return dict(response)


class Study:
    """What is asked of whom, in which order; a server that is no generator's judges alone."""

    def __init__(
        self, problems: list[WordProblem], servers: dict[str, Server], generators: list[str]
    ) -> None:
        self.problems, self.servers, self.generators = problems, servers, generators
        self.texts: dict[tuple[str, str, int], str] = {}
        self.pools: dict[tuple[str, int], Pool] = {}
        self.prepared = threading.Lock()
        self.broken = threading.Event()

    def generate(self, model: str, slot: int, problem: WordProblem, number: int) -> None:
        """One candidate."""
        what = {"kind": "candidate", "problem": problem.id, "number": number}
        body = plan.candidate_request(problem.question, number)
        self.texts[model, problem.id, number] = self.servers[model].ask(slot, what, body)["content"]

    def pool(self, problem: WordProblem, each: int) -> Pool | None:
        """The candidates of a problem, ``each`` of every generator; None while one is missing."""
        texts = [
            (g, self.texts.get((g, problem.id, n))) for n in range(each) for g in self.generators
        ]
        if any(text is None for _, text in texts):
            return None
        with self.prepared:
            if (problem.id, each) not in self.pools:
                candidates = tuple(Candidate(str(text), source=name) for name, text in texts)
                self.pools[problem.id, each] = prepare(Pool(problem.problem(), candidates))
        return self.pools[problem.id, each]

    def judge(self, model: str, slot: int, pool: Pool, first: int, wording: str) -> None:
        """The labels, without reasoning, of all matches that show one candidate first."""
        for second in range(len(pool)):
            if pool.groups[first] == pool.groups[second]:
                continue
            match = Match(pool, first, second)
            what = {
                "kind": "label", "problem": pool.problem.id, "wording": wording,
                "a": first, "b": second,
            }  # fmt: skip
            self.label(model, slot, what, plan.label_prompt(match, wording), wording)

    def label(self, model: str, slot: int, what: dict[str, Any], begun: str, wording: str) -> None:
        """Both labels of a match, each begun for the judge."""
        label = ""
        for place, position in enumerate(plan.label_positions(wording)):
            begun += label + position.lead
            told = self.servers[model].ask(
                slot, {**what, "place": place}, plan.label_request(begun)
            )
            weights = plan.weights(told)
            shares = position.shares({piece: math.exp(lp) for piece, lp in weights.items()})
            if shares is None:
                break
            label = position.words[max(range(len(shares)), key=lambda i: shares[i])]

    def reason(self, model: str, slot: int, match: Match, wording: str, repetition: int) -> None:
        """A verdict with its reasoning; its labels are asked for where it gives none."""
        what = {
            "kind": "reasoned", "problem": match.pool.problem.id, "wording": wording,
            "a": match.a, "b": match.b, "repetition": repetition,
        }  # fmt: skip
        body = plan.reasoned_request(match, wording, repetition)
        told = self.servers[model].ask(slot, what, body)
        if plan.unread(told, wording):
            begun = plan.closing_prompt(match, wording, told["content"])
            self.label(model, slot, {**what, "kind": "closing"}, begun, wording)

    def tasks(self, model: str) -> Iterator[tuple[str, Any]]:
        """What a model does, in order: (kind, what it takes)."""

        generates = model in self.generators

        def first_candidates(block: int) -> Iterator[tuple[str, Any]]:
            for number in range(plan.FIRST_EACH if generates else 0):
                for problem in self.problems[block : block + plan.BLOCK]:
                    yield "generate", (problem, number)

        last = (len(self.problems) - 1) // plan.BLOCK * plan.BLOCK
        # Verdicts without reasoning come first, a tenth of the cost.
        begin = min(plan.BLOCK * plan.REASON_AFTER, last)
        yield from first_candidates(0)
        for block in range(0, len(self.problems), plan.BLOCK):
            # One block ahead, so that no model waits for the candidates of another.
            yield from first_candidates(block + plan.BLOCK)
            for problem in self.problems[block : block + plan.BLOCK]:
                for first in range(plan.FIRST_EACH * len(self.generators)):
                    yield "judge", (problem, plan.FIRST_EACH, first, plan.WORDING)
            if model == self.generators[-1] and block >= begin:
                yield from self.reasoned(0 if block == begin else block, block)
        for problem in self.problems:
            for number in range(plan.FIRST_EACH, plan.EACH if generates else 0):
                yield "generate", (problem, number)

    def reasoned(self, first: int, last: int) -> Iterator[tuple[str, Any]]:
        """The verdicts with reasoning of some blocks, and of the first block all that there are."""
        for block in range(first, last + 1, plan.BLOCK):
            problems = self.problems[block : block + plan.BLOCK]
            for wording in plan.REASONED_WORDINGS[: None if block == 0 else 1]:
                for problem in problems:
                    yield "reason", (problem, plan.FIRST_EACH, wording, 0)
        for number in range(1, plan.REPETITIONS + 1 if first == 0 else 1):
            for problem in self.problems[: plan.BLOCK]:
                yield "reason", (problem, plan.FIRST_EACH, plan.REASONED_WORDINGS[0], number)

    def run(self, model: str, slot: int, queue: Iterator[tuple[str, Any]], lock: Any) -> None:
        """A worker: takes the next task again and again."""
        while True:
            with lock:
                task = next(queue, None)
            if task is None:
                return
            kind, args = task
            if kind == "generate":
                self.generate(model, slot, *args)
                continue
            problem, each, *rest = args
            while (pool := self.pool(problem, each)) is None:
                # The other model has not generated its candidates yet.
                if self.broken.is_set() or time.time() > self.servers[model].until:
                    raise TimeoutError
                time.sleep(1.0)
            if kind == "judge":
                self.judge(model, slot, pool, *rest)
            else:
                for match in plan.reasoned_matches(pool, *rest):
                    self.reason(model, slot, match, *rest)
                    self.reason(model, slot, match.swapped, *rest)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--out", type=Path, required=True, help="the JSONL file")
    where = "NAME=ADDRESS[,ADDRESS]"
    words.add_argument("--server", action="append", required=True, metavar=where)
    words.add_argument(
        "--judge", action="append", default=[], metavar=where, help="judges, and solves nothing"
    )
    words.add_argument("--budget", type=float, default=3600.0, help="seconds for new requests")
    words.add_argument("--slots", type=int, default=4, help="requests in flight at each server")
    words.add_argument("--problems", type=int, default=plan.PROBLEMS)
    given = words.parse_args()
    journal, until = Journal(given.out), time.time() + given.budget
    servers = {
        name: Server(name, [a.rstrip("/") for a in where.split(",")], given.slots, journal, until)
        for name, where in (pair.split("=", 1) for pair in given.server + given.judge)
    }
    study = Study(plan.problems(given.problems), servers, list(servers)[: len(given.server)])
    known = len(journal.known)
    ends: Counter[str] = Counter()
    threads = []
    for model in servers:
        queue, lock = study.tasks(model), threading.Lock()

        def work(model: str, slot: int, queue: Any, lock: Any) -> None:
            try:
                study.run(model, slot, queue, lock)
                ends["done"] += 1
            except TimeoutError:
                ends["the time was over"] += 1
            except httpx.HTTPError as problem:
                if model in study.generators:
                    # What it was to generate will not come, and nobody waits for it.
                    study.broken.set()
                ends[f"{type(problem).__name__}: {problem}"] += 1

        threads += [
            threading.Thread(target=work, args=(model, slot, queue, lock))
            for slot in range(given.slots * len(servers[model].addresses))
        ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{len(journal.known) - known} new requests, {len(journal.known)} in all; {dict(ends)}")
    sys.exit(0 if set(ends) <= {"done", "the time was over"} else 1)


if __name__ == "__main__":
    main()
