"""``pairjudge-lab annotate``: judgments to train on, from a teacher."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from pairjudge_lab.cli.shared.model_options import add_model_options, model_options
from pairjudge_lab.cli.shared.options import (
    JUDGE,
    add_candidates,
    add_json,
    add_pools,
    add_seed,
    finite,
    up_to,
)
from pairjudge_lab.cli.shared.places import different_files, in_folder
from pairjudge_lab.cli.shared.quiet import quiet_libraries
from pairjudge_lab.cli.shared.rule_options import add_rules, rules_given
from pairjudge_lab.cli.shared.tables import add_table_options, table_options
from pairjudge_lab.progress import LOG

WRITTEN = (
    "train.jsonl", "held_out.jsonl", "critiques.jsonl", "template.md", "critic_template.md",
    "funnel.json",
)  # fmt: skip
"""What a folder of judgments holds, beside the store, the log and the card."""

HELP = "judgments to train on, from a teacher"


def add_options(parser: argparse.ArgumentParser) -> None:
    add_pools(parser)
    parser.add_argument(
        "--judge", required=True, metavar="TEACHER",
        help=JUDGE + "; 'chain-teacher' knows the arithmetic chains",
    )  # fmt: skip
    parser.add_argument(
        "--critic", metavar="TEACHER",
        help="judges one response at a time; a pointwise judge is trained on its critiques",
    )  # fmt: skip
    parser.add_argument(
        "--tournament", default="knockout", metavar="NAME",
        help="which pairs are judged: see 'pairjudge-lab tournaments' (knockout)",
    )  # fmt: skip
    parser.add_argument(
        "--replicates", type=up_to(10_000), default=1, metavar="K", help="tournaments a problem (1)"
    )
    add_candidates(parser)
    parser.add_argument(
        "--held-out",
        type=finite,
        default=0.1,
        metavar="SHARE",
        help="share of the problems that no training sees (0.1)",
    )
    parser.add_argument(
        "--within-groups", action="store_true", help="also judge pairs that share a final answer"
    )
    parser.add_argument(
        "--within-teams",
        action="store_true",
        help="the older name of --within-groups; will be removed in the next release",
    )
    parser.add_argument(
        "--unbalanced",
        action="store_true",
        help="do not even out how often the right response is shown first",
    )
    parser.add_argument(
        "--ask-with", type=Path, metavar="FILE",
        help="the wording in which the trained judge will be asked (default: the teacher's)",
    )  # fmt: skip
    add_seed(parser, "the tournaments, the split and the balance")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for the judgments"
    )
    add_rules(parser)
    add_json(parser)
    add_table_options(parser)
    add_model_options(parser)


def run(args: argparse.Namespace) -> None:
    from pairjudge_lab.datasets.pools import load_pools
    from pairjudge_lab.protocols import PairJudgeProtocol
    from pairjudge_lab.protocols.template import read_template
    from pairjudge_lab.runs import open_folder
    from pairjudge_lab.tournaments import tournament
    from pairjudge_lab.toy.teacher import load_teacher
    from pairjudge_lab.training.annotate import annotate

    different_files(
        in_folder(args.out, *WRITTEN, "verdicts.sqlite"),
        {
            "POOLS": args.pools,
            "--judge": args.judge,
            "--critic": args.critic,
            "--template": args.template,
            "--ask-with": args.ask_with,
        },
    )
    if args.within_teams:
        print("--within-teams is called --within-groups now", file=sys.stderr)
    rules = tournament(args.tournament, **rules_given(args))
    options = model_options(args)
    pools = load_pools(args.pools, limit=args.limit, **table_options(args))
    if args.n is not None:
        pools = [pool.first(args.n) for pool in pools]
    protocol = PairJudgeProtocol(read_template(args.ask_with)) if args.ask_with else None
    folder = open_folder(args.out)
    quiet_libraries()
    funnel = annotate(
        pools,
        load_teacher(args.judge, options),
        rules,
        folder,
        protocol=protocol,
        critic=load_teacher(args.critic, options, pointwise=True) if args.critic else None,
        replicates=args.replicates,
        held_out=args.held_out,
        balance=not args.unbalanced,
        within_groups=args.within_groups or args.within_teams,
        seed=args.seed,
        progress=folder / LOG,
    )
    if args.json:
        print(json.dumps(funnel.to_dict()))
    else:
        print((folder / "README.md").read_text("utf-8"))
