"""``pairjudge-lab sample``: candidate solutions of a problem set, from models."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

from pairjudge_lab.cli.shared.model_options import add_generation, add_loading, model_options
from pairjudge_lab.cli.shared.options import add_guard, add_json, add_seed, positive
from pairjudge_lab.cli.shared.places import different_files
from pairjudge_lab.cli.shared.quiet import quiet_libraries
from pairjudge_lab.records import UserError

HELP = "sample candidate solutions of a problem set from one model or several"


def add_options(parser: argparse.ArgumentParser) -> None:
    add_problems(parser)
    parser.add_argument(
        "--model", action="append", required=True, metavar="SPEC", dest="models",
        help="a generator: tiny-solver, a folder, a .gguf file, a hub id or a server; may be given "
        "several times",
    )  # fmt: skip
    parser.add_argument(
        "-n", "--n", type=positive, default=16, metavar="N",
        help="samples of each model for each problem (16)",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="pools: .parquet, .jsonl or .csv"
    )
    parser.add_argument(
        "--store", type=Path, metavar="FILE", help="completions, to go on from (default: beside it)"
    )
    asked = parser.add_argument_group("how a solution is asked for")
    asked.add_argument(
        "--prompt", type=Path, metavar="FILE", help="a wording with the place {question}"
    )
    asked.add_argument("--system", default="", metavar="TEXT", help="a system message (none)")
    asked.add_argument(
        "--shots", type=Path, metavar="FILE",
        help="worked examples: JSONL with 'problem' and 'solution'",
    )  # fmt: skip
    asked.add_argument(
        "--no-answers", action="store_true", help="do not look for the solutions' final answers"
    )
    add_guard(parser, "of a .csv in --out")
    add_seed(parser, "the samples")
    add_json(parser)
    model = parser.add_argument_group("how a model is run")
    add_loading(model)
    add_generation(model, temperature=0.8)


def add_problems(parser: argparse.ArgumentParser) -> None:
    """The problem set, and which of its columns holds what."""
    parser.add_argument(
        "problems", metavar="PROBLEMS",
        help="a name that 'pairjudge-lab datasets' lists, a file, a hub id, 'embedded', "
        "'word-problems', 'word-problems-training' or 'word-problems-held-out'",
    )  # fmt: skip
    parser.add_argument("--limit", type=positive, metavar="K", help="only the first K problems")
    parser.add_argument(
        "--column", action="append", default=[], metavar="NAME=COLUMN",
        help="where a table has other column names, such as problem=question",
    )  # fmt: skip
    parser.add_argument("--config", metavar="NAME", help="the configuration of a hub id")
    parser.add_argument("--split", metavar="NAME", help="the split of a hub id")


def columns_given(args: argparse.Namespace) -> dict[str, str]:
    """The columns as a mapping.

    Raises
    ------
    UserError
        For one that is not NAME=COLUMN.
    """
    pairs = [text.partition("=") for text in args.column]
    for text, (name, equals, column) in zip(args.column, pairs, strict=True):
        if not (name and equals and column):
            raise UserError(f"--column takes NAME=COLUMN, such as problem=question; got {text!r}")
    return {name: column for name, _, column in pairs}


def run(args: argparse.Namespace) -> None:
    from pairjudge_lab.answers import prepare
    from pairjudge_lab.datasets.pools import WRITTEN, save_pools
    from pairjudge_lab.datasets.problems import load_problems
    from pairjudge_lab.engines.registry import load_engine
    from pairjudge_lab.files.writing import whole_file
    from pairjudge_lab.progress import LOG, Progress
    from pairjudge_lab.protocols.template import read_template
    from pairjudge_lab.runs import open_folder
    from pairjudge_lab.sampling import SolutionPrompt, read_shots, sample
    from pairjudge_lab.sampling.prompt import PLACES, STEP_BY_STEP
    from pairjudge_lab.sampling.sampler import SAMPLING
    from pairjudge_lab.store import Store
    from pairjudge_lab.store.opening import own_place

    if args.out.suffix not in WRITTEN:
        raise UserError(f"--out is a file that ends in {', '.join(WRITTEN)}; got {args.out}")
    if args.guard_formulas and args.out.suffix != ".csv":
        raise UserError(f"{args.out}: formulas are guarded in .csv files; no other kind runs them")
    if len(set(args.models)) < len(args.models):
        raise UserError("each --model is named once")
    kept = args.store or own_place(args.out.with_suffix(".sqlite"))
    different_files(
        {"--out": args.out, "the store": kept, LOG: args.out.parent / LOG},
        {
            "PROBLEMS": args.problems,
            "--model": args.models,
            "--prompt": args.prompt,
            "--shots": args.shots,
        },
    )
    problems = load_problems(
        args.problems,
        columns=columns_given(args) or None,
        config=args.config,
        split=args.split,
        limit=args.limit,
    )
    prompt = None
    if args.prompt or args.shots or args.system:
        template = read_template(args.prompt, PLACES) if args.prompt else STEP_BY_STEP
        shots = read_shots(args.shots) if args.shots else ()
        prompt = SolutionPrompt(template, shots, args.system)
    options = model_options(args)
    config = options.generation(SAMPLING)
    folder = open_folder(args.out.parent)
    quiet_libraries()
    generators = {spec: load_engine(spec, options) for spec in args.models}
    with Store(kept) as store:
        found = sample(
            problems, generators, args.n, config, prompt=prompt, store=store, progress=folder / LOG
        )
    pools = list(found.pools)
    if not args.no_answers and pools:
        pools = list(map(prepare, Progress(len(pools), "pools prepared", folder / LOG).over(pools)))
    if not pools:
        reasons = "; ".join(sorted(set(found.left_out.values())))
        raise UserError(f"no problem could be asked: {reasons}")
    with whole_file(args.out) as new:
        save_pools(pools, new, guard_formulas=args.guard_formulas)
    candidates = [c for pool in pools for c in pool.candidates]
    facts = {
        "problems": len(pools),
        "candidates": len(candidates),
        **found.counts,
        "tokens": found.tokens,
        "without_answer": None if args.no_answers else sum(c.answer is None for c in candidates),
        "correct": None
        if any(c.correct is None for c in candidates)
        else sum(bool(c.correct) for c in candidates),
        "left_out": dict(found.left_out),
        "out": str(args.out),
    }
    print(json.dumps(facts) if args.json else _summary(facts))


def _summary(facts: Mapping[str, object]) -> str:
    lines = [
        f"{facts['problems']} problems, {facts['candidates']} candidates: {facts['sampled']} "
        f"sampled now ({facts['tokens']} tokens), {facts['from_store']} from the store, "
        f"{facts['shared']} shared with an equal question",
        f"kept among them: {facts['truncated']} cut off by the token limit, {facts['empty']} empty",
    ]
    if facts["without_answer"] is not None:
        lines.append(f"without a final answer: {facts['without_answer']}")
    if facts["correct"] is not None:
        lines.append(f"correct: {facts['correct']} of {facts['candidates']}")
    left_out = facts["left_out"]
    if isinstance(left_out, dict) and left_out:
        lines.append(f"left out: {len(left_out)} problems ({'; '.join(set(left_out.values()))})")
    return "\n".join([*lines, f"pools: {facts['out']}"])
