"""The client of servers against a plain load generator, and two Ray replicas against one.

    python benchmarks/serving.py
    python benchmarks/serving.py --address http://127.0.0.1:8080/v1#MODEL --slots 4 --matches 64

By default the server runs in a process of its own and answers with the small judge, in running
batches; with an address, a real server is asked, such as llama.cpp's ``llama-server -np 4``. The
load generator knows how many requests the server works on at once, keeps as many in flight, reads
the answers and does nothing else; the arena's client has its defaults and is told nothing. Both
sides of a ratio are measured in turn, in one run. The Ray part wants two free cores.
"""

from __future__ import annotations

import sys

# Two files beside this one are named like modules that libraries import.
sys.path = [place for place in sys.path if not place.endswith("benchmarks")]

import argparse
import asyncio
import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from pairjudge_lab import Arena, Match, load_judge, load_pools, prepare
from pairjudge_lab.arena import all_ordered_pairs
from pairjudge_lab.embedded import data_path
from pairjudge_lab.engines.options import ModelOptions
from pairjudge_lab.engines.server import ServerEngine
from pairjudge_lab.engines.server.body import Dialect, request_body
from pairjudge_lab.judges.text_judge import TextJudge

ROOT = Path(__file__).parent.parent

SERVE = """
import time
from pairjudge_lab import load_judge
from tests.engines.faulty_server import FaultyServer
from tests.engines.model_server import ModelAnswers
judge = load_judge("tiny")
with FaultyServer(ModelAnswers(judge.engine, judge.config)) as server:
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


def _length(match: Match) -> int:
    return len(match.question) + len(match.response_a) + len(match.response_b)


@contextmanager
def small_server() -> Iterator[str]:
    """The small judge behind a server in a process of its own; its address."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield f"{process.stdout.readline().strip()}#tiny"
        finally:
            process.terminate()


async def saturate(judge: TextJudge, address: str, matches: Sequence[Match], slots: int) -> None:
    """Post every request, as many at once as the server has places for, and read the answers."""
    url, _, model = address.partition("#")
    asked = [request for match in matches for request in judge.requests(match)]
    waiting = iter([request_body(model, judge.config, r, Dialect()) for r in asked])
    limits = httpx.Limits(max_connections=slots, max_keepalive_connections=slots)
    async with httpx.AsyncClient(limits=limits, timeout=3600) as client:

        async def work() -> None:
            for body in waiting:
                try:
                    answer = await client.post(f"{url}/chat/completions", json=body)
                except httpx.RemoteProtocolError:
                    # llama.cpp ends a connection after some requests, sometimes as one is sent.
                    answer = await client.post(f"{url}/chat/completions", json=body)
                answer.raise_for_status()

        await asyncio.gather(*(work() for _ in range(slots)))


def serving(
    address: str, matches: list[Match], slots: int, rounds: int, options: ModelOptions
) -> None:
    """Judge matches through the plain client and the arena, in turn.

    Each turn has matches of its own, of the same lengths: servers keep the prompts they have read.
    """
    turns = [matches[place :: 2 * rounds] for place in range(2 * rounds)]
    ratios = []
    for number in range(rounds):
        # A client that knows nothing yet of the server: what it learns in a run is lost with it.
        judge = load_judge(address, options)
        assert isinstance(judge, TextJudge)
        if number == 0:
            asyncio.run(saturate(judge, address, distinct(11_000)[-slots:], slots))  # warm up
        speeds = {}
        for side in ("plain", "arena")[:: 1 if number % 2 else -1]:
            turn = turns.pop()
            clock = time.perf_counter()
            if side == "plain":
                asyncio.run(saturate(judge, address, turn, slots))
            else:
                arena = Arena(judge)
                arena.judge(turn)
            speeds[side] = len(turn) / (time.perf_counter() - clock)
        assert arena.statistics.judged == len(turn)
        assert arena.statistics.statuses["failed"] == 0
        ratios.append(speeds["arena"] / speeds["plain"])
        engine = judge.engine
        assert isinstance(engine, ServerEngine)
        print(
            f"plain client with {slots} in flight {speeds['plain']:.3f}/s, arena "
            f"{speeds['arena']:.3f}/s ({engine.sent} requests sent for {len(turn)} matches, "
            f"{engine.capacity // 2} in flight at the end; {dict(arena.statistics.statuses)})",
            flush=True,
        )
    print(
        f"the arena's client keeps the server at {100 * statistics.median(ratios):.1f} % of a "
        f"plain client's throughput (median of {rounds}; wanted: 95)"
    )


def cluster(matches: list[Match], rounds: int) -> None:
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
    speeds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):
        for workers in speeds:
            judge = load_judge(f"ray:{workers}:tiny")
            assert isinstance(judge, TextJudge)
            Arena(judge).judge(matches[: 128 * workers])  # warm up every replica
            clock = time.perf_counter()
            Arena(judge).judge(matches)
            speeds[workers].append(len(matches) / (time.perf_counter() - clock))
            judge.engine.close()
        print({workers: f"{found[-1]:.0f}/s" for workers, found in speeds.items()})
    gain = statistics.median(two / one for one, two in zip(speeds[1], speeds[2], strict=True))
    print(f"two Ray replicas of one core each judge {gain:.2f} times as fast as one (wanted: 1.6)")
    ray.shutdown()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", help="a server that runs already, with #MODEL")
    parser.add_argument("--slots", type=int, default=64, help="requests that it works on at once")
    parser.add_argument("--matches", type=int, default=1000, help="of each turn")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-ray", action="store_true", help="leave the Ray part out")
    parser.add_argument("--template", type=Path, help="wording at a server that runs already")
    parser.add_argument("--max-new-tokens", type=int, help="of an answer there")
    args = parser.parse_args()
    if args.address:
        # Short texts: what is measured is the client, and a laptop's server reads slowly.
        matches = sorted(distinct(100_000), key=_length)[: 2 * args.rounds * args.matches]
        options = ModelOptions(template=args.template, max_new_tokens=args.max_new_tokens)
        serving(args.address, matches, args.slots, args.rounds, options)
        return
    matches = distinct(2 * args.rounds * args.matches)
    wording = data_path("tiny-judge") / "judge_template.md"
    with small_server() as address:
        serving(address, matches, args.slots, args.rounds, ModelOptions(template=wording))
    if not args.no_ray:
        cluster(matches[: args.matches], args.rounds)


if __name__ == "__main__":
    main()
