"""The options of ``engines.options.ModelOptions``, and of the store of verdicts.

The data class is not imported for the parser, so that ``--help`` stays fast; a test holds the two
together.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pairjudge_lab.cli.shared.options import (
    finite,
    positive,
    share,
    up_to,
    whole,
)
from pairjudge_lab.records import UserError

if TYPE_CHECKING:
    from pairjudge_lab.engines.options import ModelOptions


def add_store(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--store", type=Path, metavar="FILE", help="verdict store (default: beside the results)"
    )
    parser.add_argument(
        "--again",
        action="append",
        default=[],
        choices=("unparsed", "truncated"),
        help="judge stored verdicts of this status again",
    )


def add_loading(parser: argparse._ActionsContainer) -> None:
    """How a model is loaded."""
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (auto)")
    parser.add_argument(
        "--dtype", default="auto", help="of the weights: auto, float32, bfloat16 or float16 (auto)"
    )
    parser.add_argument(
        "--quantisation", default="none", metavar="BITS",
        help="load the weights in fewer bits: none, 8bit or 4bit; fp8, awq or gptq in vLLM; needs "
        "a GPU (none)",
    )  # fmt: skip
    parser.add_argument("--revision", metavar="COMMIT", help="of a model on the hub (its newest)")
    parser.add_argument(
        "--batch-size", type=positive, metavar="ROWS",
        help="the most matches at once; at a server, requests in flight (default: what memory "
        "allows)",
    )  # fmt: skip


def add_generation(model: argparse._ActionsContainer, temperature: float = 0.0) -> None:
    """How text is generated, by whatever engine."""
    model.add_argument(
        "--batch-tokens", type=positive, metavar="TOKENS",
        help="the most tokens at once, prompts and answers (default: what memory allows)",
    )  # fmt: skip
    model.add_argument(
        "--attention", default="auto", metavar="KIND",
        help="auto, sdpa, eager or flash_attention_2 (auto)",
    )  # fmt: skip
    model.add_argument(
        "--temperature", type=finite, default=temperature,
        help=f"of sampling; 0 is greedy ({temperature:g})",
    )  # fmt: skip
    model.add_argument("--top-p", type=share, default=1.0, help="nucleus sampling; 1 is off (1)")
    model.add_argument(
        "--max-new-tokens", type=positive, metavar="TOKENS",
        help="the most tokens of an answer, reasoning included (2048)",
    )  # fmt: skip
    model.add_argument(
        "--context-window", type=positive, metavar="TOKENS",
        help="the most tokens of prompt and answer together (4096)",
    )  # fmt: skip
    model.add_argument(
        "--thinking", action=argparse.BooleanOptionalAction,
        help="switch the thinking of a model whose chat template has a switch",
    )  # fmt: skip
    model.add_argument(
        "--thinking-budget", type=whole, metavar="TOKENS", help="the most tokens of reasoning"
    )
    model.add_argument(
        "--tensor-parallel", type=positive, default=1, metavar="GPUS",
        help="GPUs over which vLLM or SGLang spreads the model (1)",
    )  # fmt: skip
    model.add_argument(
        "--memory-share", type=share, default=0.9, metavar="SHARE",
        help="share of a GPU's memory that vLLM or SGLang takes (0.9)",
    )  # fmt: skip
    model.add_argument(
        "--batch-invariant", action="store_true",
        help="vLLM's kernels whose results do not depend on the batch, where it has them",
    )  # fmt: skip
    model.add_argument(
        "--trust-remote-code", action="store_true",
        help="run code that comes with a model; only for models you trust as you trust a program",
    )  # fmt: skip


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """How a judge is asked and its model run."""
    model = parser.add_argument_group("how a model is run")
    add_loading(model)
    add_generation(model)
    model.add_argument(
        "--protocol", default="auto", metavar="NAME",
        help="how it is asked: pairjudge, mt-bench, pointwise, scalar and others (what the model's "
        "folder says, else pairjudge)",
    )  # fmt: skip
    model.add_argument("--template", type=Path, metavar="FILE", help="a file with the wording")
    model.add_argument(
        "--second-try", action="store_true",
        help="ask once more where reasoning took all tokens of an answer",
    )  # fmt: skip
    model.add_argument(
        "--fast", action="store_true", help="no reasoning: the labels' probabilities decide"
    )
    model.add_argument(
        "--soft", action="store_true", help="ask a server or vLLM for the labels' probabilities"
    )
    model.add_argument(
        "--samples", type=up_to(1000), default=1, metavar="K", help="verdicts pooled a match (1)"
    )
    model.add_argument(
        "--pooling", default="majority", help="how they are pooled: majority or mean (majority)"
    )


def model_options(args: argparse.Namespace, **instead: Any) -> ModelOptions:
    """The options on the command line; those that a command does not take keep their default.

    Parameters
    ----------
    args : Namespace
        What was given.
    **instead
        Values that stand in place of those given.

    Raises
    ------
    UserError
        For a value that is not offered, or a wording that is not there.
    """
    from dataclasses import fields

    from pairjudge_lab.engines.options import ModelOptions

    template = getattr(args, "template", None)
    if template is not None and not template.is_file():
        raise UserError(f"no such file: {template}; 'pairjudge-lab template show' prints a wording")
    names = [field.name for field in fields(ModelOptions)]
    given = {name: getattr(args, name) for name in names if hasattr(args, name)}
    return ModelOptions(**(given | instead))
