"""``pairjudge-lab train``: a judge or a rival trained on judgments."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from pairjudge_lab.cli.shared.options import positive, whole
from pairjudge_lab.cli.shared.printing import quiet_libraries, shows_progress

HELP = "train a judge, or a rival, on judgments"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--base", required=True, metavar="MODEL", help="a chat model")
    parser.add_argument(
        "--data", required=True, metavar="DATA", help="of 'annotate'; a .json or .jsonl; a hub id"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--preset", default="lora", help="paper, lora or small (lora)")
    parser.add_argument("--kind", help="pairwise, pointwise or reward")
    for name in ("epochs", "learning-rate"):
        parser.add_argument(f"--{name}", type=float)
    for name in ("batch-size", "device-batch", "max-length", "save-every"):
        parser.add_argument(f"--{name}", type=positive)
    for name in ("max-steps", "evaluations", "held-out-pairs", "warmup", "seed"):
        parser.add_argument(f"--{name}", type=whole)
    parser.add_argument("--lora", type=whole, dest="lora_rank", metavar="RANK")
    parser.add_argument("--dtype", help="float32 or bfloat16")
    for name in ("four-bit", "checkpointing", "fsdp", "bf16"):
        parser.add_argument(f"--{name}", action=argparse.BooleanOptionalAction)


def run(args: argparse.Namespace) -> None:
    from dataclasses import fields

    from pairjudge_lab.training.finetune import train
    from pairjudge_lab.training.recipes import Recipe, recipe

    names = [f.name for f in fields(Recipe)]
    given = {n: getattr(args, n) for n in names if getattr(args, n, None) is not None}
    chosen = recipe(args.preset, **given)
    quiet_libraries()
    folder = train(args.base, args.data, args.out, chosen, progress=shows_progress())
    # Of several processes the first one speaks.
    if os.environ.get("RANK", "0") == "0":
        print((folder / "README.md").read_text("utf-8"))
