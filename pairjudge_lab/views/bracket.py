"""A knockout to click through: every match opens on its solutions, its verdict and its swap."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from pairjudge_lab.plots.bracket_layout import BracketLayout, Meeting, bracket_layout, group_colours
from pairjudge_lab.plots.style import short
from pairjudge_lab.records import Match, MatchResult, Pool, Selection, UserError, Verdict
from pairjudge_lab.views.verdict import said, verdict_facts
from pairjudge_lab.views.view import View, filled, rendered

# What an XML document cannot hold: one such character, and the picture would not be shown.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# Pixels: a line a candidate, a column a round, a box in the middle of its place.
LINE, COLUMN, BOX_WIDTH, BOX_HEIGHT = 26, 128, 86, 20


def matches_played(pool: Pool, selection: Selection) -> list[Match]:
    """The matches that a judge was asked, each once and as it was first shown, round by round."""
    return [
        Match(pool, result.a, result.b) for result in _judged(selection) if result.b is not None
    ]


def view_bracket(
    pool: Pool, selection: Selection, *, swaps: Sequence[Verdict] = (), mathematics: bool = True
) -> View:
    """A bracket in which every match can be opened.

    ``swaps`` are verdicts on ``matches_played`` the other way round, in that order. Where a
    tournament asked for both orders, its own are shown. ``mathematics=False`` shows formulas as
    they were written.

    Raises
    ------
    UserError
        When there are not as many swaps as matches.
    """
    judged = _judged(selection)
    if swaps and len(swaps) != len(judged):
        raise UserError(
            f"{len(swaps)} swapped verdicts for {len(judged)} matches; judge "
            "[m.swapped for m in matches_played(pool, selection)] and pass all of them"
        )
    swap_of = {id(result): swap for result, swap in zip(judged, swaps, strict=False)}
    layout = bracket_layout(pool, selection)
    panels, ties = [], []
    for number, meeting in enumerate(layout.meetings):
        ties.append({**_lines(meeting), "number": number, "judged": bool(meeting.result.verdicts)})
        swap = swap_of.get(id(meeting.result))
        panels.append(_panel(pool, meeting, number, swap, mathematics))
    boxes = [_box(pool, c, 0, height, None) for c, height in layout.entrants.items()]
    for number, meeting in enumerate(layout.meetings):
        opens = number if meeting.result.verdicts else None
        boxes += [
            _box(pool, c, meeting.round, height, opens) for c, height in meeting.winners.items()
        ]
    rounds = len(selection.history)
    selected = pool.candidates[selection.candidate]
    title = (
        f"{selection.rules['tournament']}, {len(pool)} candidates, {selection.calls} calls, "
        f"{selection.calls_saved} saved by shared answers"
    )
    drawing = {
        "title": title,
        "width": COLUMN * (rounds + 1),
        "height": LINE * len(layout.entrants),
        "box": (BOX_WIDTH, BOX_HEIGHT),
        "boxes": boxes,
        "ties": ties,
        "end": (_x(layout.end[0]) + BOX_WIDTH / 2 + 6, _y(layout.end[1])),
    }
    return rendered(
        "bracket.html.j2",
        f"{title}; candidate {selection.candidate} selected",
        **drawing,
        still=False,
        picture=_picture(filled("bracket.svg.j2", **drawing, still=True)),
        question=pool.problem.question,
        mathematics=mathematics,
        answer=pool.problem.answer,
        selected=selection.candidate,
        selected_answer=short(selected.answer),
        selected_truth={True: "right", False: "wrong", None: "not known"}[selected.correct],
        note=selection.note,
        panels=panels,
        rounds=range(1, rounds + 1),
        lines=_plain(pool, layout, rounds),
    )


def _picture(svg: str) -> str:
    """A drawing as the address of an image, in which no script runs wherever it is shown."""
    return "data:image/svg+xml;base64," + b64encode(_NO_XML.sub("\ufffd", svg).encode()).decode()


def _judged(selection: Selection) -> list[MatchResult]:
    return [result for results in selection.history for result in results if result.verdicts]


def _x(column: float) -> float:
    return COLUMN * (column + 0.5)


def _y(height: float) -> float:
    return LINE * (height + 0.5)


def _box(
    pool: Pool, candidate: int, column: int, height: float, opens: int | None
) -> dict[str, Any]:
    solution = pool.candidates[candidate]
    return {
        "x": _x(column),
        "y": _y(height),
        "text": f"{candidate}: {short(solution.answer, 8)}" + (" ✓" if solution.correct else ""),
        "right": bool(solution.correct),
        "colour": group_colours(pool)[pool.group_of(candidate)],
        "opens": opens,
    }


def _lines(meeting: Meeting) -> dict[str, Any]:
    """The lines from a meeting's sides to its middle and on to who won, as SVG paths."""
    middle, centre, left = _x(meeting.round - 0.5), _y(meeting.middle), _x(meeting.round - 1)
    sides = [
        {
            "path": f"M{left:g},{_y(height):g} H{middle:g} V{centre:g}",
            "won": c in meeting.winners,
        }
        for c, height in meeting.sides.items()
    ]
    onward = [
        {"path": f"M{middle:g},{_y(height):g} H{_x(meeting.round):g}", "won": True}
        for height in meeting.winners.values()
    ]
    return {
        "lines": [*sides, *onward],
        "x": middle,
        "y": centre,
        "dotted": meeting.result.how != "match",
        "lost_right": meeting.lost_right,
    }


def _plain(pool: Pool, layout: BracketLayout, rounds: int) -> list[list[str]]:
    """The bracket as rows of words: a line an entrant, a column a round.

    For readers who cannot see a picture, and where a notebook that is not trusted shows none.
    """
    cells = [[""] * (rounds + 1) for _ in layout.entrants]
    places = [(0, layout.entrants)]
    places += [(meeting.round, meeting.winners) for meeting in layout.meetings]
    for column, there in places:
        for candidate, height in there.items():
            solution = pool.candidates[candidate]
            words = f"{candidate}: {short(solution.answer)}" + (" ✓" if solution.correct else "")
            line = cells[int(height)]
            line[column] = "; ".join(filter(None, (line[column], words)))
    return cells


def _panel(
    pool: Pool, meeting: Meeting, number: int, swap: Verdict | None, mathematics: bool
) -> dict[str, Any]:
    result = meeting.result
    names = [
        f"{c} ({short(pool.candidates[c].answer)})" for c in (result.a, result.b) if c is not None
    ]
    went_on = ", ".join(str(c) for c in result.advanced) or "nobody"
    facts: dict[str, Any] = {
        "number": number,
        "round": meeting.round,
        "names": " against ".join(names),
        "went_on": went_on,
        "lost_right": meeting.lost_right,
        "match": None,
    }
    if result.b is None:
        return {**facts, "said": "bye"}
    if not result.verdicts:
        how = {"same_answer": "the same answer, nothing to judge"}.get(result.how, "not played")
        return {**facts, "said": how}
    turned = result.swapped[0] if result.swapped else swap
    words = said(result.verdicts[0])
    if len(result.verdicts) > 1:
        words += f" (the first of {len(result.verdicts)} verdicts)"
    shown = verdict_facts(Match(pool, result.a, result.b), result.verdicts[0], turned, mathematics)
    return {**facts, "said": words, "match": shown}
