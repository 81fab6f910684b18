"""``pairjudge-lab cascade``: where a cheap judge may be trusted and a strong one is not asked."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pairjudge_lab.cli.shared.options import (
    VERDICTS,
    add_candidates,
    add_guard,
    add_json,
    add_pools,
    add_seed,
    finite,
    positive,
    share,
    up_to,
)
from pairjudge_lab.cli.shared.places import different_files
from pairjudge_lab.records import UserError

if TYPE_CHECKING:
    import pandas as pd

    from pairjudge_lab.judges.cascade_tables import CascadeEvidence
    from pairjudge_lab.statistics.selective import Guarantee

HELP = "choose when a cheap judge decides and a strong one need not be asked, with a guarantee"


def add_options(parser: argparse.ArgumentParser) -> None:
    add_pools(parser)
    add_candidates(parser)
    parser.add_argument("first", metavar="CHEAP", help=f"the cheap judge's verdicts: {VERDICTS}")
    parser.add_argument(
        "second", metavar="STRONG", help="the strong one's, on the same ordered pairs"
    )
    parser.add_argument(
        "--agreement", type=share, default=0.9, metavar="SHARE",
        help="of the verdicts that the cheap judge decides, so many agree (0.9)",
    )  # fmt: skip
    parser.add_argument(
        "--error", type=share, default=0.1, metavar="SHARE",
        help="the chance, over calibration sets, that they do not (0.1)",
    )  # fmt: skip
    parser.add_argument(
        "--against", choices=("strong", "truth"), default="strong",
        help="agreement with the strong judge, or with what is true (strong)",
    )  # fmt: skip
    parser.add_argument(
        "--unit", choices=("problem", "verdict"), default="problem",
        help="what is drawn independently: verdicts of one problem are not (problem)",
    )  # fmt: skip
    parser.add_argument(
        "--calibration", type=positive, metavar="K",
        help="problems to choose the threshold on, drawn at random (half of them)",
    )  # fmt: skip
    parser.add_argument(
        "--threshold", type=finite, metavar="T", help="take this one, on all problems; no guarantee"
    )
    parser.add_argument(
        "--votes", type=up_to(1000), default=1, metavar="K",
        help="verdicts of the cheap judge on each match: it is as sure as they agree (1, which is "
        "as sure as its probability)",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, metavar="FILE",
        help="the cascade's verdicts on the problems that were not calibrated on: .parquet, .csv "
        "or .jsonl",
    )  # fmt: skip
    add_guard(parser, "of a .csv in --out")
    add_seed(parser, "the calibration problems")
    add_json(parser)


def run(args: argparse.Namespace) -> None:
    from pairjudge_lab.answers import prepare
    from pairjudge_lab.datasets.pools import load_pools
    from pairjudge_lab.datasets.verdicts import SUFFIXES, load_verdicts
    from pairjudge_lab.judges.cascade import CascadeRule
    from pairjudge_lab.judges.cascade_tables import (
        cascade_account,
        cascade_evidence,
        cascade_table,
    )

    if args.out is not None and args.out.suffix not in SUFFIXES:
        raise UserError(f"{args.out}: verdicts are written as {', '.join(SUFFIXES)}")
    if args.guard_formulas and (args.out is None or args.out.suffix != ".csv"):
        raise UserError(
            "--guard-formulas is for an --out that ends in .csv; no other kind runs them"
        )
    if not 0 < args.agreement < 1 or not args.error < 1:
        raise UserError("--agreement and --error are shares below 1")
    different_files(
        {"--out": args.out}, {"POOLS": args.pools, "CHEAP": args.first, "STRONG": args.second}
    )
    pools = load_pools(args.pools, limit=args.limit)
    names = {pool.problem.id for pool in pools}
    tables = [_of(load_verdicts(file), names, args.n) for file in (args.first, args.second)]
    there = [set(table["problem_id"].astype(str)) for table in tables]
    judged = [p for p in pools if p.problem.id in there[0] & there[1]]
    if not judged:
        raise UserError("the two tables and the pools have no problem in common")
    ids = [p.problem.id for p in judged]
    tables = [_of(table, set(ids)) for table in tables]
    truth = [prepare(pool) for pool in judged] if args.against == "truth" else None
    evidence = cascade_evidence(*tables, votes=args.votes, truth=truth)
    facts: dict[str, Any] = {
        "problems": len(judged),
        "without_both_judges": len(pools) - len(judged),
        "against": args.against,
    }
    if args.threshold is None:
        rest, found = _chosen(args, ids, evidence)
        facts["guarantee"] = {
            "threshold": found.threshold, "agreement": args.agreement, "error": args.error,
            "unit": args.unit, "assumes": found.assumes, "problems": found.problems,
            "unknown": found.unknown, "words": str(found),
            "tested": _plain(found.to_frame()),
        }  # fmt: skip
        threshold = found.threshold
    else:
        rest, threshold = ids, args.threshold
    facts["threshold"] = threshold
    if threshold is not None:
        rule = CascadeRule(threshold, args.votes)
        first, second = (_of(table, set(rest)) for table in tables)
        table = cascade_table(first, second, rule)
        facts["elsewhere"] = _elsewhere(evidence.of(rest), threshold, args.threshold is None)
        facts["account"] = _plain(cascade_account(table))
        if args.out is not None:
            _save(table, args.out, guard_formulas=args.guard_formulas)
            facts["out"] = str(args.out)
    elif args.out is not None:
        facts["out"] = None
    print(json.dumps(facts) if args.json else _words(facts))


def _chosen(
    args: argparse.Namespace, ids: list[str], evidence: CascadeEvidence
) -> tuple[list[str], Guarantee]:
    """The problems that were not calibrated on, and the threshold of the others."""
    import numpy as np

    from pairjudge_lab.statistics.selective import choose_threshold, thresholds_of

    count = len(ids) // 2 if args.calibration is None else args.calibration
    if not 0 < count < len(ids):
        raise UserError(
            f"--calibration takes 1 to {len(ids) - 1} of the {len(ids)} problems, got {count}; "
            "the others tell what came of it"
        )
    drawn = np.random.default_rng(args.seed).permutation(len(ids))
    some = [ids[i] for i in sorted(drawn[:count])]
    rest = [ids[i] for i in sorted(drawn[count:])]
    mine, others = evidence.of(some), evidence.of(rest)
    found = choose_threshold(
        mine.problems,
        mine.sure,
        mine.agrees,
        thresholds=thresholds_of(others.problems, others.sure),
        risk=round(1 - args.agreement, 12),
        error=args.error,
        unit=args.unit,
    )
    return rest, found


def _elsewhere(evidence: CascadeEvidence, threshold: float, held_out: bool) -> dict[str, Any]:
    """What the threshold does on the problems that it was not chosen on."""
    import numpy as np

    from pairjudge_lab.statistics.intervals import mean_interval

    with np.errstate(invalid="ignore"):
        decided = evidence.sure >= threshold
    known = decided & ~np.isnan(evidence.agrees)
    shares = [
        float(evidence.agrees[known & (evidence.problems == name)].mean())
        for name in np.unique(evidence.problems[known])
    ]
    agreement = mean_interval(shares) if shares else None
    limits = None if agreement is None else (agreement.low, agreement.high)
    return {
        "held_out": held_out,
        "problems": len(np.unique(evidence.problems)),
        "verdicts": len(decided),
        "decided_by_first": float(decided.mean()),
        "agreement": None if agreement is None else agreement.estimate,
        "low": None if limits is None or np.isnan(limits[0]) else limits[0],
        "high": None if limits is None or np.isnan(limits[1]) else limits[1],
    }


def _words(facts: dict[str, Any]) -> str:
    lines = [f"{facts['problems']} problems, agreement with the {facts['against']}"]
    if facts["against"] == "strong":
        lines[0] += " judge"
    if facts["without_both_judges"]:
        lines.append(f"left out: {facts['without_both_judges']} problems (not judged by both)")
    if "guarantee" in facts:
        lines.append(facts["guarantee"]["words"])
        if facts["guarantee"]["unknown"]:
            lines.append(f"left out: {facts['guarantee']['unknown']} verdicts (not comparable)")
    if "elsewhere" not in facts:
        return "\n".join([*lines, "no cascade: the strong judge is asked about everything"])
    seen = facts["elsewhere"]
    which = "the other" if seen["held_out"] else "all"
    line = f"on {which} {seen['problems']} problems the first judge decides "
    line += f"{100 * seen['decided_by_first']:.1f} % of {seen['verdicts']} verdicts"
    if seen["agreement"] is not None:
        line += f", of which {100 * seen['agreement']:.1f} % agree"
        if seen["low"] is not None:
            line += f" ({100 * seen['low']:.1f} to {100 * seen['high']:.1f})"
    lines += [line, "", f"{'judge':32} {'answered':>8} {'calls':>8} {'tokens':>12}"]
    for row in facts["account"]:
        tokens = row["prompt_tokens"] + row["completion_tokens"]
        lines.append(
            f"{row['judge'][:32]:32} {row['answered']:8.0f} {row['calls']:8.0f} {tokens:12,.0f}"
        )
    return "\n".join([*lines, *([f"verdicts: {facts['out']}"] if facts.get("out") else [])])


def _of(table: pd.DataFrame, problems: set[str], n: int | None = None) -> pd.DataFrame:
    """The rows of some problems, and of their first n candidates."""
    import pandas as pd

    mine = table["problem_id"].astype(str).isin(problems)
    for name in ("response_a", "response_b") if n is not None else ():
        mine &= pd.to_numeric(table[name], errors="coerce") < n
    return table[mine].reset_index(drop=True)


def _save(table: pd.DataFrame, path: Path, *, guard_formulas: bool) -> None:
    from pairjudge_lab.datasets.verdicts import save_verdicts
    from pairjudge_lab.files.writing import whole_file
    from pairjudge_lab.runs import open_folder

    open_folder(path.parent)
    with whole_file(path) as new:
        save_verdicts(table, new, guard_formulas=guard_formulas)


def _plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame's lines for JSON, which has no NaN."""
    known = frame.astype(object).where(frame.notna(), None)
    return [{str(k): v for k, v in row.items()} for row in known.to_dict("records")]
