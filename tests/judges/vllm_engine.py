"""Judges embedded matches with a model in vLLM's engine; run in an environment that has it.

Prints one JSON object: the verdicts, in the order of ``matches``.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from pairjudge_lab.arena import all_ordered_pairs
from pairjudge_lab.datasets.pools import load_pools
from pairjudge_lab.engines.options import ModelOptions
from pairjudge_lab.judges.loading import load_judge

COUNT = 16


def matches():
    pools = [pool.first(2) for pool in load_pools("embedded", limit=COUNT // 2)]
    return [match for pool in pools for match in all_ordered_pairs(pool)]


def main():
    judge = load_judge(f"vllm:{sys.argv[1]}", ModelOptions(soft=True, dtype="float32"))
    keep = ("a_correct", "b_correct", "text", "a_probability", "b_probability", "cached_tokens")

    def told(some):
        return [{name: getattr(v, name) for name in keep} for v in judge.judge(some)]

    facts = {"identity": dict(judge.identity), "verdicts": told(matches())}
    # The same engine, with answers begun for the judge.
    judge.config = replace(judge.config, label_only=True)
    print("VERDICTS " + json.dumps({**facts, "begun": told(matches()[:4])}))


# The engine starts processes that read this file again.
if __name__ == "__main__":
    main()
