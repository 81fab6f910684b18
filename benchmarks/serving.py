"""The server client against a plain load generator, and two Ray replicas against one.

    python benchmarks/serving.py

The server runs in a process of its own and answers with the small judge, in batches. The load
generator keeps as many requests in flight, reads the answers and does nothing else: the arena's
client must keep up with it. Both sides of a ratio are measured in turn, in one run. The Ray part
wants two free cores.
"""

from __future__ import annotations

import sys

# Two files beside this one are named like modules that libraries import.
sys.path.pop(0)

import argparse
import asyncio
import statistics
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
from pairjudge_lab.judges.server import ServerJudge

from pairjudge_lab import Arena, Match, load_judge, load_pools, prepare
from pairjudge_lab.arena import all_ordered_pairs
from pairjudge_lab.embedded import data_path
from pairjudge_lab.engines.options import ModelOptions

ROOT = Path(__file__).parent.parent

SERVE = """
import time
from tests.judges.serving import Server, small_judge
with Server(small_judge()) as server:
    print(server.address, flush=True)
    time.sleep(3600)
"""


def distinct(count: int) -> list[Match]:
    """Matches with different texts, so that none is answered by another."""
    found: dict[tuple[str, str, str], Match] = {}
    for pool in load_pools("embedded"):
        for match in all_ordered_pairs(prepare(pool.first(8))):
            found.setdefault((match.question, match.response_a, match.response_b), match)
            if len(found) == count:
                return list(found.values())
    return list(found.values())


async def saturate(judge: ServerJudge, matches: Sequence[Match]) -> None:
    """Post every request, as many at once as the judge would, and read the answers."""
    many = judge.options.concurrency
    bodies: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    for match in matches:
        bodies.put_nowait(judge.request(judge.protocol.messages(match), match.repetition))
    limits = httpx.Limits(max_connections=many, max_keepalive_connections=many)
    async with httpx.AsyncClient(limits=limits, timeout=300) as client:

        async def work() -> None:
            while not bodies.empty():
                answer = await client.post(
                    f"{judge.address}/chat/completions", json=bodies.get_nowait()
                )
                answer.raise_for_status()
                answer.json()

        await asyncio.gather(*(work() for _ in range(many)))


def serving(matches: list[Match], rounds: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SERVE], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        wording = data_path("tiny-judge") / "judge_template.md"
        judge = load_judge(f"{address}#tiny", ModelOptions(template=wording))
        assert isinstance(judge, ServerJudge)
        Arena(judge).judge(matches[:64])  # warm up
        ratios = []
        for _ in range(rounds):
            clock = time.perf_counter()
            asyncio.run(saturate(judge, matches))
            plain = time.perf_counter() - clock
            clock = time.perf_counter()
            arena = Arena(judge)
            arena.judge(matches)
            ours = time.perf_counter() - clock
            assert arena.ledger.judged == len(matches)
            assert arena.ledger.statuses["parsed"] > 0.9 * len(matches)
            ratios.append(plain / ours)
            print(
                f"plain generator {len(matches) / plain:.0f}/s, arena {len(matches) / ours:.0f}/s"
            )
        process.terminate()
    print(
        f"the arena's client keeps the server at {100 * statistics.median(ratios):.1f} % of a "
        f"plain "
        f"load generator's throughput (median of {rounds}; wanted: 95)"
    )


def cluster(matches: list[Match], rounds: int) -> None:
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
    speeds: dict[int, list[float]] = {1: [], 2: []}
    from pairjudge_lab.judges.cluster import RayJudge

    for _ in range(rounds):
        for workers in speeds:
            judge = RayJudge("tiny", workers=workers, cores=1)
            Arena(judge).judge(matches[: 128 * workers])  # warm up every replica
            clock = time.perf_counter()
            Arena(judge).judge(matches)
            speeds[workers].append(len(matches) / (time.perf_counter() - clock))
            judge.close()
        print({workers: f"{found[-1]:.0f}/s" for workers, found in speeds.items()})
    gain = statistics.median(two / one for one, two in zip(speeds[1], speeds[2], strict=True))
    print(f"two Ray replicas of one core each judge {gain:.2f} times as fast as one (wanted: 1.6)")
    ray.shutdown()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--matches", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    matches = distinct(args.matches)
    serving(matches, args.rounds)
    cluster(matches, args.rounds)


if __name__ == "__main__":
    main()
