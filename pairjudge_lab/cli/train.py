"""``pairjudge-lab train``: a judge or a rival trained on judgments."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from pairjudge_lab.cli.shared.options import (
    finite,
    positive,
    whole,
)
from pairjudge_lab.cli.shared.places import different_files, in_folder
from pairjudge_lab.cli.shared.quiet import quiet_libraries
from pairjudge_lab.progress import LOG

HELP = "train a judge, or a rival, on judgments"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--base", required=True, metavar="MODEL",
        help="a chat model: 'tiny', a folder, or a hub id such as Qwen/Qwen2.5-7B-Instruct",
    )  # fmt: skip
    parser.add_argument(
        "--data", required=True, metavar="DATA",
        help="a folder of 'annotate', a .json or .jsonl of judgments, or a dataset on the hub",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR",
        help="folder for the trained model; the same command goes on from its last checkpoint",
    )  # fmt: skip
    parser.add_argument("--preset", default="lora", help="paper, lora or small (lora)")
    recipe = parser.add_argument_group("the recipe, where it is not the preset's")
    recipe.add_argument("--kind", help="of the judge: pairwise, pointwise or reward")
    recipe.add_argument("--epochs", type=finite, help="passes over the rows")
    recipe.add_argument("--max-steps", type=whole, metavar="K", help="end after K steps")
    recipe.add_argument("--learning-rate", type=finite, metavar="RATE", help="of AdamW")
    recipe.add_argument("--warmup", type=whole, metavar="K", help="steps that lead in")
    recipe.add_argument(
        "--batch-size", type=positive, metavar="ROWS", help="rows of one optimiser step"
    )
    recipe.add_argument(
        "--device-batch", type=positive, metavar="ROWS", help="rows that a device takes at once"
    )
    recipe.add_argument(
        "--max-length", type=positive, metavar="TOKENS",
        help="of a row; longer ones are left out and counted",
    )  # fmt: skip
    recipe.add_argument(
        "--lora", type=whole, dest="lora_rank", metavar="RANK",
        help="rank of the low-rank adapters; 0 trains every weight",
    )  # fmt: skip
    recipe.add_argument("--dtype", help="of the weights: float32 or bfloat16")
    recipe.add_argument("--bf16", action=argparse.BooleanOptionalAction, help="compute in bfloat16")
    recipe.add_argument(
        "--four-bit", action=argparse.BooleanOptionalAction,
        help="load the frozen weights in 4 bits (QLoRA; needs a GPU)",
    )  # fmt: skip
    recipe.add_argument(
        "--checkpointing", action=argparse.BooleanOptionalAction,
        help="recompute activations to save memory",
    )  # fmt: skip
    recipe.add_argument(
        "--fsdp", action=argparse.BooleanOptionalAction,
        help="share the weights among devices, under 'accelerate launch'",
    )  # fmt: skip
    recipe.add_argument(
        "--evaluations", type=whole, metavar="K", help="how often held-out pairs are judged"
    )
    recipe.add_argument("--held-out-pairs", type=positive, metavar="K", help="how many of them")
    recipe.add_argument(
        "--save-every", type=positive, metavar="K", help="steps between checkpoints"
    )
    recipe.add_argument("--seed", type=whole, help="of the order of the rows and of new weights")


def run(args: argparse.Namespace) -> None:
    from dataclasses import fields

    from pairjudge_lab.training.finetune import train
    from pairjudge_lab.training.recipes import Recipe, recipe

    different_files(
        {"--out": args.out, **in_folder(args.out, "run.json", "history.jsonl")},
        {"--base": args.base, "--data": args.data},
    )
    names = [f.name for f in fields(Recipe)]
    given = {n: getattr(args, n) for n in names if getattr(args, n, None) is not None}
    chosen = recipe(args.preset, **given)
    quiet_libraries()
    folder = train(args.base, args.data, args.out, chosen, progress=args.out / LOG)
    # Of several processes the first one speaks.
    if os.environ.get("RANK", "0") == "0":
        print((folder / "README.md").read_text("utf-8"))
