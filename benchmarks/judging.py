"""Judging throughput: the arena against the model card's way, and tournaments against a flat list.

    python benchmarks/judging.py

Both sides of a ratio use the same judge, the same matches and the same two cores in one process.
The model card's way is one pair at a time through ``generate`` with a stop string.
"""

from __future__ import annotations

import sys

# Two files beside this one are named like modules that libraries import.
sys.path.pop(0)

import argparse
import statistics
import time
from collections.abc import Sequence
from typing import Any

from pairjudge_lab import Arena, Knockout, Match, Pool, Verdict, load_judge, load_pools, prepare
from pairjudge_lab.engines.contract import Completion
from pairjudge_lab.judges.text_judge import TextJudge


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


def play(judge: TextJudge, pools: Sequence[Pool]) -> tuple[float, list[Match]]:
    recording = Recording(judge)
    clock = time.perf_counter()
    Arena(recording).play(pools, Knockout())
    return time.perf_counter() - clock, recording.matches


def flat(judge: TextJudge, matches: Sequence[Match]) -> tuple[float, list[Verdict]]:
    clock = time.perf_counter()
    verdicts = Arena(judge).judge(matches)
    return time.perf_counter() - clock, verdicts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=64)
    parser.add_argument("--matches", type=int, default=96, help="matches judged one at a time")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    judge = load_judge("tiny")
    assert isinstance(judge, TextJudge)
    pools = [prepare(pool.first(16)) for pool in load_pools(limit=args.problems)]
    flat(judge, play(judge, pools[:8])[1])  # warm up

    slower = []
    for _ in range(args.rounds):
        seconds, matches = play(judge, pools)
        flat_seconds, _ = flat(judge, matches)
        slower.append(seconds / flat_seconds)
        print(
            f"{len(matches)} matches of {len(pools)} knockouts: {seconds:.1f} s; "
            f"as one flat list: {flat_seconds:.1f} s; ratio {slower[-1]:.3f}"
        )
    some = matches[:: max(1, len(matches) // args.matches)][: args.matches]
    clock = time.perf_counter()
    theirs = one_at_a_time(judge, some)
    slow = len(some) / (time.perf_counter() - clock)
    fast_seconds, ours = flat(judge, matches)
    fast = len(matches) / fast_seconds
    by_match = dict(zip(map(id, matches), ours, strict=True))
    same = sum(by_match[id(m)].outcome == v.outcome for m, v in zip(some, theirs, strict=True))
    print(f"one pair at a time: {slow:.1f} verdicts/s; arena: {fast:.1f} verdicts/s")
    print(f"same verdicts: {same} of {len(some)}")
    print(f"\narena / model card's way: {fast / slow:.1f} times as fast (wanted: at least 8)")
    print(
        f"knockouts / flat list: {statistics.median(slower):.3f} times as long "
        f"(median of {args.rounds}; wanted: at most 1.10)"
    )


if __name__ == "__main__":
    main()
