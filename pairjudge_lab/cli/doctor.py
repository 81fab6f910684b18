"""``pairjudge-lab doctor``: the memory that a model needs."""

from __future__ import annotations

import argparse
import json

from pairjudge_lab.cli.shared.model_options import add_loading, model_options
from pairjudge_lab.cli.shared.options import JUDGE, add_json, positive
from pairjudge_lab.cli.shared.quiet import quiet_libraries

HELP = "the memory a model needs, and whether it fits here"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help=JUDGE)
    parser.add_argument(
        "--prompt-tokens",
        type=positive,
        default=1024,
        metavar="TOKENS",
        help="of one prompt (1024)",
    )
    parser.add_argument(
        "--answer-tokens", type=positive, default=512, metavar="TOKENS", help="of one answer (512)"
    )
    add_loading(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> None:
    from pairjudge_lab.judges.doctor import diagnose

    options = model_options(args)
    quiet_libraries()
    found = diagnose(
        args.model,
        options,
        prompt_tokens=args.prompt_tokens,
        answer_tokens=args.answer_tokens,
    )
    print(json.dumps(found.to_dict()) if args.json else found)
