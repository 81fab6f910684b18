"""Judging throughput: the arena against the model card's way, and tournaments against a flat list.

    python benchmarks/judging.py
    python benchmarks/judging.py --judge vllm:FOLDER --problems 16 -n 8 --tournaments-only

Both sides of a ratio use the same judge, the same matches and the same number of threads (one, as
the lab runs a model this small) in one process, in turn, round after round. Each ratio is printed
of the seconds by the clock and of the processor's seconds, which other work on the machine does
not lengthen; the medians of the rounds are compared with what is wanted. The card's way is one
pair at a time through ``generate`` with a stop string.
"""

from __future__ import annotations

import sys

# Two files beside this one are named like modules that libraries import.
sys.path = [place for place in sys.path if not place.endswith("benchmarks")]

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pairjudge_lab import (
    Arena,
    Knockout,
    Match,
    ModelOptions,
    Pool,
    Verdict,
    load_judge,
    load_pools,
    prepare,
)
from pairjudge_lab.engines.contract import Completion
from pairjudge_lab.judges.text_judge import TextJudge

T = TypeVar("T")


class Recording:
    """A judge that remembers what it was asked."""

    def __init__(self, judge: TextJudge) -> None:
        self.inner = judge
        self.identity, self.capacity = judge.identity, judge.capacity
        self.matches: list[Match] = []

    def session(self, completions: Any = None) -> Any:
        session = self.inner.session(completions)
        submit = session.submit

        def noted(ticket: str, match: Match) -> None:
            self.matches.append(match)
            submit(ticket, match)

        session.submit = noted  # type: ignore[method-assign]
        return session

    def judge(self, matches: Sequence[Match]) -> list[Verdict]:
        return self.inner.judge(matches)


def one_at_a_time(judge: TextJudge, matches: Sequence[Match]) -> list[Verdict]:
    """The model card's loop: template, generate, decode, parse, for one match after the other."""
    import torch

    model, tokenizer, verdicts = judge.engine.model, judge.engine.tokenizer, []
    for match in matches:
        (request,) = judge.requests(match)
        text = judge.engine.encoder.template.render(request.messages, None)
        inputs = tokenizer([text], return_tensors="pt", add_special_tokens=False)
        length = inputs.input_ids.shape[1]
        with torch.inference_mode():
            ids = model.generate(
                input_ids=inputs.input_ids,
                attention_mask=inputs.attention_mask,
                max_new_tokens=judge.config.limit(length, 1024),
                do_sample=False,
                stop_strings=list(judge.config.stop),
                tokenizer=tokenizer,
            )
        written = tokenizer.decode(ids[0, length:], skip_special_tokens=True)
        verdicts.append(judge.read([Completion(written)]))
    return verdicts


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock and of the processor."""

    clock: float
    processor: float

    def __str__(self) -> str:
        return f"{self.clock:.1f} s ({self.processor:.1f} s of the processor)"


def spent(work: Callable[[], T]) -> tuple[Spent, T]:
    """What a piece of work takes, and what it gives."""
    clock, processor = time.perf_counter(), time.process_time()
    result = work()
    return Spent(time.perf_counter() - clock, time.process_time() - processor), result


def play(judge: TextJudge, pools: Sequence[Pool]) -> tuple[Spent, list[Match]]:
    recording = Recording(judge)
    took, _ = spent(lambda: Arena(recording).play(pools, Knockout()))
    return took, recording.matches


def medians(pairs: Sequence[tuple[Spent, Spent]], scale: float = 1.0) -> tuple[float, float]:
    """Medians of the ratios by the clock and by the processor."""
    return (
        scale * statistics.median(a.clock / b.clock for a, b in pairs),
        scale * statistics.median(a.processor / b.processor for a, b in pairs),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problems", type=int, default=64)
    parser.add_argument("--matches", type=int, default=64, help="matches judged one at a time")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("-n", type=int, default=16, help="candidates of a knockout")
    parser.add_argument("--judge", default="tiny")
    parser.add_argument("--max-new-tokens", type=int)
    parser.add_argument("--tournaments-only", action="store_true", help="not the card's way")
    args = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    judge = load_judge(args.judge, ModelOptions(max_new_tokens=args.max_new_tokens))
    assert isinstance(judge, TextJudge)
    pools = [prepare(pool.first(args.n)) for pool in load_pools("embedded", limit=args.problems)]
    # What an engine keeps of prompts that it has read, it has for both sides.
    Arena(judge).judge(play(judge, pools if args.tournaments_only else pools[:8])[1])

    slower, faster, same, some = [], [], 0, []
    for number in range(args.rounds):
        played, matches = play(judge, pools)
        listed, ours = spent(lambda those=matches: Arena(judge).judge(those))
        slower.append((played, listed))
        told = f"{len(matches)} matches of {len(pools)} knockouts {played}; flat list {listed}"
        print(f"round {number + 1}: {told}", flush=True)
        if args.tournaments_only:
            continue
        some = matches[:: max(1, len(matches) // args.matches)][: args.matches]
        single, theirs = spent(lambda those=some: one_at_a_time(judge, those))
        faster.append((single, played))
        by_match = dict(zip(map(id, matches), ours, strict=True))
        same = sum(by_match[id(m)].outcome == v.outcome for m, v in zip(some, theirs, strict=True))
        print(f"{'':8} {len(some)} of them one pair at a time {single}", flush=True)
    slow = medians(slower)
    print(
        f"knockouts / flat list: {slow[0]:.3f} times as long by the clock, {slow[1]:.3f} by the "
        "processor (wanted: at most 1.05)"
    )
    if args.tournaments_only:
        # An engine in processes of its own takes none of this process's time.
        sys.exit(0 if slow[0] <= 1.05 else 1)
    fast = medians(faster, len(matches) / len(some))
    print(f"same verdicts: {same} of {len(some)}")
    print(
        f"arena / model card's way: {fast[0]:.1f} times as fast by the clock, {fast[1]:.1f} by "
        "the processor (wanted: at least 10)"
    )
    sys.exit(0 if fast[1] >= 10 and slow[1] <= 1.05 else 1)


if __name__ == "__main__":
    main()
