"""What several commands print."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pairjudge_lab.replay.curves import Curve
    from pairjudge_lab.runs import SelectionRun


def print_run(run: SelectionRun, as_json: bool) -> None:
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
        print(f"{'selector':18} {'accuracy':>8}   95 % interval   {run.tournament} minus this")
        for selector, value in accuracies.items():
            gain = gains.get(selector)
            more = f"{100 * gain.estimate:+6.1f} ({gain.percent('+').strip()})" if gain else ""
            interval = value.percent()
            print(f"{selector:18} {100 * value.estimate:7.1f} %  {interval:14}  {more}")
    else:
        print("accuracy: not known, since it is not known which candidates are right")
    print_without_answer(summary["candidates_without_answer"])
    verdicts = summary["verdicts"]
    print(
        f"\ncalls {verdicts['asked']} = {verdicts['judged']} judged now + "
        f"{verdicts['from_store']} from the store + {verdicts['shared']} shared with a match of "
        f"the same texts; {summary['calls_saved']} more saved by shared final answers"
    )
    said = ", ".join(f"{k} {verdicts[k]}" for k in ("parsed", "unparsed", "truncated", "failed"))
    print(f"verdicts: {said}")
    unread = verdicts["asked"] - verdicts["parsed"]
    if unread:
        rule = summary["rules_in_words"].get("unread", "the tournament's rule for unread verdicts")
        print(
            f"{unread} of {verdicts['asked']} verdicts are unread; none was guessed. "
            f"In the tournaments: {rule}."
        )
    print(f"seconds: {summary['judge_seconds']:.1f} judging, {summary['wall_seconds']:.1f} in all")


def print_without_answer(count: int) -> None:
    """A line where final answers are missing, so that nobody takes them for wrong ones."""
    if count:
        print(
            f"candidates without a final answer that could be read (a number, or \\boxed{{...}}): "
            f"{count}; where the data does not say whether they are correct, they count as wrong"
        )


def print_curve(found: Curve, group: str = "") -> None:
    head = f"{group}: " if group else ""
    count = len(found.problems)
    some = "problem" if count == 1 else "problems"
    print(f"{head}{count} {some}, {found.candidates} candidates at most")
    for reason, count in found.left_out.items():
        print(f"left out: {count} problems ({reason})")
    print(f"\n{'selector':26} {'N':>4}  {'accuracy':>9}  {'95 % interval':15} {'calls':>8}")
    for point in found.points:
        value = point.accuracy
        print(
            f"{point.selector:26} {point.n:4}  {100 * value.estimate:7.2f} %  "
            f"{value.percent():14}  {point.calls:8.1f}"
        )
