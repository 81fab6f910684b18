"""The same 200 matches through every way of running the small judge: do the verdicts agree?

    python benchmarks/backends.py

Greedy decoding differs between backends only where two tokens are nearly as likely: sums in
batches of another shape are rounded otherwise, and one turned token changes the rest of the text.
Every difference is counted, and the margin between the two tokens at the place where the texts
part is shown: that is the cause.
"""

from __future__ import annotations

import sys

# Two files beside this one are named like modules that libraries import.
sys.path.pop(0)

import subprocess
from collections.abc import Sequence
from pathlib import Path

from pairjudge_lab import Arena, Match, ModelOptions, Verdict, load_judge, load_pools
from pairjudge_lab.arena import all_ordered_pairs
from pairjudge_lab.embedded import data_path
from pairjudge_lab.judges.text_judge import TextJudge

ROOT = Path(__file__).parent.parent
COUNT = 200

SERVE = """
import time
from tests.judges.small_server import small_server
with small_server() as server:
    print(server.address, flush=True)
    time.sleep(3600)
"""


def distinct(count: int) -> list[Match]:
    found: dict[tuple[str, str, str], Match] = {}
    for pool in load_pools("embedded"):
        for match in all_ordered_pairs(pool.first(4)):
            found.setdefault((match.question, match.response_a, match.response_b), match)
    return list(found.values())[:count]


def through_a_server(matches: Sequence[Match]) -> list[Verdict]:
    options = ModelOptions(template=data_path("tiny-judge") / "judge_template.md")
    with subprocess.Popen(
        [sys.executable, "-c", SERVE], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            judge = load_judge(f"{process.stdout.readline().strip()}#tiny", options)
            return Arena(judge).judge(matches)
        finally:
            process.terminate()


def through_ray(matches: Sequence[Match]) -> list[Verdict]:
    judge = load_judge("ray:2:tiny", ModelOptions(batch_size=32))
    try:
        return Arena(judge).judge(matches)
    finally:
        judge.engine.close()


def bare(verdict: Verdict) -> str:
    """The text without its stop string, which some backends keep and some take."""
    return verdict.text.strip().removesuffix("</resp_b_judge>")


def margin(judge: TextJudge, match: Match, one: str, other: str) -> float:
    """Log-odds between the two tokens at which two texts of a match part, by one pass alone."""
    import torch

    (request,) = judge.requests(match)
    prompt = list(judge.engine.encoder.encode(request, judge.config).ids)
    tokenizer = judge.engine.tokenizer
    texts = [tokenizer(t, add_special_tokens=False).input_ids for t in (one, other)]
    shared = next(i for i, (a, b) in enumerate(zip(*texts, strict=False)) if a != b)
    ids = torch.tensor([prompt + texts[0][:shared]])
    with torch.inference_mode():
        logits = judge.engine.model(input_ids=ids).logits[0, -1].double()
    return float(abs(logits[texts[0][shared]] - logits[texts[1][shared]]))


def main() -> None:
    matches = distinct(COUNT)
    alone = load_judge("tiny", ModelOptions(batch_size=1))
    assert isinstance(alone, TextJudge)
    reference = alone.judge(matches)
    ways = {
        "batches of 64": load_judge("tiny", ModelOptions(batch_size=64)).judge(matches),
        "a server": through_a_server(matches),
        "two Ray replicas": through_ray(matches),
    }
    print(f"{len(matches)} matches, against one at a time in this process")
    for name, verdicts in ways.items():
        parted = [
            (m, bare(v), bare(w))
            for m, v, w in zip(matches, reference, verdicts, strict=True)
            if bare(v) != bare(w)
        ]
        same = sum(v.outcome == w.outcome for v, w in zip(reference, verdicts, strict=True))
        print(f"{name:18} same verdict {same}, same text {len(matches) - len(parted)}")
        for match, one, other in parted:
            print(
                f"{'':18} parted at a margin of {margin(alone, match, one, other):.2g} in log-odds"
            )


if __name__ == "__main__":
    main()
