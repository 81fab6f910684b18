"""Sampling solutions against a flat list of the same requests: does the engine stay as busy?

    python benchmarks/sampling.py

The small solver writes n solutions of each embedded problem, once through ``sample`` with a store
on disk, as the command does, and once as a flat list of the same requests whose answers are kept
nowhere. Both run in one process with one thread, in turn; a ratio is printed by the clock and by
the processor's seconds, which other work on the machine does not lengthen. The flat list is also
run without log-probabilities and self-certainty: what they cost.
"""

from __future__ import annotations

import sys

# Two files beside this one are named like modules that libraries import.
sys.path = [place for place in sys.path if not place.endswith("benchmarks")]

import argparse
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from pairjudge_lab import GenerationConfig, Store, load_engine, load_problems, sample
from pairjudge_lab.engines.contract import generate
from pairjudge_lab.sampling import SolutionPrompt
from pairjudge_lab.sampling.prompt import FAMILIES, STEP_BY_STEP

WANTED = 0.95


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problems", type=int, default=100)
    parser.add_argument("-n", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--model", default="tiny-solver")
    parser.add_argument("--tokens", type=int, default=120)
    given = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    engine = load_engine(given.model)
    problems = load_problems("embedded", limit=given.problems)
    config = GenerationConfig(temperature=0.8, max_new_tokens=given.tokens, mean_logprob=True)
    prompt = SolutionPrompt(
        FAMILIES.get(engine.name, STEP_BY_STEP), reserved=engine.control_strings
    )
    requests = [prompt.request(p.question, i) for p in problems for i in range(given.n)]
    generate(engine, requests[:64], config)  # warm up
    clock, processor, scores = [], [], []
    for number in range(given.rounds):
        with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "s.sqlite") as store:
            began = time.perf_counter(), time.process_time()
            found = sample(problems, engine, n=given.n, config=config, store=store)
            middle = time.perf_counter(), time.process_time()
            flat = generate(engine, requests, config)
            ended = time.perf_counter(), time.process_time()
            plain = generate(engine, requests, replace(config, mean_logprob=False))
            after = time.process_time()
        texts = [c.text for pool in found.pools for c in pool.candidates]
        assert texts == [c.text for c in flat], "the same requests have the same answers"
        assert texts == [c.text for c in plain], "scores change no answer"
        scores.append((ended[1] - middle[1]) / (after - ended[1]))
        clock.append((ended[0] - middle[0]) / (middle[0] - began[0]))
        processor.append((ended[1] - middle[1]) / (middle[1] - began[1]))
        print(
            f"round {number + 1}: {len(texts)} solutions, {found.tokens} tokens: sampled in "
            f"{middle[0] - began[0]:.1f} s, as a flat list {ended[0] - middle[0]:.1f} s",
            flush=True,
        )
    print(f"log-probabilities and self-certainty: {statistics.median(scores):.3f} times the work")
    busy = statistics.median(clock), statistics.median(processor)
    print(
        f"sampling keeps the engine at {100 * busy[0]:.1f} % of a flat list's throughput by the "
        f"clock, {100 * busy[1]:.1f} % by the processor (medians; wanted: {100 * WANTED:.0f})"
    )
    sys.exit(0 if busy[1] >= WANTED else 1)


if __name__ == "__main__":
    main()
