"""What every step of collecting judgments left, and the card that says so."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from pairjudge_lab.records import Judge, StreamingJudge, Tournament
from pairjudge_lab.renamed import renamed_attribute


@dataclass(slots=True)
class Funnel:
    """What every step left, in the order of the steps.

    Attributes
    ----------
    problems : int
        How many were read.
    unknown, all_right, all_wrong : int
        How many were left out because it is not known which of their candidates are right, or all
        are right, or all are wrong.
    contradictory : int
        How many were left out because a text is marked right and wrong, in it or in another problem
        of the same question.
    played : int
        How many were not left out.
    tournaments : int
        How many were played, ``replicates`` of each problem.
    comparisons : int
        Judgments that the tournaments asked for.
    statuses : mapping
        How many of those have each status.
    right : int
        Judgments that are right about both candidates.
    to_the_letter : int
        How many of those follow the format exactly.
    distinct : int
        How many of those differ in what was shown.
    only_one_before, only_one_after : tuple
        Kept judgments in which only A is right, and in which only B is, before and after balancing.
    rows : mapping
        Judgments in each split.
    criticised : int
        Kept responses that a critic was asked about.
    critiques : int
        Critiques of single responses that are right and follow the format.
    """

    problems: int = 0
    unknown: int = 0
    all_right: int = 0
    all_wrong: int = 0
    contradictory: int = 0
    played: int = 0
    tournaments: int = 0
    comparisons: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    right: int = 0
    to_the_letter: int = 0
    distinct: int = 0
    only_one_before: tuple[int, int] = (0, 0)
    only_one_after: tuple[int, int] = (0, 0)
    rows: dict[str, int] = field(default_factory=dict)
    criticised: int = 0
    critiques: int = 0

    slots_before = renamed_attribute("slots_before", "only_one_before")
    slots_after = renamed_attribute("slots_after", "only_one_after")

    def to_dict(self) -> dict[str, Any]:
        """As ``funnel.json`` holds it, under the keys of version 0.1."""
        keys = {"only_one_before": "slots_before", "only_one_after": "slots_after"}
        return {keys.get(name, name): value for name, value in asdict(self).items()}


def funnel_card(
    funnel: Funnel,
    judge: Judge | StreamingJudge,
    tournament: Tournament,
    replicates: int,
    seed: int,
) -> str:
    """The page beside the judgments, as Markdown."""
    before, after = funnel.only_one_before, funnel.only_one_after
    steps: list[tuple[str, int | str]] = [
        ("problems read", funnel.problems),
        ("left out: not known which candidates are right", funnel.unknown),
        ("left out: all candidates right", funnel.all_right),
        ("left out: all candidates wrong", funnel.all_wrong),
        ("left out: one text marked right and wrong", funnel.contradictory),
        ("problems played", funnel.played),
        ("tournaments", funnel.tournaments),
        ("comparisons", funnel.comparisons),
        *((f"of which {name}", count) for name, count in sorted(funnel.statuses.items())),
        ("right about both candidates", funnel.right),
        ("of those, in the format to the letter", funnel.to_the_letter),
        ("of those, different in what was shown", funnel.distinct),
        ("only A right / only B right, before balancing", "{} / {}".format(*before)),
        ("only A right / only B right, after", "{} / {}".format(*after)),
        ("rows to train on", funnel.rows["train"]),
        ("rows held out, of other problems", funnel.rows["held_out"]),
        ("responses that a critic was asked about", funnel.criticised),
        ("critiques of them that are right and to the letter", funnel.critiques),
    ]
    lines = "\n".join(f"| {step} | {count} |" for step, count in steps)
    identity = json.dumps(dict(judge.identity), ensure_ascii=True, sort_keys=True)
    return (
        "# Judgments to train a judge on\n\n"
        f"Teacher: `{identity}`\n\nTournament: {tournament.name}, {replicates} a problem, seed "
        f"{seed}.\n\n| step | count |\n| --- | --- |\n{lines}\n\n"
        "A row holds the prompt and the completion as messages, and the pair that was judged. "
        "Problems were split, not rows. `template.md` is the wording of the prompts.\n"
    )
