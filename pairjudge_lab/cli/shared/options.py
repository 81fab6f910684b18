"""Options that several commands take, and what they become."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pairjudge_lab.records import UserError

if TYPE_CHECKING:
    from pairjudge_lab.judges.options import ModelOptions


def positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, got {value}")
    return value


def whole(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"must be 0 or more, got {value}")
    return value


def sizes_of(text: str) -> list[int]:
    try:
        return [int(n) for n in text.split(",")]
    except ValueError:
        raise UserError(
            f"--n takes whole numbers with commas, such as 2,4,8; got {text!r}"
        ) from None


def add_rules(parser: argparse.ArgumentParser) -> None:
    rules = parser.add_argument_group("the tournament's rules, where they are not its own")
    rules.add_argument("--order", choices=("drawn", "random", "balanced", "both"))
    rules.add_argument("--votes", type=positive, help="verdicts that decide a match")
    rules.add_argument("--both-correct", choices=("tie", "first"))
    rules.add_argument("--neither", choices=("out", "tie"))
    rules.add_argument("--unread", choices=("tie", "neither", "keep", "again"))
    rules.add_argument("--budget", type=whole, help="the most calls a problem")


def rules_given(args: argparse.Namespace) -> dict[str, Any]:
    names = ("order", "votes", "both_correct", "neither", "unread", "budget")
    return {name: getattr(args, name) for name in names if getattr(args, name) is not None}


def add_model_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--store", type=Path, help="verdict store (default: beside the results)")
    parser.add_argument(
        "--again",
        action="append",
        default=[],
        choices=("unparsed", "truncated"),
        help="judge stored verdicts of this status again",
    )
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    model = parser.add_argument_group("how a model is run")
    model.add_argument("--device", default="auto")
    model.add_argument("--dtype", default="auto")
    model.add_argument("--attention", default="auto")
    model.add_argument("--quantisation", default="none")
    model.add_argument("--revision")
    model.add_argument(
        "--protocol", default="auto", metavar="NAME", help="pairjudge, mt-bench, pointwise, scalar"
    )
    model.add_argument("--template", type=Path, help="a file with the wording")
    model.add_argument("--temperature", type=float, default=0.0)
    model.add_argument(
        "--fast", action="store_true", help="no reasoning: the labels' probabilities decide"
    )
    model.add_argument(
        "--continuous", action="store_true", help="transformers' continuous batching (for a GPU)"
    )
    model.add_argument(
        "--soft", action="store_true", help="ask a server or vLLM for the labels' probabilities"
    )
    model.add_argument("--samples", type=positive, default=1, help="verdicts pooled a match (1)")
    model.add_argument("--pooling", default="majority", help="majority or mean (majority)")
    model.add_argument("--batch-size", type=positive)
    model.add_argument("--batch-tokens", type=positive)
    model.add_argument("--trust-remote-code", action="store_true")


def model_options(args: argparse.Namespace) -> ModelOptions:
    from pairjudge_lab.judges.options import ModelOptions

    return ModelOptions(
        device=args.device,
        dtype=args.dtype,
        attention=args.attention,
        quantisation=args.quantisation,
        revision=args.revision,
        protocol=args.protocol,
        template=args.template,
        temperature=args.temperature,
        seed=args.seed,
        fast=args.fast,
        continuous=args.continuous,
        soft=args.soft,
        samples=args.samples,
        pooling=args.pooling,
        batch_size=args.batch_size,
        batch_tokens=args.batch_tokens,
        trust_remote_code=args.trust_remote_code,
    )
