"""``pairjudge-lab doctor``: the memory that a model needs."""

from __future__ import annotations

import argparse
import json

from pairjudge_lab.cli.shared.options import positive
from pairjudge_lab.cli.shared.printing import quiet_libraries

HELP = "the memory a model needs, and whether it fits here"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="as --judge takes it")
    parser.add_argument("--prompt-tokens", type=positive, default=1024)
    parser.add_argument("--answer-tokens", type=positive, default=512)
    parser.add_argument("--batch-size", type=positive)
    for name in ("device", "dtype"):
        parser.add_argument(f"--{name}", default="auto")
    parser.add_argument("--quantisation", default="none")
    parser.add_argument("--revision")
    parser.add_argument("--json", action="store_true")


def run(args: argparse.Namespace) -> None:
    from pairjudge_lab.judges.doctor import diagnose
    from pairjudge_lab.judges.options import ModelOptions

    options = ModelOptions(
        device=args.device,
        dtype=args.dtype,
        quantisation=args.quantisation,
        revision=args.revision,
        batch_size=args.batch_size,
    )
    quiet_libraries()
    found = diagnose(
        args.model,
        options,
        prompt_tokens=args.prompt_tokens,
        answer_tokens=args.answer_tokens,
    )
    print(json.dumps(found.to_dict()) if args.json else found)
