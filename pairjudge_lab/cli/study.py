"""``pairjudge-lab study``: from a problem set to a page, in one line."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pairjudge_lab.cli.sample import add_problems, columns_given
from pairjudge_lab.cli.shared.model_options import add_generation, add_loading, model_options
from pairjudge_lab.cli.shared.options import (
    JUDGE,
    add_guard,
    add_json,
    add_seed,
    finite,
    positive,
    up_to,
)
from pairjudge_lab.cli.shared.places import different_files, in_folder
from pairjudge_lab.cli.shared.quiet import quiet_libraries
from pairjudge_lab.records import UserError

if TYPE_CHECKING:
    from pairjudge_lab.study import Price, StudyRun

HELP = "a whole study: sample, judge, play tournaments, measure bias, write a page"


def add_options(parser: argparse.ArgumentParser) -> None:
    add_problems(parser)
    parser.add_argument(
        "--generator", action="append", required=True, metavar="SPEC", dest="generators",
        help="who writes solutions, as 'sample --model' takes it; may be given several times",
    )  # fmt: skip
    parser.add_argument("--judge", required=True, metavar="SPEC", help=JUDGE)
    parser.add_argument(
        "-n", "--n", type=positive, default=16, metavar="N",
        help="solutions of each generator for each problem (16)",
    )  # fmt: skip
    parser.add_argument(
        "--tournaments", default="knockout,round-robin", metavar="A,B,...",
        help="with commas, see 'pairjudge-lab tournaments' (knockout,round-robin)",
    )  # fmt: skip
    parser.add_argument(
        "--repetitions", type=up_to(1000), default=1, metavar="K",
        help="verdicts on each ordered pair (1)",
    )  # fmt: skip
    parser.add_argument(
        "--subsets", type=up_to(100_000), default=100, metavar="K",
        help="random subsets and brackets a problem and N (100)",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR",
        help="folder for everything; the same command goes on there where it stopped",
    )  # fmt: skip
    parser.add_argument("--dry-run", action="store_true", help="print the plan and stop")
    budget = parser.add_argument_group("what it may cost; it stops there with what it has")
    budget.add_argument("--budget-calls", type=positive, metavar="K", help="calls of the judge")
    budget.add_argument("--budget-tokens", type=positive, metavar="K", help="tokens of all models")
    budget.add_argument(
        "--budget-dollars", type=finite, metavar="D", help="dollars, at the prices given"
    )
    budget.add_argument(
        "--judge-price", metavar="IN,OUT", help="dollars a million tokens read and written"
    )
    budget.add_argument("--generator-price", metavar="IN,OUT", help="the same for the generators")
    judge = parser.add_argument_group("how the judge is asked")
    judge.add_argument(
        "--protocol", default="auto", metavar="NAME",
        help="pairjudge, mt-bench, pointwise and others (what the model's folder says)",
    )  # fmt: skip
    judge.add_argument("--template", type=Path, metavar="FILE", help="a file with the wording")
    judge.add_argument(
        "--fast", action="store_true", help="no reasoning: the labels' probabilities decide"
    )
    judge.add_argument(
        "--soft", action="store_true", help="ask a server or vLLM for the labels' probabilities"
    )
    judge.add_argument(
        "--judge-max-new-tokens", type=positive, metavar="TOKENS",
        help="the most tokens of a verdict, reasoning included (2048)",
    )  # fmt: skip
    judge.add_argument(
        "--judge-temperature", type=finite, default=0.0, metavar="T", help="0 is greedy (0)"
    )
    add_seed(parser, "the samples, the subsets and the brackets")
    add_guard(parser, "of the .csv files")
    add_json(parser)
    model = parser.add_argument_group(
        "how the models are run; temperature, top-p and max-new-tokens are the generators'"
    )
    add_loading(model)
    add_generation(model, temperature=0.8)


def run(args: argparse.Namespace) -> None:
    from pairjudge_lab.datasets.problems import load_problems
    from pairjudge_lab.engines.registry import load_engine
    from pairjudge_lab.judges import load_judge
    from pairjudge_lab.runs import open_folder
    from pairjudge_lab.sampling.sampler import SAMPLING
    from pairjudge_lab.study import Budget, Study
    from pairjudge_lab.study.page import write_findings
    from pairjudge_lab.study.planning import plan_study
    from pairjudge_lab.study.run import run_study
    from pairjudge_lab.tournaments import tournament

    different_files(
        in_folder(
            args.out, "pools.parquet", "pools.json", "verdicts.parquet", "plan.json",
            "findings.json", "curve.csv", "bias.csv",
        ),
        {
            "PROBLEMS": args.problems,
            "--generator": args.generators,
            "--judge": args.judge,
            "--template": args.template,
        },
    )  # fmt: skip
    names = [name for name in args.tournaments.split(",") if name]
    for name in names:
        tournament(name.partition(":")[0])
    if len(set(args.generators)) < len(args.generators):
        raise UserError("each --generator is named once")
    prices = _prices(args)
    if args.budget_dollars is not None and not prices:
        raise UserError("--budget-dollars needs --judge-price or --generator-price")
    generation = model_options(args, fast=False, soft=False, protocol="auto", template=None)
    judging = model_options(
        args,
        temperature=args.judge_temperature,
        top_p=1.0,
        max_new_tokens=args.judge_max_new_tokens,
    )
    problems = load_problems(
        args.problems,
        columns=columns_given(args) or None,
        config=args.config,
        split=args.split,
        limit=args.limit,
    )
    folder = open_folder(args.out)
    quiet_libraries()
    study = Study(
        problems,
        {spec: load_engine(spec, generation) for spec in args.generators},
        load_judge(args.judge, judging),
        args.n,
        generation.generation(SAMPLING),
        repetitions=args.repetitions,
        budget=Budget(args.budget_calls, args.budget_tokens, args.budget_dollars),
        prices=prices,
    )
    plan = plan_study(study, folder)
    if args.dry_run or not args.json:
        print(json.dumps(plan.to_dict()) if args.json else f"Plan\n{plan}\n", flush=True)
    if args.dry_run:
        return
    done = run_study(study, folder, progress=True)
    title = f"{args.problems}: {args.judge} on {' and '.join(args.generators)}"
    facts = write_findings(
        done, folder, names, title=title, subsets=args.subsets, seed=args.seed,
        guard_formulas=args.guard_formulas,
    )  # fmt: skip
    print(json.dumps(facts, default=str) if args.json else _summary(done, facts, folder))


def _prices(args: argparse.Namespace) -> dict[str, Price]:
    from pairjudge_lab.study import Price

    prices = {}
    if args.judge_price:
        prices["judge"] = Price.parse(args.judge_price)
    if args.generator_price:
        prices |= dict.fromkeys(args.generators, Price.parse(args.generator_price))
    return prices


def _summary(run: StudyRun, facts: dict[str, Any], folder: Path) -> str:
    counts = run.counts
    verdicts = counts["verdicts"]
    lines = [
        f"{counts['problems']['judged']} of {counts['problems']['asked']} problems; solutions: "
        f"{counts['sampled']} sampled now, {counts['from_store']} from the store, "
        f"{counts['truncated']} cut off, {counts['empty']} empty",
        f"verdicts: {verdicts['asked']} asked = {verdicts['judged']} judged now + "
        f"{verdicts['from_store']} from the store + {verdicts['shared']} shared",
    ]
    if run.stopped:
        lines.append(f"stopped early: {run.stopped}")
    lines += facts["notes"]
    rows = facts["curve"] or []
    largest = max((row["n"] for row in rows), default=0)
    for row in rows:
        if row["n"] == largest:
            lines.append(
                f"{row['selector']:16} N = {row['n']:<3} {100 * row['accuracy']:5.1f} %  "
                f"{_interval(row):16}  {row['calls']:.1f} calls"
            )
    return "\n".join([*lines, f"page: {folder / 'report.html'}"])


def _interval(row: dict[str, Any]) -> str:
    # Of a few problems there is an estimate and no interval.
    if row["low"] is None or row["high"] is None:
        return "(no interval)"
    return f"({100 * row['low']:.1f} to {100 * row['high']:.1f})"
