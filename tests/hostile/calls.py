"""Calls of every command with hostile values in their options, drawn with a seed."""

from __future__ import annotations

import argparse
import random
from pathlib import Path

from pairjudge_lab.cli import build_parser

NUMBERS = ["0", "1", "2", "3", "-1", "1e3", "1" + "0" * 20, "9" * 5000, "nan", "inf", "0.5",
           "-0.0", "1e-300", "1e400", "", "x", "2,3", "2,,3", "0,2",
           "1" + "0" * 9, "\u0663", "1_0"]  # fmt: skip
TEXTS = ["", " ", "x", "x" * 5000, "\x1b[31mred\x1b[0m", "a\ud800b", "\u202ex", "../..", "/", ".",
         "/dev/null", "a\nb", "{x}", "%s", "--", "'", "http://", "http://[::1", "http://x:99999999",
         "http://127.0.0.1:1/v1#m", "http://a b/#m", "recorded:", "recorded:/nowhere", "all",
         "simulated:accuracy=2", "pairjudge", "auto", "knockout", "C:\\x", "~", "a\rb"]  # fmt: skip
LEFT_OUT = {"train", "annotate", "demo", "report", "doctor", "sample", "store", "datasets"}
"""Commands that take minutes, fetch, or load a model; a test of their own calls some of them."""


def hostile_calls(rng: random.Random, count: int, here: Path) -> list[list[str]]:
    """Calls, each sound but for one to three of its values."""
    commands = {name: parser for name, parser in _commands().items() if name not in LEFT_OUT}
    return [_call(rng, *rng.choice(list(commands.items())), here) for _ in range(count)]


def _commands() -> dict[str, argparse.ArgumentParser]:
    (action,) = (a for a in build_parser()._actions if isinstance(a, argparse._SubParsersAction))
    return dict(action.choices)


def _call(rng: random.Random, name: str, parser: argparse.ArgumentParser, here: Path) -> list[str]:
    sound = {
        "pools": str(here / "pools.jsonl"),
        "verdicts": str(here / "verdicts.jsonl"),
        "source": str(here / "pools.jsonl"),
        "out": str(here / "out" / ("v.csv" if name in ("judge", "convert") else "d")),
        "judge": "simulated",
        "n": "2",
        "subsets": "2",
        "replicates": "2",
        "resamples": "5",
        "selectors": "majority",
        "kind": "pools",
        "limit": "2",
    }
    words = [name]
    actions = [a for a in parser._actions if a.dest != "help"]
    always = {"pools", "verdicts", "source", "out", "judge", "subsets", "replicates", "resamples",
              "selectors", "kind", "n"}  # fmt: skip
    chosen = [a for a in actions if a.dest in always or not a.option_strings or a.required]
    others = [a for a in actions if a not in chosen]
    chosen += rng.sample(others, min(len(others), rng.choice((0, 1, 1, 2))))
    spoilt = rng.sample(chosen, min(len(chosen), rng.choice((0, 1, 1, 1, 2)))) if chosen else []
    for action in sorted(chosen, key=lambda a: bool(a.option_strings)):
        value = sound.get(action.dest, rng.choice(NUMBERS))
        if action in spoilt:
            value = rng.choice([*NUMBERS, *TEXTS, str(here), str(here / "broken.jsonl")])
        elif action.choices:
            value = rng.choice(list(map(str, action.choices)))
        if action.option_strings:
            words.append(action.option_strings[-1])
        if action.nargs != 0:
            words.append(value)
    return words
