"""Broken and hostile data files: sound ones of every kind, mutated with a seed."""

from __future__ import annotations

import copy
import io
import json
import random

import pandas as pd

POOLS = [
    {
        "problem_id": f"p{i}",
        "problem": f"What is {i} + 1?",
        "answer": str(i + 1),
        "candidates": [
            {"text": f"A: {i + j}", "answer": str(i + j), "correct": j == 1, "score": j / 2}
            for j in range(3)
        ],
    }
    for i in range(3)
]
VERDICTS = [
    {
        "judge": "j", "repetition": 0, "problem_id": f"p{i}", "response_a": str(a),
        "response_b": str(b), "verdict": "A" if a < b else "neither", "status": "parsed",
        "a_correct": a < b, "b_correct": False, "text": "t", "reason": "", "prompt_tokens": 5,
        "completion_tokens": 2, "seconds": 0.5, "a_probability": None, "b_probability": None,
    }
    for i in range(3) for a in range(3) for b in range(3) if a != b
]  # fmt: skip
SAMPLES = [
    {"problem_id": f"p{i}", "model": "m", "answer": str(j), "correct": str(j % 2), "score": "0.5"}
    for i in range(3)
    for j in range(4)
]
LABELS = [{"problem_id": f"p{i}", "labels": "0110"} for i in range(3)]
JUDGMENTS = [
    {
        "prompt": [{"role": "user", "content": "<question>q</question>"}],
        "completion": [{"role": "assistant", "content": "<resp_a_judge>Correct</resp_a_judge>"}],
        "problem_id": "p",
        "a": 0,
        "b": 1,
        "a_correct": True,
        "b_correct": False,
    }
] * 3
VALUES = [
    None, True, False, 0, 1, -1, 1.5, 1e308, 10**20, 10**400, float("nan"), float("inf"), "", " ",
    "x", "A", "tie", "neither", "nan", "1e999", "0x10", "\x00", "\x1b[31mred", "\ud800",
    "\u202e", "=cmd()", "a\rb", "a\nb", '"', "{problem}", "x" * 10_000, [], {}, [[]], [1], {"a": 1},
    ["x"], [None], {"text": None}, {"text": 1}, [{"text": "x"}] * 2, "../../x", "\ufffd",
]  # fmt: skip
BYTES = [b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"{", b"}", b"[", b"]", b'"', b",",
         b"\n", b"\r", b"\\", b"NaN", b"1e400", b"\x1b[2J", b"null", b"-"]  # fmt: skip
KINDS = {
    "pools.jsonl": POOLS,
    "pools.json": POOLS,
    "pools.parquet": POOLS,
    "verdicts.jsonl": VERDICTS,
    "verdicts.csv": VERDICTS,
    "verdicts.parquet": VERDICTS,
    "samples.csv": SAMPLES,
    "labels.csv": LABELS,
    "judgments.jsonl": JUDGMENTS,
    "judgments.json": JUDGMENTS,
}


def mutated(kind: str, rng: random.Random) -> bytes:
    """A file of a kind with something wrong in it, by content or by bytes."""
    rows = json.loads(json.dumps(KINDS[kind]))
    for _ in range(rng.choice((0, 1, 1, 1, 2, 5))):
        spoil(rows, rng)
    try:
        data = written(rows, kind)
    except (ValueError, TypeError, AttributeError, ArithmeticError, NotImplementedError):
        # The format cannot hold that; its bytes are spoilt instead.
        data = written(KINDS[kind], kind)
    return spoil_bytes(data, rng) if rng.random() < 0.5 else data


def spoil(rows: list, rng: random.Random) -> None:
    """Change one value, name or place somewhere within rows."""
    place = rows
    while True:
        keys = list(place if isinstance(place, dict) else range(len(place)))
        if not keys:
            return
        key = rng.choice(keys)
        inner = place[key]
        if isinstance(inner, dict | list) and inner and rng.random() < 0.7:
            place = inner
            continue
        what = rng.random()
        if what < 0.7:
            # A copy: what is put into one place and changed there must not change in others, or
            # hold itself, which no file can.
            place[key] = copy.deepcopy(rng.choice(VALUES))
        elif what < 0.85:
            del place[key]
        elif isinstance(place, dict):
            place[rng.choice(["text", "problem_id", "verdict", "kind", "\x1b", "", "x"])] = (
                copy.deepcopy(inner)
            )
        else:
            place.append(copy.deepcopy(inner))
        return


def written(rows: list, kind: str) -> bytes:
    if kind.endswith(".jsonl"):
        return "".join(json.dumps(row) + "\n" for row in rows).encode()
    if kind.endswith(".json"):
        return json.dumps(rows).encode()
    stream = io.BytesIO()
    if kind.endswith(".csv"):
        pd.DataFrame(rows).to_csv(stream, index=False)
    else:
        pd.DataFrame(rows).to_parquet(stream)
    return stream.getvalue()


def spoil_bytes(data: bytes, rng: random.Random) -> bytes:
    for _ in range(rng.choice((1, 1, 3, 30))):
        place = rng.randrange(len(data) + 1)
        match rng.randrange(6):
            case 0:
                data = data[:place]
            case 1:
                data = data[:place] + rng.choice(BYTES) + data[place:]
            case 2:
                data = data[:place] + bytes([rng.randrange(256)]) + data[place + 1 :]
            case 3:
                data = data[:place] + data[place : place + 40] * 3 + data[place + 40 :]
            case 4:
                data = data[:place] + b"[" * rng.choice((1, 200, 5000)) + data[place:]
            case 5:
                data = data[place:]
    return data
