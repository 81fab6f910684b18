"""Reading PairJudge-432K: one JSON file of 3.45 GB, in constant memory.

    python benchmarks/reading.py            # makes such a file first: 432,000 rows of 8 kB
    python benchmarks/reading.py --gb 0.2   # a smaller one

The rival is ``json.load`` on a twentieth of the file: what a plain reader would hold.
"""

from __future__ import annotations

import sys

# Two files beside this one are named like modules that libraries import.
sys.path = [place for place in sys.path if not place.endswith("benchmarks")]

import argparse
import json
import tempfile
import time
from pathlib import Path

import psutil

from pairjudge_lab.training.judgments import read_judgments

ROW = 8000


def write(path: Path, size: float) -> int:
    """An array of judgments of about that many bytes; how many rows it has."""
    texts = [
        f"Step {i}: this is so because of step {i - 1}, which was checked. " for i in range(99)
    ]
    rows = 0
    with path.open("w") as out:
        out.write("[")
        while out.tell() < size:
            words = "".join(texts[(rows + k) % 99] for k in range(ROW // 58))
            row = {
                "conversations": [
                    {
                        "from": "human",
                        "value": f"<question>\n{rows} + 1?\n</question> {words[:4000]}",
                    },
                    {"from": "gpt", "value": f"{words[4000:]}<resp_a_judge>Correct</resp_a_judge>"},
                ]
            }
            out.write(("," if rows else "") + json.dumps(row))
            rows += 1
        out.write("]")
    return rows


def memory() -> float:
    return float(psutil.Process().memory_info().rss)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gb", type=float, default=3.45)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        whole, part = Path(folder) / "whole.json", Path(folder) / "part.json"
        rows = write(whole, args.gb * 1e9)
        print(f"{whole.stat().st_size / 1e9:.2f} GB, {rows} rows")
        before, most, seen, clock = memory(), 0.0, 0, time.perf_counter()
        for _ in read_judgments(whole):
            seen += 1
            if seen % 2000 == 0:
                most = max(most, memory() - before)
        spent = time.perf_counter() - clock
        assert seen == rows, f"{seen} rows came of {rows}"
        print(f"streamed in {spent:.0f} s; at most {most / 1e6:.1f} MB above where it began")
        write(part, args.gb * 1e9 / 20)
        before = memory()
        held = json.loads(part.read_text())
        grown = memory() - before
        print(
            f"json.load of a twentieth ({len(held)} rows): {grown / 1e6:.0f} MB, so "
            f"{20 * grown / 1e9:.1f} GB for the whole: {20 * grown / max(most, 1e6):.0f} times "
            "as much"
        )


if __name__ == "__main__":
    main()
