"""The lab's doors from a shell. Bad input is one line on standard error and exit code 2."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pairjudge_lab.records import UserError

if TYPE_CHECKING:
    import pandas as pd

    from pairjudge_lab.judges.options import ModelOptions
    from pairjudge_lab.replay.curves import Curve
    from pairjudge_lab.runs import SelectionRun


def build_parser() -> argparse.ArgumentParser:
    from pairjudge_lab import __version__

    parser = argparse.ArgumentParser(
        prog="pairjudge-lab", description="A research workbench around pairwise LLM judges."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    demo = commands.add_parser("demo", help="the main job on the embedded data, with a report")
    demo.add_argument("--out", type=Path, default=Path("out/demo"), help="folder (out/demo)")
    demo.add_argument("--limit", type=_positive, help="only the first K problems")
    demo.add_argument("--seed", type=_whole, default=0)
    demo.add_argument("--json", action="store_true", help="print the summary as JSON")
    demo.set_defaults(run=_demo)

    select = commands.add_parser("select", help="play a tournament for each problem of a file")
    select.add_argument("pools", metavar="POOLS", help=".jsonl or .parquet, or 'embedded'")
    select.add_argument("--judge", required=True, metavar="SPEC", help="see 'pairjudge-lab judges'")
    select.add_argument(
        "--tournament", default="knockout", metavar="NAME", help="see 'pairjudge-lab tournaments'"
    )
    _add_rules(select)
    select.add_argument("-n", "--n", type=_positive, help="candidates a problem (default: all)")
    select.add_argument("--seed", type=_whole, default=0)
    select.add_argument("--limit", type=_positive, help="only the first K problems")
    select.add_argument("--out", type=Path, required=True, help="folder for the results")
    select.add_argument("--report", action="store_true", help="write report.html as well")
    _add_model_options(select)
    select.set_defaults(run=_select)

    judge = commands.add_parser("judge", help="judge every pair of candidates of each problem")
    judge.add_argument("pools", metavar="POOLS", help=".jsonl or .parquet, or 'embedded'")
    judge.add_argument("--judge", required=True, metavar="SPEC", help="see 'pairjudge-lab judges'")
    judge.add_argument(
        "--both-orders", action="store_true", help="each pair twice, either one shown first"
    )
    judge.add_argument("-n", "--n", type=_positive, help="candidates a problem (default: all)")
    judge.add_argument("--repetitions", type=_positive, default=1)
    judge.add_argument("--seed", type=_whole, default=0, help="draws who is shown first")
    judge.add_argument("--limit", type=_positive, help="only the first K problems")
    judge.add_argument("--out", type=Path, required=True, help=".parquet, .csv or .jsonl")
    _add_model_options(judge)
    judge.set_defaults(run=_judge)

    tournaments = commands.add_parser("tournaments", help="the tournaments, and what they cost")
    tournaments.add_argument("--json", action="store_true")
    tournaments.set_defaults(run=_tournaments)

    replay = commands.add_parser("replay", help="compare tournaments on recorded verdicts")
    replay.add_argument("pools", metavar="POOLS", help=".jsonl or .parquet, or 'embedded'")
    replay.add_argument("verdicts", metavar="VERDICTS", help=".parquet, .csv, .jsonl or 'embedded'")
    replay.add_argument(
        "--tournament",
        action="append",
        metavar="NAME",
        help="give it again for another (default: knockout)",
    )
    replay.add_argument("--n", default="2,4,8,16", metavar="N,N,...", help="(2,4,8,16)")
    replay.add_argument(
        "--replicates", type=_positive, default=20, help="subsets and brackets a problem (20)"
    )
    replay.add_argument("--seed", type=_whole, default=0)
    replay.add_argument("--limit", type=_positive, help="only the first K problems")
    replay.add_argument("--json", action="store_true")
    _add_rules(replay)
    replay.set_defaults(run=_replay)

    curve = commands.add_parser("curve", help="accuracy and cost against N, for any selectors")
    curve.add_argument(
        "pools", metavar="POOLS", help=".jsonl, .parquet, or a .csv of samples; or 'embedded'"
    )
    curve.add_argument(
        "verdicts", metavar="VERDICTS", nargs="?", help="recorded verdicts; not for every selector"
    )
    curve.add_argument(
        "--selectors", default="pass,majority,knockout", metavar="A,B,...",
        help="pass, random, majority, weighted-majority, best-score, mean-verdict, or a "
        "tournament, with an order policy where wanted: knockout:both",
    )  # fmt: skip
    curve.add_argument("--n", default="1,2,4,8,16", metavar="N,N,...", help="(1,2,4,8,16)")
    curve.add_argument("--subsets", type=_positive, default=200, help="a problem (200)")
    curve.add_argument("--tolerance", type=float, help="draw more until the sampling error is less")
    curve.add_argument("--by", metavar="COLUMN", help="of a .csv: the runs to keep apart")
    curve.add_argument("--seed", type=_whole, default=0)
    curve.add_argument("--limit", type=_positive, help="only the first K problems")
    curve.add_argument("--out", type=Path, required=True, help="folder for the table and figure")
    curve.add_argument("--json", action="store_true")
    curve.set_defaults(run=_curve)

    bias = commands.add_parser("bias", help="what the order shown does to each judge's verdicts")
    bias.add_argument("verdicts", metavar="VERDICTS", help=".parquet, .csv, .jsonl or 'embedded'")
    bias.add_argument("--by", default="judge", metavar="COLUMN", help="the groups (judge)")
    bias.add_argument("--resamples", type=_positive, default=2000)
    bias.add_argument("--seed", type=_whole, default=0)
    bias.add_argument("--picture", type=Path, help="draw the forest plot as .svg, .pdf or .png")
    bias.add_argument("--json", action="store_true")
    bias.set_defaults(run=_bias)

    report = commands.add_parser(
        "report", help="run a report's notebook on your data, and write it as one HTML file"
    )
    report.add_argument("name", metavar="NAME", help="position-bias, tournaments or scaling")
    report.add_argument("--pools", help=".jsonl or .parquet, or 'embedded'")
    report.add_argument("--verdicts", help=".parquet, .csv or .jsonl, or 'embedded'")
    report.add_argument("--out", type=Path, required=True, help="the page, .html")
    report.add_argument("--pdf", type=Path, help="print it too, where there is a browser that can")
    report.add_argument("--notebook", type=Path, help="keep the notebook that was run, to go on")
    report.add_argument("--selectors", metavar="A,B,...", help="tournaments, scaling")
    report.add_argument("--n", metavar="N,N,...", help="tournaments, scaling")
    report.add_argument("--subsets", type=_positive, help="a problem; tournaments, scaling")
    report.add_argument("--by", metavar="COLUMN", help="position-bias: what to compare (judge)")
    report.add_argument("--seed", type=_whole)
    report.set_defaults(run=_report)

    judges = commands.add_parser("judges", help="the judges that can be loaded")
    judges.add_argument("--json", action="store_true")
    judges.set_defaults(run=_judges)

    doctor = commands.add_parser(
        "doctor", help="the memory a model needs, and whether it fits here"
    )
    doctor.add_argument("model", metavar="MODEL", help="as --judge takes it")
    doctor.add_argument("--prompt-tokens", type=_positive, default=1024)
    doctor.add_argument("--answer-tokens", type=_positive, default=512)
    doctor.add_argument("--batch-size", type=_positive)
    for name in ("device", "dtype"):
        doctor.add_argument(f"--{name}", default="auto")
    doctor.add_argument("--quantisation", default="none")
    doctor.add_argument("--revision")
    doctor.add_argument("--json", action="store_true")
    doctor.set_defaults(run=_doctor)

    annotate = commands.add_parser("annotate", help="judgments to train on, from a teacher")
    annotate.add_argument("pools", metavar="POOLS", help=".jsonl or .parquet, or 'embedded'")
    annotate.add_argument(
        "--judge", required=True, metavar="TEACHER",
        help="as 'select' takes it; 'chain-teacher' knows the small world",
    )  # fmt: skip
    annotate.add_argument(
        "--critic", metavar="SPEC",
        help="a pointwise teacher, whose critiques a pointwise rival is trained on",
    )  # fmt: skip
    annotate.add_argument("--tournament", default="knockout", metavar="NAME")
    annotate.add_argument("--replicates", type=_positive, default=1, help="a problem (1)")
    annotate.add_argument("-n", "--n", type=_positive, help="candidates a problem (default: all)")
    annotate.add_argument("--limit", type=_positive, help="only the first K problems")
    annotate.add_argument(
        "--held-out", type=float, default=0.1, help="share of problems kept back (0.1)"
    )
    annotate.add_argument(
        "--within-teams", action="store_true", help="also judge pairs that share a final answer"
    )
    annotate.add_argument(
        "--unbalanced", action="store_true", help="keep the slots of right responses as they came"
    )
    annotate.add_argument(
        "--ask-with", type=Path, metavar="FILE",
        help="the wording in which the trained judge will be asked (default: the teacher's)",
    )  # fmt: skip
    annotate.add_argument("--seed", type=_whole, default=0)
    annotate.add_argument("--out", type=Path, required=True, metavar="DIR")
    _add_rules(annotate)
    _add_model_options(annotate)
    annotate.set_defaults(run=_annotate)

    train = commands.add_parser("train", help="train a judge, or a rival, on judgments")
    train.add_argument("--base", required=True, metavar="MODEL", help="a chat model")
    train.add_argument(
        "--data", required=True, metavar="DATA", help="of 'annotate'; a .json or .jsonl; a hub id"
    )
    train.add_argument("--out", type=Path, required=True, metavar="DIR")
    train.add_argument("--preset", default="lora", help="paper, lora or small (lora)")
    train.add_argument("--kind", help="pairwise, pointwise or reward")
    for name in ("epochs", "learning-rate"):
        train.add_argument(f"--{name}", type=float)
    for name in ("batch-size", "device-batch", "max-length", "save-every"):
        train.add_argument(f"--{name}", type=_positive)
    for name in ("max-steps", "evaluations", "held-out-pairs", "warmup", "seed"):
        train.add_argument(f"--{name}", type=_whole)
    train.add_argument("--lora", type=_whole, dest="lora_rank", metavar="RANK")
    train.add_argument("--dtype", help="float32 or bfloat16")
    for name in ("four-bit", "checkpointing", "fsdp", "bf16"):
        train.add_argument(f"--{name}", action=argparse.BooleanOptionalAction)
    train.set_defaults(run=_train)

    template = commands.add_parser("template", help="the wording in which a judge is asked")
    actions = template.add_subparsers(dest="action", metavar="ACTION", required=True)
    show = actions.add_parser("show", help="print the wording of ours, or check one in a file")
    show.add_argument("file", nargs="?", type=Path)
    show.set_defaults(run=_show_template)
    fetch = actions.add_parser("fetch", help="fetch the wording of PairJudge RM's authors")
    fetch.add_argument("--out", type=Path, default=Path("compare_0_ex.md"))
    fetch.add_argument("--url", help="fetch from here instead of the authors' repository")
    fetch.set_defaults(run=_fetch_template)
    return parser


def _add_rules(parser: argparse.ArgumentParser) -> None:
    rules = parser.add_argument_group("the tournament's rules, where they are not its own")
    rules.add_argument("--order", choices=("drawn", "random", "balanced", "both"))
    rules.add_argument("--votes", type=_positive, help="verdicts that decide a match")
    rules.add_argument("--both-correct", choices=("tie", "first"))
    rules.add_argument("--neither", choices=("out", "tie"))
    rules.add_argument("--unread", choices=("tie", "neither", "keep", "again"))
    rules.add_argument("--budget", type=_whole, help="the most calls a problem")


def _rules(args: argparse.Namespace) -> dict[str, Any]:
    names = ("order", "votes", "both_correct", "neither", "unread", "budget")
    return {name: getattr(args, name) for name in names if getattr(args, name) is not None}


def _add_model_options(parser: argparse.ArgumentParser) -> None:
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
    model.add_argument("--samples", type=_positive, default=1, help="verdicts pooled a match (1)")
    model.add_argument("--pooling", default="majority", help="majority or mean (majority)")
    model.add_argument("--batch-size", type=_positive)
    model.add_argument("--batch-tokens", type=_positive)
    model.add_argument("--trust-remote-code", action="store_true")


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, got {value}")
    return value


def _whole(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"must be 0 or more, got {value}")
    return value


def main(argv: list[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    try:
        args.run(args)
    except UserError as problem:
        print(f"pairjudge-lab: {' '.join(str(problem).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(
            "pairjudge-lab: interrupted; every finished batch is stored, and the same command goes "
            "on from there",
            file=sys.stderr,
        )
        return 130
    except BrokenPipeError:  # the reader of our output has gone
        sys.stderr.close()
        return 1
    return 0


def _model_options(args: argparse.Namespace) -> ModelOptions:
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


def _quiet_libraries() -> None:
    """Keep progress bars and advice of other libraries out of the lab's output."""
    import logging
    import os

    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    logging.getLogger("transformers").setLevel(logging.ERROR)
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()


def _progress() -> bool:
    return sys.stderr.isatty()


def _demo(args: argparse.Namespace) -> None:
    from pairjudge_lab.datasets.pools import load_pools
    from pairjudge_lab.judges import load_judge
    from pairjudge_lab.report import write_selection_report
    from pairjudge_lab.runs import open_folder, run_selection, save_run
    from pairjudge_lab.store import Store
    from pairjudge_lab.tournaments import tournament

    folder = open_folder(args.out)
    pools = load_pools("embedded", limit=args.limit)
    _quiet_libraries()
    judge = load_judge("tiny")
    # A demo is there to be watched, so its verdicts are not taken from an earlier run's store.
    with Store() as store:
        run = run_selection(
            pools,
            judge,
            tournament("knockout"),
            n=16,
            seed=args.seed,
            store=store,
            progress=_progress(),
        )
    save_run(run, folder)
    write_selection_report(run, folder / "report.html", title="Best of 16 by knockout")
    _say(run, args.json)
    if not args.json:
        print(f"\nThe report: {folder / 'report.html'}")


def _select(args: argparse.Namespace) -> None:
    from pairjudge_lab.datasets.pools import load_pools
    from pairjudge_lab.judges import load_judge
    from pairjudge_lab.records import Status
    from pairjudge_lab.report import write_selection_report
    from pairjudge_lab.runs import open_folder, run_selection, save_run
    from pairjudge_lab.store import Store
    from pairjudge_lab.tournaments import tournament

    rules = tournament(args.tournament, **_rules(args))
    options = _model_options(args)
    pools = load_pools(args.pools, limit=args.limit)
    smallest = min(pools, key=len)
    n = args.n or len(smallest)
    smallest.first(n)
    folder = open_folder(args.out)
    _quiet_libraries()
    judge = load_judge(args.judge, options)
    with Store(args.store or folder / "verdicts.sqlite") as store:
        if args.again:
            store.forget(*map(Status, args.again))
        run = run_selection(
            pools, judge, rules, n=n, seed=args.seed, store=store, progress=_progress()
        )
    save_run(run, folder)
    if args.report:
        title = f"Best of {n} by {rules.name}"
        write_selection_report(run, folder / "report.html", title=title)
    _say(run, args.json)


def _judge(args: argparse.Namespace) -> None:
    import pandas as pd

    from pairjudge_lab.arena import Arena, all_ordered_pairs, problem_rng
    from pairjudge_lab.datasets.pools import load_pools
    from pairjudge_lab.datasets.verdicts import SUFFIXES, save_verdicts
    from pairjudge_lab.judges import load_judge
    from pairjudge_lab.records import Status
    from pairjudge_lab.runs import open_folder
    from pairjudge_lab.store import COLUMNS, Store, table_row

    if args.out.suffix not in SUFFIXES:
        raise UserError(f"{args.out}: verdicts are written as {', '.join(SUFFIXES)}")
    options = _model_options(args)
    pools = load_pools(args.pools, limit=args.limit)
    if args.n is not None:
        pools = [pool.first(args.n) for pool in pools]
    folder = open_folder(args.out.parent)
    matches = []
    for pool in pools:
        rng = problem_rng(args.seed, pool.problem.id)
        pairs = all_ordered_pairs(pool, range(args.repetitions))
        if not args.both_orders:
            first = {frozenset(p): bool(rng.integers(2)) for p in _pairs(len(pool))}
            pairs = [m for m in pairs if (m.a < m.b) == first[frozenset((m.a, m.b))]]
        matches += pairs
    if not matches:
        raise UserError("there is nothing to judge: every pool has a single candidate")
    _quiet_libraries()
    judge = load_judge(args.judge, options)
    with Store(args.store or folder / f"{args.out.stem}.sqlite") as store:
        if args.again:
            store.forget(*map(Status, args.again))
        arena = Arena(judge, store, progress=_progress())
        verdicts = arena.judge(matches)
    name = str(judge.identity.get("name", args.judge))
    rows = [
        table_row(name, m.repetition, m.pool.problem.id, m.a, m.b, v)
        for m, v in zip(matches, verdicts, strict=True)
    ]
    new = args.out.with_stem(args.out.stem + ".new")
    save_verdicts(pd.DataFrame(rows, columns=list(COLUMNS)), new)
    new.replace(args.out)
    facts = {
        "verdicts": len(verdicts),
        "problems": len(pools),
        **{status.value: arena.ledger.statuses[status.value] for status in Status},
        "judged": arena.ledger.judged,
        "from_store": arena.ledger.from_store,
        "shared": arena.ledger.shared,
        "judge_seconds": round(arena.ledger.seconds, 3),
        "out": str(args.out),
    }
    if args.json:
        print(json.dumps(facts))
    else:
        for key, value in facts.items():
            print(f"{key.replace('_', ' '):14} {value}")


def _tournaments(args: argparse.Namespace) -> None:
    from pairjudge_lab.tournaments import TOURNAMENTS

    sizes = (8, 16, 64)
    facts: dict[str, dict[str, Any]] = {
        name: {
            "calls": {str(n): kind.calls(n) for n in sizes},
            "what": str(type(kind).__doc__).split("\n\n")[0].replace("\n    ", " "),
        }
        for name, kind in TOURNAMENTS.items()
    }
    if args.json:
        print(json.dumps(facts))
        return
    print("the most judge calls a problem takes; shared answers save some\n")
    print(f"{'tournament':30}" + "".join(f"{f'N = {n}':>8}" for n in sizes))
    for name, fact in facts.items():
        print(f"{name:30}" + "".join(f"{calls:8}" for calls in fact["calls"].values()))


def _sizes(text: str) -> list[int]:
    try:
        return [int(n) for n in text.split(",")]
    except ValueError:
        raise UserError(
            f"--n takes whole numbers with commas, such as 2,4,8; got {text!r}"
        ) from None


def _replay(args: argparse.Namespace) -> None:
    from dataclasses import asdict

    from tqdm.auto import tqdm

    from pairjudge_lab.answers import prepare
    from pairjudge_lab.datasets.pools import load_pools
    from pairjudge_lab.datasets.verdicts import load_verdicts
    from pairjudge_lab.replay import curve, pools_heard, record
    from pairjudge_lab.selectors import baselines
    from pairjudge_lab.statistics.intervals import mean_interval
    from pairjudge_lab.tournaments import tournament

    sizes = _sizes(args.n)
    kinds = {name: tournament(name, **_rules(args)) for name in args.tournament or ["knockout"]}
    table = load_verdicts(args.verdicts)
    pools, unheard = pools_heard(load_pools(args.pools, limit=args.limit), table)
    recordings = record([prepare(pool) for pool in pools], table)
    with tqdm(total=len(kinds) * len(sizes), unit=" points", disable=not _progress()) as bar:
        found = curve(
            recordings,
            kinds,
            sizes,
            subsets=args.replicates,
            seed=args.seed,
            left_out={"no verdicts": unheard} if unheard else None,
            progress=bar.update,
        )
    used = [r.pool for r in recordings if r.pool.problem.id in set(found.problems)]
    facts: dict[str, Any] = {
        "problems": len(found.problems),
        "left_out": found.left_out,
        "verdicts": len(table),
        "replicates": args.replicates,
        "seed": args.seed,
        "rules": _rules(args),
        "points": [
            {
                "tournament": point.selector,
                "n": point.n,
                "accuracy": asdict(point.accuracy),
                "calls": point.calls,
                "monte_carlo_error": point.monte_carlo,
            }
            for point in found.points
        ],
        # The baselines of the whole recorded pools: what the largest N must beat.
        "baselines": {
            name: asdict(mean_interval([rule(pool) for pool in used]))
            for name, rule in baselines(used).items()
        },
    }
    if args.json:
        print(json.dumps(facts))
        return
    print(f"{len(table)} recorded verdicts, seed {args.seed}")
    _say_curve(found)
    print(f"\non all the candidates recorded ({found.candidates} at most):")
    for name, row in facts["baselines"].items():
        print(
            f"{name:30}  {100 * row['estimate']:7.1f} %  "
            f"{100 * row['low']:5.1f} to {100 * row['high']:5.1f}"
        )


def _say_curve(found: Curve, group: str = "") -> None:
    head = f"{group}: " if group else ""
    print(f"{head}{len(found.problems)} problems, {found.candidates} candidates at most")
    for reason, count in found.left_out.items():
        print(f"left out: {count} problems ({reason})")
    print(f"\n{'selector':26} {'N':>4}  {'accuracy':>9}  {'95 % interval':15} {'calls':>8}")
    for point in found.points:
        value = point.accuracy
        print(
            f"{point.selector:26} {point.n:4}  {100 * value.estimate:7.2f} %  "
            f"{100 * value.low:5.1f} to {100 * value.high:5.1f}  {point.calls:8.1f}"
        )


def _curve(args: argparse.Namespace) -> None:
    import pandas as pd
    from tqdm.auto import tqdm

    from pairjudge_lab.answers import prepare
    from pairjudge_lab.datasets.samples import load_groups
    from pairjudge_lab.datasets.verdicts import load_verdicts, verdict_costs
    from pairjudge_lab.plots.scaling import plot_curve
    from pairjudge_lab.plots.style import save_picture
    from pairjudge_lab.replay import curve, pools_heard, record, without_verdicts
    from pairjudge_lab.runs import open_folder, write_whole

    sizes, selectors = _sizes(args.n), args.selectors.split(",")
    groups = load_groups(args.pools, by=args.by, limit=args.limit)
    if args.verdicts is not None and len(groups) > 1:
        raise UserError(
            f"{args.pools} holds {len(groups)} groups ({', '.join(list(groups)[:4])}); verdicts "
            "belong to one: give a file with that one"
        )
    folder = open_folder(args.out)
    curves: dict[str, Curve] = {}
    total = len(groups) * len(selectors) * len(set(sizes))
    with tqdm(total=total, unit=" points", disable=not _progress()) as bar:
        for name, pools in groups.items():
            left_out: dict[str, int] = {}
            costs = None
            if args.verdicts is None:
                recordings = without_verdicts([prepare(pool) for pool in pools])
            else:
                table = load_verdicts(args.verdicts)
                heard, unheard = pools_heard(pools, table)
                recordings = record([prepare(pool) for pool in heard], table)
                costs = verdict_costs(table)
                left_out = {"no verdicts": unheard} if unheard else {}
            curves[name] = curve(
                recordings,
                selectors,
                sizes,
                subsets=args.subsets,
                tolerance=args.tolerance,
                seed=args.seed,
                left_out=left_out,
                costs=costs,
                progress=bar.update,
            )
    rows = [row for name, found in curves.items() for row in _rows(name, found.to_frame())]
    facts = {
        "points": rows,
        "comparisons": [
            row for name, found in curves.items() for row in _rows(name, found.differences())
        ],
        "problems": {name or "all": len(found.problems) for name, found in curves.items()},
        "left_out": {name or "all": found.left_out for name, found in curves.items()},
        "seed": args.seed,
        "out": str(folder),
    }
    for place, found in enumerate(curves.values()):
        number = f"-{place + 1}" if len(curves) > 1 else ""
        save_picture(plot_curve(found).figure, folder / f"curve{number}.svg")
        if any(point.calls for point in found.points):
            for cost in ("calls", "tokens"):
                axes = plot_curve(found, against=cost)
                save_picture(axes.figure, folder / f"curve{number}-{cost}.svg")
    write_whole(folder / "curve.json", json.dumps(facts, indent=2) + "\n")
    write_whole(folder / "curve.csv", pd.DataFrame(rows).to_csv(index=False))
    if args.json:
        print(json.dumps(facts))
        return
    for name, found in curves.items():
        _say_curve(found, name)
        print()
    print(f"table and figure: {folder}")


def _rows(group: str, frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame's lines for JSON, which has no NaN."""
    known = frame.astype(object).where(frame.notna(), None)
    return [
        {"group": group or "all", **{str(k): v for k, v in row.items()}}
        for row in known.to_dict("records")
    ]


def _bias(args: argparse.Namespace) -> None:
    from pairjudge_lab.datasets.verdicts import load_verdicts
    from pairjudge_lab.statistics.position import bias_report

    table = load_verdicts(args.verdicts)
    if args.by == "judge" and "judge" not in table:
        table = table.assign(judge="judge")
    report = bias_report(table, by=args.by, seed=args.seed, resamples=args.resamples)
    if args.picture is not None:
        from pairjudge_lab.plots.bias import plot_bias
        from pairjudge_lab.plots.style import save_picture

        save_picture(plot_bias(report).figure, args.picture)
    if args.json:
        facts = {"groups": [row.row() for row in report.rows]}
        print(json.dumps({**facts, "resamples": args.resamples, "seed": args.seed}))
    else:
        print(report)


def _pairs(n: int) -> list[tuple[int, int]]:
    return [(i, j) for i in range(n) for j in range(i + 1, n)]


def _report(args: argparse.Namespace) -> None:
    from pairjudge_lab.report.exporting import write_pdf, write_report

    if args.n is not None:
        _sizes(args.n)
    names = ("pools", "verdicts", "selectors", "n", "subsets", "by", "seed")
    write_report(
        args.name,
        args.out,
        {name: getattr(args, name) for name in names},
        notebook=args.notebook,
        progress=_progress(),
    )
    print(f"report: {args.out}")
    if args.pdf is not None:
        write_pdf(args.out, args.pdf)
        print(f"printed: {args.pdf}")


def _annotate(args: argparse.Namespace) -> None:
    from dataclasses import asdict

    from pairjudge_lab.datasets.pools import load_pools
    from pairjudge_lab.protocols import PairJudgeProtocol
    from pairjudge_lab.protocols.pairjudge import WORDING
    from pairjudge_lab.protocols.template import read_template
    from pairjudge_lab.runs import open_folder
    from pairjudge_lab.tournaments import tournament
    from pairjudge_lab.training.annotate import annotate
    from pairjudge_lab.training.teacher import NAME, POINTWISE, ChainTeacher, chain_teacher

    rules = tournament(args.tournament, **_rules(args))
    pools = load_pools(args.pools, limit=args.limit)
    if args.n is not None:
        pools = [pool.first(args.n) for pool in pools]
    folder = open_folder(args.out)
    _quiet_libraries()

    def teacher(spec: str, *, pointwise: bool) -> Any:
        from dataclasses import replace

        from pairjudge_lab.judges import load_judge

        if spec.partition(":")[0] == NAME:
            return replace(chain_teacher(spec), pointwise=pointwise)
        options = _model_options(args)
        return load_judge(spec, replace(options, protocol="pointwise") if pointwise else options)

    judge = teacher(args.judge, pointwise=False)
    own = getattr(judge, "protocol", None)
    wording = own.template if isinstance(own, PairJudgeProtocol) else WORDING
    if args.ask_with is not None:
        wording = read_template(args.ask_with)
    critic = teacher(args.critic, pointwise=True) if args.critic else None
    funnel = annotate(
        pools,
        judge,
        rules,
        folder,
        protocol=PairJudgeProtocol(wording),
        critic=critic,
        critic_template=POINTWISE if isinstance(critic, ChainTeacher) else None,
        replicates=args.replicates,
        held_out=args.held_out,
        balance=not args.unbalanced,
        within_teams=args.within_teams,
        seed=args.seed,
        progress=_progress(),
    )
    if args.json:
        print(json.dumps(asdict(funnel)))
    else:
        print((folder / "README.md").read_text("utf-8"))


def _train(args: argparse.Namespace) -> None:
    from dataclasses import fields

    from pairjudge_lab.training.finetune import train
    from pairjudge_lab.training.recipes import Recipe, recipe

    names = [f.name for f in fields(Recipe)]
    given = {n: getattr(args, n) for n in names if getattr(args, n, None) is not None}
    chosen = recipe(args.preset, **given)
    _quiet_libraries()
    folder = train(args.base, args.data, args.out, chosen, progress=_progress())
    # Of several processes the first one speaks.
    if os.environ.get("RANK", "0") == "0":
        print((folder / "README.md").read_text("utf-8"))


def _judges(args: argparse.Namespace) -> None:
    from pairjudge_lab.judges import SHIPPED

    forms: dict[str, Any] = {
        **SHIPPED,
        "FOLDER": "a model folder with config.json and safetensors",
        "FILE.gguf": "a GGUF file",
        "OWNER/NAME": "a model on the Hugging Face hub, such as THU-KEG/PairJudge-RM",
    }
    if args.json:
        print(json.dumps(forms))
    else:
        for name, what in forms.items():
            print(f"{name:14} {what}")


def _doctor(args: argparse.Namespace) -> None:
    from pairjudge_lab.judges.doctor import diagnose
    from pairjudge_lab.judges.options import ModelOptions

    options = ModelOptions(
        device=args.device,
        dtype=args.dtype,
        quantisation=args.quantisation,
        revision=args.revision,
        batch_size=args.batch_size,
    )
    _quiet_libraries()
    found = diagnose(
        args.model,
        options,
        prompt_tokens=args.prompt_tokens,
        answer_tokens=args.answer_tokens,
    )
    print(json.dumps(found.to_dict()) if args.json else found)


def _show_template(args: argparse.Namespace) -> None:
    from pairjudge_lab.protocols.pairjudge import WORDING
    from pairjudge_lab.protocols.template import read_template

    template = WORDING if args.file is None else read_template(args.file)
    print(template.text)
    print(f"sha256 {template.digest}", file=sys.stderr)


def _fetch_template(args: argparse.Namespace) -> None:
    from pairjudge_lab.protocols.fetching import AUTHORS_URLS, fetch_template
    from pairjudge_lab.runs import open_folder, write_whole

    open_folder(args.out.parent)
    template = fetch_template((args.url,) if args.url else AUTHORS_URLS)
    write_whole(args.out, template.text + "\n")
    print(
        f"{args.out} from {template.source}\nsha256 {template.digest}\n"
        f"use it: --template {args.out}"
    )


def _say(run: SelectionRun, as_json: bool) -> None:
    summary = run.summary()
    if as_json:
        print(json.dumps(summary))
        return
    name = summary["judge"]["name"]
    print(
        f"{summary['problems']} problems, best of {summary['n']}, {run.tournament}, judge {name}\n"
    )
    accuracies = run.accuracies()
    gains = run.gains()
    if accuracies:
        print(f"{'selector':18} {'accuracy':>8}   95 % interval   {run.tournament} minus it")
        for selector, value in accuracies.items():
            gain = gains.get(selector)
            more = (
                f"{100 * gain.estimate:+6.1f} ({100 * gain.low:+.1f} to {100 * gain.high:+.1f})"
                if gain
                else ""
            )
            interval = f"{100 * value.low:5.1f} to {100 * value.high:5.1f}"
            print(f"{selector:18} {100 * value.estimate:7.1f} %  {interval:14}  {more}")
    else:
        print("accuracy: not known, since it is not known which candidates are right")
    verdicts = summary["verdicts"]
    print(
        f"\ncalls {summary['calls']}, saved by teams {summary['calls_saved']}; "
        f"{verdicts['judged']} judged now, {verdicts['from_store']} from the store"
    )
    said = ", ".join(f"{k} {verdicts[k]}" for k in ("parsed", "unparsed", "truncated", "failed"))
    print(f"verdicts: {said}")
    unread = verdicts["asked"] - verdicts["parsed"]
    if unread:
        rule = summary["rules"].get("unreadable", "the tournament's rule for unreadable verdicts")
        print(
            f"{unread} of {verdicts['asked']} verdicts could not be read; none was guessed. "
            f"In the tournaments: {rule}."
        )
    print(f"seconds: {summary['judge_seconds']:.1f} judging, {summary['wall_seconds']:.1f} in all")
